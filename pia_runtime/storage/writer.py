"""Writing a capture as the run goes on: nothing that was written is lost when the process dies.

Every event and every flow is handed to the operating system before the call returns, so ``kill -9`` loses at most what
was being written, and is chained (:mod:`pia_runtime.storage.chain`): twice a second the disk itself gets what came and the
chain's head over it. A write that fails (disk full, permission) is undone, ends the recording and is raised as one clear
error: a half line is never followed by another. Layout and meaning: the capture format, version 1.
"""

import re
import secrets
import threading
from collections.abc import Callable, Iterable, Mapping
from hashlib import sha256
from pathlib import Path
from typing import Any, Self

import orjson
from pydantic import BaseModel, ValidationError

from pia_runtime.errors import InputError, PiaError
from pia_runtime.model.session import Identifiers, Session
from pia_runtime.storage.appending import AppendFile
from pia_runtime.storage.chain import CHAIN, Chain, Op
from pia_runtime.storage.folder import claim_folder, replace_file, unwritable, write_beside
from pia_runtime.storage.heading import HeadKeeper
from pia_runtime.storage.jsonlines import encode_line

FLOWS = "flows.mitm"
EVENTS = "events.jsonl"
STREAMS = (FLOWS, EVENTS)
TLS_KEYS = "tls-keys.log"
"""Secrets of the app's TLS connections, in the form that Wireshark reads (SSLKEYLOGFILE)."""
_KEY_LINE = re.compile(r"[A-Z0-9_]{1,64} [0-9a-fA-F]{1,256} [0-9a-fA-F]{1,512}")


