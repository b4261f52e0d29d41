"""``pia inspect``: every capture analysed once, in parallel, resumable, and gathered into one dataset."""

import datetime
import fcntl
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import orjson

from pia_runtime import __version__
from pia_runtime.campaign.changes import changes_between
from pia_runtime.campaign.dataset import write_dataset
from pia_runtime.campaign.engine import Engine
from pia_runtime.campaign.fingerprint import result_key
from pia_runtime.campaign.manifest import Change, Entry, Manifest, read_manifest, write_manifest
from pia_runtime.campaign.sources import Source
from pia_runtime.campaign.store import ResultStore
from pia_runtime.campaign.work import Fingerprint, Outcome, Setting, Task, analyse_batch, fingerprint_batch, pack
from pia_runtime.errors import InputError, NotReadyError
from pia_runtime.knowledge.entries import changed_entries, entry_digests

_MOST_IN_BATCH = 32
_BATCHES_PER_WORKER = 16
_BATCH_BYTES = 64 << 20
_KILLED = "the worker that analysed it was killed (out of memory?)"

type Report = Callable[[str, int, int], None]
"""Told the step (``fingerprint``, ``analyse``, ``gather``), how many captures are done, and of how many."""


@dataclass(frozen=True, slots=True)
class Inspected:
    """What an inspection came to.

    Attributes:
        manifest: as written.
        analysed: captures that were analysed now; the others were known already.
    """

    manifest: Manifest
    analysed: int


def inspect(sources: Sequence[Source], campaign: Path, engine: Engine, report: Report = lambda *_: None) -> Inspected:
    """Analyse what is new or changed and bring the campaign's dataset up to date.

    Killed at any moment and started again it comes to the same bytes: results are stored one by one under the fingerprint
    of what they follow from, and the manifest is written last.

    Raises:
        InputError: the folder holds something else than a campaign.
        NotReadyError: another inspection is working on it, or it cannot be written.
    """
    with _claimed(campaign):
        before, setting = read_manifest(campaign), Setting.here()
        store = ResultStore(campaign / "results")
        prints = _fingerprints(sources, engine, setting, report)
        keys = {name: _key(one, setting) for name, one in prints.items() if not one.reason}
        wanted = _unknown(sources, keys, store)
        broken = _analyse(wanted, prints, keys, engine, setting, store, report)
        entries = tuple(_entry(source, prints[source.name], keys, broken, store) for source in sources)
        changes = _changes(before, entries, store, setting)
        manifest = _manifest(before, entries, changes, setting)
        _gather(campaign, manifest, store, report)
        return Inspected(manifest, len(wanted))


@contextmanager
def _claimed(campaign: Path) -> Iterator[None]:
    """The campaign's folder, for one inspection at a time; the lock goes with the process."""
    if campaign.exists() and not campaign.is_dir():
        raise InputError(f"{campaign} is a file", "name a folder with -o")
    ours = any((campaign / name).exists() for name in (".lock", "campaign.json", "results"))
    if campaign.is_dir() and not ours and (strangers := sorted(path.name for path in campaign.iterdir())):
        raise InputError(f"{campaign} holds {strangers[0]} and is no campaign", "name a new folder with -o")
    try:
        campaign.mkdir(mode=0o700, parents=True, exist_ok=True)
        with (campaign / ".lock").open("w") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                raise NotReadyError(f"{campaign}: another inspection is at work there", "wait for it to end") from error
            yield
    except OSError as error:
        where = error.filename or campaign
        raise NotReadyError(
            f"{where}: cannot be written: {error.strerror}", "free space or choose another -o"
        ) from error


