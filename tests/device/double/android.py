"""Android's own programs, as far as this program calls them: what each does to the device's state and what it prints.

Texts are those of the Android Open Source Project (``frameworks/base``: ``PackageManagerShellCommand``, ``SettingsService``,
``Content``, ``DeviceIdleController``, ``ActivityManagerShellCommand``, ``AppExitInfoTracker``, ``AppOpsService``) and, for
iptables, of netfilter's own program. A program or form that is not known here fails loudly, so that no test passes by accident.
"""

import base64
import re
import time
from typing import Any

Answer = tuple[int, str | bytes, str]
"""Exit code, standard output, standard error."""

PNG = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)


class Android:
    """State and programs of one device.

    Attributes:
        processes: started by ``am start``: asked of the container by the owner of this object.
    """

    def __init__(self, profile: Any) -> None:
        self.profile = profile
        self.properties: dict[str, str] = profile.properties()
        self.settings: dict[str, dict[str, str]] = {
            "global": {"airplane_mode_on": "0", "verifier_verify_adb_installs": "1"},
            "secure": {"android_id": "4f6e2a91c07d3b58", "location_mode": "3"},
            "system": {"screen_brightness": "120"},
        }
        self.packages: dict[str, dict[str, Any]] = {
            "com.android.vending": {"version": "43.1", "code": 84311000},
            "com.android.shell": {"version": self.properties["ro.build.version.release"], "code": 34},
        }
        self.sessions: dict[str, list[tuple[str, str]]] = {}
        self.rules: dict[str, list[str]] = {"iptables": [], "ip6tables": []}
        self.tables: dict[str, list[dict[str, str]]] = {}
        self.whitelist: set[str] = {"com.android.shell"}
        self.appops: dict[str, str] = {}
        self.labels: dict[str, str] = {}
        self.test_location: dict[str, str] = {}
        self.screens: list[str] = []
        self.first_screens: list[str] = []
        self.done: list[str] = []
        self.taps: list[tuple[int, int]] = []
        self.keys: list[str] = []
        self.exits: list[dict[str, str]] = []
        self.clock_offset_ns = 0
        self.started: list[str] = []
        self.stopped: list[str] = []
        self.session = 1000
        self.install_answer = ""
        self.files: dict[str, bytes] = {}
        self.tables["content://com.android.calendar/calendars"] = [{"_id": "1", "name": "local"}]

    def programs(self) -> list[str]:
        """Names of everything that :meth:`run` answers for."""
        return sorted(name.removeprefix("_do_") for name in dir(self) if name.startswith("_do_"))

    def run(self, argv: list[str], uid: int) -> Answer:
        """Run one program."""
        return getattr(self, f"_do_{argv[0]}")(argv[1:], uid)

    # properties and settings

    def _do_getprop(self, argv: list[str], _uid: int) -> Answer:
        if argv:
            return 0, self.properties.get(argv[0], argv[1] if len(argv) > 1 else "") + "\n", ""
        return 0, "".join(f"[{name}]: [{value}]\n" for name, value in sorted(self.properties.items())), ""

    def _do_getenforce(self, _argv: list[str], _uid: int) -> Answer:
        return 0, "Enforcing\n", ""

    def _do_settings(self, argv: list[str], _uid: int) -> Answer:
        if argv[:1] == ["list"]:
            return 0, "".join(f"{name}={value}\n" for name, value in sorted(self.settings[argv[1]].items())), ""
        verb, space = argv[0], self.settings.get(argv[1]) if len(argv) > 1 else None
        if space is None:
            return 255, "", f"Invalid namespace '{argv[1] if len(argv) > 1 else ''}'\n"
        if verb == "get":
            return 0, space.get(argv[2], "null") + "\n", ""
        if verb == "put":
            space[argv[2]] = argv[3]
            return 0, "", ""
        if verb == "delete":
            return 0, f"Deleted {1 if space.pop(argv[2], None) is not None else 0} rows\n", ""
        return 255, "", f"Invalid command: {verb}\n"

    def _do_date(self, argv: list[str], _uid: int) -> Answer:
        now = time.time_ns() + self.clock_offset_ns
        if argv == ["+%s%N"]:
            return 0, f"{now}\n", ""
        return 1, "", f"date: bad format {argv}\n"

    def _do_chcon(self, argv: list[str], uid: int) -> Answer:
        if uid != 0:
            return 1, "", "chcon: Operation not permitted\n"
        for path in argv[1:]:
            self.labels[path] = argv[0]
        return 0, "", ""

    # packages

    def _do_pm(self, argv: list[str], uid: int) -> Answer:
        verb, rest = argv[0], argv[1:]
        handler = getattr(self, f"_pm_{verb.replace('-', '_')}", None)
        if handler is None:
            return 255, "", f"Unknown command: {verb}\n"
        return handler(rest, uid)

    def _pm_path(self, argv: list[str], _uid: int) -> Answer:
        known = argv[-1] in self.packages
        return (0, f"package:/data/app/{argv[-1]}/base.apk\n", "") if known else (1, "", "")

    def _pm_list(self, argv: list[str], _uid: int) -> Answer:
        names = [name for name in sorted(self.packages) if "-3" not in argv or not name.startswith("com.android.")]
        return 0, "".join(f"package:{name}\n" for name in names), ""

    def _pm_install_create(self, argv: list[str], _uid: int) -> Answer:
        self.session += 1
        self.sessions[str(self.session)] = []
        return 0, f"Success: created install session [{self.session}]\n", ""

    def _pm_install_write(self, argv: list[str], _uid: int) -> Answer:
        session, name, path = argv[-3:]
        if session not in self.sessions:
            return 255, "", f"java.lang.SecurityException: Caller has no access to session {session}\n"
        self.sessions[session].append((name, path))
        return 0, f"Success: streamed {argv[argv.index('-S') + 1]} bytes\n", ""

    def _pm_install_commit(self, argv: list[str], _uid: int) -> Answer:
        parts = self.sessions.pop(argv[0], None)
        if parts is None or self.install_answer:
            return 1, f"Failure [{self.install_answer or 'INSTALL_FAILED_SESSION_INVALID'}]\n", ""
        name = self.properties["double.install_package"]
        self.done.append(
            f"mkdir -p /data/app/{name}; cp {parts[0][1]} /data/app/{name}/base.apk; chmod 644 /data/app/{name}/*"
        )
        self.packages[name] = {"version": "1.8.50", "code": 18500, "parts": [part for part, _ in parts], "never": True}
        return 0, "Success\n", ""

    def _pm_install_abandon(self, argv: list[str], _uid: int) -> Answer:
        self.sessions.pop(argv[0], None)
        return 0, "Success\n", ""

    def _pm_uninstall(self, argv: list[str], _uid: int) -> Answer:
        if self.packages.pop(argv[-1], None) is None:
            return 1, "Failure [DELETE_FAILED_INTERNAL_ERROR]\n", ""
        self.done.append(f"rm -rf /data/app/{argv[-1]}")
        return 0, "Success\n", ""

    def _pm_clear(self, argv: list[str], _uid: int) -> Answer:
        if argv[-1] not in self.packages:
            return 1, "Failed\n", ""
        self.packages[argv[-1]].update(cleared=True, granted=[])
        self.screens = list(self.first_screens) or self.screens
        return 0, "Success\n", ""

    def _pm_grant(self, argv: list[str], _uid: int) -> Answer:
        held = self.packages[argv[0]].setdefault("granted", [])
        self.packages[argv[0]]["granted"] = [*(name for name in held if name != argv[1]), argv[1]]
        return 0, "", ""

    def _pm_revoke(self, argv: list[str], _uid: int) -> Answer:
        self.packages[argv[0]]["granted"] = [
            name for name in self.packages[argv[0]].get("granted", []) if name != argv[1]
        ]
        return 0, "", ""

    def _do_dumpsys(self, argv: list[str], uid: int) -> Answer:
        handler = getattr(self, f"_dump_{argv[0]}", None)
        return handler(argv[1:], uid) if handler else (0, f"Can't find service: {argv[0]}\n", "")

    def _dump_package(self, argv: list[str], _uid: int) -> Answer:
        known = self.packages.get(argv[-1])
        if known is None:
            return 0, f"\nPackages:\n\nUnable to find package: {argv[-1]}\n", ""
        never = str(known.get("never", False)).lower()
        installer = f"    installerPackageName={known['installer']}\n" if known.get("installer") else ""
        granted = known.get("granted", [])
        asked = known.get("asks", ["android.permission.READ_CONTACTS"])
        runtime = "".join(
            f"        {name}: granted={str(name in granted).lower()}, flags=[ USER_SENSITIVE_WHEN_GRANTED]\n"
            for name in asked
        )
        return (
            0,
            (
                f"Packages:\n  Package [{argv[-1]}] (8f2d1e0):\n    userId=10231\n    versionCode={known['code']} minSdk=24 targetSdk=34\n"
                f"    versionName={known['version']}\n    User 0: ceDataInode=131 installed=true hidden=false suspended=false "
                f"stopped=true notLaunched={never} enabled=0\n{installer}      runtime permissions:\n{runtime}"
            ),
            "",
        )

    def _dump_deviceidle(self, argv: list[str], _uid: int) -> Answer:
        if argv[:1] != ["whitelist"]:
            return 255, "", "Unknown command\n"
        if len(argv) == 1:
            return (
                0,
                "system-excidle,com.android.providers.downloads,10056\n"
                + "".join(f"user,{name},10231\n" for name in sorted(self.whitelist)),
                "",
            )
        sign, name = argv[1][0], argv[1][1:]
        if name not in self.packages:
            return 0, f"Unknown package: {name}\n", ""
        (self.whitelist.add if sign == "+" else self.whitelist.discard)(name)
        return 0, f"{'Added' if sign == '+' else 'Removed'}: {name}\n", ""

    def _dump_activity(self, argv: list[str], _uid: int) -> Answer:
        if argv[:1] != ["exit-info"]:
            return 0, "", ""
        lines = [f"ACTIVITY MANAGER PROCESS EXIT INFO (dumpsys activity exit-info)\n  package: {argv[-1]}\n"]
        for number, info in enumerate(self.exits):
            lines.append(
                f"    ApplicationExitInfo #{number}:\n      timestamp=2025-11-23 16:00:00.000 pid={info['pid']} realUid=10231 packageUid=10231 "
                f"definingUid=10231 user=0\n      process={argv[-1]} reason={info['reason']} ({info['name']}) subreason=0 (UNKNOWN) "
                f"status={info.get('status', '0')}\n      importance=100 pss=0.00 rss=143MB description={info.get('description', 'null')} state=empty trace=null\n"
            )
        return 0, "".join(lines), ""

    def _dump_battery(self, _argv: list[str], _uid: int) -> Answer:
        return 0, "Current Battery Service state:\n  AC powered: true\n  level: 100\n", ""

    def _dump_wifi(self, _argv: list[str], _uid: int) -> Answer:
        return (
            0,
            'Wi-Fi is enabled\nmWifiInfo SSID: "AndroidWifi", BSSID: 00:13:10:85:fe:01, MAC: 02:15:b2:00:00:00, Supplicant state: COMPLETED\n',
            "",
        )

    def _dump_account(self, _argv: list[str], _uid: int) -> Answer:
        return (
            0,
            "User UserInfo{0:Owner:c13}:\n  Accounts: 1\n    Account {name=linshili@mail.example, type=com.example}\n",
            "",
        )

    def _dump_location(self, _argv: list[str], _uid: int) -> Answer:
        return 0, "  last location=Location[gps 31.230416,121.473701 hAcc=5.0 et=+1h2m3s alt=0.0]\n", ""

    def _do_service(self, argv: list[str], uid: int) -> Answer:
        if argv[:3] != ["call", "iphonesubinfo", "1"] or uid not in (0, 2000):
            return 1, "", "service: Service does not exist\n"
        if self.profile.api >= 29 and uid != 0:
            return 0, ("Result: Parcel(\n  0x00000000: ffffffff 0000004a 00650067 00440074 '....J...g.e.t.D.'\n)\n"), ""
        units = "356938035643809".encode("utf-16-le")
        return 0, parcel(15, units), ""

    def _do_cmd(self, argv: list[str], uid: int) -> Answer:
        if argv[:2] == ["package", "resolve-activity"]:
            if argv[-1] not in self.packages:
                return 0, "No activity found\n", ""
            return (
                0,
                f"priority=0 preferredOrder=0 match=0x108000 specificIndex=-1 isDefault=true\n{argv[-1]}/.MainActivity\n",
                "",
            )
        if argv[:2] == ["location", "providers"] and self.profile.api >= 31:
            verb, provider = argv[2], argv[3]
            if verb == "remove-test-provider":
                self.test_location.pop(provider, None)
            elif verb == "add-test-provider":
                self.test_location.setdefault(provider, "")
            elif verb == "set-test-provider-location":
                self.test_location[provider] = argv[argv.index("--location") + 1]
            return 0, "", ""
        if argv[:1] == ["location"]:
            return 255, "", "Unknown command\n"
        if argv[:2] == ["appops", "get"]:
            return 0, f"MOCK_LOCATION: {self.appops.get(argv[2], 'deny')}\n", ""
        if argv[:2] == ["appops", "set"]:
            self.appops[argv[2]] = argv[4]
            return 0, "", ""
        return 20, "", f"cmd: Can't find service: {argv[0]}\n"

    # content providers

    def _do_content(self, argv: list[str], _uid: int) -> Answer:
        verb, options = argv[0], _options(argv[1:])
        uri = "content://sms" if options["--uri"][0].startswith("content://sms") else options["--uri"][0]
        table = self.tables.setdefault(uri, [])
        if verb == "insert":
            row = {"_id": str(len(table) + 1)}
            for bound in options.get("--bind", []):
                name, _, rest = bound.partition(":")
                row[name] = rest.partition(":")[2]
            table.append(row)
            return 0, "", ""
        chosen = [row for row in table if _matches(row, options.get("--where", [""])[0])]
        if verb == "query":
            wanted = options.get("--projection", [""])[0]
            names = wanted.split(":") if wanted else None
            lines = [
                f"Row: {number} " + ", ".join(f"{name}={row.get(name, 'NULL')}" for name in (names or row))
                for number, row in enumerate(chosen)
            ]
            return 0, ("\n".join(lines) + "\n") if lines else "No result found.\n", ""
        if verb == "delete":
            self.tables[uri] = [row for row in table if row not in chosen]
            return 0, "", ""
        return 1, "", f"[ERROR] Unsupported operation: {verb}\n"

    # network

    def _do_iptables(self, argv: list[str], uid: int) -> Answer:
        return self._tables("iptables", argv, uid)

    def _do_ip6tables(self, argv: list[str], uid: int) -> Answer:
        return self._tables("ip6tables", argv, uid)

    def _tables(self, program: str, argv: list[str], uid: int) -> Answer:
        if uid != 0:
            return (
                4,
                "",
                f"{program} v1.8.7 (legacy): can't initialize {program} table `filter': Permission denied (you must be root)\n",
            )
        argv = [word for word in argv if word != "-w"]
        verb, rule = argv[0], " ".join(argv[1:])
        rules = self.rules[program]
        if verb == "-I":
            rules.insert(0, rule)
            return 0, "", ""
        if rule not in rules:
            return 1, "", f"{program}: Bad rule (does a matching rule exist in that chain?).\n"
        if verb == "-D":
            rules.remove(rule)
        return 0, "", ""

    # activities and the screen

    def _do_am(self, argv: list[str], _uid: int) -> Answer:
        if argv[0] == "force-stop":
            self.stopped.append(argv[-1])
            return 0, "", ""
        if argv[0] == "start":
            target = argv[argv.index("-n") + 1].partition("/")[0]
            if target not in self.packages:
                return 1, "", f"Error type 3\nError: Activity class {{{argv[-1]}}} does not exist.\n"
            self.started.append(target)
            self.packages[target]["never"] = False
            return 0, f"Starting: Intent {{ cmp={argv[-1]} }}\n", ""
        if argv[0] == "broadcast":
            return 0, f"Broadcasting: Intent {{ act={argv[2]} }}\nBroadcast completed: result=0\n", ""
        return 255, "", f"Error: unknown command '{argv[0]}'\n"

    def _do_input(self, argv: list[str], _uid: int) -> Answer:
        if argv[0] == "tap":
            self.taps.append((int(argv[1]), int(argv[2])))
            if len(self.screens) > 1:
                self.screens.pop(0)
        elif argv[0] == "keyevent":
            self.keys.append(argv[1])
        else:
            return 255, "", f"Error: Unknown command: {argv[0]}\n"
        return 0, "", ""

    def _do_screencap(self, argv: list[str], _uid: int) -> Answer:
        return (0, PNG, "") if argv == ["-p"] else (1, "", "usage: screencap\n")

    def _do_uiautomator(self, argv: list[str], _uid: int) -> Answer:
        if not self.screens:
            return 0, "ERROR: could not get idle state.\n", ""
        self.files[argv[-1]] = self.screens[0].encode()
        return 0, f"UI hierchary dumped to: {argv[-1]}\n", ""  # AOSP spells it so

    def _do_magisk(self, argv: list[str], _uid: int) -> Answer:
        if self.profile.root != "magisk":
            return 127, "", "sh: magisk: inaccessible or not found\n"
        return 0, "27.0:MAGISK:R\n" if argv == ["-v"] else "27000\n", ""


