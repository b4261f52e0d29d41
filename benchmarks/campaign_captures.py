"""Make a folder of captures whose truth is known: ``python benchmarks/campaign_captures.py OUT --captures 1000``.

Apps in several versions and runs, made of the app's own code and the practice app's made-up SDKs. For each version a plan says
which party takes which data when (before the prompt, before the choice, after consent, refusal or withdrawal); each run plays one
of four users and shows the acts that its user gives a chance to. ``OUT.truth.json`` holds, by app, what the consent-order rules
must find and in which runs. A later build rectifies some faults and has new ones; some of its apps are not run at all, and in
some nobody ever makes a choice, so that what comes after one is not exercised. Same arguments, same bytes.
"""

import argparse
import json
import random
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

from corpus import START, make_uuid, write_json
from mitmproxy import connection, http
from mitmproxy.io import FlowWriter

RUNS_PER_VERSION = 3
VERSIONS = 2
SECOND = 1_000_000_000
SDKS = {
    "adspark": ("cn.adspark.sdk.Collector.collect(Collector.java:41)", "log.adspark.example"),
    "riskeye": ("com.riskeye.Probe.scan(Probe.java:77)", "risk.riskeye.example"),
    "politemetrics": ("com.politemetrics.Metrics.init(Metrics.java:20)", "stat.politemetrics.example"),
    "stickypush": ("com.stickypush.Daemon.wake(Daemon.java:9)", "push.stickypush.example"),
}
DATA = {
    "imei": ("telephony.get_imei", "android.telephony.TelephonyManager.getImei", "356938035643809"),
    "android_id": ("settings.secure_get_string", "android.provider.Settings$Secure.getString", "4f6e2a91c07d3b58"),
    "gaid": (
        "identifiers.gaid",
        "com.google.android.gms.ads.identifier.AdvertisingIdClient$Info.getId",
        "cdda802e-fb9c-47ad-9866-0794d394c912",
    ),
    "oaid": ("identifiers.oaid_msa", "com.bun.miitmdid.interfaces.IdSupplier.getOAID", "7d5fa0c2-91be-4c3e-a6d8-3b0f52e1947c"),
    "phone_number": ("telephony.get_line1_number", "android.telephony.TelephonyManager.getLine1Number", "13800138000"),
}  # fmt: skip
USERS = {
    "never": (("requested", 10),),
    "accept": (("requested", 10), ("given", 20)),
    "refuse": (("requested", 10), ("refused", 20)),
    "withdraw": (("requested", 10), ("given", 20), ("withdrawn", 40)),
}
"""What each user does, in seconds after the start; a run lasts 60."""
NOT_RUN_SHARE, UNDECIDED_SHARE = 0.1, 0.2
"""Of the apps of a later build: those nobody ran, and those in which nobody ever made a choice."""
WINDOWS = {
    "before_prompt": (1, 9),
    "before_choice": (11, 19),
    "after_grant": (21, 39),
    "after_refusal": (21, 59),
    "after_withdrawal": (41, 59),
}
SHOWN_TO = {
    "before_prompt": tuple(USERS),
    "before_choice": tuple(USERS),
    "after_grant": ("accept", "withdraw"),
    "after_refusal": ("refuse",),
    "after_withdrawal": ("withdraw",),
}
RULE_ENDS = {"before_prompt": "before_consent", "before_choice": "before_consent", "after_refusal": "after_refusal",
             "after_withdrawal": "after_withdrawal"}  # fmt: skip


@dataclass(frozen=True)
class Act:
    """One party takes one kind of data in one phase; ``sent`` says whether it also sends it."""

    party: str
    data: str
    phase: str
    sent: bool


