"""What only a process of its own shows: imports, signals, terminals, pipes."""

import json
import os
import pty
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from geocolor import check, read
from geocolor.io import read_solution
from geocolor.problem import ColoringProblem

FAKES = Path(__file__).with_name("fake_solvers.py")


def loaded_by(arguments: list[str], names: list[str]) -> list[str]:
    """Which of the modules a call of the command line imports."""
    code = (
        "import json, sys; from geocolor.cli.main import main; "
        f"code = main({arguments!r}); "
        f"print(json.dumps([n for n in {names!r} if n in sys.modules]), file=sys.stderr); "
        "sys.exit(code)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    found: list[str] = json.loads(done.stderr.splitlines()[-1])
    return found


def test_help_imports_nothing_heavy() -> None:
    heavy = ["numpy", "scipy", "numba", "rich", "ortools", "torch", "networkx"]
    assert loaded_by(["--help"], heavy) == []
    assert loaded_by(["solve", "--help"], heavy) == []


def test_solve_never_imports_torch(queen5: Path) -> None:
    names = ["torch", "transformers", "numpy"]
    assert loaded_by(["solve", str(queen5), "--solver", "dsatur"], names) == ["numpy"]


def test_module_and_exit_code(queen5: Path) -> None:
    call = [sys.executable, "-m", "geocolor", "info"]
    good = subprocess.run([*call, str(queen5)], capture_output=True, text=True)
    assert (good.returncode, good.stderr) == (0, "")
    bad = subprocess.run([*call, "none.col"], capture_output=True, text=True)
    assert (bad.returncode, bad.stdout) == (2, "")
    assert bad.stderr == "geocolor: error: cannot read none.col: No such file or directory\n"


def start(*arguments: object) -> "subprocess.Popen[str]":
    """Start a solve with a fake solver and wait until it works."""
    process = subprocess.Popen(
        [sys.executable, str(FAKES), "solve", *map(str, arguments)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stderr is not None
    assert process.stderr.readline() == "ready\n"
    return process


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("suffix", [".json", ".sol"])
def test_interrupted_solve_keeps_the_incumbent(
    queen5: Path, tmp_path: Path, number: signal.Signals, suffix: str
) -> None:
    out = tmp_path / f"out{suffix}"
    process = start(queen5, "--solver", "endless", "-t", "60s", "-o", out, "--json")
    process.send_signal(number)
    stdout, stderr = process.communicate(timeout=20)
    assert process.returncode == 130
    assert stderr == "geocolor: interrupted; the best coloring so far was written\n"
    assert json.loads(stdout)["stop_reason"] == "INTERRUPT"
    colors = read_solution(out).colors
    assert colors is not None
    assert check(ColoringProblem(read(queen5)), colors).num_colors == 25
    assert sorted(p.name for p in tmp_path.iterdir()) == [out.name, queen5.name]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_second_interrupt_does_not_lose_the_incumbent(
    queen5: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: signal.Signals
) -> None:
    monkeypatch.setenv("SLOW_WRITING", "1")
    out = tmp_path / "out.sol"
    process = start(queen5, "--solver", "endless", "-t", "60s", "-o", out)
    process.send_signal(number)
    assert process.stderr is not None
    assert process.stderr.readline() == "writing\n"
    process.send_signal(number)
    _, stderr = process.communicate(timeout=20)
    assert process.returncode == 130
    assert stderr == "geocolor: interrupted; the best coloring so far was written\n"
    assert read_solution(out).colors is not None


def test_interrupted_with_nothing_found(queen5: Path, tmp_path: Path) -> None:
    process = start(queen5, "--solver", "endless_without", "-t", "60s", "-o", tmp_path / "out.sol")
    process.send_signal(signal.SIGINT)
    stdout, stderr = process.communicate(timeout=20)
    assert process.returncode == 130
    assert "UNKNOWN (interrupt)" in stdout
    assert stderr.endswith("geocolor: interrupted before any coloring was found\n")
    assert not (tmp_path / "out.sol").exists()


def test_a_killed_solve_goes_on_from_its_checkpoint(queen5: Path, tmp_path: Path) -> None:
    kept = tmp_path / "queen5.checkpoint"
    process = start(queen5, "--solver", "endless", "-t", "60s", "--checkpoint", kept)
    until = time.monotonic() + 20
    while not kept.exists() and time.monotonic() < until:
        time.sleep(0.05)
    process.kill()
    process.communicate(timeout=20)
    arguments = ("solve", queen5, "--solver", "nothing", "--checkpoint", kept, "--json")
    done = subprocess.run(
        [sys.executable, str(FAKES), *map(str, arguments)], capture_output=True, text=True
    )
    assert (done.returncode, done.stderr) == (0, "")
    record = json.loads(done.stdout)
    assert record["num_colors"] == 25
    assert f"went on from {kept}" in record["message"]
    assert sorted(p.name for p in tmp_path.iterdir()) == [kept.name, queen5.name]


def open_once_read(fifo: Path, process: "subprocess.Popen[str]") -> int:
    """Open a pipe for writing as soon as the process reads from it."""
    while process.poll() is None:
        try:
            return os.open(fifo, os.O_WRONLY | os.O_NONBLOCK)
        except OSError:
            time.sleep(0.01)
    raise AssertionError(process.communicate())


def test_interrupted_before_the_solve(tmp_path: Path) -> None:
    fifo = tmp_path / "slow.col"
    os.mkfifo(fifo)
    process = subprocess.Popen(
        [sys.executable, str(FAKES), "solve", str(fifo)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    writer = open_once_read(fifo, process)
    process.send_signal(signal.SIGTERM)
    stdout, stderr = process.communicate(timeout=20)
    os.close(writer)
    assert (process.returncode, stdout) == (130, "")
    assert stderr == "geocolor: error: interrupted\n"


def stderr_on_a_terminal(*arguments: object) -> str:
    """Solve for half a second with stderr on a terminal; what it shows."""
    leader, follower = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, str(FAKES), "solve", *map(str, arguments), "--solver", "half_second"],
        stdout=subprocess.DEVNULL,
        stderr=follower,
        env={**os.environ, "TERM": "xterm", "COLUMNS": "80"},
    )
    os.close(follower)
    shown = b""
    try:
        while piece := os.read(leader, 4096):
            shown += piece
    except OSError:  # how Linux says that the other end is closed
        pass
    os.close(leader)
    assert process.wait(timeout=20) == 0
    return shown.decode()


def test_progress_on_a_terminal(queen5: Path) -> None:
    shown = stderr_on_a_terminal(queen5)
    assert "best 25" in shown
    assert "s of 10 s" in shown


def test_no_progress_if_quiet(queen5: Path) -> None:
    assert stderr_on_a_terminal(queen5, "--quiet") == ""


def test_no_progress_in_a_pipe(queen5: Path) -> None:
    done = subprocess.run(
        [sys.executable, str(FAKES), "solve", str(queen5), "--solver", "half_second"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stderr == ""


def test_a_closed_pipe_is_no_traceback(queen5: Path) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    done = subprocess.run(
        [sys.executable, "-m", "geocolor", "info", str(queen5)],
        stdout=writer,
        stderr=subprocess.PIPE,
        text=True,
    )
    os.close(writer)
    assert "Traceback" not in done.stderr
    assert done.returncode == 1


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no device that is always full")
@pytest.mark.parametrize(
    "command", [["info", "FILE"], ["solve", "FILE", "--json", "--quiet"], ["--help"]]
)
def test_a_full_disk_under_stdout_is_one_line(queen5: Path, command: list[str]) -> None:
    call = [str(queen5) if word == "FILE" else word for word in command]
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [sys.executable, "-m", "geocolor", *call],
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
        )
    assert done.returncode == 2
    assert done.stderr == (
        "geocolor: error: cannot write to standard output: No space left on device\n"
    )


@pytest.mark.parametrize("out", ["a.sol", "a.json"])
def test_a_full_disk_loses_no_answer(queen5: Path, tmp_path: Path, out: str) -> None:
    code = (
        "import resource, sys; from geocolor.cli.main import main; "
        "resource.setrlimit(resource.RLIMIT_FSIZE, (10, 10)); sys.exit(main())"
    )
    path = tmp_path / out
    call = [sys.executable, "-c", code, "solve", str(queen5), "--solver", "dsatur", "-o", str(path)]
    done = subprocess.run(call, capture_output=True, text=True)
    assert done.returncode == 2
    assert "colors     " in done.stdout
    assert done.stderr == f"geocolor: error: cannot write {path}: File too large\n"
    assert [p.name for p in tmp_path.iterdir()] == [queen5.name]
