"""Every item is run, each result comes once, and what dies is given out again."""

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import psutil
import pytest

from geocolor.bench.backends import Backend, spread
from geocolor.errors import InputError, SolverError

sys.path.insert(0, str(Path(__file__).parent))
import spread_functions as functions

_LOKY = Backend("loky", 2)


@pytest.fixture(scope="module")
def dask() -> Iterator[Any]:
    """Two worker processes with one thread each, which their nannies bring back when they die."""
    import logging

    from distributed import LocalCluster

    with LocalCluster(
        n_workers=2,
        threads_per_worker=1,
        processes=True,
        dashboard_address=":0",
        silence_logs=logging.CRITICAL,
    ) as cluster:
        yield cluster


@pytest.fixture(params=["alone", "loky", "dask"])
def backend(request: pytest.FixtureRequest) -> Backend:
    if request.param == "dask":
        cluster = request.getfixturevalue("dask")
        return Backend("dask", 1, cluster.scheduler_address)
    return Backend("loky", 1 if request.param == "alone" else 2)


def test_every_item_once(backend: Backend) -> None:
    items = [3, 1, 2, 1]  # equal items are different runs
    assert sorted(spread(functions.square, items, backend)) == [(1, 1), (1, 1), (2, 4), (3, 9)]
    assert list(spread(functions.square, [], backend)) == []


def test_what_the_function_raises_is_raised(backend: Backend) -> None:
    with pytest.raises(LookupError, match="item 7"):
        list(spread(functions.fail, [7], backend))


def test_one_item_at_a_time_on_a_worker(backend: Backend, tmp_path: Path) -> None:
    items = [(str(tmp_path), x) for x in range(8)]
    assert not any(result for _, result in spread(functions.overlap, items, backend))


def _kill_the_runner(folder: Path, x: int) -> int:
    """Kill who runs an item, as soon as somebody does; tell who it was."""
    mark = folder / str(x)
    while not (mark.exists() and mark.read_text().endswith("\n")):
        time.sleep(0.01)
    pid = int(mark.read_text().split()[0])
    os.kill(pid, signal.SIGKILL)
    return pid


