"""Presets and their parts."""

from __future__ import annotations

import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from geocolor.compression import PRESETS, Configuration
from geocolor.compression.configuration import (
    SUMMARIES,
    Grouping,
    RankRule,
    counted_in,
    preset,
    resolved,
)
from geocolor.criterion import Budget, Damping, Form, Metric
from geocolor.errors import FormatError, InputError


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
    assert (data["format"], data["version"]) == ("geocolor.configuration", 2)


def test_every_preset_is_told_of_in_a_line():
    assert SUMMARIES.keys() == PRESETS.keys()
    assert all(0 < len(summary) < 80 for summary in SUMMARIES.values())


names = st.text(st.characters(exclude_categories=["C", "Z"]), min_size=1, max_size=64)
levels = st.floats(0, 1e300)


@st.composite
def configurations(draw: st.DrawFn) -> Configuration:
    tie = draw(st.booleans())
    forms = {Form.DENSE, Form.TIED} if tie else {Form.BASIS} | draw(st.sets(st.sampled_from(Form)))
    metric = draw(st.sampled_from(Metric))
    needs_other = {Grouping.CONSECUTIVE}
    if metric is not Metric.DOMINANT:
        needs_other.add(Grouping.ASSIGNED)
    free = [grouping for grouping in Grouping if grouping not in needs_other]
    ranks = RankRule.UNIFORM if tie else draw(st.sampled_from(RankRule))
    timed = ranks is RankRule.PRICED and Form.DENSE in forms
    budgets = [each for each in Budget if timed or each is not Budget.LATENCY]
    return Configuration(
        draw(names),
        metric=metric,
        forms=tuple(draw(st.permutations(sorted(forms)))),
        grouping=Grouping.CONSECUTIVE if tie else draw(st.sampled_from(free)),
        ranks=ranks,
        rank_multiple=draw(st.integers(1, 64)) if ranks is RankRule.PRICED else 1,
        budget=Budget.PARAMS if tie else draw(st.sampled_from(budgets)),
        refit=draw(st.booleans()),
        fold_norms=draw(st.booleans()),
        reach=draw(st.integers(0, 10**6)),
        across_roles=draw(st.booleans()),
        damping=Damping(draw(levels), draw(levels)),
    )


@given(configurations())
def test_what_was_written_is_read_back(configuration):
    data = json.loads(json.dumps(configuration.to_json(), allow_nan=False))
    assert data == configuration.to_json()
    again = Configuration.from_json(data)
    assert again == configuration
    assert again.criterion == configuration.criterion


HEAD = {"format": "geocolor.configuration", "version": 2}


