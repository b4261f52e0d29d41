"""A time stamp of a local authority made with openssl: asked for when sealing, checked without the network."""

import http.server
import shutil
import subprocess
import threading
from pathlib import Path

import orjson
import pytest
from cryptography import x509

from pia_runtime.errors import InputError, NotReadyError
from pia_runtime.evidence.sealing import seal_capture
from pia_runtime.evidence.stamps import check_stamp, read_authority, read_certificates, request_stamp
from pia_runtime.evidence.verification import verify_capture

pytestmark = pytest.mark.skipif(not shutil.which("openssl"), reason="the local authority is made with openssl")

CONFIG = """
[ca]
basicConstraints = critical, CA:TRUE
keyUsage = critical, keyCertSign
subjectKeyIdentifier = hash
[tsa_certificate]
basicConstraints = critical, CA:FALSE
keyUsage = critical, digitalSignature
extendedKeyUsage = critical, timeStamping
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid
[tsa]
default_tsa = here
[here]
serial = {place}/serial
signer_cert = {place}/tsa.pem
signer_key = {place}/tsa.key
{chain}signer_digest = sha256
default_policy = 1.2.3.4.1
digests = sha256
accuracy = secs:1
"""


def openssl(*arguments: object) -> None:
    """Run openssl."""
    subprocess.run(["openssl", *map(str, arguments)], check=True, capture_output=True)


def make_authority(place: Path) -> None:
    """A root and a time-stamping certificate below it."""
    (place / "config").write_text(CONFIG.format(place=place, chain=""))
    (place / "config-chain").write_text(CONFIG.format(place=place, chain=f"certs = {place}/ca.pem\n"))
    (place / "serial").write_text("01")
    new = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes")
    openssl("req", "-x509", *new, "-keyout", place / "ca.key", "-out", place / "ca.pem", "-days", 3650, "-subj", "/CN=Root of a test",
            "-config", place / "config", "-extensions", "ca")  # fmt: skip
    openssl(
        "req",
        *new,
        "-keyout",
        place / "tsa.key",
        "-out",
        place / "tsa.csr",
        "-subj",
        "/CN=Time of a test",
        "-config",
        place / "config",
    )
    openssl("x509", "-req", "-in", place / "tsa.csr", "-CA", place / "ca.pem", "-CAkey", place / "ca.key", "-CAcreateserial",
            "-out", place / "tsa.pem", "-days", 3650, "-extfile", place / "config", "-extensions", "tsa_certificate")  # fmt: skip


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    place = tmp_path_factory.mktemp("authority")
    make_authority(place)

    class Answer(http.server.BaseHTTPRequestHandler):
        def do_POST(self):
            (place / "query").write_bytes(self.rfile.read(int(self.headers["content-length"])))
            config = "config-chain" if self.path == "/chain" else "config"
            openssl("ts", "-reply", "-config", place / config, "-section", "here", "-queryfile", place / "query",
                    "-out", place / "answer")  # fmt: skip
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b"nonsense" if self.path == "/nonsense" else (place / "answer").read_bytes())

        def log_message(self, *_):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Answer)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}", read_certificates(place / "ca.pem"), place
    server.shutdown()


def test_a_stamp_is_added_to_a_seal_and_checked_offline(authority, sealed):
    url, certificates, _ = authority
    seal_capture(sealed, {}, None, url)
    before = orjson.loads((sealed / "evidence.json").read_bytes())
    assert len(before["stamps"]) == 1
    without = verify_capture(sealed)
    assert (without.exit_code, without.stamps[0].checked) == (0, False)
    checked = verify_capture(sealed, authority=certificates)
    assert (checked.exit_code, checked.stamps[0].checked) == (0, True)
    assert checked.stamps[0].time.startswith("20")


def test_a_stamp_of_another_authority_or_over_something_else_breaks_the_evidence(authority, tmp_path):
    url, certificates, _ = authority
    stamp = request_stamp(b"content", url)
    assert check_stamp(b"content", stamp, certificates).checked
    with pytest.raises(ValueError, match="over something else"):
        check_stamp(b"other content", stamp, certificates)
    make_authority(tmp_path)
    with pytest.raises(ValueError, match="not from the authority given"):
        check_stamp(b"content", stamp, read_certificates(tmp_path / "ca.pem"))


def test_an_authority_that_lists_its_certificates_out_of_order_is_asked_without_them(authority):
    """What openssl does as soon as it adds the certificates above its own."""
    url, root, place = authority
    stamp = request_stamp(b"content", f"{url}/chain")
    both = [*root, *read_certificates(place / "tsa.pem")]
    assert check_stamp(b"content", stamp, both).checked
    with pytest.raises(ValueError, match="not from the authority given"):
        check_stamp(b"content", stamp, root)


def test_a_damaged_stamp_is_an_error_and_never_a_crash(authority):
    import base64

    url, certificates, _ = authority
    stamp = request_stamp(b"content", url)
    raw = base64.b64decode(stamp["token"])
    for at in range(0, len(raw), 5):
        spoiled = raw[:at] + bytes([raw[at] ^ 0x55]) + raw[at + 1 :]
        changed = {**stamp, "token": base64.b64encode(spoiled).decode()}
        try:
            check_stamp(b"content", changed, certificates)
        except ValueError:
            continue
        assert at > 0  # a byte that no signature covers; the digest over evidence.json finds it


def test_an_authority_that_does_not_answer_or_answers_nonsense_leaves_the_seal_as_it_was(authority, sealed):
    url, _, _ = authority
    before = (sealed / "evidence.json").read_bytes()
    for wrong, error in (
        ("http://127.0.0.1:1", NotReadyError),
        (f"{url}/nonsense", NotReadyError),
        ("file:///etc/passwd", InputError),
    ):
        with pytest.raises(error):
            seal_capture(sealed, {}, None, wrong)
    assert (sealed / "evidence.json").read_bytes() == before


def test_a_stamp_that_was_asked_for_and_is_not_there_is_said(authority, sealed):
    assert verify_capture(sealed, authority=authority[1]).exit_code == 6


def test_certificates_are_read_from_pem_and_der(authority, tmp_path):
    place = authority[2]
    openssl("x509", "-in", place / "ca.pem", "-outform", "DER", "-out", tmp_path / "ca.der")
    assert read_certificates(tmp_path / "ca.der") == read_certificates(place / "ca.pem")
    assert isinstance(read_certificates(place / "ca.pem")[0], x509.Certificate)
    with pytest.raises(InputError, match="not a certificate"):
        read_certificates(place / "config")


def test_without_the_root_it_is_said_that_the_root_is_missing_and_not_that_the_evidence_is_broken(authority):
    _, _, place = authority
    with pytest.raises(InputError, match="no root certificate"):
        read_authority(place / "tsa.pem")
    assert read_authority(place / "ca.pem")
