"""The capture folder: reading it back, and writing it while a run goes on."""
