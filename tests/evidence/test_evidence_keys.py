"""Keys are files that other tools read, private ones are private, and what is not a key is one clear error."""

import shutil
import subprocess

import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from pia_runtime.errors import InputError, UsageError
from pia_runtime.evidence.keys import fingerprint, kept_keys, load_signer, named_key, new_key, wanted_fingerprint
from pia_runtime.evidence.signing import check_signature, sign


def nobody(name: str) -> str:
    """Must not be asked."""
    raise AssertionError(name)


def test_a_new_key_is_private_and_openssl_and_ssh_read_it(tmp_path):
    public = new_key(tmp_path / "k.pem", "")
    assert (tmp_path / "k.pem").stat().st_mode & 0o777 == 0o600
    assert fingerprint(load_signer(str(tmp_path / "k.pem"), nobody).public) == fingerprint(public)
    if shutil.which("openssl"):
        run = subprocess.run(
            ["openssl", "pkey", "-in", tmp_path / "k.pem", "-noout", "-text"],
            capture_output=True,
            text=True,
            check=True,
        )
        assert "ED25519" in run.stdout
    if shutil.which("ssh-keygen"):
        run = subprocess.run(["ssh-keygen", "-lf", tmp_path / "k.pub"], capture_output=True, text=True, check=True)
        assert fingerprint(public) in run.stdout


def test_a_key_is_never_overwritten(tmp_path):
    new_key(tmp_path / "k.pem", "")
    with pytest.raises(UsageError, match="never overwritten"):
        new_key(tmp_path / "k.pem", "")


def test_a_key_with_a_passphrase_opens_only_with_it(tmp_path):
    new_key(tmp_path / "k.pem", "correct horse")
    assert b"ENCRYPTED" in (tmp_path / "k.pem").read_bytes()
    assert load_signer(str(tmp_path / "k.pem"), lambda name: "correct horse")
    with pytest.raises(InputError, match="passphrase does not open it"):
        load_signer(str(tmp_path / "k.pem"), lambda name: "wrong")


def test_a_key_made_by_ssh_keygen_signs(tmp_path):
    if not shutil.which("ssh-keygen"):
        pytest.skip("ssh-keygen is not on this machine")
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", tmp_path / "id"], check=True)
    signer = load_signer(str(tmp_path / "id"), nobody)
    assert check_signature(b"content", sign(b"content", signer)) == wanted_fingerprint(str(tmp_path / "id.pub"))


def test_keys_are_found_by_name_fingerprint_line_and_file(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    public = new_key(named_key("lab"), "")
    wanted = fingerprint(public)
    assert kept_keys() == {wanted: "lab"}
    for given in (
        "lab",
        wanted,
        public,
        f"{public} comment",
        str(named_key("lab")),
        str(named_key("lab").with_suffix(".pub")),
    ):
        assert wanted_fingerprint(given) == wanted, given


def test_what_is_no_key_is_one_clear_error(tmp_path):
    (tmp_path / "x").write_text("hello")
    rsa = generate_private_key(65537, 2048).private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    (tmp_path / "rsa").write_bytes(rsa)
    for name, says in (("x", "not a private key"), ("rsa", "not an Ed25519 key"), ("none", "cannot be read")):
        with pytest.raises(InputError, match=says):
            load_signer(str(tmp_path / name), nobody)
    for given in ("ssh-ed25519 AAAA", str(tmp_path / "x"), "../x"):
        with pytest.raises(InputError):
            wanted_fingerprint(given)


@pytest.mark.parametrize("name", ["", "../x", "a b", "-x"])
def test_a_name_leads_nowhere_else(name):
    with pytest.raises(UsageError):
        named_key(name)
