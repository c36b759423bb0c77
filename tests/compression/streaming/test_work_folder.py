"""Folders of streamed runs: a living run's is left alone, a killed run's is named."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from geocolor.compression.streaming.work_folder import WorkFolder, left_behind
from geocolor.errors import InputError

RUN = """
import sys
from geocolor.compression.streaming.work_folder import WorkFolder
folder = WorkFolder(sys.argv[1])
(folder.path / "numbers").write_bytes(bytes(60_000_000))
print(folder.path, flush=True)
sys.stdin.read()
"""


def test_a_folder_is_left_by_a_killed_run_alone(tmp_path: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", RUN, str(tmp_path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as run:
        assert run.stdout is not None
        path = run.stdout.readline().strip()
        assert path
        # Who looks does not take the lock away.
        assert list(left_behind(tmp_path)) == list(left_behind(tmp_path)) == []
        run.kill()
        run.wait()
    assert list(left_behind(tmp_path)) == [f"{path} is what a killed run left, 0.1 GB: remove it"]
    assert Path(path, "numbers").exists()


def test_a_run_that_ends_leaves_nothing(tmp_path: Path) -> None:
    folder, other = WorkFolder(tmp_path), WorkFolder(tmp_path)
    assert list(left_behind(tmp_path)) == []
    folder.remove()
    assert not folder.path.exists()
    assert list(tmp_path.iterdir()) == [other.path]
    other.remove()


def test_what_is_no_runs_folder_is_not_named(tmp_path: Path) -> None:
    (tmp_path / ".geocolor-settings").mkdir()
    (tmp_path / ".geocolor-file").touch()
    (tmp_path / ".geocolor-other").mkdir()
    (tmp_path / ".geocolor-other" / "lock").mkdir()
    assert list(left_behind(tmp_path)) == []


def test_a_place_that_cannot_be_written_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"cannot write to .*nowhere"):
        WorkFolder(tmp_path / "nowhere")
