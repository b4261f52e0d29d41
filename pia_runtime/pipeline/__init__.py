"""Capture content + knowledge → analysis document. Pure: the same values give the same bytes."""

from pia_runtime.pipeline.analysis import Content, Toolbox, analyse, document_bytes

__all__ = ["Content", "Toolbox", "analyse", "document_bytes"]
