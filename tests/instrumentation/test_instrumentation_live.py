"""Real Frida on a real JVM: what is promised of every hook is seen to hold."""

import base64
import os
import signal
import subprocess
import threading
import time
from pathlib import Path
from typing import Any

import pytest

from pia_runtime.errors import NotReadyError
from pia_runtime.instrumentation.agent_build import AGENT, build_agent
from pia_runtime.instrumentation.catalog import load_catalog
from pia_runtime.instrumentation.host import ClockSimulation, DeviceTarget, FridaHost, JvmTarget
from pia_runtime.practice.jdk import find_jdk17

pytestmark = pytest.mark.live

TELEPHONY = """
package android.telephony;
public class TelephonyManager {
    public static final String IMEI = new String("356938035643809");
    public static final SecurityException DENIED = new SecurityException("no permission");
    public String getImei() { return getImei(0); }
    public String getImei(int slot) { return IMEI; }
    public String getSubscriberId() { throw DENIED; }
    public String getLine1Number() { return "x".repeat(10_000); }
}
"""
WIDEVINE = """
package android.media;
public class MediaDrm {
    public static byte[] kept = {1, 2, 3};
    public byte[] getPropertyByteArray(String name) { return kept; }
}
"""
LATE = """
package com.huawei.hms.ads.identifier;
public class AdvertisingIdClient {
    public static class Info { public String getId() { return "late-oaid"; } }
}
"""
MAIN = """
import android.media.MediaDrm; import android.telephony.TelephonyManager;
public class Main {
    public static void main(String[] args) throws Exception {
        TelephonyManager phone = new TelephonyManager();
        check(phone.getImei() == TelephonyManager.IMEI, "the very same String");
        try { phone.getSubscriberId(); check(false, "throws"); }
        catch (SecurityException e) { check(e == TelephonyManager.DENIED, "the very same exception"); }
        switch (args[0]) {
            case "calls" -> many(phone);
            case "crypto" -> crypto();
            case "bytes" -> check(new MediaDrm().getPropertyByteArray("deviceUniqueId") == MediaDrm.kept, "the very same array");
            case "long" -> phone.getLine1Number();
            case "late" -> late(args[1]);
            case "unload" -> { unload(args[1]); phone.getImei(7); }
            case "gc" -> { for (int i = 0; i < 20; i++) { System.gc(); phone.getImei(1); } }
            case "wait" -> Thread.sleep(60_000);
            default -> throw new IllegalArgumentException(args[0]);
        }
        System.exit(0);
    }
    static void many(TelephonyManager phone) throws Exception {
        Thread[] threads = new Thread[4];
        for (int t = 0; t < 4; t++) {
            threads[t] = new Thread(() -> { for (int i = 0; i < 250; i++) phone.getImei(1); }, "worker-" + t);
            threads[t].start();
        }
        for (Thread thread : threads) thread.join();
    }
    static void crypto() throws Exception {
        java.security.MessageDigest digest = java.security.MessageDigest.getInstance("SHA-256");
        digest.update("356938".getBytes());
        digest.update("035643809".getBytes());
        digest.digest("salt".getBytes());
        var key = new javax.crypto.spec.SecretKeySpec(new byte[16], "AES");
        javax.crypto.Mac mac = javax.crypto.Mac.getInstance("HmacSHA256");
        mac.init(key);
        mac.doFinal("message".getBytes());
        javax.crypto.Cipher cipher = javax.crypto.Cipher.getInstance("AES/CBC/PKCS5Padding");
        cipher.init(1, key, new javax.crypto.spec.IvParameterSpec(new byte[16]));
        cipher.update("sixteen bytes !!".getBytes());
        byte[] rest = cipher.doFinal("and more".getBytes());
        cipher.init(2, key, new javax.crypto.spec.IvParameterSpec(new byte[16]));
        java.security.SecureRandom.getInstance("SHA1PRNG").nextInt();
    }
    static void late(String folder) throws Exception {
        java.io.File classes = new java.io.File(folder);
        read(new java.net.URLClassLoader(new java.net.URL[] {classes.toURI().toURL()}));
        read(new java.net.URLClassLoader(new java.net.URL[] {classes.toURI().toURL()}));
        ClassLoader unpacking = new ClassLoader() {
            protected Class<?> findClass(String name) throws ClassNotFoundException {
                try {
                    byte[] code = java.nio.file.Files.readAllBytes(classes.toPath().resolve(name.replace('.', '/') + ".class"));
                    return defineClass(name, code, 0, code.length);
                } catch (java.io.IOException e) { throw new ClassNotFoundException(name, e); }
            }
        };
        read(unpacking);
    }
    static void unload(String folder) throws Exception {
        for (int i = 0; i < 5; i++) {
            java.net.URLClassLoader loader = new java.net.URLClassLoader(new java.net.URL[] {new java.io.File(folder).toURI().toURL()});
            read(loader);
            loader.close();
            var left = new java.lang.ref.WeakReference<ClassLoader>(loader);
            loader = null;
            for (int j = 0; j < 10 && left.get() != null; j++) { System.gc(); Thread.sleep(10); }
        }
    }
    static void read(ClassLoader loader) throws Exception {
        Class<?> type = loader.loadClass("com.huawei.hms.ads.identifier.AdvertisingIdClient$Info");
        Object info = type.getDeclaredConstructor().newInstance();
        check("late-oaid".equals(type.getMethod("getId").invoke(info)), "late");
    }
    static void check(boolean holds, String what) { if (!holds) { System.err.println("BROKEN: " + what); System.exit(9); } }
}
"""


