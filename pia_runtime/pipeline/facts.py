"""The tables that rules are held against, made from what was detected: every fact a look-up in columns."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from pia_runtime.correlation.axis import Clocks
from pia_runtime.correlation.reads import NEVER_COMPARED, reads_of_transmissions
from pia_runtime.correlation.verdict import Scopes
from pia_runtime.judgement.declarations import Declared
from pia_runtime.judgement.facts import Facts, truth, words
from pia_runtime.judgement.frequency import frequency_table
from pia_runtime.judgement.necessity import NECESSITY, necessity_of
from pia_runtime.knowledge.base import Knowledge
from pia_runtime.knowledge.categories import Category
from pia_runtime.knowledge.sdks import SdkIndex
from pia_runtime.knowledge.thresholds import Threshold
from pia_runtime.model.detection import Actor, Recipient
from pia_runtime.model.event import Events
from pia_runtime.model.session import Session
from pia_runtime.pipeline.accesses import Accesses
from pia_runtime.pipeline.detections import Detections
from pia_runtime.pipeline.records import Transmitted
from pia_runtime.pipeline.screen import screen_states
from pia_runtime.pipeline.signals import Surroundings, run_table, signals_table, tcf_changes
from pia_runtime.pipeline.starts import starts_table
from pia_runtime.pipeline.word_columns import by_data, by_position, united

_ADVERTISING = frozenset({"advertising", "ads", "mediation", "attribution"})
_BINARY = ("false", "true")


@dataclass(frozen=True, slots=True)
class Case:
    """One capture with everything that its facts are made of.

    Attributes:
        regimes: asked for, or None for those that the capture itself points to.
        thresholds: those of the knowledge, overridden where the capture says so.
    """

    session: Session
    events: Events
    detections: Detections
    accesses: Accesses
    sent: Sequence[Transmitted]
    scopes: Scopes
    clocks: Clocks
    declared: Declared
    thresholds: dict[str, Threshold]
    regimes: frozenset[str] | None
    knowledge: Knowledge
    sdks: SdkIndex


@dataclass(frozen=True, slots=True)
class Made:
    """The facts, and what was found out on the way.

    Attributes:
        states: the state of the app at each detection.
        read: for each detection the position of the read that a transmission came from, or -1.
        read_basis: how that is known.
        necessity: kind of data → word of :data:`pia_runtime.judgement.necessity.NECESSITY`.
        declared: for each detection a word of :data:`pia_runtime.judgement.declarations.DECLARED`.
        categories: the kinds of app that were named.
        unknown_categories: numbers that are no kind of app.
    """

    facts: Facts
    states: npt.NDArray[np.object_]
    read: npt.NDArray[np.int64]
    read_basis: npt.NDArray[np.object_]
    necessity: dict[str, str]
    declared: npt.NDArray[np.object_]
    categories: tuple[Category, ...]
    unknown_categories: tuple[int, ...] = ()


def make_facts(case: Case) -> Made:
    """All tables of one capture."""
    knowledge, app = case.knowledge, case.session.app
    chosen = tuple(dict.fromkeys(app.categories))
    categories = tuple(knowledge.categories[number] for number in chosen if number in knowledge.categories)
    necessity = {
        data: necessity_of(data, knowledge.taxonomy, categories, knowledge.outside, case.declared.extended)
        for data in knowledge.taxonomy
    }
    around = _surroundings(case, necessity)
    table = case.detections.table
    states = screen_states(table, case.events.api_calls, case.events, case.clocks, case.thresholds["silence_after"].ns)
    facts_table = _detection_facts(case, table, states, necessity, around)
    read, basis = _reads(case, facts_table)
    facts = Facts(
        tables={
            "detections": facts_table,
            "frequency": frequency_table(facts_table),
            "signals": signals_table(around),
            "run": run_table(
                around,
                first_launch=case.session.first_launch,
                start_ns=_start(case),
                collects=bool(len(table)),
            ),
            "starts": starts_table(case.events, case.clocks, app.package, _wake_calls(case)),
        },
        actors=case.detections.actors,
        recipients=case.detections.recipients,
        app=Actor("app", app.package or None, app.label),
        categories=tuple(category.id for category in categories),
        regimes=case.regimes or _regimes(case, around),
        thresholds=case.thresholds,
    )
    declared = facts_table["declared"].astype(object).to_numpy()
    unknown = tuple(number for number in chosen if number not in knowledge.categories)
    return Made(facts, states, read, basis, necessity, declared, categories, unknown)


def _surroundings(case: Case, necessity: dict[str, str]) -> Surroundings:
    return Surroundings(
        events=case.events,
        scopes=case.scopes,
        clocks=case.clocks,
        thresholds=case.thresholds,
        permissions=case.knowledge.permissions,
        sensitive=frozenset(entry.id for entry in case.knowledge.taxonomy.values() if entry.sensitive),
        unlisted=frozenset(data for data, word in necessity.items() if word == "unlisted"),
        listed=frozenset(data for data, word in necessity.items() if word in ("listed", "extended")),
    )


def _regimes(case: Case, around: Surroundings) -> frozenset[str]:
    """China's, unless the capture names others; the European where a TCF answer stands, the store's where its form does."""
    named = (case.session.app.model_extra or {}).get("regimes")
    if isinstance(named, list) and named:
        return frozenset(str(name) for name in named)
    found = {"cn"}
    if tcf_changes(around):
        found.add("eu")
    if case.declared.declaration and case.declared.declaration.kind == "data_safety":
        found.add("play")
    return frozenset(found)


def _start(case: Case) -> int:
    if case.session.started_ns is not None:
        return case.session.started_ns
    times = case.detections.table["host_ns"]
    return int(times.min()) if len(times) else 0


def _detection_facts(
    case: Case, table: pd.DataFrame, states: npt.NDArray[np.object_], necessity: dict[str, str], around: Surroundings
) -> pd.DataFrame:
    taxonomy, actors, recipients = case.knowledge.taxonomy, case.detections.actors, case.detections.recipients
    places, apis, traces, bases = _origins(case, table)
    third = [{True: "true", False: "false", None: "unknown"}[recipient.third_party] for recipient in recipients]
    told = np.asarray(table["permission"] == "given") | np.asarray(table["data_told"] == "given")
    kept = [
        "id",
        "count",
        "actor",
        "recipient",
        "host_ns",
        "margin_ns",
        "margin_err_ns",
        "act",
        "data",
        "phase",
        "verdict",
    ]
    facts = table[[*kept, "permission", "sdk_told", "data_told"]].assign(
        state=pd.Categorical(states),
        group=by_data(table, lambda data: taxonomy[data].group),
        sensitive=by_data(table, lambda data: str(taxonomy[data].sensitive).lower(), _BINARY),
        necessity=by_data(table, lambda data: necessity[data], NECESSITY),
        actor_kind=by_position(table["actor"], [actor.kind for actor in actors]),
        advertising=by_position(table["actor"], [_advertises(actor, case.sdks) for actor in actors]),
        third_party=by_position(table["recipient"], third, none="false"),
        separate_consent=truth(told),
        id=table["id"].astype(object),
        place=places,
        api=apis,
        trace=traces,
        basis=bases,
        tcf_purpose_1=_tcf(table, around),
    )
    return facts.assign(**_declared(case.declared, facts, actors, recipients))


def _advertises(actor: Actor, sdks: SdkIndex) -> str:
    sdk = sdks.sdks.get(actor.id or "") if actor.kind == "sdk" else None
    return str(bool(sdk and _ADVERTISING & set(sdk.kinds))).lower()


def _origins(
    case: Case, table: pd.DataFrame
) -> tuple["pd.Categorical[str]", "pd.Categorical[str]", "pd.Categorical[str]", "pd.Categorical[str]"]:
    """For each row the place in a request, the API, what names the origin across runs, and the basis of a match."""
    api = case.events.api_calls["api"]
    matches = [item[0].match for item in case.sent]
    traces = [f"{match.location} {'/'.join(match.path)}" for match in matches]
    sent, call = table["sent"], table["call"]
    codes = api.cat.codes.to_numpy().astype(np.int64)
    api_names = [str(name) for name in api.cat.categories]
    of_call = np.append(codes, -1)[call.to_numpy(dtype=np.int64)]
    by_trace = {one: len(api_names) + number for number, one in enumerate(sorted(set(traces)))}
    trace_code = np.array([*(by_trace[one] for one in traces), -1], dtype=np.int64)
    both = np.where(sent < 0, of_call, trace_code[sent.to_numpy(dtype=np.int64)])
    return (
        by_position(sent, [match.location for match in matches], none=_NOWHERE),
        words(of_call, api_names),
        united(both, [*api_names, *by_trace]),
        by_position(sent, [match.basis for match in matches], none="observed"),
    )


_NOWHERE = "none"
"""The place of what stands in no request."""


def _tcf(table: pd.DataFrame, around: Surroundings) -> pd.Categorical:
    changes = tcf_changes(around)
    at = np.array([time for time, _ in changes], dtype=np.int64)
    names = np.array(["unknown", *(word for _, word in changes)], dtype=object)
    place = np.searchsorted(at, table["host_ns"].to_numpy(dtype=np.int64), side="left")
    return pd.Categorical(names[place])


def _declared(
    declared: Declared, facts: pd.DataFrame, actors: Sequence[Actor], recipients: Sequence[Recipient]
) -> dict[str, pd.Categorical]:
    """What the declaration says, asked once for each combination that occurs."""
    keys = facts[["data", "actor", "act", "third_party", "state"]].astype(object)
    codes, distinct = pd.factorize(pd.MultiIndex.from_frame(keys))
    known, background = [], []
    for data, actor, act, third, state in distinct:
        party = {"true": True, "false": False}.get(third)
        known.append(declared.word(data, actors[actor], act, party, state))
        background.append(declared.in_background(data, actors[actor]))
    return {
        "declared": pd.Categorical(np.array(known, dtype=object)[codes] if len(known) else []),
        "background_declared": truth(
            np.array(background, dtype=np.bool_)[codes] if len(known) else np.zeros(0, np.bool_)
        ),
    }


def _reads(case: Case, facts: pd.DataFrame) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.object_]]:
    table = case.detections.table
    call, sent = table["call"].to_numpy(dtype=np.int64), table["sent"].to_numpy(dtype=np.int64)
    texts = [value if isinstance(value, str) and value else None for value in case.events.api_calls["value"]]
    of_calls = np.array([*texts, None], dtype=object)[call]
    of_sent = np.array([*(item[0].match.value or None for item in case.sent), None], dtype=object)[sent]
    seqs = np.append(case.events.api_calls["seq"].to_numpy(dtype=np.int64), -1)[call]
    queries = case.accesses.queries
    learned = {
        int(row): tuple(queries.get(seq, seq) for seq in case.sent[sent[row]][0].match.learned_from)
        for row in np.flatnonzero(sent >= 0)
    }
    error = table["host_err_ns"].to_numpy(dtype=np.int64, na_value=-1)
    earliest = np.where(error < 0, NEVER_COMPARED, table["host_ns"].to_numpy(dtype=np.int64) - error)
    values = pd.Series(np.where(call >= 0, of_calls, of_sent), dtype=object)
    joined = facts[["act", "data", "actor", "basis", "host_ns"]].assign(value=values, earliest_ns=earliest)
    return reads_of_transmissions(joined, learned, seqs, case.thresholds["read_before_sending"].ns)


def _wake_calls(case: Case) -> tuple[npt.NDArray[np.int64], ...]:
    """``seq``, time and actor of the calls that ask to be woken; times are the clock's own, since only distances count."""
    calls = case.events.api_calls
    rows = np.flatnonzero(np.asarray(calls["api"].isin(list(case.knowledge.permissions.wake_apis))))
    times = calls["t_ns"].to_numpy(dtype=np.int64)[rows]
    rows = rows[np.argsort(times, kind="stable")]
    columns = (
        calls["seq"].to_numpy(dtype=np.int64),
        calls["t_ns"].to_numpy(dtype=np.int64),
        case.accesses.actor_of_call,
    )
    return tuple(column[rows] for column in columns)


def seen_by_actor(made: Made, detections: Detections) -> dict[tuple[Actor, str], list[str]]:
    """Who took which data, obtained or sent, with the declaration's words for them."""
    found: dict[tuple[Actor, str], list[str]] = defaultdict(list)
    table = made.facts.tables["detections"]
    distinct = table.loc[table["act"] != "attempt", ["actor", "data", "declared"]].drop_duplicates()
    for actor, data, word in distinct.itertuples(index=False):
        found[detections.actors[actor], str(data)].append(str(word))
    return dict(found)
