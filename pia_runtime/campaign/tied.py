"""A process that ends, as by Ctrl-C, as soon as the one that started it has gone, whatever it died of."""

import os
import signal
import threading
import time

_LOOK_S = 0.5


def end_with(parent: int) -> None:
    """Watch, beside everything else, whether ``parent`` still is this process's parent; once not, interrupt this process.

    A run whose plan was killed must not go on holding the device that the plan, started again, wants.
    """
    threading.Thread(target=_watch, args=(parent,), daemon=True).start()


def _watch(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(_LOOK_S)
    os.kill(os.getpid(), signal.SIGINT)
