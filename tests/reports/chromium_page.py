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


class Chromium:
    """One headless browser; a test opens its own page in it."""

    def __init__(self) -> None:
        self._profile = tempfile.mkdtemp(prefix="pia-chromium-")
        to_read, self._out = os.pipe()
        self._in, to_write = os.pipe()
        self._pid = _spawn(to_read, to_write, f"--user-data-dir={self._profile}")
        os.close(to_read)
        os.close(to_write)
        self._buffer = b""
        self._last = 0

    def open(self, path: Path, width: int = 1440, height: int = 1100, *, dark: bool = False) -> "ChromiumPage":
        """A page of its own, loaded; close it by leaving its context."""
        return ChromiumPage(self, path, width, height, dark=dark)

    def send(self, method: str, session: str | None, params: dict[str, Any]) -> int:
        """Send one command; returns its number."""
        self._last += 1
        message: dict[str, Any] = {"id": self._last, "method": method, "params": params}
        if session:
            message["sessionId"] = session
        os.write(self._out, json.dumps(message).encode() + b"\0")
        return self._last

    def read(self) -> dict[str, Any]:
        """The next message; the test's time limit bounds the wait."""
        while b"\0" not in self._buffer:
            chunk = os.read(self._in, 1 << 16)
            if not chunk:
                raise RuntimeError("Chromium ended")
            self._buffer += chunk
        line, self._buffer = self._buffer.split(b"\0", 1)
        return dict(json.loads(line))

    def close(self) -> None:
        """End the browser and remove its profile."""
        os.kill(self._pid, signal.SIGTERM)
        os.waitpid(self._pid, 0)
        os.close(self._out)
        os.close(self._in)
        shutil.rmtree(self._profile, ignore_errors=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class ChromiumPage:
    """One page; ``messages`` collects what the browser complains of, ``requests`` every address that it asks for."""

    def __init__(self, browser: Chromium, path: Path, width: int, height: int, *, dark: bool) -> None:
        self._browser = browser
        self._session: str | None = None
        self.messages: list[str] = []
        self.requests: list[str] = []
        self._loaded = False
        self._context = str(self.command("Target.createBrowserContext")["browserContextId"])
        self._target = self.command("Target.createTarget", url="about:blank", browserContextId=self._context)[
            "targetId"
        ]
        self._session = self.command("Target.attachToTarget", targetId=self._target, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Network", "Log"):
            self.command(f"{domain}.enable")
        self.size(width, height)
        if dark:
            self.command("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": "dark"}])
        self.command("Page.navigate", url=path.as_uri())
        while not self._loaded:
            self._note(self._browser.read())

    def size(self, width: int, height: int) -> None:
        """Give the page another window."""
        self.command(
            "Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=False
        )

    def command(self, method: str, **params: Any) -> dict[str, Any]:
        """Send one command of the DevTools protocol and return its result; the test's time limit bounds the wait."""
        number = self._browser.send(method, self._session, params)
        while True:
            answer = self._browser.read()
            if answer.get("id") == number:
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

    def _note(self, event: dict[str, Any]) -> None:
        if event.get("sessionId") != self._session:
            return  # of a page that another test has closed
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
            case "Network.requestWillBeSent" if not params["request"]["url"].startswith("data:"):
                self.requests.append(params["request"]["url"])

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._session = None
        self.command("Target.disposeBrowserContext", browserContextId=self._context)
