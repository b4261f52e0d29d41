"""``pia replay``: a recorded run shown again, served again, or sent again."""

import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pia_runtime.cli.options import CapturePath, say
from pia_runtime.errors import NotReadyError

if TYPE_CHECKING:
    from pia_runtime.capture.replaying import Pace
    from pia_runtime.storage.recorded import Record

DIFFERS = 7
INTERRUPTED = 130


class Extra(StrEnum):
    """What a request gets that was never recorded."""

    kill = "kill"
    not_found = "404"
    forward = "forward"


class Match(StrEnum):
    """Which recorded request a new one is taken for."""

    near = "near"
    exact = "exact"


def replay(
    path: CapturePath,
    speed: Annotated[
        str | None,
        typer.Option(
            "--speed", metavar="N|max", help="How much faster than recorded [default: 1].", show_default=False
        ),
    ] = None,
    step: Annotated[
        bool, typer.Option("--step", help="Wait for Enter before each record, and say what it is.")
    ] = False,
    idle_limit: Annotated[
        float | None,
        typer.Option("--idle-limit", metavar="SECONDS", help="Cut longer silences to this.", min=0, show_default=False),
    ] = None,
    out: Annotated[
        Path | None, typer.Option("-o", "--out", help="Keep what the replay writes.", show_default=False)
    ] = None,
    serve: Annotated[
        bool, typer.Option("--serve", help="Be the server instead: a proxy that gives the recorded answers.")
    ] = False,
    port: Annotated[
        int | None,
        typer.Option("--port", help="With --serve: port [default: 8080].", min=0, max=65535, show_default=False),
    ] = None,
    listen: Annotated[
        str | None, typer.Option("--listen", help="With --serve: address [default: 127.0.0.1].", show_default=False)
    ] = None,
    match: Annotated[
        Match | None,
        typer.Option(
            "--match",
            help="With --serve: near prefers the same request and else takes the same method, host and path; exact does not "
            "[default: near].",
            show_default=False,
        ),
    ] = None,
    extra: Annotated[
        Extra | None,
        typer.Option(
            "--extra",
            help="With --serve: requests without a recorded answer are cut off, answered 404, or sent on [default: kill].",
            show_default=False,
        ),
    ] = None,
    confdir: Annotated[
        Path | None,
        typer.Option(
            "--confdir",
            help="With --serve: folder of the certificate that the app trusts [default: .cache/mitmproxy].",
            show_default=False,
        ),
    ] = None,
    duration: Annotated[
        float | None,
        typer.Option("--duration", help="With --serve: end after this many seconds.", min=0.1, show_default=False),
    ] = None,
    client: Annotated[
        str | None,
        typer.Option(
            "--client", metavar="URL", help="Send the recorded requests to this local server.", show_default=False
        ),
    ] = None,
    allow_remote: Annotated[
        bool,
        typer.Option("--allow-remote", help="With --client: the server may be another than this machine or network."),
    ] = False,
) -> int:
    """Show a run again at its pace, with the live status, and prove that it gives the same analysis.

    Every event line and flow is written again as it was recorded; the analysis of what was written must equal that of the
    capture byte for byte (exit code 7 where it does not). Keys: space pause, Enter one step, + and - speed, q end.

    With --serve the app itself can be run again, offline, against the same answers; with --client a server of yours gets the
    same requests. docs/replay.md says what each does and does not prove.
    """
    from pia_runtime.errors import UsageError

    told = {
        "--port": port,
        "--listen": listen,
        "--match": match,
        "--extra": extra,
        "--confdir": confdir,
        "--duration": duration,
    }
    if serve and client is not None:
        raise UsageError("--serve and --client exclude each other", "give one")
    wrong = [name for name, value in told.items() if value is not None and not serve]
    wrong += [
        name for name, value in (("--speed", speed), ("--step", step), ("--idle-limit", idle_limit)) if serve and value
    ]
    wrong += ["--step"] if client is not None and step else []
    wrong += ["--allow-remote"] if client is None and allow_remote else []
    if wrong:
        raise UsageError(f"{wrong[0]} has no meaning here", "leave it out, or see pia replay --help")
    if serve:
        return _serve(path, out, port=8080 if port is None else port, listen=listen or "127.0.0.1", match=match or Match.near,
                      extra=extra or Extra.kill, confdir=confdir, duration=duration)  # fmt: skip
    pace = _pace(speed, step, idle_limit)
    return _show(path, out, pace) if client is None else _send(path, out, client, pace, allow_remote)


def _pace(speed: str | None, step: bool, idle_limit: float | None) -> "Pace":
    from pia_runtime.capture.replaying import FASTEST, Pace
    from pia_runtime.errors import UsageError

    if speed == "max":
        return Pace(None, step, idle_limit)
    try:
        times = float(speed or 1)
    except ValueError:
        times = 0.0
    if not 0 < times <= FASTEST:
        raise UsageError(
            f"--speed {speed}: expected max, or a number above 0 up to {FASTEST:g}", "for instance --speed 10"
        )
    return Pace(times, step, idle_limit)


