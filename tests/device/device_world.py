"""What must be the same before a preparation and after its undoing, read past adb."""

from typing import Any

from device_stage import Double

_VIEWS = """
for p in 1 $(pidof zygote64) $(pidof zygote) $(pidof com.example.chat); do
  for s in /system/etc/security/cacerts /apex/com.android.conscrypt/cacerts; do
    echo "$s: $(ls /proc/$p/root$s 2>/dev/null | tr '\\n' ' ')"
  done
  grep -c -E 'cacerts' /proc/$p/mountinfo
done
find /data /sdcard 2>/dev/null | sort
names=$(ps -A -o NAME)
echo "$names" | sort | uniq -c | grep -v -E ' \\[?(sh|ps|python.*|nsenter|env|su|setpriv)\\]?$'
cat /proc/net/tcp | tail -n +2 | while read -r n local rest; do case "$rest" in *" 0A "*) echo "$local";; esac; done | sort
"""


def world(double: Double) -> dict[str, Any]:
    """Mounts, files, processes and listening ports, and Android's state."""
    state = double.state
    kept = ("settings", "rules", "whitelist", "packages", "appops", "tables", "test_location", "uid")
    packages = {name: sorted(fields.get("granted", [])) for name, fields in state["packages"].items()}
    views = double.root(_VIEWS)
    return {
        **{name: state[name] for name in kept if name != "packages"},
        "packages": packages,
        "reverses": state["reverses"],
        "views": views,
    }
