"""What a run does to the app's traffic on purpose: each can be switched off, and the session names what was on."""

from dataclasses import asdict, dataclass
from typing import Any

from pia_runtime.instrumentation.catalog_entry import HookEntry


@dataclass(frozen=True, slots=True)
class Interventions:
    """Which helps are on.

    Attributes:
        pinning_bypass: certificate checks of the app are answered instead of asked, in Java and where OpenSSL or BoringSSL
            has symbols. The app then trusts anybody, not only the proxy.
        keylog: TLS secrets are written to ``tls-keys.log``. Observation only, but the file opens recorded traffic.
        quic_block: UDP to port 443 is refused inside the app, so that it falls back to TCP.
        socket_stacks: connections are told with the code that opened them. Observation only.
    """

    pinning_bypass: bool = True
    keylog: bool = True
    quic_block: bool = True
    socket_stacks: bool = True

    @classmethod
    def none(cls) -> "Interventions":
        """Everything off."""
        return cls(False, False, False, False)

    def document(self) -> dict[str, bool]:
        """As ``session.json`` states it (``tools.interventions``)."""
        return asdict(self)

    def allows(self, entry: HookEntry) -> bool:
        """Whether this catalog entry is to be hooked."""
        switch = {"bypass": self.pinning_bypass, "keylog": self.keylog, "connect": self.socket_stacks}
        return switch.get(entry.event, True)

    def plan(self) -> dict[str, Any]:
        """What the agent needs of it (``Plan.traffic``): what it does outside the catalog."""
        return {"pinning": self.pinning_bypass, "keylog": self.keylog, "quic": self.quic_block}
