import gzip
import io
import lzma
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest
import zstandard
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from geocolor.errors import FormatError, InputError, LimitError
from geocolor.io import Limits, read
from geocolor.io.atomic import write_pieces
from geocolor.io.source import line_blocks, open_source

TRIANGLE = b"p edge 3 3\ne 1 2\ne 1 3\ne 2 3\n"
PACKERS: dict[str, Callable[[bytes], bytes]] = {
    ".gz": gzip.compress,
    ".xz": lzma.compress,
    ".zst": zstandard.compress,
}


def unpacked(path: Path) -> bytes:
    with open_source(path, Limits()) as source:
        return b"".join(source.blocks())


@pytest.mark.parametrize("suffix", ["", *PACKERS])
@given(text=st.binary(max_size=3000), pieces=st.integers(1, 4))
@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_what_is_written_comes_back(suffix: str, text: bytes, pieces: int, tmp_path: Path) -> None:
    path = tmp_path / f"a.bin{suffix}"
    # Text that begins like a compressed file is not what an uncompressed one holds.
    text = b"." + text
    step = len(text) // pieces + 1
    write_pieces(path, [text[at : at + step] for at in range(0, len(text), step)])
    assert unpacked(path) == text


@pytest.mark.parametrize("suffix", list(PACKERS))
def test_the_same_text_gives_the_same_file(suffix: str, tmp_path: Path) -> None:
    for name in ("a", "b"):
        write_pieces(tmp_path / f"{name}{suffix}", [TRIANGLE * 1000])
    first, second = (tmp_path / f"{name}{suffix}" for name in ("a", "b"))
    assert first.read_bytes() == second.read_bytes()
    assert first.stat().st_size < len(TRIANGLE) * 100


@pytest.mark.parametrize("suffix", list(PACKERS))
def test_content_tells_the_compression(suffix: str, tmp_path: Path) -> None:
    path = tmp_path / "a.col"
    path.write_bytes(PACKERS[suffix](TRIANGLE))
    assert read(path).conflicts.num_edges == 3


@pytest.mark.parametrize("suffix", list(PACKERS))
def test_several_streams_are_one_file(suffix: str, tmp_path: Path) -> None:
    path = tmp_path / f"a.col{suffix}"
    path.write_bytes(PACKERS[suffix](TRIANGLE[:20]) + PACKERS[suffix](TRIANGLE[20:]))
    assert unpacked(path) == TRIANGLE


@pytest.mark.parametrize("suffix", list(PACKERS))
def test_many_short_streams_come_as_one_block(suffix: str, tmp_path: Path) -> None:
    path = tmp_path / f"a.bin{suffix}"
    path.write_bytes(PACKERS[suffix](b"a" * 100) * 2000)
    with open_source(path, Limits()) as source:
        assert list(source.blocks()) == [b"a" * 200_000]


@pytest.mark.parametrize("suffix", list(PACKERS))
def test_nothing_packed_is_nothing(suffix: str, tmp_path: Path) -> None:
    path = tmp_path / f"a.col{suffix}"
    path.write_bytes(PACKERS[suffix](b""))
    assert unpacked(path) == b""
    with pytest.raises(FormatError, match="not a DIMACS graph"):
        read(path)


@pytest.mark.parametrize("suffix", list(PACKERS))
@pytest.mark.parametrize("kept", [7, 12, -30, -1])
def test_cut_off(suffix: str, kept: int, tmp_path: Path) -> None:
    packed = PACKERS[suffix](b"".join(b"e %d %d\n" % (i, i * i % 97) for i in range(500)))
    path = tmp_path / f"a.col{suffix}"
    path.write_bytes(packed[:kept])
    with pytest.raises(FormatError, match="not a whole"):
        unpacked(path)


@pytest.mark.parametrize("suffix", list(PACKERS))
@given(at=st.integers(8, 400), byte=st.integers(0, 255))
@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_damage_is_no_crash(suffix: str, at: int, byte: int, tmp_path: Path) -> None:
    packed = bytearray(PACKERS[suffix](TRIANGLE * 50))
    packed[at % len(packed)] = byte
    path = tmp_path / f"a.col{suffix}"
    path.write_bytes(packed)
    with suppress(FormatError):
        unpacked(path)


@pytest.mark.parametrize("suffix", list(PACKERS))
def test_decompressed_size_is_counted_while_it_streams(suffix: str, tmp_path: Path) -> None:
    path = tmp_path / f"bomb.col{suffix}"
    path.write_bytes(PACKERS[suffix](b"p edge 3 0\n" + b"\n" * 50_000_000))
    assert path.stat().st_size < 100_000
    with pytest.raises(LimitError, match="bytes of text, the limit is 2000000"):
        read(path, limits=Limits(text_bytes=2_000_000))


def test_a_name_that_promises_what_is_not_there(tmp_path: Path) -> None:
    for suffix, name in ((".gz", "gzip"), (".xz", "xz"), (".zst", "zstd")):
        path = tmp_path / f"a.col{suffix}"
        path.write_bytes(TRIANGLE)
        with pytest.raises(FormatError, match=f"not a whole {name} file: it begins with 'p edge"):
            read(path)


def test_standard_input_is_read_once_and_limited(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(gzip.compress(TRIANGLE))))
    assert b"".join(line_blocks(Path("-"), Limits())) == TRIANGLE
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(TRIANGLE)))
    with pytest.raises(LimitError, match=r"standard input: at least \d+ bytes, the limit is 9;"):
        list(line_blocks(Path("-"), Limits(file_bytes=9)))


def test_a_pipe_is_written_to(tmp_path: Path) -> None:
    code = "from geocolor.io.atomic import write_pieces; write_pieces('-', [b'a', b'b'])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True)
    assert done.stdout == b"ab"


def test_the_head_stays_to_be_read(tmp_path: Path) -> None:
    path = tmp_path / "a.col"
    path.write_bytes(TRIANGLE)
    with open_source(path, Limits()) as source:
        assert source.head == TRIANGLE
        assert b"".join(source.line_blocks()) == TRIANGLE


def test_no_file(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot read"):
        unpacked(tmp_path / "none.col")
