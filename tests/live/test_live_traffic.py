"""Clients that pin certificates, hide in QUIC or open their own connections, through a real proxy: seen, and said how."""

import stat
import subprocess
from pathlib import Path
from typing import Any

import pytest
from mitmproxy.net import tls as mitmproxy_tls

from pia_runtime.capture.live import run_live
from pia_runtime.capture.proxy import Proxy
from pia_runtime.instrumentation.agent_build import AGENT, build_agent
from pia_runtime.instrumentation.catalog import load_catalog
from pia_runtime.instrumentation.host import FridaHost, JvmTarget
from pia_runtime.instrumentation.interventions import Interventions
from pia_runtime.practice.jdk import find_jdk17
from pia_runtime.practice.servers import PracticeServers
from pia_runtime.storage.analysis import analyse_capture
from pia_runtime.storage.capture_reader import open_capture
from pia_runtime.storage.flow_reader import read_flows
from pia_runtime.storage.writer import TLS_KEYS, CaptureWriter

pytestmark = pytest.mark.live

HOST = "api.loan.example"

PINNER = """
package okhttp3;
import java.security.cert.Certificate; import java.util.List; import javax.net.ssl.SSLPeerUnverifiedException;
public class CertificatePinner {
    public void check(String host, List<Certificate> peer) throws SSLPeerUnverifiedException {
        throw new SSLPeerUnverifiedException("Certificate pinning failure for " + host + " " + peer.size());
    }
}
"""
CLIENT = """
package com.riskeye.fraud;
import java.net.*; import java.nio.file.*; import java.security.*; import java.security.cert.*; import java.util.*; import javax.net.ssl.*;
public class Client {
    static class Pinned implements X509TrustManager {
        public void checkClientTrusted(X509Certificate[] chain, String type) {}
        public void checkServerTrusted(X509Certificate[] chain, String type) throws CertificateException {
            throw new CertificateException("not the pinned key of " + chain[0].getSubjectX500Principal());
        }
        public X509Certificate[] getAcceptedIssuers() { return new X509Certificate[0]; }
    }
    public static void main(String[] args) throws Exception {
        String outcome;
        try { outcome = "answered " + run(args[0], Integer.parseInt(args[1]), Path.of(args[2])); }
        catch (Exception error) { outcome = "refused " + error.getClass().getName(); }
        Files.writeString(Path.of(args[3]), outcome);
        System.exit(0);
    }
    static int run(String how, int proxy, Path ca) throws Exception {
        if (how.equals("udp") || how.equals("udp-connected")) { return datagram(how.equals("udp-connected")); }
        SSLContext context = SSLContext.getInstance("TLS");
        switch (how) {
            case "pinned" -> context.init(null, new TrustManager[] {new Pinned()}, null);
            case "default" -> context.init(null, null, null);
            default -> context.init(null, trusting(ca), null);
        }
        if (how.equals("tls12")) { System.setProperty("jdk.tls.client.protocols", "TLSv1.2"); context = SSLContext.getInstance("TLSv1.2"); context.init(null, trusting(ca), null); }
        Proxy through = new Proxy(Proxy.Type.HTTP, new InetSocketAddress("127.0.0.1", proxy));
        HttpsURLConnection connection = (HttpsURLConnection) new URL("https://api.loan.example/v1/probe?imei=356938035643809").openConnection(through);
        connection.setSSLSocketFactory(context.getSocketFactory());
        connection.connect();
        if (how.equals("okhttp")) { new okhttp3.CertificatePinner().check("api.loan.example", Arrays.asList(connection.getServerCertificates())); }
        return connection.getResponseCode();
    }
    static int datagram(boolean connected) throws Exception {
        try (DatagramSocket socket = new DatagramSocket()) {
            InetSocketAddress to = new InetSocketAddress(InetAddress.getByName("192.0.2.1"), 443);
            if (connected) { socket.connect(to); }
            socket.send(new DatagramPacket(new byte[] {1, 2, 3}, 3, to));
            return 0;
        }
    }
    static TrustManager[] trusting(Path ca) throws Exception {
        KeyStore store = KeyStore.getInstance(KeyStore.getDefaultType());
        store.load(null, null);
        store.setCertificateEntry("ca", CertificateFactory.getInstance("X.509").generateCertificate(Files.newInputStream(ca)));
        TrustManagerFactory factory = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
        factory.init(store);
        return factory.getTrustManagers();
    }
}
"""