def _show(path: Path, out: Path | None, pace: "Pace") -> int:
    from pia_runtime.capture.replay_controls import HELP, Controls
    from pia_runtime.capture.replaying import replay_capture
    from pia_runtime.capture.view import LiveView

    with _kept(out) as folder, Controls(stepping=pace.step) as keys:
        with LiveView(hint=HELP if keys.enabled else "", title=str(path)) as status:

            def tell(record: "Record", at_ns: int) -> None:
                status.say(_line(record, at_ns))

            result = replay_capture(
                path,
                folder,
                pace=pace,
                controls=keys,
                show=status,
                tell=tell if pace.step else None,
                follow=status.drawn and pace.speed is not None,
            )
        say(f"{result.flows} flows, {result.events} events shown{'' if out is None else f', written into {out}'}")
        if result.reason != "finished":
            say(f"ended early ({result.reason}): not compared with {path}")
            return INTERRUPTED if result.reason == "interrupted" else 0
        return _compare(path, folder)


def _compare(path: Path, again: Path) -> int:
    from hashlib import sha256

    from pia_runtime.pipeline import document_bytes
    from pia_runtime.storage.analysis import analyse_capture
    from pia_runtime.storage.difference import first_difference
    from pia_runtime.storage.parallel import usable_cores

    first, second = (analyse_capture(folder, workers=usable_cores()) for folder in (path, again))
    one, other = document_bytes(first), document_bytes(second)
    if one == other:
        sys.stdout.write(f"same analysis: {len(first['findings'])} findings, {len(first['detections'])} detections, "
                         f"sha256 {sha256(one).hexdigest()}\n")  # fmt: skip
        return 0
    sys.stdout.write(f"another analysis, first at {first_difference(first, second)}\n")
    return DIFFERS


@contextmanager
def _kept(out: Path | None) -> Iterator[Path]:
    """The folder asked for, or one that is gone afterwards."""
    if out is not None:
        yield out
        return
    with tempfile.TemporaryDirectory(prefix="pia-replay-") as folder:
        yield Path(folder) / "capture"


def _line(record: "Record", at_ns: int) -> str:
    """What a record is, without any value that it holds."""
    from pia_runtime.reports.escape import visible

    content = record.content or {}
    if record.content is None:
        what = [record.kind, "unreadable"]
    elif record.kind == "event":
        parts = (
            "seq",
            "type",
            "api",
            "signal",
            "scope",
            "permission",
            "state",
            "action",
            "hook",
            "kind",
            "op",
            "algorithm",
            "host",
        )
        what = ["event", *(str(content[name]) for name in parts if content.get(name) is not None)]
    else:
        request = content.get("request") or {}
        method, host = (request.get(name) or "" for name in ("method", "host"))
        status = (content.get("response") or {}).get("status_code")
        what = [
            "flow",
            str(content.get("type")),
            method.decode("ascii", "replace") if isinstance(method, bytes) else str(method),
        ]
        what += [str(host), "no answer" if status is None else str(status)]
    return f"+{at_ns / 1e9:.3f} s  {' '.join(visible(part, 120) for part in what if part)}"


def _serve(
    path: Path,
    out: Path | None,
    *,
    port: int,
    listen: str,
    match: Match,
    extra: Extra,
    confdir: Path | None,
    duration: float | None,
) -> int:
    from pia_runtime.capture.serving import serve_capture

    with _kept(out) as folder:
        result = serve_capture(
            path,
            folder,
            port=port,
            listen_host=listen,
            exact=match is Match.exact,
            extra=extra.value,
            confdir=confdir or Path(".cache") / "mitmproxy",
            duration_s=duration,
            say=say,
        )
    say(f"{result.answered} requests answered from the capture, {result.unknown} without a recorded answer"
        f"{'' if out is None else f'; recorded in {out}'}")  # fmt: skip
    return INTERRUPTED if result.interrupted else 0


def _send(path: Path, out: Path | None, url: str, pace: "Pace", allow_remote: bool) -> int:
    from pia_runtime.capture.resending import resend_capture

    with _kept(out) as folder:
        result = resend_capture(path, folder, url=url, pace=pace, allow_remote=allow_remote, say=say)
    say(f"{result.sent} requests sent to {url}: {result.answered} answered, {result.failed} failed, {result.skipped} not sent"
        f"{'' if out is None else f'; recorded in {out}'}")  # fmt: skip
    if result.failed and not result.answered and not result.interrupted:
        raise NotReadyError(f"{url}: not one request was answered", "start the server, or give another address")
    return INTERRUPTED if result.interrupted else 0
