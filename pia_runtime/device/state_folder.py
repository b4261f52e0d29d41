"""Where the host remembers what was changed on devices."""

import os
from pathlib import Path


def state_folder() -> Path:
    """``$PIA_STATE_DIR``, else ``pia_runtime`` below ``$XDG_STATE_HOME`` (``~/.local/state``)."""
    if own := os.environ.get("PIA_STATE_DIR"):
        return Path(own)
    base = os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state"
    return Path(base) / "pia_runtime"
