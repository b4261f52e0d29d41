"""What stands on the device's screen, by UI Automator: controls with their words and places, and pictures."""

import re
import threading
from dataclasses import dataclass

from defusedxml import ElementTree

from pia_runtime.device.connection import Connection
from pia_runtime.errors import NotReadyError

DUMP_PATH = "/data/local/tmp/pia-screen.xml"
DUMP_SECONDS = 20.0
MAX_DUMP = 8 << 20
MAX_CONTROLS = 5000
_ONE_AT_A_TIME = threading.Lock()
"""UI Automator serves one caller; scenario and observer both look at the screen."""

# One command, so that the device itself removes the file, whoever does not wait for it.
_DUMP = """
trap 'rm -f "$1"' EXIT
said=$(uiautomator dump "$1" 2>&1)
case "$said" in
  *"dumped to"*) cat "$1" ;;
  *) echo "$said" >&2; exit 1 ;;
esac
"""
_PNG = b"\x89PNG\r\n\x1a\n"
_BOUNDS = re.compile(r"\[(-?\d+),(-?\d+)\]\[(-?\d+),(-?\d+)\]")


@dataclass(frozen=True, slots=True)
class Control:
    """One node of the tree.

    Attributes:
        text: its words, or its description for people who do not see.
        center: the point to tap, in pixels.
        clickable: whether it, or the node around it, takes taps.
        package: the app it belongs to.
    """

    text: str
    center: tuple[int, int]
    clickable: bool
    package: str


def parse_screen(xml: bytes) -> list[Control]:
    """The controls of a ``uiautomator dump`` that have words, in drawing order.

    Raises:
        NotReadyError: it is no such dump.
    """
    try:
        tree = ElementTree.fromstring(xml[:MAX_DUMP])
    except (ElementTree.ParseError, ValueError) as error:
        raise NotReadyError(
            f"the screen cannot be read: {error}", "secured screens and some games have no tree"
        ) from error
    found: list[Control] = []
    stack = [(tree, False)]
    while stack and len(found) < MAX_CONTROLS:
        node, around = stack.pop()
        clickable = around or node.get("clickable") == "true"
        words = (node.get("text") or node.get("content-desc") or "").strip()
        place = _BOUNDS.fullmatch(node.get("bounds") or "")
        if words and place:
            left, top, right, bottom = map(int, place.groups())
            center = ((left + right) // 2, (top + bottom) // 2)
            found.append(Control(words, center, clickable, node.get("package") or ""))
        stack.extend((child, clickable) for child in reversed(list(node)))
    return found


def read_tree(device: Connection) -> bytes:
    """The tree of the screen as UI Automator dumps it.

    Raises:
        NotReadyError: there is none: the screen moves, is off, or is secured.
    """
    with _ONE_AT_A_TIME:
        answer = device.script(_DUMP, DUMP_PATH, timeout=DUMP_SECONDS)
    if not answer.ok:
        raise NotReadyError(f"the screen has no tree: {answer.reason}", "wait until nothing moves; wake the screen")
    return answer.out


def read_picture(device: Connection) -> bytes:
    """The screen as PNG.

    Raises:
        NotReadyError: the device gives none.
    """
    answer = device.shell("screencap", "-p", timeout=DUMP_SECONDS)
    if not answer.out.startswith(_PNG):
        raise NotReadyError(f"no screenshot: {answer.reason[:100]}", "look whether the screen is secured")
    return answer.out
