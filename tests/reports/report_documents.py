"""Analysis documents written by hand, per the capture format: an ordinary run, a hostile one and a large one."""

import hashlib
import io
import itertools
import random
from typing import Any

from PIL import Image

from pia_runtime.model.exhibit import Exhibits, Picture, Request
from pia_runtime.reports.labels import Labels

MS, S = 1_000_000, 1_000_000_000
START = 1_763_884_800 * S
ASKED, GIVEN, WITHDRAWN, END = START + 2_104 * MS, START + 5_318 * MS, START + 61_250 * MS, START + 92 * S

LABELS = Labels(
    data={
        "imei": {"zh": "国际移动设备识别码（IMEI）", "en": "IMEI"},
        "android_id": {"zh": "安卓ID（Android ID）", "en": "ANDROID_ID (SSAID)"},
        "gaid": {"zh": "谷歌广告ID（GAID）", "en": "Google advertising ID"},
        "contacts": {"zh": "通讯录", "en": "contacts"},
        "location_precise": {"zh": "精准定位信息", "en": "precise location"},
        "installed_apps": {"zh": "软件列表（已安装应用）", "en": "installed apps"},
        "mac_wifi": {"zh": "设备MAC地址（Wi-Fi）", "en": "Wi-Fi MAC address of the device"},
        "phone_number": {"zh": "手机号码", "en": "phone number"},
    },
    sensitive=frozenset({"contacts", "location_precise"}),
    clauses={
        "191号 3.1": {
            "zh": "征得用户同意前就开始收集个人信息或打开可收集个人信息的权限",
            "en": "Collecting personal information, or opening a permission that allows it, before the user's consent",
        },
        "191号 3.2": {
            "zh": "用户明确表示不同意后，仍收集个人信息",
            "en": "After an explicit refusal, still collecting",
        },
        "PIPL 13": {
            "zh": "第十三条：取得个人同意等七项处理依据",
            "en": "Art. 13: consent or one of six other legal bases",
        },
        "PIPL 14": {
            "zh": "第十四条：同意应充分知情、自愿、明确",
            "en": "Art. 14: consent must be informed, voluntary and explicit",
        },
        "PIPL 15": {"zh": "第十五条：个人有权撤回同意", "en": "Art. 15: the right to withdraw consent"},
    },
    rules={
        "access_before_consent": {
            "zh": "{actor}在征得用户同意前读取{data}",
            "en": "{actor} read {data} before the user had consented",
        },
        "transmission_before_consent": {
            "zh": "{actor}在征得用户同意前将{data}发送至{host}",
            "en": "{actor} sent {data} to {host} before the user had consented",
        },
        "attempt_before_consent": {
            "zh": "{actor}在征得用户同意前调用了获取{data}的接口，未获得数据",
            "en": "{actor} called the API for {data} before the user had consented; nothing was obtained",
        },
        "transmission_after_withdrawal": {
            "zh": "{actor}在用户撤回同意后仍将{data}发送至{host}",
            "en": "{actor} sent {data} to {host} after the user had withdrawn consent",
        },
        "order_undecided": {
            "zh": "{actor}涉及{data}的行为与用户选择的先后次序无法判定",
            "en": "whether {actor} handled {data} before or after the choice cannot be decided",
        },
    },
    blind_spots={
        "tls_failed": {
            "zh": "该主机的加密连接未能解密，其中发送的内容无法看到",
            "en": "the app refused the proxy's certificate for this host; what was sent there could not be read",
        },
        "high_entropy": {
            "zh": "内容疑似加密或私有格式，无法识别其中的个人信息",
            "en": "content looks encrypted or proprietary; personal data inside it cannot be recognised",
        },
        "hook_failed": {
            "zh": "监测点安装失败，相应读取行为未被看到",
            "en": "a hook could not be installed; calls of that API were not seen",
        },
    },
    quotations={"191号 3.1": "征得用户同意前就开始收集个人信息或打开可收集个人信息的权限；"},
)

APP = {"kind": "app", "id": "com.example.loan", "name": "示例借款"}
ADS = {"kind": "sdk", "id": "adnova", "name": "AdNova 广告"}
RISK = {"kind": "sdk", "id": "fengkong", "name": "风控云"}
STATS = {"kind": "sdk", "id": "tongji", "name": "统计宝"}
UNKNOWN = {"kind": "unknown", "id": None, "name": None}
AD_HOST = {
    "host": "collect.adnova.example",
    "domain": "adnova.example",
    "company": "新星广告有限公司",
    "third_party": True,
}
RISK_HOST = {"host": "api.fengkong.example", "domain": "fengkong.example", "company": "风控云科技", "third_party": True}
STATS_HOST = {"host": "log.tongji.example", "domain": "tongji.example", "company": "统计宝", "third_party": True}
OWN_HOST = {"host": "api.loan.example", "domain": "loan.example", "company": "示例借款", "third_party": False}

