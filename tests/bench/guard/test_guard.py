"""The guard against code that does not end, grows, dies, prints, or leaves children behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path
from typing import Any

import psutil
import pytest

from geocolor.bench.guard import Ending, Guard, Limits
from geocolor.bench.record import Outcome
from geocolor.errors import InputError

MODULE = """
    import ctypes, os, signal, subprocess, sys, tempfile, time
    from geocolor.errors import InputError

    warmed = None

    def warm_up(warm):
        global warmed
        warmed = warm["value"]
        if warmed == "hangs":
            time.sleep(1000)
        if warmed == "dies":
            os._exit(7)

    def prepare(payload):
        if payload["do"] == "cannot":
            raise InputError("no such file")
        if payload["do"] == "hang in prepare":
            time.sleep(1000)
        return {"prepared": payload["do"], "pid": os.getpid()}

    def run(state, payload, emit):
        do = payload["do"]
        if do == "hang before the clock":
            time.sleep(1000)
        emit({"clock": "started"})
        if do == "tell":
            emit({"warmed": warmed, "state": state, "pid": os.getpid(), "parent": os.getppid()})
        elif do == "loop":
            while True:
                pass
        elif do == "deaf":
            for number in (signal.SIGTERM, signal.SIGINT, signal.SIGALRM):
                signal.signal(number, signal.SIG_IGN)
            emit({"first": "word"})
            time.sleep(1000)
        elif do == "ask for too much":
            bytearray(1 << 40)
        elif do == "eat with children":
            eat = "x = bytearray(80_000_000); x[::4096] = b'1' * len(x[::4096]); input()"
            for _ in range(4):
                subprocess.Popen([sys.executable, "-c", eat], stdin=subprocess.PIPE)
            time.sleep(1000)
        elif do == "segfault":
            ctypes.string_at(0)
        elif do == "exit 3":
            print("the last word", file=sys.stderr, flush=True)
            os._exit(3)
        elif do == "raise":
            raise ValueError("a bug")
        elif do == "flood":
            block = b"rubbish " * 10_000
            for _ in range(300):
                os.write(1, block)
        elif do == "tear":
            os.write(int(sys.argv[2]), b'{"event": {"half a li')
            os.kill(os.getpid(), signal.SIGKILL)
        elif do == "leave orphans":
            orphan = "import time; time.sleep(1000)"
            for session in (False, True):
                child = subprocess.Popen([sys.executable, "-c", orphan], start_new_session=session)
                emit({"orphan": child.pid})
        elif do == "leave files":
            emit({"file": tempfile.mkstemp()[1]})
            time.sleep(1000)
        elif do == "large":
            emit({"text": "x" * 3_000_000})
