"""One TLS server plays every host."""

import http.client
import json
import socket
import ssl

from pia_runtime.practice.servers import HOSTS, PracticeServers


def connect(servers: PracticeServers, host: str) -> http.client.HTTPSConnection:
    context = ssl.create_default_context(cafile=servers.ca_pem)
    connection = http.client.HTTPSConnection(host, context=context)
    plain = socket.create_connection(("127.0.0.1", servers.port), timeout=10)
    connection.sock = context.wrap_socket(plain, server_hostname=host)
    return connection


def test_every_host_is_served_with_a_certificate_that_names_it():
    with PracticeServers() as servers:
        for host in HOSTS:
            connection = connect(servers, host)
            connection.request("POST", "/v1/anything", body=b"{}")
            answer = connection.getresponse()
            assert (answer.status, json.load(answer)["code"]) == (200, 0)
            connection.close()


def test_a_connection_serves_several_requests():
    with PracticeServers() as servers:
        connection = connect(servers, HOSTS[0])
        kept = connection.sock
        for target in ("/config?v=1", "/config?v=2"):
            connection.request("GET", target)
            connection.getresponse().read()
            assert connection.sock is kept
        connection.close()


def test_a_silent_peer_does_not_hold_up_others():
    with PracticeServers() as servers, socket.create_connection(("127.0.0.1", servers.port)):
        connection = connect(servers, HOSTS[0])
        connection.request("GET", "/")
        assert connection.getresponse().status == 200
        connection.close()


def test_keys_are_private_and_gone_afterwards():
    with PracticeServers() as servers:
        folder = servers.ca_pem.parent
        assert (folder / "server.key").stat().st_mode & 0o777 == 0o600
    assert not folder.exists()
