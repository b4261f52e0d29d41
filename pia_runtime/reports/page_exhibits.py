"""What the page's script shows beside the marks: states of the app, gaps, requests, decode steps and pictures."""

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pia_runtime.detection.masking import Secrets, mask
from pia_runtime.model.exhibit import Exhibits, Picture, Request
from pia_runtime.reports.consent_line import ConsentLine
from pia_runtime.reports.escape import LONG, SHORT, visible, visible_lines
from pia_runtime.reports.labels import Document
from pia_runtime.reports.masked_text import masked_header, masked_text

MOST_GAPS = 2_000
"""Gaps with a time that a page draws."""


def page_moments(document: Document, line: ConsentLine) -> dict[str, Any]:
    """Stretches of the app's state; gaps with a time; and what could not be seen during the whole run, each once.

    Times are nanoseconds after the start. What has a time on another clock than the drawing has none here.
    """
    moments = document.get("moments") or {}
    screen = [
        [str(one.get("state")), one["from_ns"] - line.start_ns, one["until_ns"] - line.start_ns, one.get("err_ns")]
        for one in moments.get("screen") or ()
        if _drawn(one.get("err_ns"), line)
    ]
    dated = [one for one in moments.get("gaps") or () if _drawn(one.get("err_ns"), line)]
    gaps = [
        [visible(one.get("kind")), visible(one.get("host")), one["t_ns"] - line.start_ns, one.get("err_ns")]
        for one in dated[:MOST_GAPS]
    ]
    timed = {(one.get("kind"), one.get("host") or "") for one in dated[:MOST_GAPS]}
    whole = dict.fromkeys(
        (visible(spot.get("kind")), visible(spot.get("host") or spot.get("detail")))
        for spot in document.get("blind_spots") or ()
        if (spot.get("kind"), spot.get("host") or "") not in timed
    )
    return {"screen": screen, "gaps": gaps, "unseen": [list(one) for one in whole]}


def _drawn(err_ns: int | None, line: ConsentLine) -> bool:
    """Whether a time lies on the clock that the timeline is drawn by."""
    return (err_ns is None) == line.uncompared


def page_exhibits(
    exhibits: Exhibits, line: ConsentLine, place: Mapping[str, int], room: int, *, reveal: bool = False
) -> dict[str, Any]:
    """Requests by flow id, decode steps by number of the mark, pictures: as many of them as ``room`` bytes hold.

    Requests and steps may fill three fifths, pictures the rest; what does not fit is counted. Values are hidden unless
    ``reveal``.
    """
    secrets = Secrets(exhibits.secrets)
    space = _Space(room * 3 // 5)
    requests = {
        visible(flow): told
        for flow, request in exhibits.requests.items()
        if space.takes(told := _request(request, secrets, reveal=reveal))
    }
    steps = {
        str(place[one]): replayed
        for one, taken in exhibits.steps.items()
        if one in place and taken and space.takes(replayed := _steps(taken, secrets, reveal=reveal))
    }
    space.left += room - room * 3 // 5
    pictures = [
        one
        for one in (_picture(picture, line) for picture in exhibits.pictures if _drawn(picture.err_ns, line))
        if space.takes(one)
    ]
    left_out = exhibits.left_out + space.refused
    return {"revealed": reveal, "requests": requests, "steps": steps, "pictures": pictures, "left_out": left_out}


@dataclass(slots=True)
class _Space:
    """Bytes that are left, and how many things did not fit."""

    left: int
    refused: int = 0

    def takes(self, told: object) -> bool:
        size = len(json.dumps(told, ensure_ascii=False).encode("utf-8", "replace")) + 60
        if size > self.left:
            self.refused += 1
            return False
        self.left -= size
        return True


def _picture(picture: Picture, line: ConsentLine) -> dict[str, Any]:
    return {
        "t": picture.t_ns - line.start_ns,
        "err": picture.err_ns,
        "event": picture.event,
        "width": picture.width,
        "height": picture.height,
        "src": f"data:image/jpeg;base64,{base64.b64encode(picture.jpeg).decode()}",
    }


def _steps(steps: tuple[tuple[str, str, int], ...], secrets: Secrets, *, reveal: bool) -> list[list[Any]]:
    return [
        [visible(name, LONG), _step(text, secrets, reveal=reveal, last=number == len(steps)), size]
        for number, (name, text, size) in enumerate(steps, 1)
    ]


def _request(request: Request, secrets: Secrets, *, reveal: bool) -> dict[str, Any]:
    target = request.line if reveal else masked_text(request.line, secrets)
    headers = [
        [visible(name), visible(value if reveal else masked_header(name, value, secrets))]
        for name, value in request.headers
    ]
    body = request.body if reveal else masked_text(request.body, secrets)
    return {"line": visible(target, LONG), "headers": headers, "body": visible_lines(body, LONG), "size": request.size}


def _step(text: str, secrets: Secrets, *, reveal: bool, last: bool) -> str:
    """What a step gave; the last one gave the value itself and is hidden as one."""
    if reveal:
        return visible(text, LONG)
    return visible((mask(text) or "") if last else masked_text(text, secrets), SHORT)
