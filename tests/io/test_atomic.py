"""Output is there whole or not at all."""

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from geocolor.errors import InputError
from geocolor.io.atomic import (
    atomic_directory,
    atomic_file,
    require_new_directory,
    require_writable,
    write_pieces,
)


def test_replaces_whole(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text("before")
    with atomic_file(path) as file:
        file.write(b"after")
        assert path.read_text() == "before"
    assert path.read_text() == "after"
    assert [p.name for p in tmp_path.iterdir()] == ["a.txt"]


@pytest.mark.parametrize("error", [RuntimeError, KeyboardInterrupt])
def test_failure_leaves_what_was_there(tmp_path: Path, error: type[BaseException]) -> None:
    path = tmp_path / "a.txt"
    path.write_text("before")

    def fail() -> None:
        with atomic_file(path) as file:
            file.write(b"half")
            raise error

    with pytest.raises(error):
        fail()
    assert path.read_text() == "before"
    assert [p.name for p in tmp_path.iterdir()] == ["a.txt"]


def test_mode_follows_the_umask(tmp_path: Path) -> None:
    before = os.umask(0o027)
    try:
        with atomic_file(tmp_path / "a.txt"):
            pass
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "a.txt").stat().st_mode) == 0o640


def test_a_link_is_followed(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "link.txt").symlink_to(tmp_path / "real" / "a.txt")
    with atomic_file(tmp_path / "link.txt") as file:
        file.write(b"x")
    assert (tmp_path / "link.txt").is_symlink()
    assert (tmp_path / "real" / "a.txt").read_bytes() == b"x"


@pytest.mark.parametrize(
    "name", [80 * "図" + ".json", 249 * "a" + ".json", 124 * "é" + "\udcff.txt"]
)
def test_the_longest_names_are_written(tmp_path: Path, name: str) -> None:
    with atomic_file(tmp_path / name) as file:
        file.write(b"x")
    assert [p.name for p in tmp_path.iterdir()] == [name]


def test_devices_and_folders_are_refused(tmp_path: Path) -> None:
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    for path in (fifo, tmp_path, tmp_path / "nowhere" / "a.txt"):
        with pytest.raises(InputError, match="cannot write"):
            require_writable(path)
        with pytest.raises(InputError, match="cannot write"), atomic_file(path):
            pass
    assert stat.S_ISFIFO(fifo.stat().st_mode)


def test_read_only_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # Not by chmod: the administrator, who runs tests in containers, may write everywhere.
    monkeypatch.setattr(os, "access", lambda path, mode: False)
    with pytest.raises(InputError, match=r"cannot write .*a\.json: the folder .* is read-only"):
        require_writable(tmp_path / "a.json")


def test_folders_that_cannot_be_filled(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(InputError, match=r"cannot write .*: no folder"):
        require_new_directory(tmp_path / "none" / "out")
    require_new_directory(tmp_path / "out")
    monkeypatch.setattr(os, "access", lambda path, mode: False)
    with pytest.raises(InputError, match=r"cannot write .*out: the folder .* is read-only"):
        require_new_directory(tmp_path / "out")


def test_full_disk_is_one_clear_error_and_leaves_nothing(tmp_path: Path) -> None:
    code = f"""
import resource
from geocolor.errors import InputError
from geocolor.graph import gnp
from geocolor.io import write
resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))
try:
    write(gnp(100, 0.5), {str(tmp_path / "a.col")!r})
except InputError as error:
    print(error)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == f"cannot write {tmp_path / 'a.col'}: File too large\n"
    assert not list(tmp_path.iterdir())


def test_directory_appears_whole(tmp_path: Path) -> None:
    path = tmp_path / "out"
    with atomic_directory(path) as folder:
        (folder / "a.txt").write_text("x")
        assert not path.exists()
    assert (path / "a.txt").read_text() == "x"
    assert [p.name for p in tmp_path.iterdir()] == ["out"]


def test_directory_may_be_there_if_empty(tmp_path: Path) -> None:
    path = tmp_path / "out"
    path.mkdir()
    with atomic_directory(path) as folder:
        (folder / "a.txt").write_text("x")
    assert (path / "a.txt").exists()
    with pytest.raises(InputError, match="not an empty folder"), atomic_directory(path):
        pass
    assert (path / "a.txt").read_text() == "x"


@pytest.mark.parametrize("error", [OSError(28, "No space left on device"), KeyboardInterrupt()])
def test_failed_directory_leaves_nothing(tmp_path: Path, error: BaseException) -> None:
    expected = InputError if isinstance(error, OSError) else KeyboardInterrupt

    def fail() -> None:
        with atomic_directory(tmp_path / "out") as folder:
            (folder / "a.txt").write_text("x")
            raise error

    with pytest.raises(expected):
        fail()
    assert not list(tmp_path.iterdir())


def test_standard_output_is_written_to_as_it_is(capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    require_writable("-")
    write_pieces("-", [b"one ", b"two"])
    assert capfdbinary.readouterr().out == b"one two"


def test_a_disk_that_fills_up_is_one_clear_error(tmp_path: Path) -> None:
    def fill() -> None:
        with atomic_file(tmp_path / "a.txt") as file:
            file.write(b"half")
            raise OSError(28, "No space left on device")

    with pytest.raises(InputError, match=r"cannot write .*a\.txt: No space left on device"):
        fill()
    assert not list(tmp_path.iterdir())