_WITHOUT = {"before_prompt", "before_choice", "after_refusal", "after_withdrawal"}


def detection(act: str, data: str, t_ns: int, actor: dict[str, Any], **fields: Any) -> dict[str, Any]:
    """One detection; phase, verdict and margin follow from the time unless given."""
    phase = fields.pop("phase", None) or _phase(t_ns)
    made: dict[str, Any] = {
        "act": act,
        "data": data,
        "basis": "known",
        "t_ns": t_ns,
        "err_ns": 1_000 if act == "transmission" else 2 * MS,
        "actor": actor,
        "phase": phase,
        "verdict": "without_consent" if phase in _WITHOUT else "with_consent",
        "margin_ns": abs(t_ns - (WITHDRAWN if phase == "after_withdrawal" else GIVEN)),
        "masked": "3569********809" if data == "imei" else "cdda…c912",
        "commitment": hashlib.sha256(data.encode()).hexdigest(),
        "confidence": "certain",
        "source": "",
        "learned_from": [],
        "foreground": True,
    }
    if act == "transmission":
        made |= {
            "flow": f"flow-{t_ns - START}",
            "location": "request.body",
            "encoding": "plain",
            "path": ["json:$.device.id"],
        }
    else:
        made |= {
            "event": (t_ns - START) // MS,
            "api": "android.provider.Settings$Secure.getString",
            "stack": [
                "android.provider.Settings$Secure.getString(Settings.java)",
                f"com.{actor['id'] or 'a.b'}.core.Collector.collect(Collector.java:41)",
                "com.example.loan.LoanApplication.onCreate(LoanApplication.java:22)",
            ],
        }
    made |= fields
    made["id"] = hashlib.sha256(repr(sorted(made.items(), key=lambda item: item[0])).encode()).hexdigest()[:16]
    return made


def _phase(t_ns: int) -> str:
    for boundary, phase in ((ASKED, "before_prompt"), (GIVEN, "before_choice"), (WITHDRAWN, "after_grant")):
        if t_ns < boundary:
            return phase
    return "after_withdrawal"


def finding(rule: str, severity: str, found: list[dict[str, Any]], **fields: Any) -> dict[str, Any]:
    """One finding over ``found``."""
    first = min(found, key=lambda one: one["t_ns"])
    nearest = min(found, key=lambda one: one["margin_ns"])
    times = sorted(one["t_ns"] for one in found)
    made = {
        "rule": rule,
        "severity": severity,
        "verdict": first["verdict"],
        "act": first["act"],
        "data": first["data"],
        "actor": first["actor"],
        "recipient": first.get("recipient"),
        "count": len(found),
        "first_ns": first["t_ns"],
        "margin_ns": nearest["margin_ns"],
        "err_ns": nearest["err_ns"],
        "frequency": {
            "count": len(found),
            "min_interval_ns": min((b - a for a, b in itertools.pairwise(times)), default=None),
        },
        "detections": [one["id"] for one in found],
        "clauses": ["191号 3.1", "PIPL 13", "PIPL 14"],
        "needs_human": "other_legal_basis",
    } | fields
    made["id"] = hashlib.sha256(f"{rule}{made['actor']}{made['data']}{made['act']}".encode()).hexdigest()[:16]
    return made


