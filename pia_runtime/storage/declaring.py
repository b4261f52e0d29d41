"""What the app says of itself, from a file that a person wrote or a store exported, into ``declaration.json`` of a capture."""

import csv
import hashlib
import io
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import orjson
from pydantic import ValidationError

from pia_runtime.errors import InputError, unreadable
from pia_runtime.knowledge.data_file import ROOT, load_yaml, parse_yaml
from pia_runtime.knowledge.sdks import Sdk
from pia_runtime.knowledge.taxonomy import DataType
from pia_runtime.model.declaration import Declaration, DeclaredItem
from pia_runtime.storage.capture_reader import DECLARATION
from pia_runtime.storage.folder import replace_file, require_folder

_LARGEST = 4 * 1024 * 1024
_MOST_ITEMS = 20_000
_COLLECTED = ("collected", "已收集个人信息清单")
_SHARED = ("shared", "与第三方共享个人信息清单")
_KNOWN_FIELDS = ("sent", "shared", "background", "only_foreground", "function", "purpose")
_SHARED_ANSWER = "PSL_DATA_USAGE_ONLY_SHARED"


def read_declaration_file(path: Path, taxonomy: Mapping[str, DataType], sdks: Mapping[str, Sdk]) -> Declaration:
    """A declaration as people have it.

    Args:
        path: YAML with the lists ``collected`` and ``shared`` (双清单), or the CSV export of Google Play's Data safety form.
        taxonomy: kinds of data may be named by id or by their Chinese or English name.
        sdks: SDKs may be named by id or name.

    Raises:
        InputError: the file cannot be read, is neither, or names a kind of data that the taxonomy does not have.
    """
    content = _bounded(path)
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InputError(f"{path}: not UTF-8 text", "save it as UTF-8") from error
    declaration = _from_csv(path, text) if path.suffix.lower() == ".csv" else _from_yaml(path, text, taxonomy, sdks)
    return declaration.model_copy(update={"sha256": hashlib.sha256(content).hexdigest()})