def _fingerprints(
    sources: Sequence[Source], engine: Engine, setting: Setting, report: Report
) -> dict[str, Fingerprint]:
    size = max(1, min(_MOST_IN_BATCH, len(sources) // (engine.workers * 4) + 1))
    batches = [list(sources[at : at + size]) for at in range(0, len(sources), size)]
    prints: dict[str, Fingerprint] = {}
    for batch, answers in engine.answers(partial(fingerprint_batch, setting=setting), batches):
        killed = [Fingerprint(source.name, reason=_KILLED) for source in batch]
        prints |= {answer.name: answer for answer in answers or killed}
        report("fingerprint", len(prints), len(sources))
    return prints


def _key(one: Fingerprint, setting: Setting) -> str:
    return result_key(one.digest, setting.knowledge_sha256, setting.program_sha256)


def _unknown(sources: Sequence[Source], keys: Mapping[str, str], store: ResultStore) -> list[Source]:
    """One source for each key without a result; copies of a capture share theirs."""
    by_key = {keys[source.name]: source for source in reversed(sources) if source.name in keys}
    return [source for key, source in sorted(by_key.items()) if store.document(key) is None]


def _analyse(
    wanted: Sequence[Source],
    prints: Mapping[str, Fingerprint],
    keys: Mapping[str, str],
    engine: Engine,
    setting: Setting,
    store: ResultStore,
    report: Report,
) -> dict[str, str]:
    """Analyse and store; returns reasons by key for those that could not be."""
    tasks = [Task(source, prints[source.name].digest, prints[source.name].size) for source in wanted]
    broken: dict[str, str] = {}
    done = 0
    for batch, answers in engine.answers(partial(analyse_batch, setting=setting), batches_of(tasks, engine.workers)):
        for outcome in answers or [Outcome(task.source.name, reason=_KILLED) for task in batch]:
            if outcome.reason:
                broken[keys[outcome.name]] = outcome.reason
            else:
                store.put(keys[outcome.name], outcome.packed)
        done += len(batch)
        report("analyse", done, len(tasks))
    return broken


def batches_of(tasks: Sequence[Task], workers: int) -> list[list[Task]]:
    """Large captures first and alone, small ones together, so that no worker waits long at the end.

    Bounded by bytes and by number; enough batches that every worker gets several.
    """
    if not tasks:
        return []
    ordered = sorted(tasks, key=lambda task: (-task.size, task.source.name))
    share = min(_BATCH_BYTES, sum(task.size for task in tasks) // (workers * _BATCHES_PER_WORKER) + 1)
    most = max(1, min(_MOST_IN_BATCH, len(tasks) // (workers * 4) + 1))
    batches: list[list[Task]] = [[]]
    weight = 0
    for task in ordered:
        if batches[-1] and (weight + task.size > share or len(batches[-1]) >= most):
            batches.append([])
            weight = 0
        batches[-1].append(task)
        weight += task.size
    return batches


def _entry(
    source: Source,
    one: Fingerprint,
    keys: Mapping[str, str],
    broken: Mapping[str, str],
    store: ResultStore,
) -> Entry:
    reason = one.reason or broken.get(keys[source.name], "")
    document = None if reason else store.document(keys[source.name])
    if document is None:
        reason = reason or "its stored result cannot be read back"
        return Entry(source.name, source.place, inputs_sha256=one.digest, broken=reason)
    app, version, date = _partition(document)
    return Entry(source.name, source.place, one.digest, keys[source.name], app, version, date)


def _partition(document: Mapping[str, Any]) -> tuple[str, str, str]:
    session = document["session"]
    app = session.get("app") or {}
    started = session.get("started_ns") or (document["coverage"].get("started_ns"))
    try:
        date = datetime.datetime.fromtimestamp(started / 1e9, datetime.UTC).date().isoformat() if started else "unknown"
    except (OverflowError, ValueError):
        date = "unknown"
    return app.get("package") or "unknown", app.get("version_name") or "unknown", date


def _changes(
    before: Manifest | None, entries: Sequence[Entry], store: ResultStore, setting: Setting
) -> tuple[Change, ...]:
    """What other knowledge or another program says of the same files."""
    if before is None or (before.knowledge_sha256, before.program_sha256) == (
        setting.knowledge_sha256,
        setting.program_sha256,
    ):
        return ()
    changed = changed_entries(store.document(before.knowledge_sha256) or {}, entry_digests())
    old = {entry.name: entry for entry in before.captures}
    found: list[Change] = []
    for entry in entries:
        earlier = old.get(entry.name)
        if earlier and earlier.key and entry.key and earlier.inputs_sha256 == entry.inputs_sha256:
            documents = store.document(earlier.key), store.document(entry.key)
            found.extend(changes_between(entry.name, *documents, changed))
    return tuple(found)


def _manifest(
    before: Manifest | None, entries: tuple[Entry, ...], changes: tuple[Change, ...], setting: Setting
) -> Manifest:
    manifest = Manifest(setting.knowledge_sha256, setting.program_sha256, __version__, entries, changes)
    if before and (before.captures, before.knowledge_sha256) == (entries, manifest.knowledge_sha256):
        return before  # what changed last stays said until something changes again
    return manifest


def _gather(campaign: Path, manifest: Manifest, store: ResultStore, report: Report) -> None:
    report("gather", 0, 1)

    def document_of(entry: Entry) -> dict[str, Any]:
        document = store.document(entry.key)
        if document is None:
            raise NotReadyError(
                f"{campaign}: the result of {entry.name} was damaged meanwhile", "run pia inspect again"
            )
        return document

    store.put(manifest.knowledge_sha256, pack(orjson.dumps(entry_digests())))
    write_dataset(campaign / "dataset", manifest.captures, document_of, manifest.program_sha256)
    write_manifest(campaign, manifest)
    store.keep_only({manifest.knowledge_sha256, *(entry.key for entry in manifest.captures)})
    report("gather", 1, 1)
