"""The device's own world, made of Linux namespaces: mounts, processes and network are real, and nobody else's.

Run as the first process of new mount, process and network namespaces (``unshare -m -n -p -f``), it builds Android's file
tree below a folder, changes its root to it, and stays as process 1. Where Android differs from a plain Linux is kept:

- ``/system`` is read-only; the certificate store lies in it, from Android 14 on also in the Conscrypt module below ``/apex``
  (AOSP: ``external/conscrypt``, ``com.android.conscrypt/cacerts``).
- ``/apex`` is mounted private in every namespace, so that a mount made in one is not seen in another (AOSP ``system/core/init``,
  ``mount_namespace.cpp``); the rest of the tree is shared with slaves, so that it is.
- zygote has a mount namespace of its own and every app forks one from zygote's (AOSP ``core/jni/com_android_internal_os_Zygote.cpp``).

The tools are toybox and mksh, Android's own, as Debian packages them.
"""

import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

MOUNT, UMOUNT = "/usr/bin/mount", "/usr/bin/umount"
HOST_FOLDERS = ("/usr", "/lib", "/lib64", "/bin", "/etc", "/dev")
TOYS = """
base64 basename dd cat chgrp chmod chown cmp cp cut date df dirname du echo env expr false find getopt grep head hostname id kill
killall ln ls md5sum mkdir mknod mktemp mount mountpoint mv nc nohup nsenter od paste pgrep pidof pkill printenv printf ps pwd
readlink realpath renice rm rmdir sed seq setsid sha256sum sleep sort stat stty sync tail tar tee test timeout touch tr true
umount uname uniq unshare uptime wc which whoami xargs xxd yes
"""


def mount(*arguments: str) -> None:
    """Call the host's mount."""
    subprocess.run([MOUNT, *arguments], check=True, stdin=subprocess.DEVNULL)


def bind(source: str, target: Path, *, read_only: bool = False) -> None:
    """Show a folder or file of the host at a place of the device."""
    if Path(source).is_dir():
        target.mkdir(parents=True, exist_ok=True)
    else:
        target.parent.mkdir(parents=True, exist_ok=True)
        target.touch()
    mount("--rbind" if source == "/dev" else "--bind", source, str(target))
    if read_only:
        mount("-o", "remount,bind,ro", str(target))


def build(root: Path, plan: dict) -> None:
    """Put the file tree together below ``root``."""
    mount("-t", "tmpfs", "-o", "mode=0755", "tmpfs", str(root))
    for folder in HOST_FOLDERS:
        if Path(folder).is_symlink():
            (root / folder[1:]).symlink_to(Path(folder).readlink())
        elif Path(folder).exists():
            bind(folder, root / folder[1:], read_only=folder == "/usr")
    for folder in plan["visible"]:
        bind(folder, root / folder[1:])
    _system(root, plan)
    _data(root, plan)
    (root / "proc").mkdir()
    mount("-t", "proc", "proc", str(root / "proc"))
    bind(plan["boot_id_file"], root / "proc/sys/kernel/random/boot_id")
    (root / "sdcard/Download").mkdir(parents=True)
    (root / "sdcard").chmod(0o777)
    (root / "sdcard/Download").chmod(0o777)
    (root / "tmp").mkdir(exist_ok=True)
    (root / "tmp").chmod(0o1777)


def _system(root: Path, plan: dict) -> None:
    system = root / ".system"
    (system / "bin").mkdir(parents=True)
    toybox = shutil.which("toybox")
    known = subprocess.run([toybox], capture_output=True, text=True, check=True).stdout.split()
    for toy in TOYS.split():
        # Debian leaves out a few of toybox's programs that Android builds in; those come from this machine.
        (system / "bin" / toy).symlink_to(toybox if toy in known else shutil.which(toy))
    (system / "bin/sh").symlink_to(shutil.which("mksh"))
    (system / "bin/toybox").symlink_to(toybox)
    for name in plan["programs"]:
        target = system / "bin" / name
        target.unlink(missing_ok=True)
        target.symlink_to(plan["client"])
    (system / "bin/screenrecord").symlink_to(plan["recorder"])
    _store(system / "etc/security/cacerts", plan["authorities"])
    bind(str(system), root / "system", read_only=True)
    mount("--make-shared", str(root / "system"))
    if plan["api"] >= 34:
        apex = root / "apex"
        apex.mkdir()
        mount("-t", "tmpfs", "-o", "mode=0755", "tmpfs", str(apex))
        _store(apex / "com.android.conscrypt@1/cacerts", plan["authorities"])
        (apex / "com.android.conscrypt").mkdir()
        mount("--bind", str(apex / "com.android.conscrypt@1"), str(apex / "com.android.conscrypt"))
        mount("-o", "remount,bind,ro", str(apex / "com.android.conscrypt"))
        mount("--make-private", str(apex))
        mount("--make-private", str(apex / "com.android.conscrypt"))


def _store(folder: Path, authorities: dict[str, str]) -> None:
    folder.mkdir(parents=True)
    for name, pem in authorities.items():
        (folder / name).write_text(pem)
        (folder / name).chmod(0o644)


def _data(root: Path, plan: dict) -> None:
    data = root / "data"
    data.mkdir()
    mount("-t", "tmpfs", "-o", f"mode=0771,size={plan['data_mib']}m", "tmpfs", str(data))
    temporary = data / "local/tmp"
    temporary.mkdir(parents=True)
    (data / "local").chmod(0o771)
    temporary.chmod(0o771)
    os.chown(temporary, 2000, 2000)
    (data / "adb").mkdir(mode=0o700)
    (data / "app").mkdir(mode=0o771)


def start_zygote(plan: dict, name: str) -> None:
    """Start a process with zygote's name and a mount namespace of its own, a slave of this one."""
    quiet = {"stdin": subprocess.DEVNULL, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    subprocess.Popen(
        [name, "-ISE", plan["zygote"], f"{plan['pipes']}/{name}"],
        executable=sys.executable,
        start_new_session=True,
        **quiet,
    )


def main() -> None:
    """Build, tell that all is ready, and wait for the end of the world."""
    plan = json.loads(Path(sys.argv[1]).read_text())
    root = Path(plan["root"])
    mount("--make-rprivate", "/")
    build(root, plan)
    # Not chroot: who enters this mount namespace later stands at the namespace's own root.
    (root / ".host").mkdir()
    subprocess.run(["/usr/sbin/pivot_root", str(root), str(root / ".host")], check=True)
    os.chdir("/")
    subprocess.run([UMOUNT, "-l", "/.host"], check=True)
    Path("/.host").rmdir()
    for name in plan["zygotes"]:
        start_zygote(plan, name)
    Path(plan["ready"]).write_text("ready")
    signal.signal(signal.SIGCHLD, lambda *_: None)
    while True:
        try:
            while os.waitpid(-1, os.WNOHANG)[0]:
                pass
        except ChildProcessError:
            pass
        signal.pause()


if __name__ == "__main__":
    main()
