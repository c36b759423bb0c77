"""What a call writes, held apart from what it reads."""

from pathlib import Path

import pytest

from geocolor.cli.outputs import require_apart
from geocolor.errors import InputError


@pytest.fixture
def files(tmp_path: Path) -> tuple[Path, Path]:
    given = tmp_path / "given"
    given.write_text("kept")
    link = tmp_path / "link"
    link.symlink_to(given)
    return given, link


def test_apart(files: tuple[Path, Path], tmp_path: Path) -> None:
    given, _ = files
    require_apart((tmp_path / "a", None, tmp_path / "b"), (given, given, None))


def test_standard_output_is_in_nobodys_way() -> None:
    require_apart((Path("-"), Path("-")), (Path("-"),))
    require_apart((Path("/dev/null"), Path("/dev/null")))


def test_what_is_read_is_not_written_over(files: tuple[Path, Path]) -> None:
    given, link = files
    for path in (given, link, given.parent / "x" / ".." / "given"):
        with pytest.raises(InputError, match="another file of this call"):
            require_apart((path,), (given,))


def test_nothing_is_written_over_what_is_written(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="another file of this call"):
        require_apart((tmp_path / "a", tmp_path / "b", tmp_path / "." / "a"))


@pytest.mark.parametrize(
    "call",
    [
        ("graph", "-o", "a.json", "--options", "a.json"),
        ("graph", "-o", "a.json", "--checkpoint", "a.json"),
        ("graph", "-o", "text.json"),
        ("compress", "-o", "out", "--checkpoint", "text.json"),
        ("compress", "-o", "out", "--checkpoint", "a.html", "--report", "a.html"),
        ("compress", "-o", "out", "--evaluation", "held.html", "--report", "held.html"),
    ],
    ids=" ".join,
)
def test_commands_of_models(
    run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, call: tuple[str, ...]
) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("text.json", "held.html"):
        Path(name).write_text("words")
    Path("model").mkdir()
    done = run(call[0], "model", "--calibration", "text.json", *call[1:])
    assert done.code == 2
    assert "another file of this call" in done.error()
    assert Path("text.json").read_text() == Path("held.html").read_text() == "words"
