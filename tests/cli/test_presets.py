"""``geocolor presets``."""

from pathlib import Path

import pytest

pytest.importorskip("torch")

from geocolor.compression import PRESETS, Configuration, read_configuration


def test_presets_are_listed_in_a_line_each(run) -> None:
    lines = run("presets").out.splitlines()
    assert [line.split()[0] for line in lines] == list(PRESETS)
    found = run("presets", "--json").json()
    assert {name: Configuration.from_json(data) for name, data in found.items()} == PRESETS


def test_one_is_printed_to_be_edited(run, tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text(run("presets", "svd-llm").out, encoding="utf-8")
    assert read_configuration(path) == PRESETS["svd-llm"]
    assert Configuration.from_json(run("presets", path, "--json").json()) == PRESETS["svd-llm"]
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace("reach = 1", "reach = 2"), encoding="utf-8")
    assert "is called 'svd-llm' and is not that preset" in run("presets", path).error()
    assert "no preset 'nonsense'; choose one of default" in run("presets", "nonsense").error()
