"""A WebSocket over TLS to a server that sends every message back.

Both ends use the asyncio side of the websockets library, never ``websockets.sync``: that one reads in a thread of its own
while the caller's thread writes, and OpenSSL allows no two threads in one TLS connection. When TLS 1.3's session tickets
arrive just then, the write reports success though its bytes never leave the machine: the request reaches no proxy, and
the client waits for its answer until it gives up, however long it is told to wait.
"""

import asyncio
import ssl
import threading
from collections.abc import Coroutine
from pathlib import Path
from typing import Any

from capture_stage import HOST, Authority, tunnel
from websockets.asyncio.client import ClientConnection, connect
from websockets.asyncio.server import Server, ServerConnection, serve

ANSWER_SECONDS = 10


class EchoedWebSocket:
    """The server, and the app's end of one WebSocket to it; both live in the one thread of one event loop.

    Attributes:
        address: where the server listens.
    """

    def __init__(self, authority: Authority) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="websocket", daemon=True)
        self._thread.start()
        self._server: Server = self._run(_serve(authority))
        self._connection: ClientConnection | None = None
        self.address: tuple[str, int] = next(iter(self._server.sockets)).getsockname()

    def open(self, port: int, ca_pem: Path) -> None:
        """Open the WebSocket to :data:`HOST` through the proxy at that port."""
        self._connection = self._run(_connect(tunnel(port), ssl.create_default_context(cafile=ca_pem)))

    def echo(self, text: str) -> None:
        """Send one message and return when it has come back."""
        assert self._run(_echo(self._connection, text)) == text

    def close(self) -> None:
        """Say goodbye and return when the other end has, too; may be called twice."""
        if self._connection:
            self._run(self._connection.close())

    def stop(self) -> None:
        """Close the WebSocket and end the server."""
        self.close()
        self._run(_end(self._server))
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def _run(self, work: Coroutine[Any, Any, Any]) -> Any:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result()


async def _send_back(connection: ServerConnection) -> None:
    async for message in connection:
        await connection.send(message)


async def _serve(authority: Authority) -> Server:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(authority.server_pem)
    return await serve(_send_back, "127.0.0.1", 0, ssl=context)


async def _connect(sock, trusted: ssl.SSLContext) -> ClientConnection:
    return await connect(f"wss://{HOST}/live", sock=sock, ssl=trusted)


async def _echo(connection: ClientConnection, text: str) -> str | bytes:
    async with asyncio.timeout(ANSWER_SECONDS):
        await connection.send(text)
        return await connection.recv()


async def _end(server: Server) -> None:
    server.close()
    await server.wait_closed()
