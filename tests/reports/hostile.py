"""Captured text that wants out of its field, and a document that has it in every one of them."""

from typing import Any

from report_documents import loan_document, poisoned

POISONS = {
    "html": "</td></table><script>window.pwned=1</script><img src=x onerror=pwned()>",
    "formula": '=HYPERLINK("http://evil.example","x")',
    "plus_formula": "+cmd|' /C calc'!A0",
    "ansi": "\x1b[31m\x1b]0;pwned\x07",
    "right_to_left": "\u202e\u2066gnp.exe\u2069",
    "nul_and_surrogate": "a\x00b\ud800c\udfff",
    "xml": "]]><!ENTITY x SYSTEM 'file:///etc/passwd'>&x;<?xml?>",
    "markdown": "](javascript:pwned) | `x` **b** ![i](http://evil.example/i.png)\n# heading",
    "megabyte": "長" * 1_000_000,
}


def hostile_document(poison: str) -> dict[str, Any]:
    """An ordinary document with ``poison`` behind every captured text, in front of many, and in fields that are rarely filled."""
    document = loan_document() if len(poison) > 100_000 else poisoned(loan_document(), poison)
    document["session"]["app"]["label"] = poison
    document["session"]["app"]["version_name"] = poison
    document["session"]["device"]["model"] = poison
    document["session"]["tools"][poison[:200]] = poison
    for one in document["detections"]:
        one["args"] = [poison, None, poison]
        one["threw"] = poison
        one["process"] = poison
        one["trigger"] = {"event": 1, "action": "tap", "text": poison, "before_ns": 1, "err_ns": 0}
        one["api"] = poison + (one.get("api") or "")
        one["stack"] = [poison, *(one.get("stack") or ())]
        if one.get("recipient"):
            one["recipient"] = {**one["recipient"], "host": poison, "company": poison}
    for one in document["findings"]:
        one["annotations"] = [
            {"id": poison, "kind": "note", "by": poison, "text": poison, "t_ns": 1_763_884_800_000_000_000}
        ]
        one["scope"] = poison
    for interval in document["consent"]:
        interval["texts"], interval["sources"] = [poison], [poison]
    document["blind_spots"].append(
        {"kind": poison, "host": poison, "count": 1, "detail": poison, "why_it_matters": poison}
    )
    actor = {"kind": "sdk", "id": poison, "name": poison}
    items = [{"actor": actor, "data": "imei", "acts": ["access"], "hosts": [poison], "findings": []}]
    document["notice"] = [
        {"id": "x", "clause": "191号 3.1", "wording": {"zh": "未经同意", "en": "without consent"}, "items": items}
    ]
    return document
