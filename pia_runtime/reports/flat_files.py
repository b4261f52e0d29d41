"""The flat tables as CSV and Parquet."""

import io

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from pia_runtime.reports.frames import detections_frame, findings_frame
from pia_runtime.reports.report import Report

_FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""First characters at which a spreadsheet takes a text for a formula (OWASP, CSV injection)."""


def render_csv(report: Report) -> bytes:
    """The report's table as CSV."""
    return csv_bytes(table_of(report))


def render_parquet(report: Report) -> bytes:
    """The report's table as Parquet."""
    return parquet_bytes(table_of(report))


def table_of(report: Report) -> pd.DataFrame:
    """The table that was asked for: detections, findings, or the events that the report carries."""
    if report.table == "events" and report.events is not None:
        return report.events
    return findings_frame(report) if report.table == "findings" else detections_frame(report)


def csv_bytes(table: pd.DataFrame) -> bytes:
    """CSV in UTF-8 with a byte-order mark, so that spreadsheets read Chinese; no text in it is a formula.

    A text that a spreadsheet would calculate gets an apostrophe in front. Numbers keep their sign.
    """
    safe = table.copy()
    for name in safe.columns:
        if isinstance(safe[name].dtype, pd.CategoricalDtype):
            safe[name] = safe[name].astype("string")
        if isinstance(safe[name].dtype, pd.StringDtype):
            safe[name] = safe[name].mask(safe[name].str.startswith(_FORMULA, na=False), "'" + safe[name])
    text = safe.to_csv(index=False, date_format="%Y-%m-%dT%H:%M:%S.%fZ", lineterminator="\n")
    return b"\xef\xbb\xbf" + text.encode()


def parquet_bytes(table: pd.DataFrame) -> bytes:
    """Parquet with the columns' own types; times in ns."""
    buffer = io.BytesIO()
    pq.write_table(pa.Table.from_pandas(table, preserve_index=False), buffer, compression="zstd")
    return buffer.getvalue()
