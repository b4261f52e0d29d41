#!PYTHON -ISE
"""Every program of the device that is Android's own (getprop, settings, pm, …): asks the double what it does."""

import json
import os
import socket
import sys

door = socket.socket(socket.AF_UNIX)
door.connect("DOOR")
stdin = b""
name = sys.argv[0].rpartition("/")[2]
ask = (
    json.dumps({"argv": [name, *sys.argv[1:]], "uid": os.getuid(), "pid": os.getpid(), "stdin": len(stdin)}).encode()
    + b"\n"
)
door.sendall(ask + stdin)
answer = b""
while piece := door.recv(1 << 20):
    answer += piece
head, _, rest = answer.partition(b"\n")
said = json.loads(head)
os.write(1, rest[: said["out"]]) if said["out"] else None
os.write(2, rest[said["out"] :]) if len(rest) > said["out"] else None
sys.exit(said["code"])
