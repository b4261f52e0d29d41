"""zygote: has its own view of the mounts, and forks an app, which gets a copy of it, for every line of a pipe.

Arguments: the pipe. Started with ``argv[0]`` of its own name (``zygote64``), by which ``pidof`` finds it.
"""

import os
import signal
import subprocess
import sys
from pathlib import Path

os.unshare(os.CLONE_NEWNS)
subprocess.run(["/usr/bin/mount", "--make-rslave", "/"], check=True)
if Path("/apex").is_dir():
    subprocess.run(["/usr/bin/mount", "--make-rprivate", "/apex"], check=True)
signal.signal(signal.SIGCHLD, signal.SIG_IGN)
Path(sys.argv[1] + ".ready").touch()
while True:
    with Path(sys.argv[1]).open() as pipe:
        for line in pipe:
            if os.fork() == 0:
                os.unshare(os.CLONE_NEWNS)
                os.setsid()
                os.execv("/bin/sleep", [line.strip(), "1000000"])  # noqa: S606
