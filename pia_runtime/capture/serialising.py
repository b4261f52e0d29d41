"""Flows as bytes of mitmproxy's own format, with the hosts the app asked for."""

from typing import Any, cast

from mitmproxy.connection import Address
from mitmproxy.flow import Flow
from mitmproxy.io import tnetstring
from mitmproxy.websocket import WebSocketMessage


def flow_state(flow: Flow, meant: Address | None) -> dict[str, Any]:
    """The flow's state as mitmproxy's own writer stores it.

    In its transparent layers mitmproxy takes the request's host from the server address. Where that address was sent
    elsewhere, the state names the host that the app asked for again; the connection's peer name still tells where the
    bytes really went.

    Args:
        flow: any flow of mitmproxy.
        meant: the address that the app asked for, or None where unknown.
    """
    state = cast(dict[str, Any], flow.get_state())
    used = flow.server_conn.address
    if meant is None or used is None or tuple(meant) == tuple(used):
        return state
    state["server_conn"]["address"] = meant
    request = state.get("request")
    if request and (request.get("host"), request.get("port")) == tuple(used[:2]):
        request["host"], request["port"] = meant[:2]
    return state


def encode_state(state: dict[str, Any]) -> bytes:
    """One record of a flow file."""
    return tnetstring.dumps(state)


def encode_part(state: dict[str, Any], messages: list[WebSocketMessage]) -> bytes:
    """A record that holds only some messages of a WebSocket.

    Args:
        state: the flow's state at the handshake.
        messages: the messages that this part carries.
    """
    websocket = {**(state.get("websocket") or {}), "messages": [message.get_state() for message in messages]}
    return tnetstring.dumps({**state, "websocket": websocket})
