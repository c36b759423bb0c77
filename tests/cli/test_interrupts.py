"""SIGTERM and Ctrl-C end long commands alike: nothing half written, nothing reached is lost."""

import json
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from geocolor.graph import SharingOptions
from geocolor.io.sharing_options import write_options

# Each says "ready" on stderr once it is in the middle of its work.
FRONTIER = """
import sys
from geocolor.cli.main import main
from geocolor.solvers import budgeted

def frontier(*args, on_progress, real=budgeted.frontier, **options):
    def show(point):
        on_progress(point)
        sys.stderr.write("ready\\n")
        sys.stderr.flush()
    return real(*args, on_progress=show, **options)

budgeted.frontier = frontier
sys.exit(main())
"""
SAVING = """
import sys, time
import safetensors.torch
from geocolor.cli.main import main

def save_file(tensors, path, **_):
    path.write_bytes(b"half")
    sys.stderr.write("ready\\n")
    sys.stderr.flush()
    time.sleep(60)

safetensors.torch.save_file = save_file
sys.exit(main())
"""


def start(code: str, *arguments: object) -> "subprocess.Popen[str]":
    process = subprocess.Popen(
        [sys.executable, "-c", code, *map(str, arguments)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stderr is not None
    assert process.stderr.readline() == "ready\n"
    return process


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_frontier_gives_the_points_it_has(tmp_path: Path, number: signal.Signals) -> None:
    options, out = tmp_path / "options.json", tmp_path / "out.json"
    units = [f"u{i}" for i in range(40)]
    groups = [[name] for name in units for _ in range(6)]
    costs = [float((7 * i) % 13 + 6 - i % 6) for i in range(len(groups))]
    sizes = [100 + 37 * (i % 6) for i in range(len(groups))]
    write_options(SharingOptions(units, groups, costs, sizes), options)
    arguments = ("frontier", options, "--points", 4000, "--json", "-o", out, "-t", "10m")
    process = start(FRONTIER, *arguments)
    process.send_signal(number)
    sent = time.monotonic()
    stdout, stderr = process.communicate(timeout=30)
    assert time.monotonic() - sent < 10
    assert process.returncode == 130, stderr
    assert stderr.endswith("geocolor: interrupted; the points reached are above\n")
    points = json.loads(stdout)["points"]
    assert json.loads(out.read_text())["points"] == points
    assert points[0]["status"] == "OPTIMAL"
    assert "INTERRUPT" in {point["stop_reason"] for point in points}


def test_bench_keeps_its_runs_and_goes_on(queen5: Path, tmp_path: Path) -> None:
    out = tmp_path / "results"
    call = [sys.executable, "-m", "geocolor", "bench", str(queen5), "-s", "dsatur", "-q"]
    long = [*call, "--seeds", "500", "-o", str(out)]
    process = subprocess.Popen(long, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    journal, until = out / "journal.jsonl", time.monotonic() + 60
    while not (journal.exists() and journal.read_bytes().count(b"\n") > 2):  # a head, and runs
        assert time.monotonic() < until
        assert process.poll() is None, process.communicate()
        time.sleep(0.05)
    process.send_signal(signal.SIGTERM)
    stdout, stderr = process.communicate(timeout=30)
    assert (process.returncode, stdout) == (130, "")
    assert f"of 500 runs are in {out}; the same command goes on from there" in stderr
    assert "Traceback" not in stderr
    ahead = subprocess.run([*long, "--dry-run", "--json"], capture_output=True, text=True)
    assert json.loads(ahead.stdout)["done"] == journal.read_bytes().count(b"\n") - 1


def test_compress_leaves_no_half_model(model_folder: Path, tmp_path: Path) -> None:
    text = tmp_path / "text.txt"
    text.write_text(" ".join(f"word{i % 60}" for i in range(200)))
    before = sorted(path.name for path in tmp_path.iterdir())
    windows = ("--windows", 4, "--length", 16)
    process = start(
        SAVING, "compress", model_folder, "--calibration", text, "-o", tmp_path / "out", *windows
    )
    process.send_signal(signal.SIGTERM)
    stdout, stderr = process.communicate(timeout=30)
    assert (process.returncode, stdout, stderr) == (130, "", "geocolor: error: interrupted\n")
    assert sorted(path.name for path in tmp_path.iterdir()) == before