def test_a_base_gives_the_parts_left_out():
    damping = {"inputs": 0.5}
    own = Configuration.from_json(
        HEAD | {"base": "private", "name": "own", "reach": 0, "refit": False, "damping": damping}
    )
    expected = Damping(0.5, preset("private").damping.gradients)
    assert own == Configuration(
        "own", grouping=Grouping.PRIVATE, reach=0, refit=False, damping=expected
    )


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"metrik": "weights"}, "unknown key 'metrik'; did you mean 'metric'"),
        ({"xyz": 1}, "unknown key 'xyz'; choose one of format, version, base, name, metric"),
        ({"damping": {"input": 1.0}}, "unknown key 'damping.input'; did you mean 'inputs'"),
        ({"damping": 0.1}, "damping must be a table, not 0.1"),
        ({"damping": {"inputs": True}}, "damping.inputs must be a finite number, not True"),
        ({"damping": {"inputs": float("nan")}}, "damping.inputs must be a finite number"),
        ({"damping": {"inputs": -1}}, "damping.inputs must be finite and not negative"),
        ({"metric": "euclid"}, "metric must be one of kronecker, activations, weights"),
        ({"metric": ["weights"]}, "metric must be one of"),
        (
            {"forms": "basis"},
            "forms must be a list of some of dense, basis, tied, residual, narrow",
        ),
        ({"forms": ["basis", "x"]}, "forms must be a list of some of"),
        ({"forms": ["basis", "basis"]}, "forms names one twice"),
        ({"forms": ["tied"]}, "allow dense or basis"),
        (
            {"grouping": None},
            "grouping must be one of private, adjacent, consecutive, assigned, priced",
        ),
        ({"ranks": 1}, "ranks must be one of uniform, priced"),
        ({"refit": 1}, "refit must be true or false, not 1"),
        ({"rank_multiple": 0}, "rank_multiple must be positive: 0"),
        ({"rank_multiple": 1.5}, "rank_multiple must be a whole number, not 1.5"),
        ({"budget": "seconds"}, "budget must be one of params, bytes, macs"),
        ({"reach": True}, "reach must be a whole number, not True"),
        ({"reach": 1.0}, "reach must be a whole number"),
        ({"name": 3}, "name must be a string"),
        ({"name": "two\nlines"}, "name must be 1 to 64 printable"),
        ({"name": ""}, "name must be 1 to 64 printable"),
        ({"base": "nonsense"}, "base must be one of default, private"),
        ({"version": 3}, "reads up to 2"),
        ({"format": "geocolor.graph"}, "another kind of file"),
    ],
)
def test_a_part_that_is_wrong_is_named(change, message):
    with pytest.raises(FormatError, match=re.escape(message)):
        Configuration.from_json(HEAD | {"base": "default", "name": "own"} | change)


def test_no_part_may_be_missing_without_a_base_and_never_the_name():
    for part in set(PRESETS["default"].to_json()) - {"format", "version"}:
        data = PRESETS["default"].to_json()
        del data[part]
        with pytest.raises(FormatError, match=f"{part} is missing"):
            Configuration.from_json(data)
    with pytest.raises(FormatError, match="name is missing"):
        Configuration.from_json(HEAD | {"base": "default"})
    with pytest.raises(FormatError, match="must be a table"):
        Configuration.from_json(["default"])


@pytest.mark.parametrize(
    ("parts", "message"),
    [
        ({"forms": (Form.TIED,)}, "allow dense or basis"),
        ({"forms": (Form.DENSE,), "ranks": RankRule.UNIFORM}, "allow basis"),
        ({"reach": -1}, "reach"),
        ({"grouping": Grouping.CONSECUTIVE}, "forms must be dense and tied, ranks uniform"),
        ({"ranks": RankRule.UNIFORM, "rank_multiple": 8}, "set rank_multiple to 1"),
        ({"grouping": Grouping.ASSIGNED}, "judged by dominant eigenpairs"),
    ],
)
def test_parts_that_do_not_go_together_are_refused(parts, message):
    with pytest.raises(InputError, match=message):
        Configuration("own", **parts)


def test_version_1_knew_neither_multiples_nor_other_budgets():
    data = PRESETS["default"].to_json() | {"version": 1}
    del data["rank_multiple"], data["budget"]
    assert Configuration.from_json(data) == PRESETS["default"]
    with pytest.raises(FormatError, match="rank_multiple is missing"):
        Configuration.from_json(data | {"version": 2})


def test_a_budget_said_beside_a_method_takes_the_place_of_its_own():
    assert counted_in("private", None) is preset("private")
    assert counted_in("private", "macs").budget is Budget.MACS
    with pytest.raises(InputError, match="no budget of 'time'; choose one of params, bytes, macs"):
        counted_in("private", "time")
    with pytest.raises(InputError, match="layers tied whole are counted in parameters"):
        counted_in("uniform-tie", "macs")


def test_methods_that_differ_in_grouping_alone_agree_in_their_criterion():
    default, private = preset("default"), preset("private")
    assert default != private
    assert default.criterion == private.criterion
    assert default.criterion != preset("fixed-width").criterion
    assert default.criterion != preset("svd-llm").criterion
