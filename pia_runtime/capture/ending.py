"""What becomes of a capture when its run is over: analysed, sealed, and where a lab must, kept only encrypted."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from pia_runtime.errors import PiaError
from pia_runtime.evidence.encrypting import Recipient, encrypt_capture, read_recipients
from pia_runtime.evidence.keys import Signer, fingerprint
from pia_runtime.evidence.sealing import seal_capture
from pia_runtime.storage.analysis import analyse_capture, write_analysis
from pia_runtime.storage.parallel import usable_cores


@dataclass(frozen=True, slots=True)
class Ending:
    """Decided before the run begins, so that a wrong key or recipient does not cost a run.

    Args:
        seal: analyse and seal.
        signer: the tester's key, or None to seal without a signature.
        stamp_url: a time-stamp authority, or "".
        encrypt: recipients of age; none keeps the folder as it is.

    Raises:
        InputError: a recipient is none.
    """

    seal: bool = True
    signer: Signer | None = None
    stamp_url: str = ""
    encrypt: tuple[str, ...] = ()
    _recipients: list[Recipient] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_recipients", read_recipients(self.encrypt))

    def finish(self, capture: Path, say: Callable[[str], None]) -> Path:
        """Do it, and return where the capture is now. The recording is kept whatever fails.

        A capture that could not be sealed is encrypted all the same: leaving it readable is the worse fault.

        Raises:
            PiaError: it could not be sealed or encrypted.
        """
        failure: PiaError | None = None
        if self.seal:
            try:
                self._seal(capture, say)
            except PiaError as error:
                failure = error
        kept = capture
        if self._recipients:
            kept = encrypt_capture(capture, self._recipients)
            say(f"encrypted into {kept}; the folder is removed")
        if failure is not None:
            raise failure
        return kept

    def _seal(self, capture: Path, say: Callable[[str], None]) -> None:
        document = analyse_capture(capture, workers=usable_cores())
        seal_capture(capture, document, self.signer, self.stamp_url)
        write_analysis(capture, document)
        by = fingerprint(self.signer.public) if self.signer else "nobody: make a key with `pia key new`"
        say(f"sealed {capture}, signed by {by}")