class Run:
    """A program under instrumentation, and what was heard of it."""

    def __init__(self, target: JvmTarget, clock: ClockSimulation | None = None) -> None:
        self.events: list[dict[str, Any]] = []
        self.reasons: list[str] = []
        self._ended = threading.Event()
        self.host = FridaHost(target, load_catalog(), on_event=self.events.append, on_detached=self._end, clock=clock)

    def _end(self, reason: str) -> None:
        self.reasons.append(reason)
        self._ended.set()

    def to_its_end(self) -> "Run":
        self.host.start()
        assert self._ended.wait(60), "the program did not end"
        self.host.stop()
        return self

    def wait_for(self, kind: str) -> None:
        deadline = time.monotonic() + 20
        while not any(event["type"] == kind for event in self.events):
            assert time.monotonic() < deadline, f"no {kind}"
            time.sleep(0.02)

    def wait_end(self) -> None:
        assert self._ended.wait(20)

    def of(self, kind: str, hook: str | None = None) -> list[dict[str, Any]]:
        return [event for event in self.events if event["type"] == kind and hook in (None, event.get("hook"))]


@pytest.fixture(scope="module")
def programs(tmp_path_factory) -> tuple[Path, Path, Path]:
    """JDK's java, the compiled program, and a folder of classes that are not on its class path."""
    java = find_jdk17() / "bin" / "java"
    if not AGENT.exists():
        build_agent(Path(__file__).parents[2])
    source, classes, late = (tmp_path_factory.mktemp(name) for name in ("source", "classes", "late"))
    for name, text in {"TelephonyManager": TELEPHONY, "MediaDrm": WIDEVINE, "Main": MAIN}.items():
        (source / f"{name}.java").write_text(text, encoding="utf-8")
    (source / "AdvertisingIdClient.java").write_text(LATE, encoding="utf-8")
    javac = [str(java.with_name("javac")), "--release", "17", "-d"]
    on_path = [str(path) for path in source.glob("*.java") if path.stem != "AdvertisingIdClient"]
    subprocess.run([*javac, str(classes), *on_path], check=True)
    subprocess.run([*javac, str(late), str(source / "AdvertisingIdClient.java")], check=True)
    return java, classes, late


@pytest.fixture
def target_of(programs):
    java, classes, _ = programs
    return lambda *arguments: JvmTarget(
        [str(java), "-cp", str(classes), "Main", *arguments], process="com.example.demo"
    )


def test_the_first_call_of_main_is_seen_and_every_call_counted_once(target_of):
    run = Run(target_of("calls")).to_its_end()
    reads = run.of("api_call", "telephony.get_imei")
    assert sum(read.get("count", 1) for read in reads) == 1 + 4 * 250
    assert reads[0]["stack"] == ["Main.main(Main.java:6)"]
    assert sum(read.get("count", 1) for read in reads if read["thread"] == "worker-3") == 250
    assert run.host.dropped == 0


def test_results_and_exceptions_reach_the_program_as_the_same_objects(target_of):
    run = Run(target_of("bytes")).to_its_end()
    assert run.of("gap") == []
    assert [read["value"] for read in run.of("api_call", "identifiers.widevine")] == [{"base64": "AQID", "length": 3}]
    assert [read["threw"] for read in run.of("api_call", "telephony.get_subscriber_id")] == [
        "java.lang.SecurityException"
    ]


def test_every_entry_of_the_catalog_has_a_status(target_of):
    run = Run(target_of("long")).to_its_end()
    statuses = {event["hook"]: event["status"] for event in run.of("hook_status")}
    assert statuses.keys() == load_catalog().entries.keys() | load_catalog().native.keys()
    assert statuses["telephony.get_imei"] == "installed"
    assert statuses["telephony.get_meid"] == "absent"
    assert "failed" not in statuses.values()


def test_long_values_are_cut_and_say_by_how_much(target_of):
    (read,) = Run(target_of("long")).to_its_end().of("api_call", "telephony.get_line1_number")
    assert read["value"] == "x" * 4096 + "…[+5904 characters]"


