"""Rules × detections → findings."""