@pytest.mark.parametrize("name", ["loky", "dask"])
def test_a_killed_worker_ends_nothing(
    name: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    backend = _LOKY
    if name == "dask":
        backend = Backend("dask", 2, request.getfixturevalue("dask").scheduler_address)
    items = [(str(tmp_path), x) for x in range(8)]
    yielded: dict[int, int] = {}
    killer = threading.Thread(target=_kill_the_runner, args=(tmp_path, 3))
    killer.start()
    for (_, x), result in spread(functions.hold, items, backend):
        assert x not in yielded
        assert result == x
        yielded[x] = len((tmp_path / str(x)).read_text().split())
    killer.join()
    assert sorted(yielded) == list(range(8))
    begun = {x: len((tmp_path / str(x)).read_text().split()) for x in range(8)}
    assert begun == yielded  # never again once its result was given
    assert begun[3] == 2  # it was given out again


@pytest.mark.slow
@pytest.mark.parametrize("name", ["loky", "dask"])
def test_an_item_that_kills_its_workers_is_named(name: str, request: pytest.FixtureRequest) -> None:
    backend = _LOKY
    if name == "dask":
        backend = Backend("dask", 2, request.getfixturevalue("dask").scheduler_address)
    with pytest.raises(SolverError, match=r"again and again while running .*\b2\b") as caught:
        list(spread(functions.die, range(5), backend))
    assert "\n" not in str(caught.value)


def _alive(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def _gone(pids: list[int]) -> bool:
    for _ in range(1000):
        if not any(map(_alive, pids)):
            return True
        time.sleep(0.02)
    return False


def _nested_pids(folder: Path, count: int) -> list[int]:
    while len(found := list(folder.glob("pid-*"))) < count:
        time.sleep(0.01)
    return [int(path.name.removeprefix("pid-")) for path in found]


def test_closing_kills_workers_and_all_they_started(tmp_path: Path) -> None:
    items = ["", str(tmp_path), str(tmp_path), str(tmp_path)]
    with closing(spread(functions.nested, items, _LOKY)) as results:
        assert next(iter(results))[0] == ""
        pids = _nested_pids(tmp_path, 2)
        workers = [child.pid for pid in pids if (child := psutil.Process(pid).parent())]
    assert _gone(pids + workers)


_SCRIPT = """
import sys
sys.path.insert(0, sys.argv[1])
import spread_functions
from geocolor.bench.backends import Backend, spread
try:
    for _ in spread(spread_functions.nested, [sys.argv[2]] * 4, Backend("loky", 2)):
        pass
except KeyboardInterrupt:
    print("interrupted")
"""


@pytest.fixture
def main_process(tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    """Start a process of its own session that spreads what never ends."""
    here = str(Path(__file__).parent)
    with subprocess.Popen(
        [sys.executable, "-c", _SCRIPT, here, str(tmp_path)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as process:
        yield process
        process.kill()


def test_ctrl_c_ends_all_without_a_word(
    main_process: subprocess.Popen[str], tmp_path: Path
) -> None:
    pids = _nested_pids(tmp_path, 2)
    workers = [child.pid for child in psutil.Process(main_process.pid).children(recursive=True)]
    os.killpg(main_process.pid, signal.SIGINT)  # a terminal tells the whole group
    output, errors = main_process.communicate(timeout=60)
    assert (output, errors, main_process.returncode) == ("interrupted\n", "", 0)
    assert _gone(pids + workers)


def test_workers_end_with_a_main_process_that_was_killed(
    main_process: subprocess.Popen[str], tmp_path: Path
) -> None:
    pids = _nested_pids(tmp_path, 2)
    workers = [psutil.Process(pid).ppid() for pid in pids]
    main_process.kill()
    assert _gone(workers)
    for pid in pids:  # not a worker's to end: a guarded run ends when its guard does
        os.kill(pid, signal.SIGKILL)


def test_closing_empties_the_cluster(dask: Any, tmp_path: Path) -> None:
    items = [(str(tmp_path), x) for x in range(50)]
    with closing(spread(functions.hold, items, Backend("dask", 2, dask.scheduler_address))) as some:
        next(iter(some))
    assert list(spread(functions.square, [2], Backend("dask", 2, dask.scheduler_address)))
    assert len(list(tmp_path.iterdir())) < 10


@pytest.mark.parametrize(
    ("arguments", "match"),
    [
        (("slurm", 1, None), "no backend 'slurm'; choose one of loky, dask, ray"),
        (("loky", 0, None), "0 workers"),
        (("dask", 1, None), "needs its scheduler's address"),
        (("loky", 1, "tcp://x:1"), "loky runs on this machine"),
    ],
)
def test_nonsense_is_refused(arguments: tuple[str, int, str | None], match: str) -> None:
    with pytest.raises(InputError, match=match):
        Backend(*arguments)


@pytest.mark.parametrize("address", ["nonsense", "foo://host:1"])
def test_no_such_scheduler(address: str) -> None:
    with pytest.raises(InputError, match="cannot reach a Dask scheduler at"):
        list(spread(functions.square, [1], Backend("dask", 1, address)))


def test_nobody_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    from geocolor.bench.backends import on_dask

    monkeypatch.setattr(on_dask, "_PATIENCE", 0.3)
    with pytest.raises(InputError, match=r"cannot reach a Dask scheduler at tcp://127\.0\.0\.1:9"):
        list(spread(functions.square, [1], Backend("dask", 1, "tcp://127.0.0.1:9")))


def test_a_cluster_without_workers(monkeypatch: pytest.MonkeyPatch) -> None:
    from distributed import LocalCluster

    from geocolor.bench.backends import on_dask

    monkeypatch.setattr(on_dask, "_PATIENCE", 0.3)
    with LocalCluster(n_workers=0, dashboard_address=":0") as cluster:
        backend = Backend("dask", 1, cluster.scheduler_address)
        with pytest.raises(InputError, match="has no workers; start some"):
            list(spread(functions.square, [1], backend))


@pytest.mark.parametrize(("name", "missing"), [("ray", "ray"), ("dask", "distributed")])
def test_what_is_not_installed_is_said(
    name: str, missing: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, missing, None)
    with pytest.raises(InputError, match="install"):
        list(spread(functions.square, [1], Backend(name, 1, "tcp://127.0.0.1:9")))


@pytest.mark.slow
def test_a_cluster_that_lacks_the_code(tmp_path: Path) -> None:
    dask = [sys.executable, "-m", "dask"]
    file = tmp_path / "scheduler.json"
    where = ["--scheduler-file", str(file), "--no-dashboard"]
    silent = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, "cwd": tmp_path}
    with (
        subprocess.Popen([*dask, "scheduler", "--port", "0", *where], **silent) as scheduler,
        subprocess.Popen([*dask, "worker", "--no-nanny", *where], **silent) as worker,
    ):
        try:
            while not (file.exists() and file.read_text().endswith("}")):
                time.sleep(0.05)
            backend = Backend("dask", 1, json.loads(file.read_text())["address"])
            with pytest.raises(InputError, match=r"install the same geocolor .*spread_functions"):
                list(spread(functions.square, [1], backend))
        finally:
            worker.kill()
            scheduler.kill()
