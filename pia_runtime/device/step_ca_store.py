"""The proxy's certificate among the system's own, for every app, until the step is undone or the device restarts.

Android reads its authorities from ``/apex/com.android.conscrypt/cacerts`` where that folder is there (Android 14; 10 to 13 too
after an update of the module) and else from ``/system/etc/security/cacerts`` (AOSP ``TrustedCertificateStore``). Both are
read-only, so a memory file system with all authorities and the new one is laid over the second and bound over the first.
The module's mounts are private to each mount namespace (AOSP ``init/mount_namespace.cpp``): it is bound in process 1's, in
each zygote's, which new apps inherit, and in those of the apps that run (as HTTP Toolkit described in 2023). Nothing decides by
the Android version: what is found decides, and what each process then sees is the proof.
"""

from typing import Any, ClassVar

from pia_runtime.device.certificate import StoreCertificate
from pia_runtime.device.connection import Connection, expect
from pia_runtime.errors import NotReadyError

STORE = "/system/etc/security/cacerts"
MODULE_STORE = "/apex/com.android.conscrypt/cacerts"
STAGING = "/data/local/tmp/pia-cacerts"

_PROCESSES = """
found="1"
for z in $(pidof zygote64) $(pidof zygote); do
  found="$found $z"
  for p in $(ps -A -o PID,PPID | while read -r pid parent; do [ "$parent" = "$z" ] && echo "$pid"; done); do
    [ "$p" != "$z" ] && found="$found $p"
  done
done
"""
# $1 certificate's file name, $2 store, $3 its folder with the certificate on the device
_LAY = """
set -e
from=$2
[ -d "$3" ] && from=$3
cp "$from"/* "$4"/
mount -t tmpfs tmpfs "$2"
mv "$4"/* "$2"/
chown 0:0 "$2"/*
chmod 755 "$2"
chmod 644 "$2"/*
chcon u:object_r:system_security_cacerts_file:s0 "$2" "$2"/* || chcon u:object_r:system_file:s0 "$2" "$2"/* || true
"""
_BIND = (
    _PROCESSES
    + """
[ -d "$3" ] || exit 0
failed=""
for p in $found; do
  [ -e "/proc/$p/root$3/$1" ] && continue
  nsenter --mount="/proc/$p/ns/mnt" -- mount --bind "$2" "$3" 2>/dev/null || [ ! -d "/proc/$p" ] || failed="$failed $p"
done
[ -z "$failed" ] || { echo "processes$failed refuse the mount" >&2; exit 1; }
"""
)
# Prints each process that lacks the certificate where it would look for it.
_LACKING = (
    _PROCESSES
    + """
for p in $found; do
  [ -d "/proc/$p" ] || continue
  store=$2
  [ -d "/proc/$p/root$3" ] && store=$3
  set -- "$1" "$2" "$3" "$4" $(sha256sum "/proc/$p/root$store/$1" 2>/dev/null)
  [ "$5" = "$4" ] || echo "$p $(tr '\\0' ' ' < /proc/$p/cmdline)"
done
"""
)
_LIFT = (
    _PROCESSES
    + """
for p in $found; do
  n=0
  while [ -e "/proc/$p/root$3/$1" ] && [ $n -lt 8 ]; do
    nsenter --mount="/proc/$p/ns/mnt" -- umount -l "$3" || break
    n=$((n + 1))
  done
done
for p in $found; do
  n=0
  while [ -e "/proc/$p/root$2/$1" ] && [ $n -lt 8 ]; do
    nsenter --mount="/proc/$p/ns/mnt" -- umount -l "$2" || break
    n=$((n + 1))
  done
done
rm -rf "$4"
for p in $found; do
  for store in "$2" "$3"; do
    [ ! -e "/proc/$p/root$store/$1" ] || echo "$p $store"
  done
done
[ ! -e "$4" ] || echo "$4"
"""
)


class CaStore:
    """Lays one certificate over the system's stores.

    Args:
        certificate: the proxy's authority.
    """

    name: ClassVar[str] = "ca_store"

    def __init__(self, certificate: StoreCertificate) -> None:
        self._certificate = certificate
        self.title = f"let every app trust the proxy's certificate {certificate.file_name}"

    def check(self, device: Connection) -> bool:
        """Whether every process sees it."""
        return not self.lacking(device)

    def before(self, device: Connection) -> dict[str, Any]:
        """Its file's name: nothing is written to the stores themselves."""
        return {"file_name": self._certificate.file_name}

    def do(self, device: Connection) -> None:
        """Lay it over both stores."""
        name = self._certificate.file_name
        expect(device.shell("mkdir", "-p", STAGING), "the device's folder for the certificates cannot be made", _SPACE)
        device.push(self._certificate.pem, f"{STAGING}/{name}")
        if not device.shell("test", "-e", f"{STORE}/{name}").ok:
            expect(
                device.script(_LAY, name, STORE, MODULE_STORE, STAGING, root=True),
                "the system's certificate store cannot be laid over",
                "root must be allowed to mount: accept the request on the device (Magisk: superuser), or use an emulator",
            )
        expect(
            device.script(_BIND, name, STORE, MODULE_STORE, root=True),
            "the certificate cannot be shown to running apps",
            "close the apps, or restart the device and try again",
        )

    def verify(self, device: Connection) -> None:
        """Read the file through every process's own view."""
        if lacking := self.lacking(device):
            raise NotReadyError(
                f"{len(lacking)} processes do not see the proxy's certificate, first {lacking[0]}",
                "if zygote has restarted or a root manager unmounts for apps (KernelSU: 'unmount modules by default'), "
                "switch that off and run again",
            )

    def lacking(self, device: Connection) -> list[str]:
        """Processes (number and name) that would not trust the certificate."""
        name, digest = self._certificate.file_name, self._certificate.sha256
        answer = device.script(_LACKING, name, STORE, MODULE_STORE, digest, root=True)
        expect(answer, "the processes' certificate stores cannot be read", "check that root works: adb shell su -c id")
        return answer.text.splitlines()

    @staticmethod
    def undo(device: Connection, before: dict[str, Any]) -> str:
        """Unmount in every namespace, last laid first."""
        left = device.script(_LIFT, str(before["file_name"]), STORE, MODULE_STORE, STAGING, root=True)
        if left.text:
            return f"the certificate is still laid over ({left.text.splitlines()[0]}): restart the device"
        return "" if left.ok else f"the certificate may still be laid over ({left.reason}): restart the device"


_SPACE = "free space on the device: adb shell df /data"
