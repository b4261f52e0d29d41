"""What makes a capture evidence: its chain, its seal, the tester's signature, and the check that a stranger can repeat."""