@pytest.fixture(scope="module")
def java(tmp_path_factory) -> tuple[Path, Path]:
    """JDK 17's java, and the folder of the compiled client."""
    if not AGENT.exists():
        build_agent(Path(__file__).parents[2])
    source, classes = tmp_path_factory.mktemp("source"), tmp_path_factory.mktemp("classes")
    for name, text in {"CertificatePinner": PINNER, "Client": CLIENT}.items():
        (source / f"{name}.java").write_text(text, encoding="utf-8")
    java = find_jdk17() / "bin" / "java"
    files = [str(path) for path in source.glob("*.java")]
    subprocess.run([str(java.with_name("javac")), "--release", "17", "-d", str(classes), *files], check=True)
    return java, classes


class Outcome:
    """A client's run: what it told, and the capture of it."""

    def __init__(self, path: Path, said: str) -> None:
        self.path = path
        self.said = said
        self.content = open_capture(path)

    def of(self, kind: str) -> list[dict[str, Any]]:
        return [item.fields for item in self.content.events.occurrences if item.type == kind]

    def notes(self) -> list[str]:
        return [note["text"] for note in self.of("note")]

    def connections(self) -> list[dict[str, Any]]:
        calls = self.content.events.api_calls
        rows = calls[calls["hook"] == "traffic.socket_connect"]
        return [dict(zip(("value", "stack"), row, strict=True)) for row in rows[["value", "stack"]].to_numpy()]

    def secrets(self) -> list[str]:
        file = self.path / TLS_KEYS
        return file.read_text(encoding="ascii").splitlines() if file.exists() else []


@pytest.fixture
def run(java, tmp_path):
    """Run one client behind the proxy."""

    def started(how: str, on: Interventions | None = None, command: list[str] | None = None) -> Outcome:
        path, said = tmp_path / f"capture-{how}", tmp_path / f"said-{how}"
        imei = [{"id": "imei", "value": "356938035643809"}]
        writer = CaptureWriter.create(path, {"app": {"package": "com.example.loan"}}, imei)
        with PracticeServers(work=tmp_path) as servers, writer:
            proxy = Proxy(
                writer, confdir=tmp_path / "conf", upstream_map=servers.upstream_map, upstream_ca=servers.ca_pem
            )
            proxy.start()
            argv = [str(java[0]), "-cp", str(java[1]), "com.riskeye.fraud.Client", how]
            argv += [str(proxy.port), str(proxy.ca_pem), str(said)]
            if command is not None:
                argv = [part.format(port=proxy.port, said=said, ca=proxy.ca_pem) for part in command]
            target = JvmTarget(argv, process="com.example.loan")
            run_live(
                lambda event, end: FridaHost(
                    target, load_catalog(), on_event=event, on_detached=end, interventions=on or Interventions()
                ),
                proxy,
                writer,
                duration_s=60,
            )
        return Outcome(path, said.read_text(encoding="utf-8") if said.exists() else "nothing")

    return started


@pytest.mark.parametrize(
    ("how", "error"),
    [
        ("pinned", "javax.net.ssl.SSLHandshakeException"),
        ("default", "javax.net.ssl.SSLHandshakeException"),
        ("okhttp", "javax.net.ssl.SSLPeerUnverifiedException"),
    ],
)
def test_a_pinning_client_is_refused_without_the_bypass_and_seen_with_it(run, tmp_path, how, error):
    off = run(how, Interventions(pinning_bypass=False))
    assert off.said == f"refused {error}"
    assert off.content.session.tools["interventions"]["pinning_bypass"] is False
    assert "pinning_bypass: off" in off.notes()
    (tmp_path / f"capture-{how}").rename(tmp_path / "off")
    on = run(how)
    assert on.said == "answered 200"
    assert [flow.host for flow in read_flows(on.path, lambda _: None)] == [HOST]
    assert on.content.session.tools["interventions"]["pinning_bypass"] is True
    assert any(note.startswith("pinning_bypass: answered for ") for note in on.notes())


