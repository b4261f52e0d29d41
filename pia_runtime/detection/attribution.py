"""Whose code took the data, and where it went: stack → actor, host → actor and recipient.

The rules, each with its reason:

- A name matches on dot (or label) boundaries only, and the longest match decides: ``com.example.loanshark`` is not
  ``com.example.loan``.
- Framework, reflection, proxy, instrumentation and library frames are passed over; then the innermost frame that
  belongs to an SDK or to the app decides. An SDK that the app calls is the SDK's act.
- Obfuscated frames (``a.b.c``) may be an SDK whose name was removed: with the app further out the actor is unknown,
  with a known SDK further out it is that SDK, which led there.
- Nothing but framework frames, Java or native, is the system; no stack, or one that also shows other code, is unknown.
- First party: the registrable domain is the reversed package's own (``com.example.loan`` ↔ ``example.com``), or its
  name is one of the package's labels (``loan.example``), or one company owns it and the reversed package's domain.
- Third party: a known SDK's or company's host that is not the app's. Hosting and delivery networks serve anybody, and
  an unknown domain may be the app's second one: neither can be told.
"""

import ipaddress
import re
from collections.abc import Collection, Sequence
from fnmatch import fnmatchcase

from pia_runtime.detection.stack_frames import code_name, is_generated, is_obfuscated, library_name
from pia_runtime.knowledge.domains import Company, registrable_domain
from pia_runtime.knowledge.sdks import FrameKind, Sdk, SdkIndex, longest_prefix, longest_suffix
from pia_runtime.model.detection import Actor, Recipient

_UNKNOWN = Actor("unknown")
_SYSTEM = Actor("system")
_MIN_LABEL = 4
_GENERIC_LABEL = re.compile(
    "android|mobile|cloud|data|push|login|services?|client|example|test|demo|main|software|tech|technology|group|online|"
    "digital|global|studio|games?|china|chinese|asia|world|apps|application|release|debug|wallet|news|video|music|"
    "analytics|tracker|tracking|monitor|metrics|stats|network|internet|platform|center"
)
"""Words that unrelated vendors share: as a domain's name they prove nothing about the app."""


def actor_of_stack(frames: Sequence[str], package: str, sdks: SdkIndex) -> Actor:
    """Say whose code a stack shows.

    Args:
        frames: as recorded, innermost first.
        package: the app's package, or "" where unknown.
        sdks: the SDK knowledge.

    Returns:
        The actor; ``system`` where only framework frames stand, ``unknown`` where nothing decides.
    """
    return _Stacks(package, sdks).actor(frames)


def actors_of_stacks(stacks: Sequence[str], package: str, sdks: SdkIndex) -> list[Actor]:
    """As :func:`actor_of_stack` for many stacks, each with its frames joined by newlines; equal stacks cost once."""
    judge = _Stacks(package, sdks)
    known: dict[str, Actor] = {}
    for stack in stacks:
        if stack not in known:
            known[stack] = judge.actor(stack.split("\n"))
    return [known[stack] for stack in stacks]


def actor_of_host(host: str, package: str, sdks: SdkIndex, app_hosts: Collection[str] = ()) -> Actor:
    """Say who sends to a host, for a flow without a stack: the SDK of that host, the app for its own, else unknown."""
    name = _plain(host)
    if _is_local(name):
        return _UNKNOWN
    found = longest_suffix(name, sdks.hosts)
    if found is not None:
        return _sdk_actor(found[1])
    own = _is_first_party(name, package, sdks, app_hosts)
    return Actor("app", package or None) if own else _UNKNOWN


def recipient_of_host(host: str, package: str, sdks: SdkIndex, app_hosts: Collection[str] = ()) -> Recipient:
    """Say who receives what goes to a host.

    Args:
        host: host name or IP address; a port, brackets and a trailing dot are allowed.
        package: the app's package, or "" where unknown.
        sdks: the SDK and company knowledge.
        app_hosts: hosts or domains stated to be the app's own.

    Returns:
        The recipient. ``domain`` of an IP address is the address; ``third_party`` is None where it cannot be told.
    """
    name = _plain(host)
    if _is_local(name) or _address(name):
        return Recipient(name, name, None, False if _is_local(name) or name in app_hosts else None)
    sdk = longest_suffix(name, sdks.hosts)
    company = longest_suffix(name, sdks.companies)
    label = (sdk[1].company if sdk else None) or (company[1].name if company else None)
    return Recipient(name, registrable_domain(name), label, _third_party(name, package, sdks, app_hosts))


