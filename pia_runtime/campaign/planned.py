"""Unattended device runs: every run of a plan in a process of its own, over all devices, tried again, and the device restored.

A run is ``pia capture``; whatever happens to it, the next one starts from a device that ``pia restore`` has put back. What
was done stands in ``plan-runs.jsonl``; a run that ended well is not run again when the plan is started again. A run ends with
the process of its plan, and a plan begins by putting every device back, so that a plan that was killed can go on.
"""

import itertools
import json
import os
import queue
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path

from pia_runtime.campaign.plan import Plan, PlannedRun, planned_runs

LOG = "plan-runs.jsonl"
_GRACE_S = 30.0
"""How long a run that was interrupted may take to end cleanly before it is killed."""
_RESTORE_S = 120.0
_AGAIN_S = 1.0
_LAST_WORDS = 300
_DONE, _NOT_READY = 0, 4

type Commands = Callable[[PlannedRun, str, int, Path], list[str]]
"""The words that make one capture: of which run, on which device, by which proxy port, into which folder."""
type Report = Callable[[str, int, int], None]


@dataclass(frozen=True, slots=True)
class Attempt:
    """One try of one run.

    Attributes:
        code: exit code; None where it had to be killed.
        ended: ``well``, ``failed``, ``timeout``, ``killed`` (it did not even end when interrupted), or ``not run`` (no device was
            left to run it on).
        said: the last line it wrote to stderr.
        restored: whether the device could be put back afterwards.
    """

    run: str
    device: str
    attempt: int
    code: int | None
    ended: str
    said: str
    seconds: float
    restored: bool


def capture_command(run: PlannedRun, device: str, port: int, capture: Path) -> list[str]:
    """``pia capture`` for one run; every word of it is an argument of its own, none goes through a shell."""
    app = run.app
    return [
        *pia(), "capture", app.package, "--device", device, "--port", str(port), "-o", str(capture),
        "--scenario", run.scenario,
        *(word for number in app.categories for word in ("--category", str(number))),
        *(word for file in app.install for word in ("--install", file)), *app.options,
    ]  # fmt: skip


def restore_command(device: str) -> list[str]:
    """``pia restore`` for one device."""
    return [*pia(), "restore", "--device", device]


def pia() -> list[str]:
    """This program, as a process of its own that ends with this one."""
    tied = f"from pia_runtime.campaign.tied import end_with; end_with({os.getpid()})"
    return [sys.executable, "-c", f"{tied}; from pia_runtime.cli.main import main; main()"]


def run_plan(
    plan: Plan,
    captures: Path,
    report: Report = lambda *_: None,
    command: Commands = capture_command,
    restore: Callable[[str], list[str]] = restore_command,
) -> list[Attempt]:
    """Do every run that has not ended well yet; returns the last attempt of each run that has not by the end.

    A device on which a run could not even begin (exit code 4) in any of its tries does no further one; the others do its runs.

    Args:
        plan: what to run.
        captures: folder below which each run's capture is made.
        report: told how many runs are done, and of how many.
        command: the process that makes one capture.
        restore: the process that puts a device back.

    Raises:
        OSError: the folder cannot be written.
    """
    captures.mkdir(mode=0o700, parents=True, exist_ok=True)
    log = _Log(captures / LOG)
    runs = [run for run in planned_runs(plan) if run.name not in log.well]
    todo: queue.SimpleQueue[PlannedRun] = queue.SimpleQueue()
    for run in runs:
        todo.put(run)
    failed: list[Attempt] = []
    told = _Told(report, len(runs))

    def on_port(run: PlannedRun, device: str, capture: Path) -> list[str]:
        return command(run, device, _free_port(), capture)

    def work(device: str) -> None:
        if not todo.empty():
            _put_back(device, restore)
        while True:
            try:
                run = todo.get_nowait()
            except queue.Empty:
                return
            last = _run(run, device, captures, on_port, restore, log)
            if last.code == _NOT_READY:
                todo.put(run)
                ready.remove(device)
                return
            if last.ended != "well":
                failed.append(last)
            told.one_more()

    ready = list(plan.devices)
    while ready and not todo.empty():  # again where a device gave its run back after the others had ended
        threads = [threading.Thread(target=work, args=(device,), daemon=True) for device in ready]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    while not todo.empty():
        failed.append(
            Attempt(todo.get_nowait().name, "", 0, None, "not run", "no device was ready", 0.0, restored=False)
        )
    return sorted(failed, key=lambda attempt: attempt.run)


