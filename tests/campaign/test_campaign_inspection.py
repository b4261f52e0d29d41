"""A folder of captures becomes one answer: the same bytes by every engine, after a kill, and readable without this program."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
import zipfile
from pathlib import Path

import duckdb
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pia_runtime.campaign.engine import Engine, PoolEngine, SerialEngine
from pia_runtime.campaign.inspection import Inspected, batches_of, inspect
from pia_runtime.campaign.manifest import read_manifest
from pia_runtime.campaign.sources import Source, find_captures
from pia_runtime.campaign.work import Task
from pia_runtime.errors import InputError, NotReadyError

SAMPLE = Path(__file__).parents[2] / "captures" / "sample-loan"


def capture(folder: Path, package: str = "com.example.loan", version: str = "1.8.50") -> Path:
    """The sample as another app or version, in a folder of its own."""
    shutil.copytree(SAMPLE, folder)
    path = folder / "session.json"
    session = json.loads(path.read_text())
    session["app"] |= {"package": package, "version_name": version}
    path.write_text(json.dumps(session))
    return folder


@pytest.fixture
def captures(tmp_path: Path) -> Path:
    """Three apps, one of them in two versions with two runs, and one capture that cannot be read."""
    folder = tmp_path / "captures"
    for name, package, version in [
        ("loan/a", "com.example.loan", "1.8.50"),
        ("loan/b", "com.example.loan", "1.8.50"),
        ("loan/c", "com.example.loan", "1.9"),
        ("maps", "com.example.maps", "../../2"),
        ("chat", "com.example.chat", "1.10"),
    ]:
        capture(folder / name, package, version)
    capture(folder / "torn") / "session.json"
    (folder / "torn" / "session.json").write_text("{")
    return folder


def inspected(captures: Path, campaign: Path, engine: Engine | None = None) -> Inspected:
    with engine or SerialEngine() as working:
        return inspect(find_captures([str(captures)], without=campaign), campaign, working)


def files(campaign: Path) -> dict[str, bytes]:
    """Everything that a campaign consists of."""
    paths = (path for path in campaign.rglob("*") if path.is_file() and path.name != ".lock")
    return {path.relative_to(campaign).as_posix(): path.read_bytes() for path in paths}


def test_a_pool_and_a_dask_cluster_give_the_bytes_of_one_process(captures: Path, tmp_path: Path) -> None:
    from pia_runtime.campaign.dask_engine import DaskEngine

    inspected(captures, tmp_path / "one")
    inspected(captures, tmp_path / "pool", PoolEngine(2))
    inspected(captures, tmp_path / "dask", DaskEngine(None, 2))
    assert files(tmp_path / "pool") == files(tmp_path / "one")
    assert files(tmp_path / "dask") == files(tmp_path / "one")


def test_a_broken_capture_is_listed_with_its_reason_and_stops_nothing(captures: Path, tmp_path: Path) -> None:
    manifest = inspected(captures, tmp_path / "out").manifest
    assert {entry.name: bool(entry.broken) for entry in manifest.captures} == {
        "chat": False, "loan/a": False, "loan/b": False, "loan/c": False, "maps": False, "torn": True,
    }  # fmt: skip
    (torn,) = (entry for entry in manifest.captures if entry.broken)
    assert "session.json" in torn.broken


def test_only_what_changed_is_analysed_again_and_copies_only_once(captures: Path, tmp_path: Path) -> None:
    campaign = tmp_path / "out"
    (captures / "torn" / "session.json").write_bytes((captures / "chat" / "session.json").read_bytes())
    assert inspected(captures, campaign).analysed == 4  # loan/a and loan/b are copies, and so are chat and torn
    before = files(campaign)
    assert inspected(captures, campaign).analysed == 0
    assert files(campaign) == before
    with (captures / "maps" / "events.jsonl").open("a") as file:
        file.write('{"type":"note","seq":99999,"t_ns":1795476009000000000,"clock":"host","text":"again"}\n')
    assert inspected(captures, campaign).analysed == 1
    assert files(campaign).keys() != before.keys()


def test_a_removed_capture_leaves_nothing_behind(captures: Path, tmp_path: Path) -> None:
    inspected(captures, tmp_path / "out")
    shutil.rmtree(captures / "maps")
    inspected(captures, tmp_path / "out")
    inspected(captures, tmp_path / "fresh")
    assert files(tmp_path / "out") == files(tmp_path / "fresh")


def test_a_damaged_result_is_made_again(captures: Path, tmp_path: Path) -> None:
    inspected(captures, tmp_path / "out")
    whole = files(tmp_path / "out")
    victim = next((tmp_path / "out" / "results").glob("*/*"))
    victim.write_bytes(victim.read_bytes()[:-5])
    inspected(captures, tmp_path / "out")
    assert files(tmp_path / "out") == whole


def test_killed_at_any_moment_and_resumed_it_comes_to_the_same_bytes(captures: Path, tmp_path: Path) -> None:
    inspected(captures, tmp_path / "undisturbed")
    command = [sys.executable, "-c", "from pia_runtime.cli.main import main; main()"]
    for number, wait in enumerate((0.8, 1.3, 1.8)):
        campaign = tmp_path / f"killed-{number}"
        arguments = ["inspect", str(captures), "-o", str(campaign), "--workers", "2"]
        process = subprocess.Popen(
            [*command, *arguments], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
        )
        time.sleep(wait)
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        resumed = subprocess.run([*command, *arguments], capture_output=True, text=True, check=False)
        assert resumed.returncode == 3, resumed.stderr
        assert "torn" in resumed.stderr
        assert files(campaign) == files(tmp_path / "undisturbed")


def fatal(items: list[int]) -> list[int]:
    """Dies of the seven."""
    if 7 in items:
        os.kill(os.getpid(), signal.SIGKILL)
    return [item * 10 for item in items]


def test_a_killed_worker_costs_only_the_item_that_killed_it() -> None:
    with PoolEngine(2) as engine:
        answers = list(engine.answers(fatal, [list(range(at, at + 4)) for at in range(0, 20, 4)]))
    given_back = {
        item: result for batch, results in answers if results for item, result in zip(batch, results, strict=True)
    }
    assert given_back == {item: item * 10 for item in range(20) if item != 7}
    assert [batch for batch, results in answers if results is None] == [[7]]


def test_a_killed_dask_worker_costs_only_the_item_that_killed_it() -> None:
    from pia_runtime.campaign.dask_engine import DaskEngine

    with DaskEngine(None, 2) as engine:
        answers = list(engine.answers(fatal, [[1, 2], [7, 8], [9]]))
    assert sorted(batch for batch, results in answers if results is None) == [[7]]
    assert sorted(item for batch, results in answers if results for item in batch) == [1, 2, 8, 9]


def foreign(_items: list[int]) -> list[int]:
    """As on a worker that lacks the program."""
    raise ModuleNotFoundError("No module named 'pia_runtime'")


def test_dask_workers_that_cannot_run_the_program_are_no_fault_of_the_captures() -> None:
    from pia_runtime.campaign.dask_engine import DaskEngine

    with DaskEngine(None, 1) as engine, pytest.raises(NotReadyError, match="cannot run pia_runtime: ModuleNotFound"):
        list(engine.answers(foreign, [[1], [2]]))


def test_duckdb_and_polars_answer_from_the_dataset_alone(captures: Path, tmp_path: Path) -> None:
    inspected(captures, tmp_path / "out")
    findings = str(tmp_path / "out" / "dataset" / "findings" / "**" / "*.parquet")
    sent = duckdb.sql(
        f"select actor_id, count(distinct app) from '{findings}' where rule = 'transmission_before_consent' "  # noqa: S608
        "and actor_kind = 'sdk' group by 1 order by 1"
    ).fetchall()
    assert ("adspark", 3) in sent
    frame = pl.read_parquet(findings)
    assert frame["version"].unique().sort().to_list() == ["../../2", "1.10", "1.8.50", "1.9"]
    assert frame.filter(pl.col("app") == "com.example.loan")["capture"].n_unique() == 3
    about = pl.read_parquet(tmp_path / "out" / "dataset" / "captures.parquet")
    assert about.filter(pl.col("broken").is_not_null())["capture"].to_list() == ["torn"]


def test_captured_names_never_lead_out_of_the_dataset(captures: Path, tmp_path: Path) -> None:
    capture(captures / "evil", "../../../../evil", "." * 400)
    inspected(captures, tmp_path / "out")
    assert {path.name for path in tmp_path.iterdir()} == {"captures", "out"}
    assert not list((tmp_path / "out").rglob("evil"))


def test_captures_in_an_archive_are_inspected_by_url(captures: Path, tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "all.zip", "w") as archive:
        for path in sorted((captures / "loan").rglob("*")):
            archive.write(path, path.relative_to(captures))
    sources = find_captures([f"zip://::{tmp_path / 'all.zip'}"])
    assert [source.name for source in sources] == ["loan/a", "loan/b", "loan/c"]
    with SerialEngine() as engine:
        manifest = inspect(sources, tmp_path / "out", engine).manifest
    assert [entry.broken for entry in manifest.captures] == ["", "", ""]
    inspected(captures / "loan", tmp_path / "plain")
    keys = [entry.key for entry in (read_manifest(tmp_path / "plain") or manifest).captures]
    assert [entry.key for entry in manifest.captures] == keys


def test_a_folder_that_is_no_campaign_and_a_busy_one_are_left_alone(captures: Path, tmp_path: Path) -> None:
    (tmp_path / "thesis").mkdir()
    (tmp_path / "thesis" / "chapter.txt").write_text("mine")
    with pytest.raises(InputError, match="no campaign"):
        inspected(captures, tmp_path / "thesis")
    with SerialEngine() as engine:
        sources = find_captures([str(captures)])

        def meanwhile(*_: object) -> None:
            with pytest.raises(NotReadyError, match="another inspection"):
                inspect(sources, tmp_path / "out", engine)

        inspect(sources, tmp_path / "out", engine, meanwhile)


@given(sizes=st.lists(st.integers(0, 1 << 28), max_size=200), workers=st.integers(1, 16))
def test_batches_hold_every_task_once_and_stay_small(sizes: list[int], workers: int) -> None:
    tasks = [Task(Source(str(number), "x"), "d", size) for number, size in enumerate(sizes)]
    batches = batches_of(tasks, workers)
    assert sorted(task.source.name for batch in batches for task in batch) == sorted(t.source.name for t in tasks)
    assert all(len(batch) == 1 or sum(task.size for task in batch) <= 64 << 20 for batch in batches)
    assert all(0 < len(batch) <= 32 for batch in batches)
