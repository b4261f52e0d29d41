"""What a hooked C function costs: ratios of hooked to unhooked calls in one run of one program.

Usage: ``.venv/bin/python benchmarks/native_hooks.py``; one line for each kind of call. The gate lets the "other" calls pass.
"""

import subprocess
import sys
import tempfile
import threading
from pathlib import Path

from figures import figure

from pia_runtime.instrumentation.catalog import Catalog, load_catalog
from pia_runtime.instrumentation.host import FridaHost, JvmTarget

PROJECT = Path(__file__).parents[1]
PROGRAM = r"""
#include <fcntl.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>
static double now(void) { struct timespec t; clock_gettime(CLOCK_MONOTONIC, &t); return t.tv_sec * 1e6 + t.tv_nsec / 1e3; }
#define COST(name, count, work) do { double begin = now(); for (int i = 0; i < count; i++) { work; } \
  fprintf(out, "%s %.3f\n", name, (now() - begin) / count); } while (0)
int main(int count, char **words) {
  FILE *out = fopen(words[1], "w");
  char buffer[16];
  int zero = open("/dev/zero", O_RDONLY);
  COST("open_other", 200000, close(open("/dev/null", O_RDONLY)));
  COST("access_other", 200000, access("/nonexistent", F_OK));
  COST("read_other", 400000, if (read(zero, buffer, 16) != 16) return 9);
  COST("open_and_read_telling", 2000, int fd = open("/proc/sys/kernel/random/boot_id", O_RDONLY);
       if (read(fd, buffer, 16) != 16) return 9; close(fd));
  fclose(out);
  return 0;
}
"""


def costs(path: Path) -> dict[str, float]:
    """Microseconds a call, by kind, as the program wrote them."""
    return {name: float(value) for name, value in map(str.split, path.read_text(encoding="utf-8").splitlines())}


def main() -> None:
    """Build, run without and with hooks, print the ratios."""
    compiler = subprocess.run([PROJECT / "scripts" / "cc"], capture_output=True, text=True, check=True)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "cost.c").write_text(PROGRAM, encoding="utf-8")
        program, plain, hooked = folder / "cost", folder / "plain", folder / "hooked"
        subprocess.run([*compiler.stdout.split(), "-O2", "-o", program, folder / "cost.c"], check=True)
        subprocess.run([program, plain], check=True)
        ended, events = threading.Event(), []
        host = FridaHost(
            JvmTarget([str(program), str(hooked)]),
            Catalog({}, (), load_catalog().native),
            on_event=events.append,
            on_detached=lambda _: ended.set(),
        )
        host.start()
        assert ended.wait(120)
        host.stop()
        told = sum(event["type"] == "api_call" for event in events)
        for kind, before in costs(plain).items():
            after = costs(hooked)[kind]
            figure(f"hooked C call, {kind} ÷ unhooked", after / before)
            sys.stdout.write(f"{kind:24} {before:8.3f} us  {after:8.3f} us  x{after / before:.1f}\n")
        sys.stdout.write(f"told {told} of 2000 telling calls, dropped {host.dropped}\n")


if __name__ == "__main__":
    main()
