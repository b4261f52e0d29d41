"""The devices that are played, as what their programs print. Sources are named; nothing here was recorded on a device.

- Property names and values of emulators: AOSP ``device/generic/goldfish`` and the SDK's system images (``sdk_gphone*``,
  ``ro.kernel.qemu``/``ro.boot.qemu``, userdebug builds allow ``adb root``: ``packages/modules/adb/daemon/restart_service.cpp``).
- Magisk: ``su -v`` prints ``<version>:MAGISKSU``, ``-mm``/``--mount-master`` enters the global mount namespace, a refused
  request prints ``Permission denied`` and exits 13 (Magisk's documentation, ``docs/tools.md``, and its ``su`` client).
- KernelSU: ``su -v`` names KernelSU, ``-M``/``--mount-master`` as above (KernelSU's ``ksud`` help text).
- AOSP's own ``su`` (userdebug) takes a user first and knows no ``-c`` (``system/extras/su/su.cpp``).
- The certificate store: ``/system/etc/security/cacerts`` to Android 13, ``/apex/com.android.conscrypt/cacerts`` first from 14
  (AOSP ``TrustedCertificateStore.java``).
"""

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Profile:
    """One device.

    Attributes:
        root: ``adb`` (adb root works), ``aosp``, ``magisk``, ``kernelsu`` or ``none``: what ``su`` is.
    """

    name: str
    android: str
    api: int
    model: str
    root: str = "adb"
    abi: str = "x86_64"
    abilist: str = "x86_64,arm64-v8a"
    emulator: bool = True
    bridge: str = "libndk_translation.so"
    zygotes: tuple[str, ...] = ("zygote64",)
    extra: dict[str, str] = field(default_factory=dict)

    def properties(self) -> dict[str, str]:
        """What ``getprop`` prints."""
        build = "userdebug" if self.root == "adb" else "user"
        emulator = {"ro.kernel.qemu": "1", "ro.boot.qemu": "1", "ro.hardware": "ranchu"} if self.emulator else {}
        return {
            "ro.product.model": self.model,
            "ro.product.brand": "google",
            "ro.product.manufacturer": "Google",
            "ro.product.name": self.model,
            "ro.product.device": self.name,
            "ro.build.version.release": self.android,
            "ro.build.version.sdk": str(self.api),
            "ro.build.type": build,
            "ro.debuggable": "1" if build == "userdebug" else "0",
            "ro.secure": "1",
            "ro.product.cpu.abi": self.abi,
            "ro.product.cpu.abilist": self.abilist,
            "ro.dalvik.vm.native.bridge": self.bridge,
            "ro.serialno": "EMULATOR36X1X9X0" if self.emulator else "9B161FFAZ00123",
            "ro.zygote": "zygote64_32" if len(self.zygotes) == 2 else "zygote64",
            "sys.boot_completed": "1",
            "persist.sys.timezone": "Asia/Shanghai",
            **emulator,
            **self.extra,
        }


def _emulator(android: str, api: int, **more) -> Profile:
    return Profile(
        f"emulator-{android}",
        android,
        api,
        "sdk_gphone64_x86_64" if api >= 31 else "Android SDK built for x86_64",
        **more,
    )


_PHONE = {"emulator": False, "abi": "x86_64", "abilist": "x86_64,x86", "bridge": "0"}
"""A phone's processor is an ARM one. The double's programs run on this machine's, so that is what it says."""

PROFILES = {
    "emulator-9": _emulator("9", 28, abilist="x86_64,x86", bridge="0", zygotes=("zygote64", "zygote")),
    "emulator-12": _emulator("12", 31),
    "emulator-13": _emulator("13", 33),
    "emulator-14": _emulator("14", 34),
    "emulator-15": _emulator("15", 35),
    "emulator-16": _emulator("16", 36),
    "magisk-13": Profile("panther", "13", 33, "Pixel 7", "magisk", **_PHONE),
    "kernelsu-14": Profile("shiba", "14", 34, "Pixel 8", "kernelsu", **_PHONE),
    "aosp-su-12": Profile("emulator-su-12", "12", 31, "sdk_gphone64_x86_64", "aosp"),
    "unrooted-14": Profile("akita", "14", 34, "Pixel 8a", "none", **_PHONE),
}
