"""What the program knows, as data: one YAML folder a kind, each with its loader beside it."""
