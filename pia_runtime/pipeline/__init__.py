"""Capture content + knowledge → analysis document. Pure: the same values give the same bytes."""

from pia_runtime.pipeline.analysis import Analysed, analyse, analyse_recorded, analyse_with_secrets, document_bytes
from pia_runtime.pipeline.content import Content, Toolbox

__all__ = ["Analysed", "Content", "Toolbox", "analyse", "analyse_recorded", "analyse_with_secrets", "document_bytes"]