def loan_document() -> dict[str, Any]:
    """A lending app: two SDKs collect before the choice, one waits, one goes on after the withdrawal."""
    at = lambda seconds: START + int(seconds * S)  # noqa: E731
    ads_reads = [detection("access", "gaid", at(0.812), ADS), detection("access", "android_id", at(0.84), ADS)]
    ads_sends = [
        detection("transmission", data, at(1.287), ADS, recipient=AD_HOST, learned_from=[812])
        for data in ("gaid", "android_id")
    ]
    imei_try = detection("attempt", "imei", at(1.6), RISK, api="android.telephony.TelephonyManager.getImei")
    imei_read = detection("access", "imei", at(2.9), RISK, api="android.telephony.TelephonyManager.getDeviceId")
    imei_sent = detection(
        "transmission", "imei", at(3.402), RISK, recipient=RISK_HOST, encoding="md5", basis="known",
        path=["gunzip", "form:payload", "base64", "json:$.device.did"],
    )  # fmt: skip
    close = detection(
        "access", "mac_wifi", GIVEN - 1 * MS, UNKNOWN, phase="unknown", verdict="indeterminate", err_ns=4 * MS
    )
    apps = [detection("access", "installed_apps", at(3.0 + 0.35 * n), ADS) for n in range(6)]
    later = [detection("access", "location_precise", at(8 + 4 * n), APP) for n in range(12)]
    later += [
        detection("transmission", "location_precise", at(8.4 + 4 * n), APP, recipient=OWN_HOST) for n in range(12)
    ]
    later += [
        detection("access", "contacts", at(21.5), APP),
        detection("transmission", "phone_number", at(24.1), APP, recipient=OWN_HOST),
    ]
    waits = [
        detection("access", "gaid", at(6.2), STATS),
        detection("transmission", "gaid", at(6.5), STATS, recipient=STATS_HOST),
    ]
    goes_on = [
        detection(
            "transmission",
            "android_id",
            at(5.9 + 7 * n),
            RISK,
            recipient=RISK_HOST,
            location="request.url.query",
            path=["form:aid"],
        )
        for n in range(12)
    ]
    after = [one for one in goes_on if one["t_ns"] > WITHDRAWN]
    detections = [*ads_reads, *ads_sends, imei_try, imei_read, imei_sent, close, *apps, *later, *waits, *goes_on]
    withdrawal = {"clauses": ["PIPL 15"], "needs_human": "withdrawal_reading"}
    findings = [
        *(finding("transmission_before_consent", "critical", [one]) for one in [*ads_sends, imei_sent]),
        finding("transmission_after_withdrawal", "critical", after, **withdrawal),
        *(finding("access_before_consent", "high", [one]) for one in [*ads_reads, imei_read]),
        finding("access_before_consent", "high", apps),
        finding("attempt_before_consent", "low", [imei_try], needs_human="nothing_obtained"),
        finding("order_undecided", "info", [close], clauses=[], needs_human="order_undecided"),
    ]
    return {
        "schema": "pia.analysis/1",
        "session": {
            "schema": "pia.session/1",
            "id": "2025-11-23T080000Z-com.example.loan",
            "app": {"package": "com.example.loan", "label": "示例借款", "version_name": "1.8.50", "categories": [12]},
            "device": {"serial": "emulator-5554", "model": "sdk_gphone64_x86_64", "android": "14", "emulator": True},
            "tools": {"pia_runtime": "0.1.0", "mitmproxy": "12.2.3", "frida": "17.26.2"},
            "started_ns": START,
            "ended_ns": END,
            "first_launch": True,
        },
        "knowledge_sha256": hashlib.sha256(b"knowledge").hexdigest(),
        "consent": [
            _interval("policy", "requested", ASKED, GIVEN, 2 * MS, [2104]),
            _interval("policy", "given", GIVEN, WITHDRAWN, 2 * MS, [5318], sources=["tap"], texts=["同意并继续"]),
            _interval("policy", "withdrawn", WITHDRAWN, None, 250 * MS, [61250], sources=["tester"], texts=[]),
            _interval("permission:READ_CONTACTS", "given", at(21.1), None, 2 * MS, [21100]),
        ],
        "detections": sorted(detections, key=lambda one: (one["t_ns"], one["id"])),
        "findings": findings,
        "blind_spots": [
            {"kind": "hook_failed", "host": "", "count": 2, "why_it_matters": "…", "detail": "WifiInfo.getBSSID"},
            {"kind": "high_entropy", "host": "api.fengkong.example", "count": 4, "why_it_matters": "…", "detail": "request.body"},
            {"kind": "tls_failed", "host": "pinned.example", "count": 3, "why_it_matters": "…", "detail": ""},
            {"kind": "new_kind", "host": "", "count": 1, "why_it_matters": "something new", "detail": ""},
        ],
        "coverage": {
            "phases": {
                "before_prompt": {"duration_ns": ASKED - START, "accesses": 2, "attempts": 1, "transmissions": 2},
                "before_choice": {"duration_ns": GIVEN - ASKED, "accesses": 7, "attempts": 0, "transmissions": 1},
                "after_grant": {"duration_ns": WITHDRAWN - GIVEN, "accesses": 14, "attempts": 0, "transmissions": 22},
                "after_withdrawal": {"duration_ns": None, "accesses": 0, "transmissions": 4},
            },
            "hooks_installed": 23,
            "hooks_failed": 2,
            "hooks_absent": 1,
            "processes": ["com.example.loan", "com.example.loan:push"],
            "flows": 44,
            "events": 212,
            "indeterminate": 1,
            "clock": {"samples": 12, "offset_ns": 180 * MS, "err_ns": 2 * MS, "axis": "device"},
            "started_ns": START,
            "ended_ns": END,
        },
    }  # fmt: skip


