"""Runtime inspection of what an Android app collects, and whether the user had agreed by then."""

__version__ = "0.1.0"