class _Stacks:
    """One app's view on stacks; remembers every frame it has judged."""

    def __init__(self, package: str, sdks: SdkIndex) -> None:
        self._package = package
        self._app = Actor("app", package) if package else _UNKNOWN
        self._prefixes = sdks.prefixes
        self._libraries = sdks.native_libs
        self._seen: dict[str, Actor | FrameKind | None] = {}

    def actor(self, frames: Sequence[str]) -> Actor:
        only_framework, obfuscated = bool(frames), False
        for frame in frames:
            if not frame.strip():
                continue
            owner = self._owner(frame)
            if isinstance(owner, Actor):
                return _UNKNOWN if obfuscated and owner.kind != "sdk" else owner
            only_framework &= owner in {"framework", "instrumentation"}
            obfuscated |= owner is None and is_obfuscated(code_name(frame))
        return _SYSTEM if only_framework and any(frame.strip() for frame in frames) else _UNKNOWN

    def _owner(self, frame: str) -> Actor | FrameKind | None:
        if frame not in self._seen:
            self._seen[frame] = self._judge(frame)
        return self._seen[frame]

    def _judge(self, frame: str) -> Actor | FrameKind | None:
        library = library_name(frame)
        if library:
            return self._native(library)
        name = code_name(frame)
        if is_generated(name):
            return "framework"
        found = longest_prefix(name, self._prefixes)
        if self._is_app(name) and (found is None or len(found[0]) <= len(self._package)):
            return self._app
        if found is None:
            return None
        return _sdk_actor(found[1]) if isinstance(found[1], Sdk) else found[1]

    def _native(self, library: str) -> Actor | FrameKind | None:
        owner = self._libraries.get(library) or next(
            (owner for pattern, owner in self._libraries.items() if "*" in pattern and fnmatchcase(library, pattern)),
            None,
        )
        return _sdk_actor(owner) if isinstance(owner, Sdk) else owner or "library"

    def _is_app(self, name: str) -> bool:
        return bool(self._package) and (name == self._package or name.startswith(self._package + "."))


def _sdk_actor(sdk: Sdk) -> Actor:
    return Actor("sdk", sdk.id, sdk.name)


def _third_party(host: str, package: str, sdks: SdkIndex, app_hosts: Collection[str]) -> bool | None:
    if _is_first_party(host, package, sdks, app_hosts):
        return False
    if longest_suffix(host, sdks.hosts):
        return True
    company = longest_suffix(host, sdks.companies)
    return True if company and not company[1].shared else None


def _is_first_party(host: str, package: str, sdks: SdkIndex, app_hosts: Collection[str]) -> bool:
    domain = registrable_domain(host)
    if host in app_hosts or domain in app_hosts:
        return True
    home = _home_domain(package)
    if not home:
        return False
    if domain == home:
        return True
    owner, home_owner = longest_suffix(host, sdks.companies), longest_suffix(home, sdks.companies)
    if owner and home_owner and _same_company(owner[1], home_owner[1]):
        return True
    known = owner is not None or longest_suffix(host, sdks.hosts) is not None
    return not known and _shares_name(domain, package)


def _same_company(one: Company, other: Company) -> bool:
    return one.name == other.name and not one.shared and not other.shared


def _shares_name(domain: str, package: str) -> bool:
    label = domain.partition(".")[0].replace("-", "").lower()
    labels = {part.replace("_", "").lower() for part in package.split(".")[1:]}
    return len(label) >= _MIN_LABEL and not _GENERIC_LABEL.fullmatch(label) and label in labels


def _home_domain(package: str) -> str:
    labels = package.lower().replace("_", "-").split(".")
    return registrable_domain(".".join(reversed(labels))) if len(labels) > 1 else ""


def _plain(host: str) -> str:
    name = host.strip().lower().rstrip(".")
    if name.startswith("["):
        return name[1:].partition("]")[0]
    return name.rpartition(":")[0] if name.count(":") == 1 else name


def _is_local(host: str) -> bool:
    address = _address(host)
    return host == "localhost" or host.endswith(".localhost") or (address is not None and address.is_loopback)


def _address(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        return None