def test_every_switched_off_entry_has_a_status_that_says_so(run):
    off = run("trusting", Interventions.none())
    wanted = {e.id for e in load_catalog().entries.values() if e.event in {"bypass", "keylog", "connect"}}
    said = {s["hook"]: s["reason"] for s in off.of("hook_status") if "switched off" in s["reason"]}
    assert said.keys() == wanted
    assert off.secrets() == []
    assert off.connections() == []


@pytest.mark.parametrize(
    ("how", "label"),
    [("trusting", "CLIENT_TRAFFIC_SECRET_0"), ("tls12", "CLIENT_RANDOM")],
)
def test_the_key_log_holds_the_very_secrets_that_the_proxy_agreed_on(run, monkeypatch, how, label):
    agreed: list[str] = []
    mitmproxy_tls.create_client_proxy_context.cache_clear()
    monkeypatch.setattr(mitmproxy_tls, "log_master_secret", lambda _, line: agreed.append(line.decode().lower()))
    outcome = run(how)
    mitmproxy_tls.create_client_proxy_context.cache_clear()
    logged = [line.lower() for line in outcome.secrets()]
    assert outcome.said == "answered 200"
    assert any(line.startswith(label.lower()) for line in logged)
    assert set(logged) <= set(agreed)
    assert stat.S_IMODE((outcome.path / TLS_KEYS).stat().st_mode) == 0o600
    assert not any(label in line for line in (outcome.path / "events.jsonl").read_text().splitlines())


def test_a_connection_names_its_port_and_the_code_that_opened_it(run):
    outcome = run("trusting")
    (connection,) = [item for item in outcome.connections() if item["value"]["remote_address"] == "127.0.0.1"]
    assert connection["value"]["local_port"] > 0
    assert "com.riskeye.fraud.Client.run" in connection["stack"]


def test_a_request_is_the_act_of_the_sdk_that_opened_its_connection_whatever_the_host(run):
    document = analyse_capture(run("trusting").path)
    (sent,) = [item for item in document["detections"] if item["act"] == "transmission"]
    assert sent["recipient"]["host"] == HOST
    assert (sent["actor"]["kind"], sent["actor"]["id"]) == ("sdk", "riskeye")
    assert sent["actor_evidence"]["basis"] == "connection"


@pytest.mark.parametrize("how", ["udp", "udp-connected"])
def test_quic_is_refused_where_it_would_leave_and_said_as_a_gap(run, how):
    outcome = run(how)
    assert outcome.said.startswith("refused java.net.")
    assert [(gap["kind"], gap["host"]) for gap in outcome.of("gap")] == [("quic_blocked", "192.0.2.1")]


def test_a_native_client_is_reached_by_its_librarys_symbols(run):
    curl = [
        "/usr/bin/curl",
        "-sS",
        "--http1.1",
        "-x",
        "http://127.0.0.1:{port}",
        "-o",
        "{said}",
        f"https://{HOST}/v1/native",
    ]
    on = run("curl", command=curl)
    assert "quick_loan" in on.said
    assert any("libcrypto" in note or "libssl" in note for note in on.notes())
    assert any(line.startswith("CLIENT_TRAFFIC_SECRET_0 ") for line in on.secrets())


def test_a_native_client_stays_pinned_without_the_bypass(run):
    curl = ["/usr/bin/curl", "-sS", "-x", "http://127.0.0.1:{port}", "-o", "{said}", f"https://{HOST}/v1/native"]
    off = run("curl", Interventions(pinning_bypass=False), command=curl)
    assert off.said == "nothing"
    assert [gap["kind"] for gap in off.of("gap") if gap["kind"] == "tls_failed"] == ["tls_failed"]
