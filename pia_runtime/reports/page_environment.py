"""The one way in which every page is made from its template: escaped by default, strict about what is missing."""

from functools import cache

from jinja2 import Environment, PackageLoader, StrictUndefined


@cache
def page_environment() -> Environment:
    """Templates of ``pia_runtime/reports/templates``; captured text is escaped, a name that is not there is an error."""
    return Environment(
        loader=PackageLoader("pia_runtime.reports", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