"""


@pytest.fixture
def module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    (tmp_path / "guarded_by_test.py").write_text(textwrap.dedent(MODULE))
    monkeypatch.syspath_prepend(tmp_path)
    return "guarded_by_test"


@pytest.fixture
def guard(module: str) -> Any:
    with Guard(module, {"value": 5}) as guard:
        yield guard


def go(
    guard: Guard, do: str, seconds: float = 20.0, **limits: Any
) -> tuple[Ending, list[dict[str, Any]]]:
    events: list[dict[str, Any]] = []
    ending = guard.run({"do": do}, Limits(seconds, **limits), events.append)
    return ending, events


def gone(pid: int) -> bool:
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        try:
            if psutil.Process(pid).status() == psutil.STATUS_ZOMBIE:
                return True
        except psutil.NoSuchProcess:
            return True
        time.sleep(0.02)
    return False


def test_each_run_is_a_process_of_its_own_forked_from_one_warm_template(guard: Guard) -> None:
    tales = [go(guard, "tell")[1][0] for _ in range(2)]
    assert tales[0]["pid"] != tales[1]["pid"]
    assert tales[0]["parent"] == tales[1]["parent"] == tales[0]["state"]["pid"]
    assert [tale["warmed"] for tale in tales] == [5, 5]


def test_a_good_run_says_what_it_took(guard: Guard) -> None:
    ending, _ = go(guard, "tell")
    assert (ending.outcome, ending.message) == (None, "")
    assert ending.peak_memory > 1 << 20
    assert ending.setup > 0


@pytest.mark.parametrize("do", ["loop", "deaf"])
def test_what_does_not_listen_is_killed_and_the_next_run_is_untouched(
    guard: Guard, do: str
) -> None:
    ending, events = go(guard, do, seconds=0.3)
    assert ending.outcome is Outcome.TIMED_OUT
    assert ending.message == "killed after 0.3 s"
    assert events == ([{"first": "word"}] if do == "deaf" else [])
    assert go(guard, "tell")[0].outcome is None


def test_an_allocation_beyond_the_limit_is_refused(guard: Guard) -> None:
    ending, _ = go(guard, "ask for too much", memory=300 << 20)
    assert ending.outcome is Outcome.CRASHED
    assert "MemoryError" in ending.message


def test_memory_counts_over_the_whole_family(guard: Guard) -> None:
    ending, _ = go(guard, "eat with children", memory=250 << 20)
    assert ending.outcome is Outcome.OUT_OF_MEMORY
    assert ending.peak_memory > 250 << 20
    assert "of 262 MB allowed" in ending.message


@pytest.mark.parametrize(
    ("do", "message"),
    [
        ("segfault", "ended by SIGSEGV"),
        ("exit 3", "ended with exit code 3: the last word"),
        ("raise", "ended with exit code 1: ValueError: a bug"),
        ("tear", "ended by SIGKILL"),
    ],
)
def test_deaths_are_told_apart(guard: Guard, do: str, message: str) -> None:
    ending, events = go(guard, do)
    assert (ending.outcome, ending.message) == (Outcome.CRASHED, message)
    assert events == []
    assert go(guard, "tell")[1][0]["warmed"] == 5


def test_a_flood_of_output_is_no_obstacle(guard: Guard) -> None:
    assert go(guard, "flood")[0].outcome is None


def test_events_larger_than_a_pipe_arrive_whole(guard: Guard) -> None:
    assert len(go(guard, "large")[1][0]["text"]) == 3_000_000


@pytest.mark.skipif(sys.platform != "linux", reason="orphans are adopted on Linux only")
def test_no_orphan_outlives_its_run(guard: Guard) -> None:
    _, events = go(guard, "leave orphans")
    assert len(events) == 2
    assert all(gone(event["orphan"]) for event in events)


def test_no_temporary_file_outlives_its_run(guard: Guard) -> None:
    _, events = go(guard, "leave files", seconds=0.3)
    assert not Path(events[0]["file"]).exists()


def test_what_cannot_be_prepared_is_refused_and_no_outcome(guard: Guard) -> None:
    with pytest.raises(InputError, match="no such file"):
        go(guard, "cannot")
    assert go(guard, "tell")[0].outcome is None


@pytest.mark.parametrize("do", ["hang in prepare", "hang before the clock"])
def test_a_setup_has_a_limit_too(guard: Guard, do: str) -> None:
    assert go(guard, "tell")[0].outcome is None  # the template itself is ready
    ending, _ = go(guard, do, setup_seconds=0.3)
    assert ending.outcome is Outcome.TIMED_OUT
    assert "the clock never started" in ending.message
    assert go(guard, "tell")[0].outcome is None


def test_a_template_that_hangs_or_dies_is_a_run_that_failed(module: str) -> None:
    with Guard(module, {"value": "hangs"}) as guard:
        ending, _ = go(guard, "tell", setup_seconds=2.0)
        assert ending.outcome is Outcome.TIMED_OUT
    with Guard(module, {"value": "dies"}) as guard:
        assert go(guard, "tell")[0].outcome is Outcome.CRASHED


def test_closing_ends_the_template(module: str) -> None:
    with Guard(module, {"value": 5}) as guard:
        parent = go(guard, "tell")[1][0]["parent"]
        assert psutil.pid_exists(parent)
    assert gone(parent)


def test_nothing_survives_a_guard_that_is_killed(module: str, tmp_path: Path) -> None:
    script = textwrap.dedent(
        f"""
        import sys
        sys.path.insert(0, {str(tmp_path)!r})
        from geocolor.bench.guard import Guard, Limits
        guard = Guard("{module}", {{"value": 5}})
        guard.run({{"do": "tell"}}, Limits(20), lambda event: print(event["parent"], flush=True))
        guard.run({{"do": "deaf"}}, Limits(1000), lambda event: print("deaf", flush=True))
        """
    )
    process = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    template = int(process.stdout.readline())
    assert process.stdout.readline() == "deaf\n"
    run = [child.pid for child in psutil.Process(template).children()]
    assert len(run) == 1
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    assert gone(template)
    assert gone(run[0])
