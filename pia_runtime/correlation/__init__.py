"""Clocks, consent intervals, phases and verdicts: which came first, and how sure that is."""