class CaptureWriter:
    """One capture folder being written. Safe to call from several threads.

    Attributes:
        path: the folder.
        flows: flow records written so far.
        events: event lines written so far.
        dropped: events that came after :meth:`close` and were therefore not written.
        failure: the error that ended the recording, or None while all is well.
        on_event: told every event that was written, in the order of writing; it must be quick and raise nothing.
    """

    def __init__(self, path: Path, session: dict[str, Any], streams: Iterable[str], placed: Iterable[str] = ()) -> None:
        self.path = path
        self.flows = 0
        self.events = 0
        self.dropped = 0
        self.failure: PiaError | None = None
        self.on_event: Callable[[Mapping[str, Any]], None] | None = None
        self._session = session
        self._lock = threading.RLock()
        self._files: dict[str, AppendFile] = {}
        self._closed = False
        self._chain = Chain(path)
        for name in placed:
            self._chain.add("place", name, (path / name).read_bytes())
        for name in streams:
            self._files[name] = AppendFile(path / name)
        self._heads = HeadKeeper(self._chain, self._lock, lambda: self._files.values(), self._fail_chain)

    @classmethod
    def create(
        cls,
        path: Path,
        session: dict[str, Any],
        identifiers: list[dict[str, Any]] | None = None,
        *,
        streams: Iterable[str] = STREAMS,
    ) -> Self:
        """Make the folder (mode 0700) with session, identifiers and a fresh commitment key (files 0600).

        Args:
            path: a folder that does not exist yet or is empty.
            session: content of ``session.json``; ``schema`` is added where it is missing.
            identifiers: the ``identifiers`` list, or None where they are not known (no file then: a stated gap).
            streams: which of ``flows.mitm`` and ``events.jsonl`` this recording observes. They exist from the start, so
                that an empty one says "nothing seen" and a missing one "not recorded".

        Raises:
            InputError: the folder is not empty, or session or identifiers are not of the documented shape.
            NotReadyError: the folder cannot be made or written.
        """
        session = {"schema": "pia.session/1", **session}
        _check(Session, session, "session.json")
        document = None if identifiers is None else {"schema": "pia.identifiers/1", "identifiers": identifiers}
        if document is not None:
            _check(Identifiers, document, "identifiers.json")
        try:
            claim_folder(path)
            replace_file(path / "commitment.key", secrets.token_hex(32).encode())
            replace_file(path / "session.json", _pretty(session))
            placed = ["session.json"]
            if document is not None:
                replace_file(path / "identifiers.json", _pretty(document))
                placed.append("identifiers.json")
            return cls(path, session, streams, placed)
        except OSError as error:
            raise unwritable(path, error) from error

    @property
    def session(self) -> dict[str, Any]:
        """A copy of ``session.json`` as last written."""
        with self._lock:
            return dict(self._session)

    def event(self, record: Mapping[str, Any]) -> int:
        """Append one event line and give it its number.

        Args:
            record: the event without ``seq``; a ``seq`` that it carries is replaced. Values that JSON cannot carry
                (lone surrogates, whole numbers beyond 64 bits, foreign objects) are written as readable strings.

        Returns:
            The line's ``seq``, or -1 after :meth:`close` (counted in ``dropped``).

        Raises:
            NotReadyError: the line could not be written; the file ends with the last whole line.
        """
        with self._lock:
            if self._closed:
                self.dropped += 1
                return -1
            seq = self.events
            self._append(EVENTS, encode_line({**record, "seq": seq}))
            self.events += 1
            if self.on_event is not None:
                self.on_event(record)
            return seq

    def flow(self, serialised: bytes) -> None:
        """Append one flow in mitmproxy's own format.

        Raises:
            NotReadyError: the flow could not be written; the file ends with the last whole flow.
        """
        with self._lock:
            if self._closed:
                self.dropped += 1
                return
            self._append(FLOWS, serialised)
            self.flows += 1

    def repeat(self, name: str, record: bytes) -> None:
        """Append a record of another capture as it stands: an event line with its own ``seq``, a flow, or a torn end.

        Args:
            name: ``events.jsonl`` or the name of a flow file.
            record: the bytes, which are not looked into.

        Raises:
            NotReadyError: the record could not be written; the file ends with the last whole one.
        """
        with self._lock:
            if self._closed:
                self.dropped += 1
                return
            self._append(name, record)
            if name == EVENTS:
                self.events += 1
            else:
                self.flows += 1

    def tls_key(self, line: str) -> None:
        """Append one line to ``tls-keys.log`` (NSS key log form, mode 0600), which opens the run's recorded packets.

        Args:
            line: ``LABEL random secret``, each a run of letters, digits and ``_``; anything else is not written.

        Raises:
            NotReadyError: the line could not be written.
        """
        with self._lock:
            if not self._closed and _KEY_LINE.fullmatch(line):
                self._append(TLS_KEYS, line.encode() + b"\n")

    def journal(self, name: str, serialised: bytes) -> None:
        """Append to ``flows-<name>.mitm``, where a flow that is still open is kept until it is whole.

        Such a file holds parts of one WebSocket: records with the same flow id, each with the messages that came since
        the record before. :meth:`end_journal` removes it once the whole flow stands in ``flows.mitm``; after a crash it
        stays and the parts are read together.

        Raises:
            NotReadyError: the part could not be written.
        """
        with self._lock:
            if not self._closed:
                self._append(f"flows-{name}.mitm", serialised, "part")

    def end_journal(self, name: str) -> None:
        """Remove the journal of a flow that now stands whole in ``flows.mitm``, as soon as the chain says so."""
        with self._lock:
            file = self._files.pop(f"flows-{name}.mitm", None)
            if file is not None:
                self._chain.add("drop", f"flows-{name}.mitm", b"")
                file.close()
                self._heads.doomed.append(file.path)

    def blob(self, content: bytes) -> str:
        """Keep a screenshot, UI tree, screen recording or long argument under its SHA-256 and return that.

        Raises:
            NotReadyError: it could not be written.
        """
        digest = sha256(content)
        name = digest.hexdigest()
        target = self.path / "blobs" / name
        try:
            target.parent.mkdir(mode=0o700, exist_ok=True)
            # Outside the lock: the bytes of a recording must not hold up the flows, whose times are taken meanwhile.
            beside = write_beside(target.with_name(f".{name}.{threading.get_ident()}.part"), content)
            with self._lock:
                if target.exists():
                    beside.unlink()
                else:
                    self._chain.add("place", f"blobs/{name}", content, digest.digest())
                    beside.replace(target)
        except OSError as error:
            with self._lock:
                raise self._fail(target, error) from error
        return name

    def update_session(self, **fields: Any) -> None:  # noqa: ANN401 - whatever JSON session.json holds
        """Set fields of ``session.json``; objects (``app``, ``device``, ``tools``) are merged, the rest replaced.

        Raises:
            InputError: the result would not be of the documented shape; the file is unchanged.
            NotReadyError: the file could not be written; the old one is still whole.
        """
        with self._heads.ordering, self._lock:
            merged = dict(self._session)
            for name, value in fields.items():
                old = merged.get(name)
                merged[name] = {**old, **value} if isinstance(old, dict) and isinstance(value, dict) else value
            _check(Session, merged, "session.json")
            self._write_session(merged)

    def add_clock_samples(self, samples: list[dict[str, Any]]) -> None:
        """Append clock samples to ``session.json`` at once, so that a run that is killed keeps them.

        Raises:
            InputError: a sample is not of the documented shape.
            NotReadyError: the file could not be written.
        """
        if samples:
            with self._heads.ordering, self._lock:
                self.update_session(clock_samples=[*self._session.get("clock_samples", ()), *samples])

    def close(self) -> None:
        """Push everything to the disk itself, end the chain and close; may be called twice.

        A recording that failed leaves a chain that is not closed.

        Raises:
            NotReadyError: the disk refused the last bytes.
        """
        with self._heads.ordering, self._lock:
            if self._closed:
                return
            self._closed = True
            for file in self._files.values():
                try:
                    file.close(sync=True)
                except OSError as error:
                    raise self._fail(file.path, error) from error
            try:
                self._heads.end(closed=self.failure is None)
            except OSError as error:
                raise self._fail_chain(error) from error

    def discard(self) -> None:
        """Remove a capture that recorded nothing, because the run could not even begin.

        Raises:
            InputError: something was recorded; nothing is removed.
        """
        if self.events or self.flows:
            raise InputError(f"{self.path} holds a recording", "delete it yourself if it is not wanted")
        self.close()
        for file in self.path.iterdir():
            file.unlink()
        self.path.rmdir()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _append(self, name: str, data: bytes, op: Op = "append") -> None:
        if self.failure is not None:
            raise self.failure
        try:
            if name not in self._files:
                self._files[name] = AppendFile(self.path / name)
            self._files[name].append(data)
            self._chain.add(op, name, data)
        except OSError as error:
            raise self._fail(self.path / name, error) from error

    def _write_session(self, session: dict[str, Any]) -> None:
        content = _pretty(session)
        self._chain.add("place", "session.json", content)
        try:
            self._heads.put()  # before the file: a run killed in between has one of the two last chained contents
        except OSError as error:
            raise self._fail_chain(error) from error
        try:
            replace_file(self.path / "session.json", content)
        except OSError as error:
            raise self._fail(self.path / "session.json", error) from error
        self._session = session

    def _fail_chain(self, error: OSError) -> PiaError:
        return self._fail(self.path / CHAIN, error)

    def _fail(self, path: Path, error: OSError) -> PiaError:
        self.failure = self.failure or unwritable(path, error)
        return self.failure


def _check(model: type[BaseModel], document: dict[str, Any], name: str) -> None:
    try:
        model.model_validate(document)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise InputError(
            f"{name}: {where}: {first['msg']}", "write the field as the capture format describes it"
        ) from error


def _pretty(document: dict[str, Any]) -> bytes:
    return orjson.dumps(document, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)
