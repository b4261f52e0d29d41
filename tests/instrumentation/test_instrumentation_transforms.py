"""Real Frida on a real JVM: what Java's own classes compute is told whole, once, and of keys only a commitment."""

import base64
import gzip
import hashlib
import hmac
import subprocess
import threading
import zlib
from pathlib import Path
from typing import Any

import pytest

from pia_runtime.instrumentation.agent_build import AGENT, build_agent
from pia_runtime.instrumentation.catalog import Catalog, load_catalog
from pia_runtime.instrumentation.host import FridaHost, JvmTarget
from pia_runtime.practice.jdk import find_jdk17

pytestmark = pytest.mark.live

ANDROID_BASE64 = """
package android.util;
public class Base64 {
    public static String encodeToString(byte[] input, int flags) { return new String(encode(input, flags)); }
    public static byte[] encode(byte[] input, int flags) { return encode(input, 0, input.length, flags); }
    public static byte[] encode(byte[] input, int offset, int len, int flags) {
        return java.util.Base64.getEncoder().encode(java.util.Arrays.copyOfRange(input, offset, offset + len));
    }
}
"""
MAIN = """
import java.io.*; import java.nio.ByteBuffer; import java.security.*; import java.util.zip.*;
import javax.crypto.*; import javax.crypto.spec.*;
public class Main {
    static final byte[] IMEI = "356938035643809".getBytes();
    static void check(boolean holds) { if (!holds) { System.err.println("BROKEN"); System.exit(9); } }
    public static void main(String[] args) throws Exception {
        buffers();
        twins();
        keys();
        signature();
        streams();
        texts();
        for (int i = 0; i < 50; i++) MessageDigest.getInstance("MD5").digest("again".getBytes());
        System.exit(0);
    }
    static void buffers() throws Exception {
        ByteBuffer heap = ByteBuffer.wrap("xx356938035643809yy".getBytes(), 2, 15).slice();
        ByteBuffer direct = ByteBuffer.allocateDirect(32);
        direct.put("zz356938035643809".getBytes()).flip().position(2);
        MessageDigest digest = MessageDigest.getInstance("SHA-256");
        digest.update(heap);
        check(heap.remaining() == 0);
        digest.update((byte) '|');
        digest.update(direct);
        check(direct.remaining() == 0);
        digest.digest();
        Cipher cipher = Cipher.getInstance("AES/ECB/PKCS5Padding");
        cipher.init(1, new SecretKeySpec("0123456789abcdef".getBytes(), "AES"));
        ByteBuffer out = ByteBuffer.allocateDirect(64);
        out.position(8);
        check(cipher.doFinal(ByteBuffer.wrap(IMEI), out) == 16 && out.position() == 24);
    }
    static void twins() throws Exception {
        MessageDigest[] digests = new MessageDigest[64];
        for (int i = 0; i < 64; i++) (digests[i] = MessageDigest.getInstance("SHA-1")).update(("a" + i).getBytes());
        System.gc();
        for (int i = 0; i < 64; i++) digests[i].digest(("b" + i).getBytes());
    }
    static void keys() throws Exception {
        Mac mac = Mac.getInstance("HmacSHA256");
        mac.init(new SecretKeySpec("secret".getBytes(), "HmacSHA256"));
        mac.doFinal("one".getBytes());
        mac.doFinal("two".getBytes());
    }
    static void signature() throws Exception {
        KeyPairGenerator pairs = KeyPairGenerator.getInstance("EC");
        KeyPair pair = pairs.generateKeyPair();
        Signature signature = Signature.getInstance("SHA256withECDSA");
        signature.initSign(pair.getPrivate());
        signature.update(IMEI);
        byte[] signed = signature.sign();
        signature.initVerify(pair.getPublic());
        signature.update(IMEI);
        check(signature.verify(signed));
    }
    static void streams() throws Exception {
        ByteArrayOutputStream packed = new ByteArrayOutputStream();
        try (GZIPOutputStream gzip = new GZIPOutputStream(packed)) { gzip.write("imei=".getBytes()); gzip.write(IMEI); }
        check(new String(new GZIPInputStream(new ByteArrayInputStream(packed.toByteArray())).readAllBytes()).equals("imei=356938035643809"));
        try (DeflaterOutputStream deflated = new DeflaterOutputStream(new ByteArrayOutputStream())) { deflated.write(IMEI); }
    }
    static void texts() {
        String text = java.util.Base64.getEncoder().encodeToString(IMEI);
        check(new String(java.util.Base64.getDecoder().decode(text)).equals("356938035643809"));
        check(android.util.Base64.encodeToString("android".getBytes(), 0).equals("YW5kcm9pZA=="));
    }
}
"""
IMEI = b"356938035643809"


