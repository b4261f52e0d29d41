"""The still picture of the timeline, as a block of a report."""

from pia_runtime.reports.blocks import Photo
from pia_runtime.reports.labels import Document, Labels, Lang
from pia_runtime.reports.picture import render_picture
from pia_runtime.reports.wording import Wording

_WIDTH = 1_600
_SIZE_AT = slice(16, 24)
"""Width and height in a PNG's first chunk, four bytes each (PNG specification, IHDR)."""


def timeline_photo(document: Document, labels: Labels, lang: Lang) -> Photo | None:
    """The timeline; None where nothing has a time."""
    if not any(one.get("t_ns") is not None for one in document.get("detections") or ()):
        return None
    picture = render_picture(document, labels, lang, "png", width=_WIDTH).content
    size = picture[_SIZE_AT]
    width, height = int.from_bytes(size[:4], "big"), int.from_bytes(size[4:], "big")
    return Photo(picture, width, height, Wording(lang, labels).say("doc.timeline_caption"), wide=True)
