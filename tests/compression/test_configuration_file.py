"""Configurations as files."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from geocolor.compression import PRESETS, Configuration, read_configuration
from geocolor.compression.configuration_file import chosen_configuration, toml_text
from geocolor.criterion import Damping
from geocolor.errors import FormatError, InputError, LimitError

OWN = 'format = "geocolor.configuration"\nversion = 1\nbase = "default"\nname = "own"\n'


@pytest.mark.parametrize(
    "configuration",
    [*PRESETS.values(), Configuration('a "b" \\ é 🙂', damping=Damping(5e-324, 1e300))],
    ids=lambda each: each.name[:1],
)
def test_both_kinds_of_file_are_read_back(configuration: Configuration, tmp_path: Path) -> None:
    toml, text = tmp_path / "a.toml", tmp_path / "a.json"
    toml.write_text(toml_text(configuration), encoding="utf-8")
    text.write_text(json.dumps(configuration.to_json()), encoding="utf-8")
    assert read_configuration(toml) == read_configuration(text) == configuration


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.toml", "reach = ", "not TOML"),
        ("a.toml", "a = " + "[" * 5000, "not TOML"),
        ("a.toml", OWN + "reach = 1\nreach = 2\n", "not TOML"),
        ("a.toml", OWN + "reech = 1\n", "did you mean 'reach'"),
        ("a.toml", OWN + "[damping]\ninputs = inf\n", "damping.inputs must be a finite number"),
        ("a.json", "{", "not JSON"),
        ("a.json", "[]", "must hold one JSON object"),
        ("a.json", '{"reach": 1, "reach": 2}', "occurs twice"),
    ],
)
def test_broken_files_are_refused_with_their_name(
    name: str, content: str, message: str, tmp_path: Path
) -> None:
    path = tmp_path / name
    path.write_text(content, encoding="utf-8")
    with pytest.raises(FormatError, match=message) as caught:
        read_configuration(path)
    assert str(caught.value).startswith(str(path))


def test_files_too_large_missing_or_of_another_name_are_refused(tmp_path: Path) -> None:
    large = tmp_path / "large.toml"
    large.write_text("#" * 70_000, encoding="utf-8")
    with pytest.raises(LimitError):
        read_configuration(large)
    with pytest.raises(InputError, match="cannot read"):
        read_configuration(tmp_path / "missing.toml")
    with pytest.raises(InputError, match=r"is a \.json or \.toml file"):
        read_configuration(tmp_path / "a.yaml")


def test_a_name_or_a_path_is_taken_and_no_preset_is_passed_off(tmp_path: Path) -> None:
    path = tmp_path / "own.toml"
    path.write_text(OWN + "reach = 3\n", encoding="utf-8")
    assert chosen_configuration("private") is PRESETS["private"]
    assert chosen_configuration(str(path)) == Configuration("own", reach=3)
    with pytest.raises(InputError, match="no preset 'own'"):
        chosen_configuration("own")
    path.write_text(toml_text(Configuration("default", reach=3)), encoding="utf-8")
    with pytest.raises(FormatError, match="is called 'default' and is not that preset"):
        chosen_configuration(str(path))
    path.write_text(toml_text(PRESETS["default"]), encoding="utf-8")
    assert chosen_configuration(str(path)) == PRESETS["default"]
