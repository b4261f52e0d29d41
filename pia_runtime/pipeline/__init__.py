"""Capture content + knowledge → analysis document. Pure: the same values give the same bytes."""

from pia_runtime.pipeline.analysis import analyse, document_bytes
from pia_runtime.pipeline.content import Content, Toolbox

__all__ = ["Content", "Toolbox", "analyse", "document_bytes"]
