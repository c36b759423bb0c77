"""What a file may ask for is set on the command line, and a refusal says how."""

from pathlib import Path
from typing import Any

import pytest

from geocolor.io import Limits

Run = Any

CALLS = {
    "solve": ("solve", "FILE", "--solver", "dsatur"),
    "info": ("info", "FILE"),
    "convert": ("convert", "FILE", "OUT"),
    "check": ("check", "FILE", "SOLUTION"),
}


@pytest.fixture
def call(run: Run, queen5: Path, tmp_path: Path) -> Any:
    """Call a command on a graph of 25 nodes and 160 edges in 1.2 kilobytes."""
    solution = tmp_path / "queen5_5.sol"
    assert run("solve", queen5, "--solver", "dsatur", "-o", solution).code == 0
    files = {"FILE": queen5, "OUT": tmp_path / "out.json", "SOLUTION": solution}

    def made(command: str, *options: object) -> Any:
        return run(*(files.get(word, word) for word in CALLS[command]), *options)

    return made


@pytest.mark.parametrize("command", CALLS)
@pytest.mark.parametrize(
    ("option", "enough", "message"),
    [
        (("--max-nodes", 24), 25, "25 nodes, the limit is 24; raise it with --max-nodes"),
        (("--max-edges", 159), 160, "160 edges, the limit is 159; raise it with --max-edges"),
        (("--max-bytes", 1000), "2kB", "bytes, the limit is 1000; raise it with --max-bytes"),
    ],
)
def test_a_limit_says_what_raises_it(
    call: Any, command: str, option: tuple[str, int], enough: object, message: str
) -> None:
    refused = call(command, *option)
    assert refused.code == 2
    assert message in refused.error()
    assert call(command, option[0], enough).code == 0


def test_decompressed_bytes_count_too(run: Run, tmp_path: Path) -> None:
    bomb = tmp_path / "graph.col.gz"
    assert run("generate", "queen", 8, 8, "-o", bomb).code == 0
    size = bomb.stat().st_size
    refused = run("info", bomb, "--max-bytes", size)
    assert refused.code == 2
    assert f"bytes of text, the limit is {size}; raise it with --max-bytes" in refused.error()


def test_options_of_sharing_are_held_to_them(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "options.json"
    file.write_text(
        '{"format": "geocolor.options", "version": 1, "units": ["a", "b"],'
        ' "options": [[[0], "dense", 0.0, 4], [[1], "dense", 0.0, 4]]}'
    )
    assert "2 nodes, the limit is 1" in run("frontier", file, "--max-nodes", 1).error()
    assert run("frontier", file, "--max-nodes", 2, "--max-edges", 2).code == 0


@pytest.mark.parametrize("size", ["0", "-1", "much", "1e9"])
def test_a_size_that_is_none(run: Run, queen5: Path, size: str) -> None:
    assert "is no size; write 500MB or 4GB" in run("info", queen5, f"--max-bytes={size}").error()


def test_help_tells_the_limits_there_are(run: Run) -> None:
    told = " ".join(run("info", "--help").out.split())
    limits = Limits()
    assert f"nodes of a file; default {limits.nodes}." in told
    assert f"edges of a file; default {limits.edges}." in told
    assert f"default {limits.file_bytes >> 30}GiB, text {limits.text_bytes >> 30}GiB" in told
    assert f"JSON {limits.json_bytes >> 20}MiB." in told