def linked_document() -> dict[str, Any]:
    """The loan run, where one transmission is tied to its read, with states of the app, gaps and a failed hook."""
    document = loan_document()
    read = detection("access", "imei", START + 100 * MS, RISK, api="android.telephony.TelephonyManager.getImei")
    sent = detection(
        "transmission", "imei", START + 1000 * MS, RISK, recipient=RISK_HOST, flow="flow-x", path=["gunzip", "json:$.imei"],
        read={"detection": read["id"], "basis": "value"},
    )  # fmt: skip
    document["detections"] = [read, sent, *document["detections"]]
    document["moments"] = {
        "screen": [
            {"state": "foreground", "from_ns": START, "until_ns": START + 50 * S, "err_ns": 2 * MS},
            {"state": "background", "from_ns": START + 50 * S, "until_ns": END, "err_ns": 2 * MS},
        ],
        "gaps": [{"kind": "tls_failed", "host": "pinned.example", "t_ns": START + 30 * S, "err_ns": 2 * MS}],
        "blobs": [],
    }
    return document


def exhibits() -> Exhibits:
    """What was recorded behind :func:`linked_document`: a request, two decode steps and a screenshot."""
    out = io.BytesIO()
    Image.new("RGB", (9, 20), "white").save(out, "JPEG")
    return Exhibits(
        requests={
            "flow-x": Request(
                "POST /v1/collect?imei=356938035643809 HTTP/1.1", (("Host", "api.fengkong.example"),), "", 118
            )
        },
        steps={linked_document()["detections"][1]["id"]: (("gunzip", "", 118), ("json:$.imei", "356938035643809", 15))},
        pictures=(Picture(START + 500 * MS, 2 * MS + 1000, 12, 9, 20, out.getvalue()),),
        secrets=frozenset({"356938035643809"}),
    )


def _interval(
    scope: str, state: str, since: int, until: int | None, err: int, signals: list[int], **more: Any
) -> dict[str, Any]:
    return {
        "scope": scope,
        "state": state,
        "from_ns": since,
        "from_err_ns": err,
        "until_ns": until,
        "signals": signals,
    } | more


def silent_document() -> dict[str, Any]:
    """Nothing was seen, and hardly anything was recorded: no session, no consent, no time."""
    return {
        "schema": "pia.analysis/1",
        "session": {},
        "knowledge_sha256": "",
        "consent": [],
        "detections": [],
        "findings": [],
        "blind_spots": [
            {"kind": "no_event_file", "host": "", "count": 1, "why_it_matters": "nothing can be said about API reads"}
        ],
        "coverage": {"phases": {}},
    }


def poisoned(node: Any, poison: str) -> Any:
    """``node`` with ``poison`` put into every text that comes from a capture; the document's own vocabulary stays."""
    if isinstance(node, list):
        return [poisoned(child, poison) for child in node]
    if isinstance(node, dict):
        return {key: child if key in _VOCABULARY else poisoned(child, poison) for key, child in node.items()}
    return node + poison if isinstance(node, str) else node


_VOCABULARY = {"schema", "act", "basis", "phase", "verdict", "severity", "state", "scope", "confidence"}


def large_document(count: int, seed: int = 7) -> dict[str, Any]:
    """``count`` detections spread over ten actors and twelve kinds of data."""
    chance = random.Random(seed)
    document = loan_document()
    actors = [{"kind": "sdk", "id": f"sdk{n}", "name": f"第{n}个很长的第三方软件开发工具包名称"} for n in range(10)]
    kinds = [*LABELS.data, "oaid", "imsi", "clipboard", "sms"]
    acts = ("access", "access", "transmission", "attempt")
    document["detections"] = sorted(
        (
            detection(
                chance.choice(acts),
                chance.choice(kinds),
                START + chance.randrange(END - START),
                chance.choice(actors),
                recipient=AD_HOST,
            )
            for _ in range(count)
        ),
        key=lambda one: (one["t_ns"], one["id"]),
    )
    document["findings"] = [
        finding("transmission_before_consent", "critical", [one])
        for one in document["detections"]
        if one["verdict"] == "without_consent"
    ][:300]
    return document
