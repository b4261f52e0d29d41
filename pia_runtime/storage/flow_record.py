"""One record of a flow file → mitmproxy's flow object, by mitmproxy's own code, which reads every version since 0.11."""

from typing import Any

from pia_runtime.storage.flow_mapping import UndatedFlowError

READ_ERRORS = (ValueError, TypeError, KeyError, IndexError, AttributeError, AssertionError, RecursionError)
"""What mitmproxy's code raises on a damaged record."""


class UnknownVersionError(ValueError):
    """A flow of a format version that the installed mitmproxy cannot read."""


def load_record(record: bytes) -> Any:  # noqa: ANN401 - any of mitmproxy's flow classes
    """Payload and type byte of one record → mitmproxy's flow object, by mitmproxy's own parser and migrations.

    Raises:
        UnknownVersionError: the format version is unknown to the installed mitmproxy.
        UndatedFlowError: an HTTP flow without a time, which mitmproxy's own classes refuse.
        READ_ERRORS: the record is damaged.
    """
    from mitmproxy import dns, flow, http, tcp, udp  # noqa: F401 - importing registers the flow types; slow, rarely needed
    from mitmproxy.io import compat, tnetstring

    state = tnetstring.parse(record[-1], memoryview(record)[:-1])
    if not isinstance(state, dict):
        raise TypeError("not a flow")
    _check_version(state)
    state = compat.migrate_flow(state)
    request = state.get("request")
    if state["type"] == "http" and isinstance(request, dict) and request.get("timestamp_start") is None:
        raise UndatedFlowError("the request carries no time")
    return flow.Flow.from_state(state)


def _check_version(state: dict[Any, Any]) -> None:
    from mitmproxy import version
    from mitmproxy.io import compat

    found: Any = state.get(b"version", state.get("version"))
    key = found if isinstance(found, int) else tuple(found)[:2]  # the minor version of mitmproxy, before 4.0
    if key != version.FLOW_FORMAT_VERSION and key not in compat.converters:
        raise UnknownVersionError(
            f"flow format version {found} cannot be read by mitmproxy {version.VERSION} "
            f"(it reads up to {version.FLOW_FORMAT_VERSION})"
        )
