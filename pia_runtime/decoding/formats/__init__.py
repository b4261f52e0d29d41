"""One file per format: how it is recognised, what it holds, how one of its steps is replayed."""
