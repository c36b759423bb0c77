"""Presets and their parts."""

from __future__ import annotations

import json

import pytest

from geocolor.compression import PRESETS, Configuration
from geocolor.compression.configuration import RankRule, preset, resolved
from geocolor.criterion import Form
from geocolor.errors import InputError


def test_presets_are_found_by_the_name_that_reports_call_them():
    assert set(PRESETS) >= {"default", "svd-llm", "basis-sharing"}
    for name, configuration in PRESETS.items():
        assert preset(name) is resolved(name) is configuration
        assert configuration.name == name


def test_a_configuration_stands_for_itself_and_unknown_names_list_the_known():
    own = Configuration("own")
    assert resolved(own) is own
    with pytest.raises(InputError, match=r"no preset 'own'; choose one of default, private"):
        resolved("own")


def test_a_configuration_is_plain_data_in_json():
    data = json.loads(json.dumps(PRESETS["svd-llm"].to_json()))
    assert data["forms"] == ["basis"]
    assert data["metric"] == "activations"
    assert data["damping"] == {"inputs": 1e-6, "gradients": 1e-6}


@pytest.mark.parametrize(
    ("parts", "message"),
    [
        ({"forms": (Form.TIED,)}, "allow dense or basis"),
        ({"forms": (Form.DENSE,), "ranks": RankRule.UNIFORM}, "allow basis"),
        ({"reach": -1}, "reach"),
    ],
)
def test_parts_that_do_not_go_together_are_refused(parts, message):
    with pytest.raises(InputError, match=message):
        Configuration("own", **parts)


def test_methods_that_differ_in_grouping_alone_agree_in_their_criterion():
    default, private = preset("default"), preset("private")
    assert default != private
    assert default.criterion == private.criterion
    assert default.criterion != preset("fixed-width").criterion
    assert default.criterion != preset("svd-llm").criterion