@pytest.fixture(scope="module")
def transforms(tmp_path_factory) -> list[dict[str, Any]]:
    """What was told of one run of MAIN."""
    java = find_jdk17() / "bin" / "java"
    if not AGENT.exists():
        build_agent(Path(__file__).parents[2])
    source, classes = tmp_path_factory.mktemp("source"), tmp_path_factory.mktemp("classes")
    for name, text in {"Base64": ANDROID_BASE64, "Main": MAIN}.items():
        (source / f"{name}.java").write_text(text, encoding="utf-8")
    javac = [str(java.with_name("javac")), "--release", "17", "-d", str(classes)]
    subprocess.run([*javac, *map(str, source.glob("*.java"))], check=True)
    events: list[dict[str, Any]] = []
    ended = threading.Event()
    entries = {id_: entry for id_, entry in load_catalog().entries.items() if id_.startswith("crypto.")}
    host = FridaHost(
        JvmTarget([str(java), "-cp", str(classes), "Main"]),
        Catalog(entries),
        on_event=events.append,
        on_detached=lambda _: ended.set(),
    )
    host.start()
    assert ended.wait(60)
    host.stop()
    assert [
        f"{event.get('hook')}: {event.get('reason', event.get('detail'))}"
        for event in events
        if event["type"] == "gap" or event.get("status") == "failed"
    ] == []
    return [event for event in events if event["type"] == "transform"]


def find(transforms: list[dict[str, Any]], op: str, algorithm: str) -> list[tuple[bytes, bytes]]:
    return [
        (base64.b64decode(event["input_b64"]), base64.b64decode(event["output_b64"]))
        for event in transforms
        if (event["op"], event["algorithm"]) == (op, algorithm)
    ]


def test_buffers_are_read_where_they_stand(transforms):
    whole = IMEI + b"|" + IMEI
    assert find(transforms, "digest", "SHA-256") == [(whole, hashlib.sha256(whole).digest())]


def test_a_cipher_that_writes_into_a_buffer_is_told_with_its_mode(transforms):
    ((plain, secret),) = find(transforms, "encrypt", "AES/ECB/PKCS5Padding")
    assert (plain, len(secret)) == (IMEI, 16)
    (event,) = [event for event in transforms if event["op"] == "encrypt"]
    assert event["key_commitment"] == hashlib.sha256(b"pia.key/1\x000123456789abcdef").hexdigest()
    assert "truncated" not in event


def test_many_objects_fed_in_turn_are_never_mixed(transforms):
    expected = [(f"a{i}b{i}".encode(), hashlib.sha1(f"a{i}b{i}".encode()).digest()) for i in range(64)]
    assert find(transforms, "digest", "SHA-1") == expected


def test_a_mac_keeps_its_key_from_one_message_to_the_next(transforms):
    expected = [(text, hmac.digest(b"secret", text, "sha256")) for text in (b"one", b"two")]
    assert find(transforms, "mac", "HmacSHA256") == expected
    commitments = {event.get("key_commitment") for event in transforms if event["algorithm"] == "HmacSHA256"}
    assert commitments == {hashlib.sha256(b"pia.key/1\0secret").hexdigest()}


def test_a_signature_is_told_and_its_verification_not(transforms):
    ((message, signed),) = find(transforms, "mac", "SHA256withECDSA")
    assert (message, signed[0]) == (IMEI, 0x30)


def test_streams_that_compress_tell_what_they_were_given(transforms):
    ((text, packed),) = find(transforms, "compress", "deflate")
    assert (text, zlib.decompress(packed, -15)) == (b"imei=" + IMEI, text)
    ((text, packed),) = find(transforms, "compress", "zlib")
    assert (text, zlib.decompress(packed)) == (IMEI, IMEI)


def test_streams_that_unpack_tell_what_came_out(transforms):
    ((packed, text),) = find(transforms, "decompress", "deflate")
    assert text == b"imei=" + IMEI
    assert zlib.decompressobj(-15).decompress(packed) == text
    assert gzip.compress(text)[:2] == b"\x1f\x8b", "whose header the Inflater never sees"


def test_both_base64_classes_are_told_once_each(transforms):
    encoded = find(transforms, "encode", "base64")
    assert encoded.count((IMEI, base64.b64encode(IMEI))) == 1
    android = [event for event in transforms if event["hook"] == "crypto.android_base64_encode"]
    assert [base64.b64decode(event["input_b64"]) for event in android] == [b"android"]
    assert find(transforms, "decode", "base64") == [(base64.b64encode(IMEI), IMEI)]


def test_a_repetition_is_counted_and_not_told_again(transforms):
    again = [event for event in transforms if event["algorithm"] == "MD5"]
    assert [event.get("repeated") for event in again] == [None, 49]
    assert again[0]["stack"] == ["Main.main(Main.java:14)"]
    assert "repeated" not in again[0]