def _bounded(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            content = file.read(_LARGEST + 1)
    except OSError as error:
        raise unreadable(path, error, "give a YAML or CSV file") from error
    if len(content) > _LARGEST:
        raise InputError(f"{path}: larger than {_LARGEST} bytes", "a declaration is a short list")
    return content


def _from_yaml(path: Path, text: str, taxonomy: Mapping[str, DataType], sdks: Mapping[str, Sdk]) -> Declaration:
    try:
        content = parse_yaml(text)
    except ValueError as error:
        raise InputError(f"{path}: not valid YAML ({error})", "see docs/rules.md") from error
    if not isinstance(content, dict):
        raise InputError(f"{path}: expected `collected:` or `shared:`", "see docs/rules.md for an example")
    data_of, actor_of = _names(taxonomy), _sdk_names(sdks)
    items: list[dict[str, Any]] = []
    shared = _list(path, content, _SHARED)
    for number, entry in enumerate(_list(path, content, _COLLECTED)):
        items += _entry(entry, f"{path}: collected[{number}]", data_of, actor_of, {})
    for number, entry in enumerate(shared):
        items += _entry(entry, f"{path}: shared[{number}]", data_of, actor_of, {"sent": True, "shared": True})
    if len(items) > _MOST_ITEMS:
        raise InputError(f"{path}: more than {_MOST_ITEMS} items")
    kind = "two_lists" if shared else "policy"
    return _validated(path, {"kind": kind, "source": _source(content.get("source"), path), "items": items})


def _source(given: object, path: Path) -> str:
    return given[:300] if isinstance(given, str) and given else path.name


def _list(path: Path, content: Mapping[str, Any], names: Iterable[str]) -> list[Any]:
    for name in names:
        found = content.get(name)
        if found is not None and not isinstance(found, list):
            raise InputError(f"{path}: {name}: expected a list")
        if found:
            return list(found)
    return []


def _entry(
    entry: Any,  # noqa: ANN401  (whatever the file holds)
    where: str,
    data_of: Callable[[str, str], str],
    actor_of: Callable[[str], str],
    given: Mapping[str, bool],
) -> Iterator[dict[str, Any]]:
    """One line of a list: the name of a kind of data, or a mapping that says more; several kinds make several items."""
    fields = {"data": entry} if isinstance(entry, str) else entry
    if not isinstance(fields, dict) or not fields.get("data"):
        raise InputError(f"{where}: expected the name of a kind of data, or a mapping with `data`")
    kinds = fields["data"] if isinstance(fields["data"], list) else [fields["data"]]
    who = fields.get("by") or fields.get("to") or "any"
    for kind in kinds:
        if not isinstance(kind, str) or not isinstance(who, str):
            raise InputError(f"{where}: data, by and to are names, not lists or numbers")
        rest = {name: fields[name] for name in _KNOWN_FIELDS if name in fields}
        yield {**given, **rest, "data": data_of(kind, where), "by": actor_of(who)}


def _names(taxonomy: Mapping[str, DataType]) -> Callable[[str, str], str]:
    by_name = {entry.zh: entry.id for entry in taxonomy.values()} | {
        entry.en.lower(): entry.id for entry in taxonomy.values()
    }

    def data_of(name: str, where: str) -> str:
        found = name if name in taxonomy else by_name.get(name) or by_name.get(name.lower())
        if found is None:
            raise InputError(
                f"{where}: {name[:60]!r} is no kind of data", "pia knowledge list identifiers names them all"
            )
        return found

    return data_of


def _sdk_names(sdks: Mapping[str, Sdk]) -> Callable[[str], str]:
    by_name = {sdk.name: sdk.id for sdk in sdks.values()}

    def actor_of(name: str) -> str:
        if name in ("any", "app"):
            return name
        plain = name.removeprefix("sdk:")
        return f"sdk:{plain if plain in sdks else by_name.get(plain, plain)}"

    return actor_of


def _from_csv(path: Path, text: str) -> Declaration:
    """The export of Google Play: what is ticked is collected; what has a ticked sharing answer is shared as well."""
    known = load_yaml(ROOT / "play_data_types.yaml")
    question, response, value = (known["columns"][name] for name in ("question", "response", "value"))
    rows = list(csv.DictReader(io.StringIO(text)))
    if not rows or not {question, response, value} <= set(rows[0]):
        raise InputError(
            f"{path}: not an export of the Data safety form", f"expected the columns {question}, {response}"
        )
    ticked = [
        (row[question] or "", row[response] or "") for row in rows if (row[value] or "").strip().lower() == "true"
    ]
    shared = {parts[1] for asked, answer in ticked if answer == _SHARED_ANSWER and len(parts := asked.split(":")) > 1}
    chosen = [answer for asked, answer in ticked if asked.startswith("PSL_DATA_TYPES_")]
    items = [
        {"data": data, "sent": True, "shared": name in shared, "purpose": name}
        for name in chosen
        for data in known["types"].get(name, ())
    ]
    unknown = tuple(name for name in chosen if name not in known["types"])
    return _validated(
        path, {"kind": "data_safety", "source": path.name, "items": items, "not_understood": list(unknown)}
    )


def _validated(path: Path, content: dict[str, Any]) -> Declaration:
    try:
        return Declaration.model_validate({**content, "items": [DeclaredItem(**item) for item in content["items"]]})
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        place = ".".join(str(part) for part in first["loc"])
        raise InputError(f"{path}: {place}: {first['msg']}", "see docs/rules.md") from error


def write_declaration(capture: Path, declaration: Declaration) -> Path:
    """Store a declaration in a capture, replacing an earlier one.

    Raises:
        InputError: the folder is no capture, is sealed, or cannot be written.
    """
    require_folder(capture)
    if (capture / "evidence.json").exists():
        fix = "declare before sealing (pia capture --no-seal)"
        raise InputError(f"{capture}: the capture is sealed", fix)
    target = capture / DECLARATION
    document = declaration.model_dump(mode="json", by_alias=True)
    try:
        replace_file(target, orjson.dumps(document, option=orjson.OPT_INDENT_2 | orjson.OPT_SORT_KEYS) + b"\n")
    except OSError as error:
        raise InputError(f"{target}: cannot be written ({error.strerror})", "check the folder's rights") from error
    return target
