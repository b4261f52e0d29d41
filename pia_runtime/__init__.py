"""Runtime inspection of what an Android app collects, and whether the user had agreed by then.

In a notebook: ``import pia_runtime; capture = pia_runtime.open_capture("captures/some-run"); capture.findings()``. Importing this
package loads nothing heavy; ``docs/notebook.md`` shows what there is.
"""

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pia_runtime.campaign.reading import Campaign
    from pia_runtime.notebook import Capture

__version__ = "0.1.0"
__all__ = ["__version__", "open_campaign", "open_capture"]


def open_capture(path: str | Path, *, reveal: bool = False) -> "Capture":
    """Open a capture folder: events, detections, findings and consent as DataFrames, and the analysis document.

    Args:
        path: the capture folder.
        reveal: show values in full instead of masked.

    Raises:
        pia_runtime.errors.InputError: the folder is no capture, or a file of it is not as the capture format describes.
    """
    from pia_runtime.notebook import Capture

    return Capture(Path(path), reveal=reveal)


def open_campaign(path: str | Path) -> "Campaign":
    """Open a campaign that ``pia inspect`` made: captures, findings, detections and more as DataFrames.

    Raises:
        pia_runtime.errors.InputError: there is no finished campaign in the folder.
    """
    from pia_runtime.campaign.reading import Campaign

    return Campaign(Path(path))
