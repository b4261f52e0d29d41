"""Puts a played app into every ``pia capture`` that is started with this folder in PYTHONPATH, however deep below the test.

What Linux cannot give is an Android app that Frida attaches to. The one played here reads the Android id, sends it to where
``PIA_PLANNED_SENDS_TO`` says, through the proxy that the device itself names, and asks for consent; everything else is the real
program.
"""

import os
import sys
import time

ANDROID_ID = "4f6e2a91c07d3b58"


class PlannedApp:
    """The instrument of one run."""

    def __init__(self, target, _catalog, *, on_event, **_) -> None:
        self.dropped, self.tools = 0, {"agent_sha256": "ab" * 32}
        self._package, self._serial, self._tell = target.process, target._serial, on_event

    def start(self) -> None:
        """Read, send, ask."""
        now = {"clock": "device", "t_ns": time.time_ns()}
        stack = [f"{self._package}.App.onCreate(App.java:31)"]
        self._tell(
            {"type": "api_call", **now, "hook": "settings.secure_get_string", "api": "android.provider.Settings$Secure.getString",
             "data": ["android_id"], "args": ["android_id"], "value": ANDROID_ID, "threw": None, "stack": stack}
        )  # fmt: skip
        self._send()
        asked = {"type": "consent", "signal": "requested", "scope": "policy", "source": "ui_tree", "clock": "device"}
        self._tell({**asked, "t_ns": time.time_ns(), "err_ns": 0})

    def _send(self) -> None:
        from pia_runtime.device.connection import Connection

        device = Connection(self._serial)
        host, _, port = device.shell("settings", "get", "global", "http_proxy").text.partition(":")
        there = os.environ["PIA_PLANNED_SENDS_TO"]
        request = f"GET http://{there}/collect?app={self._package}&aid={ANDROID_ID} HTTP/1.1"
        device.script(
            'printf "%s\\r\\nHost: %s\\r\\nConnection: close\\r\\n\\r\\n" "$3" "$4" | nc -w 5 "$1" "$2"',
            host,
            port,
            request,
            there,
        )
        time.sleep(0.2)

    def calibrate(self, rounds: int) -> list[dict]:
        """One exchange."""
        now = time.time_ns()
        return [{"host_ns": now, "device_ns": now, "rtt_ns": 1_000_000}] * min(rounds, 1)

    def stop(self) -> None:
        """Nothing waits."""


if "capture" in sys.orig_argv:
    import pia_runtime.instrumentation.host as host
    import pia_runtime.instrumentation.server_probe as probe

    host.FridaHost = PlannedApp
    probe.probe_server = lambda *_: None
