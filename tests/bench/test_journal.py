"""The journal loses nothing to a kill, and passes over nothing in silence."""

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geocolor.bench import journal as module
from geocolor.bench.journal import JOURNAL_FILE, Journal, read_journal
from geocolor.errors import FormatError, InputError

_JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
_ENTRIES = st.lists(
    st.builds(lambda key, rest: {**rest, "key": key}, st.text(), st.dictionaries(st.text(), _JSON)),
    max_size=4,
)


def _by_key(entries: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    return {entry["key"]: entry for entry in entries}


def _line_ends(path: Path) -> list[int]:
    return [i + 1 for i, byte in enumerate(path.read_bytes()) if byte == ord("\n")]


def _write(folder: Path, *entries: dict[str, Any]) -> Path:
    with Journal(folder) as journal:
        for entry in entries:
            journal.append(entry)
    return folder / JOURNAL_FILE


def test_missing_is_empty(tmp_path: Path) -> None:
    assert read_journal(tmp_path / JOURNAL_FILE) == {}


def test_goes_on_where_it_stood_and_the_last_of_a_key_wins(tmp_path: Path) -> None:
    path = _write(tmp_path, {"key": "a", "n": 1}, {"key": "b", "n": 1})
    with Journal(tmp_path) as journal:
        assert journal.entries == {"a": {"key": "a", "n": 1}, "b": {"key": "b", "n": 1}}
        journal.append({"key": "a", "n": 2})
        assert read_journal(path)["a"]["n"] == 2  # there before it is closed
    assert list(read_journal(path).values()) == [{"key": "a", "n": 2}, {"key": "b", "n": 1}]


def test_each_line_is_json(tmp_path: Path) -> None:
    path = _write(tmp_path, {"key": "a", "text": "\n\u2028\x00"})
    lines = [json.loads(line) for line in path.read_bytes().split(b"\n")[:-1]]
    assert lines[0]["entry"] == {"format": "geocolor.bench.journal", "version": 1}
    assert lines[1]["entry"] == {"key": "a", "text": "\n\u2028\x00"}


@settings(max_examples=30)
@given(_ENTRIES)
def test_a_kill_at_any_byte_leaves_the_entries_before_it(entries: list[dict[str, Any]]) -> None:
    with tempfile.TemporaryDirectory() as name:
        path = _write(Path(name), *entries)
        ends = _line_ends(path)
        assert len(ends) == len(entries) + 1
        for size in range(ends[-1], -1, -1):
            os.truncate(path, size)
            whole = max(0, sum(end <= size for end in ends) - 1)
            assert read_journal(path) == _by_key(entries[:whole])


def test_goes_on_after_a_kill_at_any_byte(tmp_path: Path) -> None:
    entries = [{"key": key, "objective": 0.5} for key in ("a", "b", "a")]
    path = _write(tmp_path, *entries)
    whole, ends = path.read_bytes(), _line_ends(path)
    for size in range(len(whole) + 1):
        path.write_bytes(whole[:size])
        kept = max(0, sum(end <= size for end in ends) - 1)
        with Journal(tmp_path) as journal:
            assert journal.entries == _by_key(entries[:kept])
            for entry in entries[kept:]:
                journal.append(entry)
        assert path.read_bytes() == whole


@given(st.data())
def test_no_changed_byte_goes_unnoticed(data: st.DataObject) -> None:
    with tempfile.TemporaryDirectory() as name:
        path = _write(Path(name), *({"key": key, "objective": 12.5} for key in "abc"))
        whole = bytearray(path.read_bytes())
        at = data.draw(st.integers(0, len(whole) - 2))  # the last byte's loss is a torn line
        whole[at] ^= data.draw(st.integers(1, 255))
        path.write_bytes(whole)
        with pytest.raises(FormatError):
            read_journal(path)
        with pytest.raises(FormatError), Journal(Path(name)):
            pass
        assert path.read_bytes() == whole  # refused, not repaired


def test_a_damaged_line_is_named_and_can_be_deleted(tmp_path: Path) -> None:
    path = _write(tmp_path, {"key": "a"}, {"key": "b"}, {"key": "c"})
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join([*lines[:2], b"\x00" * 30 + b"\n", *lines[3:]]))
    with pytest.raises(FormatError, match=rf"{JOURNAL_FILE}:3: damaged line; .* delete this line"):
        read_journal(path)
    path.write_bytes(b"".join([*lines[:2], *lines[3:]]))
    assert list(read_journal(path)) == ["a", "c"]


