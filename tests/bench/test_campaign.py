"""Campaigns: planned, carried out, killed, gone on with."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import pytest

from geocolor.bench.backends import Backend
from geocolor.bench.campaign import SOLUTIONS_FOLDER, carry_out, outlook, plan
from geocolor.bench.journal import JOURNAL_FILE, read_journal
from geocolor.bench.record import Outcome
from geocolor.bench.results import Campaign, Results
from geocolor.bench.suites import collect
from geocolor.bench.tables import runs_table, same_apart_from_times, traces_table
from geocolor.bench.trial import Effort
from geocolor.cli.main import main
from geocolor.errors import InputError
from geocolor.graph import generators
from geocolor.io import write

# Fixed by iterations, so that two campaigns can be held against each other.
EFFORT = Effort(60.0, 5.0, 1, 1 << 30, 2000)


@pytest.fixture
def graphs(tmp_path: Path) -> Path:
    folder = tmp_path / "graphs"
    folder.mkdir()
    write(generators.mycielski(4), folder / "myciel4.col")
    write(generators.queen(6, 6), folder / "queen6.col")
    write(generators.gnp(50, 0.5, seed=1), folder / "gnp50.col")
    return folder


@pytest.fixture
def campaign(graphs: Path) -> Campaign:
    return plan(collect([str(graphs)]), ["dsatur", "tabucol"], range(2), EFFORT)


def test_a_campaign_fills_its_folder(campaign: Campaign, graphs: Path, tmp_path: Path) -> None:
    folder = tmp_path / "new" / "results"
    seen: list[tuple[int, int]] = []
    results = carry_out(
        campaign,
        folder,
        Backend(),
        on_progress=lambda done, total, _record: seen.append((done, total)),
    )
    assert seen == [(i, 12) for i in range(1, 13)]
    assert results.missing == 0
    assert {record.outcome for record in results.records} == {Outcome.SOLVED}
    trials = [(t.instance.name, t.seed, t.contender.name) for t in campaign.trials()]
    assert [(r.instance, r.seed, r.solver) for r in results.records] == trials
    assert Results.load(folder) == results
    assert {path.name for path in folder.iterdir()} >= {
        *("campaign.json", "journal.jsonl", "runs.parquet", "traces.parquet", "solutions"),
    }
    for record in results.records:
        answer = folder / SOLUTIONS_FOLDER / f"{record.key}.sol"
        assert main(["check", str(graphs / f"{record.instance}.col"), str(answer)]) == 0


def test_what_is_done_is_not_done_again(campaign: Campaign, tmp_path: Path) -> None:
    folder = tmp_path / "results"
    first = carry_out(campaign, folder, Backend())
    size = (folder / JOURNAL_FILE).stat().st_size

    def refuse(*_: Any) -> None:
        raise AssertionError("a run was made again")

    assert carry_out(campaign, folder, Backend(), on_progress=refuse) == first
    assert (folder / JOURNAL_FILE).stat().st_size == size


def test_a_larger_campaign_takes_up_the_runs_of_a_smaller(graphs: Path, tmp_path: Path) -> None:
    instances = collect([str(graphs)])
    folder = tmp_path / "results"
    carry_out(plan(instances, ["dsatur"], range(1), EFFORT), folder, Backend())
    larger = plan(instances, ["tabucol", "dsatur"], range(2), EFFORT)
    assert outlook(larger, folder, 1).done == 3
    results = carry_out(larger, folder, Backend())
    assert len(read_journal(folder / JOURNAL_FILE)) == len(results.records) == 12


def test_another_effort_is_another_run(campaign: Campaign, graphs: Path) -> None:
    keys = {trial.key for trial in campaign.trials()}
    other = Effort(60.0, 5.0, 1, 1 << 30, 2001)
    changed = plan(collect([str(graphs)]), ["dsatur", "tabucol"], range(2), other)
    assert len(keys) == 12
    assert not keys & {trial.key for trial in changed.trials()}


def test_the_outlook_learns_from_runs_like_those_to_come(
    campaign: Campaign, graphs: Path, tmp_path: Path
) -> None:
    before = outlook(campaign, None, 2)
    assert (before.runs, before.done) == (12, 0)
    assert before.likely == pytest.approx(12 * 60.0 / 2)
    # A run is killed 20 graces of 5 s after its limit.
    assert before.most == pytest.approx(12 * (60.0 + 20 * 5.0) / 2)
    folder = tmp_path / "results"
    carry_out(campaign, folder, Backend())
    more = plan(collect([str(graphs)]), ["dsatur", "tabucol"], range(4), EFFORT)
    after = outlook(more, folder, 2)
    assert (after.runs, after.done) == (24, 12)
    assert after.likely < 12 * 60.0 / 2 / 4


@pytest.mark.parametrize(
    ("solvers", "message"),
    [
        (["dsatur", "dsatur"], "two solvers are named 'dsatur'"),
        (["nosuch"], "no solver 'nosuch'"),
        ([], "no solver to run"),
    ],
)
def test_what_cannot_work_is_refused(graphs: Path, solvers: list[str], message: str) -> None:
    with pytest.raises(InputError, match=message):
        plan(collect([str(graphs)]), solvers, range(1), EFFORT)


def test_a_solver_that_takes_none_of_the_instances_is_refused(tmp_path: Path) -> None:
    write(generators.layers(6), tmp_path / "layers.json")
    with pytest.raises(InputError, match="takes coloring problems, and none"):
        plan(collect([str(tmp_path)], kind="partition", k=2), ["dsatur"], range(1), EFFORT)


def test_a_missing_instance_ends_the_campaign_and_keeps_the_runs(
    campaign: Campaign, graphs: Path, tmp_path: Path
) -> None:
    (graphs / "queen6.col").unlink()
    folder = tmp_path / "results"
    with pytest.raises(InputError, match=r"queen6\.col"):
        carry_out(campaign, folder, Backend())
    assert Results.load(folder).missing == 4


BAD = """
import ctypes, time
import numpy as np

