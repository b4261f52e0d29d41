"""What the app says of itself: ``declaration.json`` in a capture (``pia declare`` writes it)."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, StrictBool, StrictStr

ANYBODY = "any"
"""A declared item that names nobody: whoever collects it, it was declared."""


class DeclaredItem(BaseModel):
    """One kind of data that the app says it collects.

    Attributes:
        data: taxonomy id.
        by: ``app``, ``sdk:<knowledge id>`` or ``any``.
        sent: False where it says that the data never leave the device; None where it says nothing.
        shared: False where it says that no third party gets them; None where it says nothing.
        background: True where it names collection in the background.
        only_foreground: True where it says that nothing is collected in the background.
        function: ``basic`` or ``extended``; None where it does not say.
        purpose: its own words.
    """

    model_config = ConfigDict(frozen=True, extra="allow")
    data: StrictStr
    by: StrictStr = ANYBODY
    sent: StrictBool | None = None
    shared: StrictBool | None = None
    background: StrictBool = False
    only_foreground: StrictBool = False
    function: Literal["basic", "extended"] | None = None
    purpose: StrictStr = ""


class Declaration(BaseModel):
    """All that was declared.

    Attributes:
        kind: ``policy``, ``two_lists`` (双清单), ``data_safety`` (Google Play) or ``session`` (``session.app.declared_data``).
        source: where it was read, in the tester's words.
        sha256: of the file it was made from.
    """

    model_config = ConfigDict(frozen=True, extra="allow")
    schema_: Literal["pia.declaration/1"] = Field("pia.declaration/1", alias="schema")
    kind: Literal["policy", "two_lists", "data_safety", "session"] = "policy"
    source: StrictStr = ""
    sha256: StrictStr = ""
    items: tuple[DeclaredItem, ...] = ()
