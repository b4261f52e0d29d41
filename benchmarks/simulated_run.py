"""A run that never happened, with the truth about it: when everything was, and what the user had said by then.

Nothing here comes from the program that is judged: the world is made from the capture format alone. True time is the host's. The
device has a wall clock that is hours off, drifts and may be set, and a monotonic clock that drifts with it and starts again at a
reboot. Calibration exchanges are asymmetric and some are missing. Signals are witnesses of true acts, each late or early within
its own error; lines stand in the file in any order.
"""

import json
import math
import random
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from mitmproxy import connection, http
from mitmproxy.io import FlowWriter

BASE = 1_763_884_800_000_000_000
SECOND = 1_000_000_000
HOUR = 3600 * SECOND
MOST_DRIFT = 500e-6
DEFAULT_ERROR = {"preference": SECOND, "ui_tree": 2 * SECOND, "tester": 3 * SECOND // 2}
EXACT = ("tap", "sdk_call", "permission_result")
AFTER = {"given": "after_grant", "refused": "after_refusal", "withdrawn": "after_withdrawal"}
PERMISSION_OF = {"contacts": "READ_CONTACTS", "location_precise": "ACCESS_FINE_LOCATION", "imei": "READ_PHONE_STATE"}
READ = ("imei", "gaid", "android_id", "contacts", "location_precise")
GAID = "cdda802e-fb9c-47ad-9866-0794d394c912"
ACTORS = {
    "": ("com.example.loan.Main.onCreate(Main.java:3)", "api.loan.example"),
    "umeng_analytics": ("com.umeng.commonsdk.Probe.read(SourceFile:1)", "ulogs.umeng.com"),
}


@dataclass(frozen=True)
class Mark:
    """When one line says it happened, and what it leaves out. ``at``: true time of the reading, ns after the start."""

    at: int
    clock: str
    boot: int = 0
    has_mono: bool = False


@dataclass
class Act:
    """Something the user did or was shown. ``witnesses``: (mark, source, own error in ns, whether the line states it)."""

    at: int
    scope: str
    kind: str
    witnesses: list[tuple[Mark, str, int, bool]] = field(default_factory=list)


@dataclass(frozen=True)
class Instant:
    """One access or transmission, to be judged."""

    at: int
    data: str
    sdk: str
    mark: Mark | None  # None: a flow
    seq: int = -1
    flow: str = ""
    port: int = 0
    arrived: int = 0  # of a flow: when the proxy saw its connection
    opened: Mark | None = None  # of a flow: when a hook saw it being opened


class Device:
    """Both clocks of the device, and what calibration there is."""

    def __init__(self, draw: random.Random, length: int) -> None:
        self.draw, self.length = draw, length
        self.offset = round(draw.uniform(-10, 10) * HOUR)
        self.drift = draw.choice([0.0, draw.uniform(-2e-4, 2e-4), draw.uniform(-MOST_DRIFT, MOST_DRIFT)])
        self.mono = draw.choices(["all", "some", "none"], [8, 2, 2])[0]
        self.reboot = draw.randrange(length) if draw.random() < 0.15 else None
        self.names_boot = self.reboot is not None or draw.random() < 0.8
        self.started = [-draw.randrange(60, 200_000) * SECOND, self.reboot or 0]
        self.steps = self._steps()
        self.exchanges = self._exchanges()

    def _steps(self) -> list[tuple[int, int]]:
        """(when, by how much) the wall clock was set."""
        if self.draw.random() < 0.6:
            return []
        sizes = [self.draw.choice([-1, 1]) * self.draw.choice([2 * SECOND, 60 * SECOND, 8 * HOUR]) for _ in range(2)]
        times = sorted(self.draw.randrange(self.length) for _ in range(self.draw.choice([1, 1, 2])))
        return list(zip(times, sizes, strict=False))

    def _exchanges(self) -> list[tuple[int, int, int, bool]]:
        """Middle, length, moment of the reading, and whether it told monotonic time."""
        number = self.draw.choice([0, 1, 2, 5, 12])
        until = self.draw.choice([self.length, self.length, self.length // 5])  # calibration may end early
        found = []
        for _ in range(number):
            at, rtt = self.draw.randrange(-5 * SECOND, until + 5 * SECOND), round(10 ** self.draw.uniform(6, 9.3))
            has_mono = self.mono != "none" and self.draw.random() < 0.8
            found.append((at, rtt, at + round(rtt * (self.draw.random() - 0.5)), has_mono))
        return found

    def keep_visible_steps(self, marks: Iterable[Mark]) -> None:
        """Take out the steps that nothing in the capture could show: both clocks must have been read together on either side."""
        read = [(mark.at, mark.boot) for mark in marks if mark.has_mono]
        read += [(at, self.boot_at(at)) for _, _, at, has_mono in self.exchanges if has_mono]
        self.steps = [step for step in self.steps if self._visible(step[0], read)]

    def _visible(self, when: int, read: list[tuple[int, int]]) -> bool:
        boot = self.boot_at(when)
        same = [at for at, of in read if of == boot]
        others = [other for other, _ in self.steps if other != when]
        before = [at for at in same if at < when and not any(at <= other < when for other in others)]
        after = [at for at in same if at >= when and not any(when < other <= at for other in others)]
        return bool(before and after)

    @property
    def samples(self) -> list[dict[str, int]]:
        """The calibration exchanges as session.json has them."""
        return [self._sample(*exchange) for exchange in self.exchanges]

    def _sample(self, at: int, rtt: int, read: int, has_mono: bool) -> dict[str, int]:
        sample = {"host_ns": BASE + at, "device_ns": self.wall(read), "rtt_ns": rtt}
        if has_mono:
            sample["device_mono_ns"] = self.boottime(read, self.boot_at(read))
        return sample

    def boot_at(self, at: int) -> int:
        """Which boot it was at a true time."""
        return int(self.reboot is not None and at >= self.reboot)

    def wall(self, at: int) -> int:
        """What the wall clock showed."""
        return BASE + self.offset + at + round(at * self.drift) + sum(by for when, by in self.steps if at >= when)

    def boottime(self, at: int, boot: int) -> int:
        """What the monotonic clock of a boot showed."""
        run = at - self.started[boot]
        return run + round(run * self.drift)

    def mark(self, at: int, clock: str) -> Mark:
        """A line about a true time, by one of the clocks."""
        has_mono = clock == "device" and (self.mono == "all" or (self.mono == "some" and self.draw.random() < 0.5))
        return Mark(at, clock, self.boot_at(at), has_mono)

    def stamp(self, mark: Mark) -> dict[str, Any]:
        """The fields of a line."""
        if mark.clock == "host":
            return {"t_ns": BASE + mark.at} if mark.at % 2 else {"t_ns": BASE + mark.at, "clock": "host"}
        fields: dict[str, Any] = {"t_ns": self.wall(mark.at), "clock": "device"}
        if mark.has_mono:
            fields["mono_ns"] = self.boottime(mark.at, mark.boot)
            if self.names_boot:
                fields["boot_id"] = f"boot-{mark.boot}"
        return fields

    def host_error(self, at: int) -> float:
        """How far off the best single exchange leaves an instant of the device, ns; infinite without one."""
        reach = 2 * MOST_DRIFT
        errors = [
            s["rtt_ns"] * (0.5 + reach) + reach * abs(at - (s["host_ns"] - BASE)) + 1_000 for s in self._trusted()
        ]
        return min(errors, default=math.inf)

    def _trusted(self) -> list[dict[str, int]]:
        """Exchanges that certainly calibrate: any, unless something was set, or the device started again, in between."""
        calm = not self.steps and self.reboot is None
        return self.samples if calm else []


@dataclass
class Run:
    """One run: what is written to the capture, and what is true."""

    seed: int
    draw: random.Random
    device: Device
    length: int
    acts: list[Act]
    instants: list[Instant]

    @classmethod
    def of(cls, seed: int) -> "Run":
        """The run with this number; the same number gives the same run."""
        draw = random.Random(seed)
        length = draw.choice([10, 60, 600]) * SECOND
        device = Device(draw, length)
        run = cls(seed, draw, device, length, [], [])
        run.acts = [*run._policy(), *run._narrower()]
        run.instants = run._instants(draw.randrange(8, 40))
        witnesses = (mark for act in run.acts for mark, _, _, _ in act.witnesses)
        marks = (mark for one in run.instants for mark in (one.mark, one.opened))
        device.keep_visible_steps([*witnesses, *(mark for mark in marks if mark is not None)])
        return run

    def _policy(self) -> list[Act]:
        story = self.draw.choices(
            [
                ["requested", "given"],
                ["requested", "refused"],
                ["given"],
                ["requested", "refused", "requested", "given"],
                ["requested", "given", "withdrawn"],
                ["requested", "given", "withdrawn", "requested", "given"],
                ["given", "withdrawn", "given", "withdrawn"],
                ["withdrawn", "given"],
                ["requested"],
                [],
            ],
            [4, 2, 2, 2, 3, 3, 2, 1, 1, 1],
        )[0]
        return self._story("policy", story, ["tap", "tap", "preference", "ui_tree", "tester"])

    def _narrower(self) -> Iterator[Act]:
        for permission in PERMISSION_OF.values():
            if self.draw.random() < 0.3:
                story = self.draw.choice([["requested", "given"], ["requested", "refused"], ["requested"], ["refused"]])
                yield from self._story(f"permission:android.permission.{permission}", story, ["permission_result"])
        if self.draw.random() < 0.3:
            story = self.draw.choice([["given"], ["refused"], ["refused", "given"], ["given", "withdrawn"]])
            yield from self._story("sdk:umeng_analytics", story, ["sdk_call"])
        if self.draw.random() < 0.2:
            story = self.draw.choice(
                [["requested", "given"], ["given", "withdrawn", "given"], ["requested", "refused"]]
            )
            yield from self._story("data:gaid", story, ["tap", "tester", "preference"])

    def _story(self, scope: str, kinds: list[str], sources: list[str]) -> list[Act]:
        times = sorted(self._moment() for _ in kinds)
        times = [at + number for number, at in enumerate(times)]  # no two acts at one instant
        acts = [Act(at, scope, kind) for at, kind in zip(times, kinds, strict=True)]
        for act in acts:
            for source in dict.fromkeys(self.draw.choice(sources) for _ in range(self.draw.choice([1, 1, 2, 3]))):
                act.witnesses.append(self._witness(act, source))
        return acts

    def _moment(self) -> int:
        return self.draw.randrange(self.length)

    def _witness(self, act: Act, source: str) -> tuple[Mark, str, int, bool]:
        if source in EXACT:
            clock = "host" if self.draw.random() < 0.1 else "device"
            return self.device.mark(act.at, clock), source, 0, False
        stated = self.draw.random() < 0.6
        error = self.draw.randrange(1, 3 * SECOND) if stated else DEFAULT_ERROR[source]
        early = -error if source == "tester" else 0
        clock = "host" if source == "tester" else self.draw.choice(["host", "device"])
        return self.device.mark(act.at + self.draw.randint(early, error), clock), source, error, stated

    def _instants(self, number: int) -> list[Instant]:
        found = []
        for place in range(number):
            at, data = self._near_an_act(), self.draw.choice(READ)
            sdk = self.draw.choice(list(ACTORS))
            if self.draw.random() < 0.3:
                found.append(Instant(at, "gaid", sdk, None, -1, f"flow-{place}", *self._connection(at, place)))
            else:
                clock = "host" if self.draw.random() < 0.15 else "device"
                found.append(Instant(at, data, sdk, self.device.mark(at, clock), seq=1_000 + place))
        return found

    def _connection(self, at: int, place: int) -> tuple[int, int, Mark | None]:
        """Port of a request's connection, when the proxy saw it, and when a hook saw it being opened, if one did."""
        draw = random.Random(f"connection {self.seed} {place}")
        port = draw.choice([40_000, 41_000 + place, 41_000 + place])  # 40,000 is used again and again
        arrived = at - round(10 ** draw.uniform(3, 9.5))
        opened = arrived - round(10 ** draw.uniform(3, 9.5))
        has_mono = self.device.mono == "all" or (self.device.mono == "some" and draw.random() < 0.5)
        seen = Mark(opened, "device", self.device.boot_at(opened), has_mono) if draw.random() < 0.5 else None
        return port, arrived, seen

    def _near_an_act(self) -> int:
        if not self.acts or self.draw.random() < 0.3:
            return self.draw.randrange(-5 * SECOND, self.length + 60 * SECOND)
        gap = 0 if self.draw.random() < 0.03 else round(10 ** self.draw.uniform(0, 10))
        return self.draw.choice(self.acts).at + self.draw.choice([-1, 1]) * gap

    # the capture

    def write(self, folder: Path) -> None:
        """The run as a capture folder."""
        folder.mkdir(parents=True)
        first_launch = self.draw.choice([True, False, None])
        session: dict[str, Any] = {"schema": "pia.session/1", "id": "simulated", "app": {"package": "com.example.loan"}}
        session |= {"clock_samples": self.draw.sample(self.device.samples, len(self.device.samples))}
        session |= {} if first_launch is None else {"first_launch": first_launch}
        (folder / "session.json").write_text(json.dumps(session))
        known = [{"id": "gaid", "value": GAID}]
        (folder / "identifiers.json").write_text(json.dumps({"schema": "pia.identifiers/1", "identifiers": known}))
        lines = [*self._calls(), *self._signals()]
        self.draw.shuffle(lines)
        text = "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines)
        (folder / "events.jsonl").write_text(text, encoding="utf-8")
        with (folder / "flows.mitm").open("wb") as file:
            writer = FlowWriter(file)  # type: ignore[no-untyped-call]
            for instant in self.instants:
                if instant.mark is None:
                    writer.add(_flow(instant))

    def _calls(self) -> Iterator[dict[str, Any]]:
        for one in self.instants:
            if one.mark is not None:
                frame = ACTORS[one.sdk][0]
                call = {"hook": "a.hook", "api": "android.Some.get", "data": [one.data]}
                yield {"seq": one.seq, "type": "api_call", **self.device.stamp(one.mark), **call, "stack": [frame]}

        for number, one in enumerate(one for one in self.instants if one.opened is not None):
            assert one.opened is not None
            ends = {"local_address": "10.0.2.15", "local_port": one.port}
            call = {"hook": "traffic.socket_connect", "api": "java.net.Socket.connect", "data": [], "value": ends}
            yield {"seq": 5_000 + number, "type": "api_call", **self.device.stamp(one.opened), **call, "stack": []}

    def _signals(self) -> Iterator[dict[str, Any]]:
        seq = 0
        words = {"requested": "requested", "given": "granted", "refused": "denied"}
        for act in self.acts:
            for mark, source, error, stated in act.witnesses:
                seq += 1
                line: dict[str, Any] = {"seq": seq, **self.device.stamp(mark)}
                if source == "permission_result" and self.draw.random() < 0.5:
                    result = words[act.kind]
                    yield line | {"type": "permission", "permission": act.scope.partition(":")[2], "result": result}
                    continue
                line |= {"type": "consent", "signal": act.kind, "scope": act.scope, "source": source}
                yield line | ({"err_ns": error} if stated else {})

    # the truth

    def matching(self, instant: Instant) -> dict[str, list[Act]]:
        """The acts of every scope that concerns an instant, in the order in which they happened."""
        wanted = {"policy", f"data:{instant.data}", f"permission:android.permission.{PERMISSION_OF.get(instant.data)}"}
        wanted |= {f"sdk:{instant.sdk}"} if instant.sdk else set()
        scopes: dict[str, list[Act]] = {}
        for act in sorted(self.acts, key=lambda act: act.at):
            if act.scope in wanted:
                scopes.setdefault(act.scope, []).append(act)
        return scopes

    def truth(self, instant: Instant) -> tuple[str, str]:
        """Phase and verdict; ``indeterminate`` where no record can decide."""
        scopes = self.matching(instant)
        policy = _phase(scopes.get("policy", []), instant.at)
        narrower = [_narrow(acts, instant.at) for name, acts in scopes.items() if name != "policy"]
        against = [phase for phase in narrower if phase not in ("", "after_grant")]
        if policy not in ("unknown", "after_grant"):
            return policy, "without_consent"
        if against:
            return (against[0] if len(set(against)) == 1 else "unknown"), "without_consent"
        return policy, "with_consent" if policy == "after_grant" else "indeterminate"

    def excused(self, instant: Instant) -> bool:
        """Whether some true gap lies inside the true errors, so that nobody could decide."""
        for acts in self.matching(instant).values():
            if any(abs(act.at - instant.at) <= 2 * self._error(instant.mark, act) for act in acts):
                return True
            answers = [act for act in acts if act.kind != "requested"]
            if any(self._astray(one, two, instant) for one in answers for two in answers if one.kind != two.kind):
                return True
        return False

    def _astray(self, one: Act, two: Act, instant: Instant) -> bool:
        """Whether some witness of an answer may as well stand on the other side of another answer."""
        own = self._error(instant.mark, two)
        spans = (error + self._apart(instant.mark, mark) for mark, _, error, _ in one.witnesses)
        return abs(one.at - two.at) <= 2 * (max(spans) + own)

    def _error(self, mark: Mark | None, act: Act) -> float:
        own = 2_000 if mark is None else 0
        return own + min(error + self._apart(mark, seen) for seen, _, error, _ in act.witnesses)

    def _apart(self, one: Mark | None, two: Mark) -> float:
        """Error of comparing the clocks of two lines."""
        if (one is None or one.clock == "host") and two.clock == "host":
            return 0
        if one is not None and one.clock == two.clock == "device":
            if one.has_mono and two.has_mono and one.boot == two.boot:
                return 0
            if not self.device.steps:
                return 0
            return math.inf
        device = two if two.clock == "device" else one
        return self.device.host_error(device.at) if device is not None else 0


def _phase(acts: list[Act], at: int) -> str:
    answers = [act for act in acts if act.kind != "requested"]
    before = [act for act in answers if act.at < at]
    if before:
        return AFTER[before[-1].kind]
    if not acts:
        return "unknown"
    asked = [act for act in acts if act.kind == "requested" and (not answers or act.at < answers[0].at)]
    seen = any(act.at < at for act in asked)
    if answers and answers[0].kind == "withdrawn":
        return "unknown"  # what is withdrawn was given once, unseen
    return "before_choice" if seen or not asked else "before_prompt"


def _narrow(acts: list[Act], at: int) -> str:
    answers = [act for act in acts if act.kind != "requested" and act.at < at]
    if answers:
        return AFTER[answers[-1].kind]
    return "before_choice" if any(act.at < at for act in acts) else ""


def _flow(instant: Instant) -> http.HTTPFlow:
    host = ACTORS[instant.sdk][1]
    made = http.HTTPFlow(
        connection.Client(peername=("10.0.2.15", instant.port), sockname=("", 0)), connection.Server(address=(host, 80))
    )
    made.client_conn.timestamp_start = (BASE + instant.arrived) / SECOND
    made.request = http.Request.make("GET", f"http://{host}/collect?v={GAID}")
    made.id, made.request.timestamp_start = instant.flow, (BASE + instant.at) / SECOND
    return made


def tied(run: Run, instant: Instant) -> bool:
    """Whether an act stands at exactly this instant, where before and after mean nothing."""
    width = 1 if instant.mark is not None else 0
    return any(abs(act.at - instant.at) < width for acts in run.matching(instant).values() for act in acts)
