"""Analysis document → table, terminal timeline, HTML page. One file per format; ``registry`` lists them.

Formats read only the document and :class:`~pia_runtime.reports.labels.Labels`; all prose stands in ``messages/{zh,en}.yaml``.
Captured text is hostile in every field: it passes :mod:`pia_runtime.reports.escape` before a person sees it.
"""
