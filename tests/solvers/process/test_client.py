from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest

from geocolor.solvers.process.arrays import packed, unpacked
from geocolor.solvers.process.client import Worker, WorkerDiedError

HERE = str(Path(__file__).parent)


@pytest.fixture
def worker(monkeypatch: pytest.MonkeyPatch) -> Iterator[Worker]:
    # The child finds what the parent finds.
    monkeypatch.syspath_prepend(HERE)
    with closing(Worker("echo_worker", "echo")) as echo:
        yield echo


def test_events_come_in_order_and_end_with_done(worker: Worker) -> None:
    events = [event for event in worker.run({"send": [1, 2]}, time.monotonic() + 30) if event]
    assert [event.get("sent") for event in events] == [1, 2, None]
    assert events[-1]["done"] == "OK"


def test_news_reach_the_request_that_runs_and_no_later_one(worker: Worker) -> None:
    for expected in (7, 8):
        for event in worker.run({"send": [0], "wait_for": "word"}, time.monotonic() + 30):
            if "sent" in event:
                worker.tell({"word": expected})
        assert event["done"] == f"heard {expected}"


def test_a_silent_worker_gives_ticks_and_a_stop_leaves_it_warm(worker: Worker) -> None:
    list(worker.run({"send": []}, time.monotonic() + 30))  # it has started
    with closing(worker.run({"send": [], "wait_for": "word"}, time.monotonic() + 30)) as events:
        assert next(events) == {}
        assert next(events) == {}
    assert worker.alive
    assert list(worker.run({"send": []}, time.monotonic() + 30))[-1]["done"] == "OK"


def test_one_that_does_not_stop_is_killed(worker: Worker) -> None:
    list(worker.run({"send": []}, time.monotonic() + 30))
    list(worker.run({"send": [], "sleep": 100}, time.monotonic() + 0.3))
    assert not worker.alive


def test_a_failure_is_an_event_and_a_death_an_exception(worker: Worker) -> None:
    last = list(worker.run({"fail": "on purpose"}, time.monotonic() + 30))[-1]
    assert last["error"] == "ValueError: on purpose"
    with pytest.raises(WorkerDiedError, match="echo worker process ended with code 3") as died:
        list(worker.run({"exit": 3}, time.monotonic() + 30))
    assert not died.value.for_memory


def test_arrays_travel_as_text() -> None:
    rng = np.random.default_rng(0)
    for shape in ((0,), (5,), (7, 2)):
        array = rng.integers(0, 2**31, shape)
        assert np.array_equal(unpacked(packed(array)).reshape(shape), array)


def test_the_worker_ends_with_its_parent() -> None:
    script = (
        "from geocolor.solvers.process.client import Worker\n"
        "import os\n"
        "print(Worker('echo_worker', 'echo').process.pid, flush=True)\n"
        "os._exit(0)\n"
    )
    run = subprocess.run(
        [sys.executable, "-c", script],
        capture_output=True,
        text=True,
        check=True,
        timeout=30,
        env={**os.environ, "PYTHONPATH": os.pathsep.join([str(Path.cwd()), HERE])},
    )
    pid = int(run.stdout)
    until = time.monotonic() + 10
    while time.monotonic() < until:
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return
        # An orphan that ended may wait for init to collect it.
        with open(f"/proc/{pid}/stat") as stat:  # noqa: PTH123
            if stat.read().rsplit(")", 1)[1].split()[0] == "Z":
                return
        time.sleep(0.05)
    pytest.fail("the worker outlived its parent")
