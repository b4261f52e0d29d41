"""The part that a C function plays in a computation: which argument is the object, the input, the output, the key."""

import re
from typing import Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

Position = int
"""Index of an argument; twelve can be passed through."""

_ALGORITHM = re.compile(r"(hmac:)?(md|md_ctx|cipher_ctx|text|aead|mbed_md|flag)@\d+(:[^:]+:[^:]+)?|[\w/-]+")
_NEEDS = {
    "once": ("input", "output"),
    "update": ("object", "input"),
    "final": ("object", "output"),
    "copy": ("object", "source"),
    "key": ("object", "key"),
    "start": ("object",),
    "drop": ("object",),
    "stream": ("object",),
}


class Size(BaseModel):
    """Where a length stands: exactly one of these.

    Attributes:
        argument: it is this argument.
        behind: an integer behind this argument, written by the call.
        bytes: it is this number.
        bits: it is this argument, in bits.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")
    argument: int | None = Field(default=None, ge=0, lt=12)
    behind: int | None = Field(default=None, ge=0, lt=12)
    bytes: int | None = Field(default=None, ge=1)
    bits: int | None = Field(default=None, ge=0, lt=12)

    @model_validator(mode="after")
    def _one(self) -> Self:
        if len(self.model_dump(exclude_none=True)) != 1:
            raise ValueError("a length stands in exactly one place")
        return self


class Step(BaseModel):
    """One function of a family such as ``SHA256_Init``, ``SHA256_Update``, ``SHA256_Final``.

    Attributes:
        op: what the whole computes; ``by_context``: the library is asked; ``by_argument``: ``mode`` decides.
        step: ``once``: all in one call; ``start``, ``update``, ``final``: one object, several calls; ``copy``, ``drop``: what
            becomes of an object; ``key``: it is given its key; ``stream``: zlib's structure.
        object, source, input, length, output, key, mode: positions of arguments.
        input_size: length of the input in bytes, where no argument says it.
        output_size: ``digest``: what the algorithm gives; ``input``: as long as the input.
        key_size: ``cipher``: the library is asked.
        algorithm: the name itself, ``symbol`` (it is in the function's name), ``object`` (an earlier call told it), or a question
            to the library: ``md@0`` is the EVP_MD in argument 0, ``flag@3:SHA-256:SHA-224`` depends on argument 3.
        success: result that means success, where not every result does.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")
    op: Literal["digest", "mac", "encrypt", "decrypt", "compress", "decompress", "by_context", "by_argument"]
    step: Literal["once", "start", "update", "final", "copy", "drop", "key", "stream"]
    object: int | None = Field(default=None, ge=0, lt=12)
    source: int | None = Field(default=None, ge=0, lt=12)
    input: int | None = Field(default=None, ge=0, lt=12)
    length: int | None = Field(default=None, ge=0, lt=12)
    input_size: int | None = Field(default=None, ge=1)
    output: int | None = Field(default=None, ge=0, lt=12)
    output_size: Literal["digest", "input", "same_as_result"] | Size | None = None
    key: int | None = Field(default=None, ge=0, lt=12)
    key_size: Literal["cipher"] | Size | None = None
    algorithm: str
    mode: int | None = Field(default=None, ge=0, lt=12)
    success: Literal["one", "zero"] | None = None

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        missing = [name for name in _NEEDS[self.step] if getattr(self, name) is None]
        if missing:
            raise ValueError(f"a step `{self.step}` names {' and '.join(missing)}")
        if not _ALGORITHM.fullmatch(self.algorithm):
            raise ValueError(f"unknown algorithm {self.algorithm!r}")
        if (self.input is None) != (self.length is None and self.input_size is None):
            raise ValueError("an input has a length, and only an input has one")
        if (self.op == "by_argument") != (self.mode is not None):
            raise ValueError("mode is for by_argument, which needs one")
        return self

    def plan(self) -> dict[str, Any]:
        """Return it as the agent reads it (``Step`` in ``hooks/agent/native_plan.ts``)."""
        return self.model_dump(exclude_none=True)