def test_other_line_ends_are_damage_not_a_torn_tail(tmp_path: Path) -> None:
    path = _write(tmp_path, {"key": "a"})
    path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n"))
    with pytest.raises(FormatError, match=f"{JOURNAL_FILE}:1: "):
        read_journal(path)


@pytest.mark.parametrize("text", [b"hello", b"hello\n", b"{}\n", b"\n", b"\xff\xfe\n"])
def test_somebody_elses_file_is_left_alone(tmp_path: Path, text: bytes) -> None:
    path = tmp_path / JOURNAL_FILE
    path.write_bytes(text)
    with pytest.raises(FormatError, match="not a geocolor"), Journal(tmp_path):
        pass
    assert path.read_bytes() == text


def test_a_newer_version_is_refused(tmp_path: Path) -> None:
    path = tmp_path / JOURNAL_FILE
    path.write_bytes(module._line({"format": "geocolor.bench.journal", "version": 2}))
    with pytest.raises(FormatError, match="version 2, this geocolor reads version 1"):
        read_journal(path)


@pytest.mark.parametrize("value", [float("nan"), float("inf"), [[0.1, float("-inf")]], {1, 2}])
def test_what_json_has_not_is_refused_whole(tmp_path: Path, value: object) -> None:
    with Journal(tmp_path) as journal:
        journal.append({"key": "a"})
        with pytest.raises(InputError, match="cannot write the run b as JSON"):
            journal.append({"key": "b", "objective": value})
        with pytest.raises(InputError, match="needs a key"):
            journal.append({"key": 3})
        journal.append({"key": "c"})
    assert list(read_journal(journal.path)) == ["a", "c"]


def test_one_writer_at_a_time_and_the_other_is_told_who(tmp_path: Path) -> None:
    with Journal(tmp_path), pytest.raises(InputError, match=rf"process {os.getpid()} on .+ is wr"):
        Journal(tmp_path).__enter__()
    with Journal(tmp_path) as journal:  # free again
        journal.append({"key": "a"})


def test_the_lock_ends_with_its_process(tmp_path: Path) -> None:
    script = (
        "import os, sys\nfrom geocolor.bench.journal import Journal\n"
        "journal = Journal(sys.argv[1]).__enter__()\njournal.append({'key': 'a'})\n"
        "print(flush=True)\nsys.stdin.read()"
    )
    command = [sys.executable, "-c", script, str(tmp_path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as holder:
        assert holder.stdout is not None
        holder.stdout.readline()
        with pytest.raises(InputError, match=f"process {holder.pid} on "), Journal(tmp_path):
            pass
        holder.kill()
        holder.wait()
    with Journal(tmp_path) as journal:
        assert list(journal.entries) == ["a"]


def test_a_full_disk_leaves_no_half_line(tmp_path: Path) -> None:
    # A limit on the file's size makes the kernel take a part of the line, as a full disk does.
    script = (
        "import resource, signal, sys\nfrom geocolor.bench.journal import Journal\n"
        "from geocolor.errors import InputError\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "with Journal(sys.argv[1]) as journal:\n"
        "    journal.append({'key': 'a'})\n"
        "    size = journal.path.stat().st_size\n"
        "    resource.setrlimit(resource.RLIMIT_FSIZE, (size + 50, resource.RLIM_INFINITY))\n"
        "    try:\n        journal.append({'key': 'b', 'message': 'x' * 1000})\n"
        "    except InputError as error:\n        print(error)\n"
        "    journal.append({'key': 'c'})\n"
    )
    command = [sys.executable, "-c", script, str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert "only 50 of" in done.stdout
    assert list(read_journal(tmp_path / JOURNAL_FILE)) == ["a", "c"]


def test_no_folder_is_a_clear_error(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"cannot write .*No such file"), Journal(tmp_path / "no"):
        pass