def make_captures(out: Path, captures: int, seed: int, fixed_share: float = 0.0) -> dict[str, dict[str, list[str]]]:
    """Write the captures below ``out`` and return the truth: app → fault → names of the runs that show it.

    With ``fixed_share`` it is a later build: that share of each app's faults is rectified, and an app in three has a new one. An
    app that nobody ran is not in its truth.
    """
    truth: dict[str, dict[str, list[str]]] = {}
    per_app = VERSIONS * RUNS_PER_VERSION
    for number in range(-(-captures // per_app)):
        rng = random.Random(f"{seed}/{number}")
        package = f"com.example.app{number:04d}"
        plan = changed(planned(rng), random.Random(f"{seed}/{number}/changed"), fixed_share)
        shown: dict[str, list[str]] = defaultdict(list)
        users = users_of(number, min(per_app, captures - number * per_app), seed, later=fixed_share > 0)
        for run, user in enumerate(users):
            name = f"app{number:04d}/v{run // RUNS_PER_VERSION + 1}-run{run % RUNS_PER_VERSION + 1}"
            write_capture(
                out / name, package, f"1.{run // RUNS_PER_VERSION}", user, plan, random.Random(f"{seed}/{name}"), run
            )
            for act in plan:
                if user in SHOWN_TO[act.phase] and act.phase in RULE_ENDS:
                    for fault in faults(act, package):
                        shown[fault].append(name)
        if users:
            truth[package] = {fault: sorted(set(runs)) for fault, runs in sorted(shown.items())}
    return truth


def users_of(number: int, runs: int, seed: int, *, later: bool) -> list[str]:
    """Who plays each run of an app."""
    chance = random.Random(f"{seed}/{number}/users").random() if later else 1.0
    if chance < NOT_RUN_SHARE:
        return []
    return ["never"] * runs if chance < NOT_RUN_SHARE + UNDECIDED_SHARE else [*USERS, *USERS][:runs]


def expected_states(
    before: dict[str, dict[str, list[str]]], after: dict[str, dict[str, list[str]]], captures: int, seed: int
) -> dict[str, dict[str, str]]:
    """What a comparison of both builds must say of each fault: app → fault → state."""
    per_app = VERSIONS * RUNS_PER_VERSION
    expected: dict[str, dict[str, str]] = defaultdict(dict)
    for number in range(-(-captures // per_app)):
        package = f"com.example.app{number:04d}"
        old, new = before[package], after.get(package, {})
        users = users_of(number, min(per_app, captures - number * per_app), seed, later=True)
        reached = {RULE_ENDS[phase] for phase, shown in SHOWN_TO.items() if phase in RULE_ENDS and {*users} & {*shown}}
        for fault in {*old, *new}:
            rule = fault.partition("|")[0]
            gone = "fixed" if any(rule.endswith(end) for end in reached) else "not_exercised"
            expected[package][fault] = ("still_present" if fault in old else "new") if fault in new else gone
    return dict(expected)


def planned(rng: random.Random) -> list[Act]:
    """What the parties of one app do."""
    acts: set[Act] = set()
    for party in ("app", *rng.sample(sorted(SDKS), rng.randint(1, len(SDKS)))):
        for _ in range(rng.randint(1, 3)):
            acts.add(Act(party, rng.choice(sorted(DATA)), rng.choice(sorted(WINDOWS)), rng.random() < 0.6))
    return sorted(acts, key=lambda act: (act.party, act.data, act.phase, act.sent))


def changed(plan: list[Act], rng: random.Random, fixed_share: float) -> list[Act]:
    """The plan of a later build: some faults rectified (done after consent instead), in some apps one new fault."""
    if not fixed_share:
        return plan
    kept = [
        Act(act.party, act.data, "after_grant", act.sent)
        if act.phase in RULE_ENDS and rng.random() < fixed_share
        else act
        for act in plan
    ]
    if rng.random() < 1 / 3:
        kept.append(Act("app", "phone_number", "before_choice", True))
    return sorted(set(kept), key=lambda act: (act.party, act.data, act.phase, act.sent))


def faults(act: Act, package: str) -> list[str]:
    """Names of the findings that an act must give: ``rule|party|data``."""
    end, party = RULE_ENDS[act.phase], package if act.party == "app" else act.party
    kinds = ("access", "transmission") if act.sent else ("access",)
    return [f"{kind}_{end}|{party}|{act.data}" for kind in kinds]


def write_capture(
    folder: Path, package: str, version: str, user: str, plan: list[Act], rng: random.Random, run: int
) -> None:
    """One run of one app by one user."""
    folder.mkdir(parents=True)
    start = int(START) * SECOND + run * 86_400 * SECOND
    label = f"示例应用{package[-4:]}"
    write_json(folder / "session.json", {
        "schema": "pia.session/1", "id": f"{package}-{version}-{run}", "first_launch": True,
        "app": {"package": package, "label": label, "version_name": version, "categories": [12]},
        "started_ns": start, "ended_ns": start + 60 * SECOND,
    })  # fmt: skip
    write_json(folder / "identifiers.json", {
        "schema": "pia.identifiers/1",
        "identifiers": [{"id": data, "value": value, "planted": True} for data, (_, _, value) in DATA.items()],
    })  # fmt: skip
    events = [
        {
            "type": "consent",
            "t_ns": start + at * SECOND,
            "signal": signal,
            "scope": "policy",
            "source": "tap",
            "text": "同意",
        }
        for signal, at in USERS[user]
    ]
    parties = sorted({act.party for act in plan})
    # Every run says which hooks it had, so that a later one without any call still counts as watched.
    events += [
        {"type": "hook_status", "t_ns": start, "hook": hook, "status": "installed"} for hook, _, _ in DATA.values()
    ]
    # Every party greets its host without saying anything: a later run then shows that the host was there to be told.
    sent = [(start + SECOND // 2, Act(party, "", "before_prompt", sent=True)) for party in parties]
    for act in plan:
        if user in SHOWN_TO[act.phase]:
            first, last = WINDOWS[act.phase]
            at = start + rng.randrange(first * SECOND, last * SECOND - SECOND // 2)
            events.append(read_event(act, package, at))
            if act.sent:
                sent.append((at + SECOND // 10, act))
    events.sort(key=lambda event: event["t_ns"])
    with (folder / "events.jsonl").open("w", encoding="utf-8") as file:
        for seq, event in enumerate(events):
            file.write(json.dumps(event | {"seq": seq, "clock": "host", "process": package}, ensure_ascii=False) + "\n")
    with (folder / "flows.mitm").open("wb") as file:
        writer = FlowWriter(file)
        for at, act in sorted(sent, key=lambda one: one[0]):
            writer.add(flow_of(act, package, at, rng))


def read_event(act: Act, package: str, at: int) -> dict[str, object]:
    """The API call by which an act takes its data."""
    hook, api, value = DATA[act.data]
    own = f"{package}.MainActivity.onCreate(MainActivity.java:31)"
    stack = [own] if act.party == "app" else [SDKS[act.party][0], own]
    return {"type": "api_call", "t_ns": at, "hook": hook, "api": api, "data": [act.data], "args": [], "value": value,
            "threw": None, "stack": stack}  # fmt: skip


def flow_of(act: Act, package: str, at: int, rng: random.Random) -> http.HTTPFlow:
    """The request in which an act sends its data, under a field name that tells nothing."""
    host = f"api.{package.rpartition('.')[2]}.example" if act.party == "app" else SDKS[act.party][1]
    client = connection.Client(peername=("10.0.0.1", 40_000), sockname=("10.0.0.2", 8080), timestamp_start=at / SECOND)
    server = connection.Server(address=(host, 443))
    client.id, server.id = make_uuid(rng), make_uuid(rng)
    flow = http.HTTPFlow(client, server)
    flow.id, flow.timestamp_created = make_uuid(rng), at / SECOND
    told = {"p": DATA[act.data][2]} if act.data else {}
    body = json.dumps(told | {"n": rng.randrange(1000)}).encode()
    headers = http.Headers([(b"Host", host.encode()), (b"Content-Type", b"application/json")])
    flow.request = http.Request(
        host,
        443,
        b"POST",
        b"https",
        b"",
        b"/v1/log",
        b"HTTP/1.1",
        headers,
        body,
        None,
        at / SECOND,
        at / SECOND + 0.001,
    )
    flow.response = http.Response(
        b"HTTP/1.1", 204, b"No Content", http.Headers(), b"", None, at / SECOND + 0.02, at / SECOND + 0.03
    )
    return flow


def main() -> None:
    """Parse the command line and make the captures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out", type=Path, help="folder to make; must not exist")
    parser.add_argument("--captures", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument(
        "--fixed-share", type=float, default=0.0, help="share of faults that a later build has rectified"
    )
    asked = parser.parse_args()
    truth = make_captures(asked.out, asked.captures, asked.seed, asked.fixed_share)
    (asked.out.parent / f"{asked.out.name}.truth.json").write_text(json.dumps(truth, indent=1) + "\n")
    print(f"{asked.out}: {asked.captures} captures of {len(truth)} apps, {sum(map(len, truth.values()))} faults")


if __name__ == "__main__":
    main()