def parcel(length: int, units: bytes) -> str:
    """A reply as ``service call`` prints it (AOSP ``Parcel::print`` and ``hexdump``): words of 4 bytes, little-endian."""
    payload = (0).to_bytes(4, "little") + length.to_bytes(4, "little") + units + b"\0\0"
    payload += bytes(-len(payload) % 4)
    lines = []
    for start in range(0, len(payload), 16):
        row = payload[start : start + 16]
        words = " ".join(f"{int.from_bytes(row[at : at + 4], 'little'):08x}" for at in range(0, len(row), 4))
        text = "".join(chr(byte) if 32 <= byte < 127 else "." for byte in row)
        lines.append(f"  0x{start:08x}: {words:<35} '{text}'")
    return "Result: Parcel(\n" + "\n".join(lines) + ")\n"


def _options(argv: list[str]) -> dict[str, list[str]]:
    options: dict[str, list[str]] = {}
    for name, value in zip(argv[::2], argv[1::2], strict=True):
        options.setdefault(name, []).append(value)
    return options


def _matches(row: dict[str, str], where: str) -> bool:
    """The one form of ``--where`` that is sent: ``column='value'``, with '' for a quote, joined by AND."""
    if not where:
        return True
    parts = re.findall(r"(\w+)=(?:'((?:[^']|'')*)'|(\d+))", where)
    if not parts:
        raise ValueError(where)
    return all(row.get(name) == (text.replace("''", "'") or number) for name, text, number in parts)
