"""``pia explain``: one detection or finding, every step of its proof."""

from typing import Annotated, Any

import typer

from pia_runtime.cli.options import CapturePath, LangOption, chosen, labels, stdout_console


def explain(
    path: CapturePath,
    id_: Annotated[str, typer.Argument(metavar="ID", help="Id of a detection or finding, or its first 6+ characters.")],
    lang: LangOption = None,
    reveal: Annotated[bool, typer.Option("--reveal", help="Show values and excerpts in full.")] = False,
) -> None:
    """Show how a detection or finding follows from the recorded files, step by step."""
    from pia_runtime.cli.progress import working
    from pia_runtime.evidence.annotations import annotated
    from pia_runtime.reports.proof import print_proof
    from pia_runtime.storage.proof import proof_document, replayed_steps

    with working("analysing"):
        document, paths, secrets = proof_document(path, reveal=reveal)
    document = annotated(document, path)
    finding, detections = _chosen(document, id_)
    steps = {item["id"]: replayed_steps(path, {**item, **paths.get(item["id"], {})}) for item in detections}
    language = chosen(lang)
    print_proof(
        document, finding, detections, steps, labels(), language, stdout_console(), reveal=reveal, secrets=secrets
    )


def _chosen(document: dict[str, Any], wanted: str) -> tuple[dict[str, Any] | None, list[dict[str, Any]]]:
    """The finding that was asked for with its detections, or one detection.

    Raises:
        UsageError: nothing, or more than one thing, has this id.
    """
    from pia_runtime.errors import UsageError

    if len(wanted) < _SHORTEST_ID:
        raise UsageError(f"ID {wanted!r} is too short", f"give at least {_SHORTEST_ID} characters")
    findings = [item for item in document["findings"] if item["id"].startswith(wanted)]
    detections = [item for item in document["detections"] if item["id"].startswith(wanted)]
    if len(findings) + len(detections) != 1:
        problem = "is ambiguous" if findings or detections else "is no detection or finding of this capture"
        raise UsageError(f"ID {wanted!r} {problem}", "pia analyze CAPTURE --format json lists them")
    if findings:
        ids = set(findings[0]["detections"])
        return findings[0], [item for item in document["detections"] if item["id"] in ids]
    return None, detections


_SHORTEST_ID = 6
