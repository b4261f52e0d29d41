"""Programs that stand for frida-server on the double: real ELF files, so that ABI checks and the kernel judge them."""

import struct
import sys
from pathlib import Path

MACHINES = {"x86_64": (2, 62), "arm64": (2, 183), "arm": (1, 40), "x86": (1, 3)}


def elf_launcher(script: Path, architecture: str = "x86_64") -> bytes:
    """An ELF program that becomes ``script`` by ``execve``, with its own arguments and environment.

    For any other architecture than this machine's the kernel refuses it, as Android's does.
    """
    code = (
        bytes.fromhex("488b0c24")  # mov rcx, [rsp]            argc
        + bytes.fromhex("488d742408")  # lea rsi, [rsp+8]      argv
        + bytes.fromhex("488d54ce08")  # lea rdx, [rsi+rcx*8+8]  envp
        + bytes.fromhex("488d3d")
        + struct.pack("<i", 5 + 2 + 5 + 5 + 2)  # lea rdi, [rip+…]  path
        + bytes.fromhex("b83b000000" + "0f05")  # execve
        + bytes.fromhex("bf7f000000" + "b83c000000" + "0f05")  # exit(127)
    )
    body = code + str(script).encode() + b"\0"
    bits, machine = MACHINES[architecture]
    base = 0x400000
    head = b"\x7fELF" + bytes([bits, 1, 1]) + bytes(9)
    head += struct.pack("<HHIQQQIHHHHHH", 2, machine, 1, base + 120, 64, 0, 0, 64, 56, 1, 0, 0, 0)
    head += struct.pack("<IIQQQQQQ", 1, 5, 0, base, base, 120 + len(body), 120 + len(body), 0x1000)
    return head + body


LISTENER = """#!{python} -ISE
import socket, sys, time
if "--version" in sys.argv:
    print("{version}")
    raise SystemExit
address = sys.argv[sys.argv.index("-l") + 1].split(":")
try:
    sock = socket.create_server((address[0], int(address[1])))
except OSError as error:
    print("Unable to start: Error binding to address " + ":".join(address) + ": " + error.strerror, file=sys.stderr)
    raise SystemExit(1)
while True:
    sock.accept()
"""
"""Takes frida-server's arguments and listens; answers nothing."""

CONTROL_SERVICE = """#!{python} -I
import sys
sys.path[:0] = {path}
if "--version" in sys.argv:
    print("{version}")
    raise SystemExit
import threading, frida
from frida import _frida
address, port = sys.argv[sys.argv.index("-l") + 1].split(":")
frida.get_device_manager()
_frida.ControlService.__init__ = lambda self, *a, **k: None
ends = frida.EndpointParameters(address=address, port=int(port))
service = frida.ControlService.__new__(frida.ControlService)
service._impl = _frida.ControlService.new(ends._impl, _frida.ControlServiceOptions())
try:
    service.start()
except Exception as error:
    print("Unable to start: " + str(error), file=sys.stderr)
    raise SystemExit(1)
threading.Event().wait()
"""
"""Frida's own service class, the one frida-server is made of, under frida-server's arguments."""


def write_server(
    folder: Path, text: str, version: str, architecture: str = "x86_64", name: str = "frida-server"
) -> Path:
    """Write script and launcher; the launcher is what a user would give."""
    folder.mkdir(parents=True, exist_ok=True)
    script = folder / "server.py"
    site = [entry for entry in sys.path if "site-packages" in entry]
    script.write_text(text.format(python=Path(sys.executable).resolve(), version=version, path=site))
    script.chmod(0o755)
    program = folder / name
    program.write_bytes(elf_launcher(script, architecture))
    program.chmod(0o755)
    return program
