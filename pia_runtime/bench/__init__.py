"""What this installation can measure about itself: the labelled battery of requests, and how it is scored."""
