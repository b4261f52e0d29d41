"""Drive a headless Chromium over its debugging pipe: open a file, evaluate script, click, take a picture. No driver needed."""

import base64
import fcntl
import json
import os
import shutil
import signal
import tempfile
from pathlib import Path
from typing import Any, Self

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")

_FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--hide-scrollbars",
    "--force-color-profile=srgb",
    "--remote-debugging-pipe",
]


def _spawn(to_read: int, to_write: int, *flags: str) -> int:
    """Start Chromium with its debugging pipe on descriptors 3 and 4, where it expects them; returns its process id."""
    high = [fcntl.fcntl(given, fcntl.F_DUPFD_CLOEXEC, 64) for given in (to_read, to_write)]
    silent = [(os.POSIX_SPAWN_OPEN, number, os.devnull, os.O_RDWR, 0) for number in (0, 1, 2)]
    piped = [(os.POSIX_SPAWN_DUP2, given, wanted) for given, wanted in zip(high, (3, 4), strict=True)]
    try:
        return os.posix_spawn(
            CHROMIUM, [CHROMIUM, *_FLAGS, *flags, "about:blank"], os.environ, file_actions=[*silent, *piped]
        )
    finally:
        for given in high:
            os.close(given)


class ChromiumPage:
    """One page; ``messages`` collects what the browser complains of, ``requests`` every address that it asks for."""

    def __init__(self, path: Path, width: int = 1440, height: int = 1100, *, dark: bool = False) -> None:
        self._profile = tempfile.mkdtemp(prefix="pia-chromium-")
        to_read, self._out = os.pipe()
        self._in, to_write = os.pipe()
        self._pid = _spawn(to_read, to_write, f"--user-data-dir={self._profile}")
        os.close(to_read)
        os.close(to_write)
        self._buffer = b""
        self._last = 0
        self._session: str | None = None
        self.messages: list[str] = []
        self.requests: list[str] = []
        self._loaded = False
        self._open(path, width, height, dark=dark)

    def _open(self, path: Path, width: int, height: int, *, dark: bool) -> None:
        target = self.command("Target.createTarget", url="about:blank")["targetId"]
        self._session = self.command("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Network", "Log"):
            self.command(f"{domain}.enable")
        self.size(width, height)
        if dark:
            self.command("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": "dark"}])
        self.command("Page.navigate", url=path.as_uri())
        while not self._loaded:
            self._note(self._read())

    def size(self, width: int, height: int) -> None:
        """Give the page another window."""
        self.command(
            "Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=False
        )

    def command(self, method: str, **params: Any) -> dict[str, Any]:
        """Send one command of the DevTools protocol and return its result; the test's time limit bounds the wait."""
        self._last += 1
        message: dict[str, Any] = {"id": self._last, "method": method, "params": params}
        if self._session:
            message["sessionId"] = self._session
        os.write(self._out, json.dumps(message).encode() + b"\0")
        while True:
            answer = self._read()
            if answer.get("id") == self._last:
                if "error" in answer:
                    raise RuntimeError(f"{method}: {answer['error']}")
                return dict(answer["result"])
            self._note(answer)

    def evaluate(self, script: str) -> Any:
        """The JSON value of an expression; a promise is awaited."""
        result = self.command("Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True)
        if "exceptionDetails" in result:
            raise RuntimeError(str(result["exceptionDetails"]))
        return result["result"].get("value")

    def mouse(self, kind: str, x: float, y: float, **more: Any) -> None:
        """A real mouse event at page coordinates of the window."""
        self.command("Input.dispatchMouseEvent", type=kind, x=x, y=y, **more)

    def click(self, x: float, y: float) -> None:
        """Move there, press and release."""
        self.mouse("mouseMoved", x, y)
        self.mouse("mousePressed", x, y, button="left", clickCount=1)
        self.mouse("mouseReleased", x, y, button="left", clickCount=1)

    def key(self, key: str, modifiers: int = 0) -> None:
        """Press and release one key; modifiers: 1 Alt, 2 Ctrl, 8 Shift."""
        for kind in ("keyDown", "keyUp"):
            self.command("Input.dispatchKeyEvent", type=kind, key=key, modifiers=modifiers)

    def picture(self, path: Path, *, whole: bool = False) -> None:
        """Write a PNG of the window, or of the whole page."""
        data = self.command("Page.captureScreenshot", format="png", captureBeyondViewport=whole)["data"]
        path.write_bytes(base64.b64decode(data))

    def pdf(self, path: Path) -> None:
        """Print to a PDF as the page's print style asks."""
        data = self.command("Page.printToPDF", printBackground=True, preferCSSPageSize=True)["data"]
        path.write_bytes(base64.b64decode(data))

    def _read(self) -> dict[str, Any]:
        while b"\0" not in self._buffer:
            chunk = os.read(self._in, 1 << 16)
            if not chunk:
                raise RuntimeError("Chromium ended")
            self._buffer += chunk
        line, self._buffer = self._buffer.split(b"\0", 1)
        return dict(json.loads(line))

    def _note(self, event: dict[str, Any]) -> None:
        params = event.get("params", {})
        match event.get("method"):
            case "Page.loadEventFired":
                self._loaded = True
            case "Runtime.exceptionThrown":
                self.messages.append(str(params["exceptionDetails"]))
            case "Runtime.consoleAPICalled":
                self.messages.append(str(params["args"]))
            case "Log.entryAdded":
                self.messages.append(str(params["entry"]))
            case "Network.requestWillBeSent":
                self.requests.append(params["request"]["url"])

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        os.kill(self._pid, signal.SIGTERM)
        os.waitpid(self._pid, 0)
        os.close(self._out)
        os.close(self._in)
        shutil.rmtree(self._profile, ignore_errors=True)
