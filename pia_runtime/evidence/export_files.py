"""Names of what a shared copy holds. Apart from the making of copies, which needs mitmproxy, so that verifying one does not."""

EXPORT = "export.json"
REDACTIONS = "redactions.jsonl"
ANALYSIS = "analysis.json"
SCHEMA = "pia.export/1"
