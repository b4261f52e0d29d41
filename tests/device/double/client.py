#!PYTHON -ISE
"""Every program of the device that is Android's own (getprop, settings, pm, …): asks the double what it does.

A run calls it hundreds of times, so it imports nothing but what is built into the interpreter.
"""

import sys
from _socket import socket
from posix import _exit, write

door = socket(1)  # AF_UNIX
door.connect("DOOR")
words = [sys.argv[0].rpartition("/")[2], *sys.argv[1:]]
ask = b"\0".join(word.encode("utf-8", "surrogateescape") for word in words)
door.sendall(b"%d\n" % len(ask) + ask)
answer = b""
while piece := door.recv(1 << 20):
    answer += piece
head, _, rest = answer.partition(b"\n")
code, length = map(int, head.split())
for stream, data in ((1, rest[:length]), (2, rest[length:])):
    while data:
        data = data[write(stream, data) :]
_exit(code)
