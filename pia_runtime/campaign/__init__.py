"""Many captures judged together: a folder of captures becomes one ranked, comparable answer."""