def _free_port() -> int:
    """A port for one run's proxy: nothing else on this machine may keep a device from its work."""
    with socket.create_server(("127.0.0.1", 0)) as sock:
        return int(sock.getsockname()[1])


def _put_back(device: str, restore: Callable[[str], list[str]]) -> None:
    """Undo what an earlier plan left; a run of it that is still ending is waited for."""
    deadline = time.monotonic() + _GRACE_S
    while _process(restore(device), _RESTORE_S)[0] != _DONE and time.monotonic() < deadline:
        time.sleep(_AGAIN_S)


def _run(
    run: PlannedRun,
    device: str,
    captures: Path,
    command: Callable[[PlannedRun, str, Path], list[str]],
    restore: Callable[[str], list[str]],
    log: "_Log",
) -> Attempt:
    attempt = None
    for number in range(1, run.app.retries + 2):
        attempt = _attempt(run, device, number, captures, command, restore)
        log.add(attempt)
        if attempt.ended == "well":
            break
    assert attempt is not None  # noqa: S101 - retries are at least 0
    return attempt


def _attempt(
    run: PlannedRun,
    device: str,
    number: int,
    captures: Path,
    command: Callable[[PlannedRun, str, Path], list[str]],
    restore: Callable[[str], list[str]],
) -> Attempt:
    capture = _free(captures / run.name)
    capture.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    start = time.monotonic()
    code, ended, said = _process(command(run, device, capture), run.app.timeout_s)
    seconds = round(time.monotonic() - start, 1)
    back, _, _ = _process(restore(device), _RESTORE_S)
    return Attempt(run.name, device, number, code, ended, said, seconds, back == 0)


def _free(wanted: Path) -> Path:
    """The folder itself, or one beside it: what an earlier try recorded is never written over."""
    tries = (wanted.with_name(f"{wanted.name}-try{number}") for number in itertools.count(2))
    return next(path for path in itertools.chain([wanted], tries) if not path.exists())


def _process(words: Sequence[str], timeout_s: float) -> tuple[int | None, str, str]:
    """Run to its end, or interrupt it at the time-out, or kill it and all it started."""
    process = subprocess.Popen(
        words, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, start_new_session=True
    )
    lines: list[bytes] = []
    reader = threading.Thread(target=_keep_last, args=(process, lines), daemon=True)
    reader.start()
    ended = "well"
    try:
        code: int | None = process.wait(timeout_s)
        ended = "well" if code == _DONE else "failed"
    except subprocess.TimeoutExpired:
        _signal(process, signal.SIGINT)
        try:
            code, ended = process.wait(_GRACE_S), "timeout"
        except subprocess.TimeoutExpired:
            _signal(process, signal.SIGKILL)
            process.wait()
            code, ended = None, "killed"
    reader.join(1)
    said = b"".join(lines[-1:]).decode(errors="replace").strip()
    return code, ended, said[:_LAST_WORDS]


def _keep_last(process: "subprocess.Popen[bytes]", lines: list[bytes]) -> None:
    assert process.stderr is not None  # noqa: S101 - it was asked for
    for line in process.stderr:
        if line.strip():
            lines[:] = [line[: 10 * _LAST_WORDS]]


def _signal(process: "subprocess.Popen[bytes]", number: signal.Signals) -> None:
    with suppress(ProcessLookupError):
        os.killpg(process.pid, number)


class _Log:
    """What was done, a line an attempt; a torn last line is left out."""

    def __init__(self, path: Path) -> None:
        self._path, self._lock = path, threading.Lock()
        self._whole = not path.exists() or path.read_bytes()[-1:] in (b"", b"\n")
        self.well = {line["run"] for line in self._lines() if line.get("ended") == "well"}

    def _lines(self) -> list[dict[str, str]]:
        found = []
        for line in self._path.read_bytes().splitlines() if self._path.exists() else ():
            with suppress(ValueError):
                found.append(json.loads(line))
        return [line for line in found if isinstance(line, dict) and "run" in line]

    def add(self, attempt: Attempt) -> None:
        """Append one attempt."""
        with self._lock, os.fdopen(os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600), "ab") as file:
            if not self._whole:
                file.write(b"\n")  # what a kill tore off must not swallow this line
                self._whole = True
            file.write(json.dumps(asdict(attempt), ensure_ascii=False).encode() + b"\n")


class _Told:
    """How many runs are done, told under a lock."""

    def __init__(self, report: Report, total: int) -> None:
        self._report, self._total, self._done, self._lock = report, total, 0, threading.Lock()
        report("run", 0, total)

    def one_more(self) -> None:
        with self._lock:
            self._done += 1
            self._report("run", self._done, self._total)