def test_digests_macs_and_ciphers_carry_whole_input_and_output(target_of):
    transforms = Run(target_of("crypto")).to_its_end().of("transform")
    seen = {event["op"]: base64.b64decode(event["input_b64"]) for event in transforms}
    assert seen == {"digest": b"356938035643809salt", "mac": b"message", "encrypt": b"sixteen bytes !!and more"}
    assert [len(base64.b64decode(event["output_b64"])) for event in transforms] == [32, 32, 32]


def test_a_class_is_hooked_before_its_first_call_in_every_loader_that_brings_it(target_of, programs):
    """Two loaders of the same folder and one that unpacks its classes itself: three classes of one name."""
    run = Run(target_of("late", f"{programs[2]}{os.sep}")).to_its_end()
    statuses = [event["status"] for event in run.of("hook_status", "identifiers.oaid_huawei")]
    assert statuses == ["absent", "installed", "installed", "installed"]
    assert [read["value"] for read in run.of("api_call", "identifiers.oaid_huawei")] == ["late-oaid"] * 3


def test_class_loaders_that_are_dropped_take_nothing_with_them(target_of, programs):
    run = Run(target_of("unload", f"{programs[2]}{os.sep}")).to_its_end()
    assert [read["value"] for read in run.of("api_call", "identifiers.oaid_huawei")] == ["late-oaid"] * 5
    assert run.of("api_call", "telephony.get_imei")[-1]["args"] == [7]
    assert [status for status in run.of("hook_status") if status["status"] == "failed"] == []
    assert [gap for gap in run.of("gap") if gap["kind"] != "process_not_hooked"] == []
    assert run.host.dropped == 0


def test_garbage_collection_never_stalls_behind_the_hooks(target_of):
    assert len(Run(target_of("gc")).to_its_end().of("api_call", "telephony.get_imei")) == 21


def test_a_target_that_dies_is_reported_once_and_stopping_stays_quiet(target_of):
    run = Run(target_of("wait"))
    run.host.start()
    run.wait_for("api_call")
    os.kill(run.host.pid, signal.SIGKILL)
    run.wait_end()
    with pytest.raises(NotReadyError):
        run.host.calibrate(2)
    run.host.stop()
    run.host.stop()
    assert run.reasons == ["process-terminated"]


def test_clock_samples_bound_the_offset_of_two_clocks_that_are_one(target_of):
    run = Run(target_of("wait"))
    run.host.start()
    samples = run.host.calibrate(20)
    run.host.stop()
    assert 1 <= len(samples) <= 3
    for sample in samples:
        assert abs(sample["device_ns"] - sample["host_ns"]) <= sample["rtt_ns"] / 2 + 1
        assert sample["boot_id"] == Path("/proc/sys/kernel/random/boot_id").read_text(encoding="utf-8").strip()


def test_a_simulated_offset_shows_in_samples_and_events_alike(target_of):
    offset = 5 * 3600 * 10**9
    run = Run(target_of("wait"), clock=ClockSimulation(offset_ns=offset))
    run.host.start()
    assert run.host.tools["clock_simulation"]["offset_ns"] == str(offset)
    sample = run.host.calibrate(5)[0]
    run.wait_for("api_call")
    run.host.stop()
    assert abs(sample["device_ns"] - sample["host_ns"] - offset) < 10**9
    assert all(
        abs(event["t_ns"] - offset - sample["host_ns"]) < 60 * 10**9
        for event in run.events
        if event["clock"] == "device"
    )


def test_a_jvm_that_ends_before_any_hook_says_why(programs):
    run = Run(JvmTarget([str(programs[0]), "-cp", str(programs[1]), "-XX:+NoSuchOption", "Main"])).to_its_end()
    (gap,) = run.of("gap")
    assert gap["kind"] == "process_not_hooked"
    assert "could not be created" in gap["detail"].lower() or "Error" in gap["detail"]


def test_a_program_that_does_not_exist_is_one_line_with_a_fix(tmp_path):
    with pytest.raises(NotReadyError, match=r"cannot start .*check the name"):
        Run(JvmTarget([str(tmp_path / "java")])).host.start()


def test_a_device_without_frida_server_is_one_line_with_a_fix():
    with pytest.raises(NotReadyError, match="start frida-server"):
        Run(DeviceTarget("com.example.loan", "127.0.0.1:1")).host.start()  # type: ignore[arg-type]


def test_a_device_that_is_not_there_is_one_line_with_a_fix(monkeypatch):
    monkeypatch.setattr(
        "pia_runtime.instrumentation.target.DEVICE_TIMEOUT_S", 1
    )  # a tester plugs one in; here none comes
    target = DeviceTarget("com.example.loan", "no-such-serial")
    with pytest.raises(NotReadyError, match="find device no-such-serial"):
        target.open_device()