def loops(problem, search):
    while True:
        pass

def eats(problem, search):
    eaten = []
    while True:
        eaten.append(bytearray(20_000_000))

def segfaults(problem, search):
    ctypes.string_at(0)

def wrong(problem, search):
    search.offer(np.zeros(problem.graph.num_nodes, dtype=int))
"""
RUBBISH = """
[rubbish]
command = ["sh", "-c", "echo %@#; echo 12 monkeys"]
input = "dimacs"
[rubbish.answer]
format = "lines"
"""


def test_bad_neighbours_leave_the_rest_untouched(graphs: Path, tmp_path: Path) -> None:
    (tmp_path / "bad.py").write_text(BAD)
    (tmp_path / "bad.toml").write_text(RUBBISH)
    bad = ["loops", "eats", "segfaults", "wrong"]
    names = [*(f"{tmp_path}/bad.py:{name}" for name in bad), f"{tmp_path}/bad.toml:rubbish"]
    effort = Effort(1.5, 0.1, 1, 300 << 20, 2000)
    instances = collect([str(graphs)])
    alone = carry_out(plan(instances, ["dsatur"], range(1), effort), tmp_path / "one", Backend())
    among = carry_out(
        plan(instances, [*names, "dsatur"], range(1), effort), tmp_path / "two", Backend("loky", 2)
    )
    outcomes = {(record.solver, record.outcome.value) for record in among.records}
    assert outcomes == {
        ("loops", "timed out"),
        ("eats", "out of memory"),
        ("segfaults", "crashed"),
        ("wrong", "wrong"),
        ("rubbish", "unreadable"),
        ("dsatur", "solved"),
    }
    good = tuple(record for record in among.records if record.solver == "dsatur")
    assert [r.answer for r in good] == [r.answer for r in alone.records]
    assert [r.objective for r in good] == [r.objective for r in alone.records]


def command(graphs: Path, folder: Path, *more: str) -> list[str]:
    return [
        *(sys.executable, "-m", "geocolor", "bench", str(graphs), "-o", str(folder)),
        *("--solvers", "dsatur,tabucol", "--seeds", "10", "--max-iterations", "2000"),
        *("--time-limit", "60s", "--workers", "2", "--json", *more),
    ]


def require_the_same(one: Results, other: Results) -> None:
    for table in (runs_table, traces_table):
        assert same_apart_from_times(table(one), table(other))


def kill_the_tree(process: subprocess.Popen[bytes]) -> None:
    root = psutil.Process(process.pid)
    family = [root, *root.children(recursive=True)]
    for member in family:
        with contextlib.suppress(psutil.NoSuchProcess):
            member.kill()
    process.wait()


def test_ctrl_c_ends_at_once_and_keeps_what_is_done(graphs: Path, tmp_path: Path) -> None:
    folder = tmp_path / "results"
    loops = tmp_path / "loops.py"
    loops.write_text("import time\ndef solve(problem, search):\n    time.sleep(1000)\n")
    process = subprocess.Popen(
        [*command(graphs, folder), "--solvers", f"dsatur,{loops}:solve"], stderr=subprocess.PIPE
    )
    deadline = time.monotonic() + 60
    while not read_journal(folder / JOURNAL_FILE) and time.monotonic() < deadline:
        time.sleep(0.05)
    time.sleep(0.5)
    family = psutil.Process(process.pid).children(recursive=True)
    process.send_signal(signal.SIGINT)
    _, complaint = process.communicate(timeout=30)
    assert process.returncode == 130
    assert b"goes on from there" in complaint
    assert len(read_journal(folder / JOURNAL_FILE)) >= 1
    _, alive = psutil.wait_procs(family, timeout=10)
    assert alive == []


@pytest.mark.parametrize("kills", [2, pytest.param(20, marks=pytest.mark.slow)])
def test_killed_at_random_points_the_table_is_the_same(
    graphs: Path, tmp_path: Path, kills: int
) -> None:
    straight, broken = tmp_path / "straight", tmp_path / "broken"
    subprocess.run(command(graphs, straight), check=True, capture_output=True)
    dice = np.random.default_rng(kills)
    done = []
    for _ in range(kills):
        process = subprocess.Popen(
            command(graphs, broken), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        time.sleep(dice.uniform(0.2, 4.0))
        kill_the_tree(process)
        journal = broken / JOURNAL_FILE
        done.append(len(read_journal(journal)) if journal.exists() else 0)
    assert done == sorted(done)
    final = subprocess.run(command(graphs, broken), check=True, capture_output=True)
    assert json.loads(final.stdout)["runs"] == 60
    require_the_same(Results.load(straight), Results.load(broken))


def test_a_second_writer_is_refused(campaign: Campaign, tmp_path: Path) -> None:
    from geocolor.bench.journal import Journal

    folder = tmp_path / "results"
    folder.mkdir()
    with Journal(folder), pytest.raises(InputError, match=str(os.getpid())):
        carry_out(campaign, folder, Backend())


def test_dask_gives_the_same_table(campaign: Campaign, tmp_path: Path) -> None:
    from distributed import LocalCluster

    local = carry_out(campaign, tmp_path / "loky", Backend("loky", 2))
    with LocalCluster(
        n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None
    ) as cluster:
        spread = carry_out(
            campaign, tmp_path / "dask", Backend("dask", 2, cluster.scheduler_address)
        )
    require_the_same(local, spread)
