"""What live detection costs the proxy: ``python benchmarks/live_detection.py [--requests 2000] [--connections 4]``.

A real proxy records requests of real clients while a follower scans the growing files. Printed are, as shares of the CPU time of
the proxy's process in that time: the thread that hears what the follower found (all that detection adds to this process), and,
for comparison, all hooks of the recorder; then the CPU of the follower itself, which is a process of its own at low priority, and
how many of the planted identifiers were told before the run was over. Shares of thread time over process time hold on a busy
machine; throughput would not.
"""

import argparse
import base64
import gzip
import json
import random
import resource
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from corpus_content import identities
from figures import figure

from pia_runtime.capture.addon import Recorder
from pia_runtime.capture.following import Follower
from pia_runtime.capture.proxy import Proxy
from pia_runtime.storage.writer import CaptureWriter

CLIENT = """
import http.client, json, pathlib, sys, threading
port, many, connections = map(int, sys.argv[1:4])
bodies = json.loads(pathlib.Path(sys.argv[4]).read_text())
def send(first):
    connection = http.client.HTTPConnection("127.0.0.1", port)
    for number in range(first, many, connections):
        connection.request("POST", f"http://127.0.0.1:{sys.argv[5]}/n{number}", bodies[number % len(bodies)])
        connection.getresponse().read()
threads = [threading.Thread(target=send, args=(first,)) for first in range(connections)]
[thread.start() for thread in threads]; [thread.join() for thread in threads]
"""
SERVER = """
import http.server, socketserver
class Answer(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    def do_POST(self):
        self.rfile.read(int(self.headers["content-length"]))
        self.send_response(200); self.send_header("content-length", "2"); self.end_headers(); self.wfile.write(b"ok")
    def log_message(self, *a): pass
class Server(socketserver.ThreadingMixIn, http.server.HTTPServer): daemon_threads = True
server = Server(("127.0.0.1", 0), Answer); print(server.server_port, flush=True); server.serve_forever()
"""
HOOKS = ("requestheaders", "responseheaders", "response")


def timed(function: Callable[..., Any], spent: list[float]) -> Callable[..., Any]:
    """The function, its thread time added to ``spent``."""

    def call(*arguments: Any) -> Any:  # noqa: ANN401 - whatever the function takes
        start = time.thread_time()
        try:
            return function(*arguments)
        finally:
            spent[0] += time.thread_time() - start

    return call


def bodies(values: list[str]) -> list[str]:
    """A hundred bodies; one in ten hides an identifier several layers deep."""
    made = []
    for number in range(100):
        events = [{"event": "view", "n": number * 31 + k, "page": f"p{k}", "t": 1763884800000 + k} for k in range(40)]
        if number % 10 == 0:
            inner = gzip.compress(json.dumps({"id": values[number // 10 % len(values)]}).encode())
            events.append({"event": base64.b64encode(inner).decode()})
        made.append(json.dumps(events))
    return made


def main() -> None:
    """Run it once and print the shares."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--requests", type=int, default=2000)
    parser.add_argument("--connections", type=int, default=4)
    asked = parser.parse_args()
    known = [{"id": kind, "value": value} for kind, value in identities(random.Random(1))]
    texts = [one["value"] for one in known if len(one["value"]) > 14]
    hooks, heard, told = [0.0], [0.0], [0]
    for name in HOOKS:
        setattr(Recorder, name, timed(getattr(Recorder, name), hooks))
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "bodies.json").write_text(json.dumps(bodies(texts)))
        writer = CaptureWriter.create(folder / "capture", {"app": {"package": "com.example.app"}}, known)
        proxy = Proxy(writer, confdir=folder / "conf")
        server = subprocess.Popen([sys.executable, "-c", SERVER], stdout=subprocess.PIPE, text=True)
        upstream = (server.stdout.readline() if server.stdout else "").strip()

        class Measured(Follower):
            def _read(self, stdout: Any) -> None:  # noqa: ANN401 - a pipe
                super()._read(stdout)
                heard[0] = time.thread_time()

        def count(data: tuple[str, ...], _host: str) -> None:
            told[0] += 1

        with writer:
            proxy.start()
            follower = Measured(writer.path, count)
            follower.start()
            time.sleep(5)  # its start is no part of the run
            before, wall = time.process_time(), time.monotonic()
            client = [sys.executable, "-c", CLIENT, str(proxy.port), str(asked.requests), str(asked.connections)]
            subprocess.run([*client, str(folder / "bodies.json"), upstream], check=True)
            took, ours = time.monotonic() - wall, time.process_time() - before
            until = time.monotonic() + 30
            planted = asked.requests // 10
            while told[0] < planted and time.monotonic() < until and threading.active_count() > 1:
                time.sleep(0.1)
            proxy.stop()
            server.kill()
            children = resource.getrusage(resource.RUSAGE_CHILDREN)
            follower.stop()
            after = resource.getrusage(resource.RUSAGE_CHILDREN)
    scanning = after.ru_utime + after.ru_stime - children.ru_utime - children.ru_stime
    print(f"{asked.requests} requests in {took:.1f} s, {ours:.2f} s CPU of the proxy's process")
    print(f"hearing what was found  {heard[0] / ours:7.2%} of it (the goal is at most 4 %)")
    figure("live detection: its thread's share of the proxy's CPU", 100 * heard[0] / ours, "%", "≤ 4 %")
    print(f"all hooks that record   {hooks[0] / ours:7.2%} of it")
    print(f"the follower's own CPU  {scanning:.2f} s, in another process, start included")
    print(f"told: {told[0]} of {planted} flows with an identifier; passed over: {follower.skipped}")


if __name__ == "__main__":
    main()
