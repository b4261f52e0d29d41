"""Capture content + knowledge → analysis document. Pure: the same values give the same bytes."""

from pia_runtime.pipeline.analysis import analyse, analyse_with_secrets, document_bytes
from pia_runtime.pipeline.content import Content, Toolbox

__all__ = ["Content", "Toolbox", "analyse", "analyse_with_secrets", "document_bytes"]
