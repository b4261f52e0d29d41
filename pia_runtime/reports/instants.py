"""Durations and instants as people read them. An error is always rounded up, so that it is never understated."""

from datetime import UTC, datetime

_MILLISECOND = 1_000_000
_SECOND = 1_000_000_000


def decimals_for(distance_ns: int, err_ns: int) -> int:
    """Three decimals of a second, or six where distance and error are both so small that three would hide them."""
    return 3 if err_ns >= _MILLISECOND or distance_ns >= 100 * _MILLISECOND else 6


def seconds(ns: int, decimals: int = 3) -> str:
    """``3.214``: seconds, truncated towards zero to ``decimals`` places (a margin is never overstated)."""
    shown = abs(ns) // 10 ** (9 - decimals)
    sign = "-" if ns < 0 < shown else ""  # never "-0.000"
    whole, rest = divmod(shown, 10**decimals)
    return f"{sign}{whole}.{rest:0{decimals}d}"


def error_seconds(ns: int, decimals: int = 3) -> str:
    """``0.002``: seconds, rounded up."""
    scale = 10 ** (9 - decimals)
    return seconds(-(-abs(ns) // scale) * scale, decimals)


def with_error(ns: int, err_ns: int | None) -> str:
    """``3.214 s ± 0.002 s``, or ``3.214 s ± ?`` where nobody knows the error."""
    if err_ns is None:
        return f"{seconds(ns)} s ± ?"
    decimals = decimals_for(abs(ns), err_ns)
    return f"{seconds(ns, decimals)} s ± {error_seconds(err_ns, decimals)} s"


def utc(ns: int | None) -> str:
    """``2025-11-23 08:00:05.314 UTC``; a dash where there is no time or it lies outside the calendar."""
    if ns is None:
        return "–"
    try:
        moment = datetime.fromtimestamp(ns // _SECOND, UTC)
    except (OverflowError, ValueError, OSError):
        return f"{ns} ns"
    return f"{moment:%Y-%m-%d %H:%M:%S}.{ns % _SECOND // _MILLISECOND:03d} UTC"


def tick_step(span_ns: int, most: int) -> int:
    """The smallest of 1, 2, 5 × 10ⁿ ns that cuts ``span_ns`` into at most ``most`` steps."""
    step = 1
    while True:
        for factor in (1, 2, 5):
            if step * factor * most >= span_ns:
                return step * factor
        step *= 10


def tick_label(ns: int, step_ns: int) -> str:
    """Seconds with as many decimals as ``step_ns`` needs: ``20s``, ``0.5s``."""
    decimals = 0
    while decimals < 9 and step_ns % 10 ** (9 - decimals):
        decimals += 1
    return f"{ns / _SECOND:.{decimals}f}s"
