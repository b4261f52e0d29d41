#!PYTHON -ISE
"""``screenrecord``, as its options and signals are in AOSP ``screenrecord.cpp``: a file that is whole only when it ends in order."""

import os
import signal
import struct
import sys
import threading

stop = threading.Event()
for number in (signal.SIGINT, signal.SIGHUP):
    signal.signal(number, lambda *_: stop.set())
options = dict(zip(sys.argv[1:-1:2], sys.argv[2:-1:2], strict=True))
limit = int(options.pop("--time-limit", "180"))
if set(options) - {"--bit-rate"} or not 0 < limit <= 180:
    sys.exit(f"Time limit {limit}s outside acceptable range [1,180]")
try:
    file = open(sys.argv[-1], "wb")  # noqa: PTH123, SIM115
except OSError as error:
    sys.exit(f"Unable to open '{sys.argv[-1]}': {error.strerror}")
file.write(struct.pack(">I4s4sI", 16, b"ftyp", b"mp42", 0) + struct.pack(">I4s", 1032, b"mdat") + os.urandom(1024))
file.flush()
stop.wait(limit)
file.write(struct.pack(">I4s", 8, b"moov"))
file.close()
