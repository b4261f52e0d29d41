"""Two machines, two days: the same capture gives the same bytes whatever the interpreter and the locale do around it."""

import json
import os
import random
import shutil
import subprocess
import sys

import orjson

CODE = (
    "import sys\nfrom pathlib import Path\nfrom pia_runtime.storage.analysis import analyse_capture\n"
    "from pia_runtime.evidence.statement import analysis_digest\nfrom pia_runtime.storage import parallel\n"
    "parallel._WORTH_IT = 0\nparallel._SPAN = 4096\n"
    "print(analysis_digest(analyse_capture(Path(sys.argv[1]), workers=int(sys.argv[2]))))"
)
SURROUNDINGS = [
    ({"PYTHONHASHSEED": "0", "TZ": "UTC", "LANG": "C"}, 1),
    ({"PYTHONHASHSEED": "1", "TZ": "Asia/Shanghai", "LANG": "zh_CN.UTF-8", "LC_ALL": "zh_CN.UTF-8"}, 2),
    ({"PYTHONHASHSEED": "4242", "TZ": "America/St_Johns", "LANG": "tr_TR.UTF-8", "PYTHONUTF8": "1"}, 3),
]


def test_hash_seed_time_zone_locale_workers_and_order_of_keys_change_no_byte(sealed, tmp_path):
    shuffled = tmp_path / "shuffled"
    shutil.copytree(sealed, shuffled)
    draw = random.Random(3)
    for name in ("session.json", "identifiers.json"):
        content = orjson.loads((shuffled / name).read_bytes())
        (shuffled / name).write_text(json.dumps(turned(content, draw), ensure_ascii=False), "utf-8")
    lines = (shuffled / "events.jsonl").read_bytes().splitlines()
    (shuffled / "events.jsonl").write_bytes(
        b"".join(orjson.dumps(turned(orjson.loads(line), draw)) + b"\n" for line in lines)
    )
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", CODE, folder, str(workers)],
            env={**os.environ, **environment},
            stdout=subprocess.PIPE,
            text=True,
        )
        for folder, (environment, workers) in zip([sealed, shuffled, sealed], SURROUNDINGS, strict=True)
    ]
    digests = [process.communicate(timeout=120)[0].strip() for process in processes]
    assert len(digests[0]) == 64
    assert digests == [digests[0]] * 3
    assert digests[0] == orjson.loads((sealed / "evidence.json").read_bytes())["analysis"]["sha256"]


def turned(value, draw):
    """The same JSON with the keys of every object in another order."""
    if isinstance(value, dict):
        keys = list(value)
        draw.shuffle(keys)
        return {key: turned(value[key], draw) for key in keys}
    return [turned(item, draw) for item in value] if isinstance(value, list) else value
