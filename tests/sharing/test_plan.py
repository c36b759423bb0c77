"""Plans are checked however they come."""

from __future__ import annotations

import json

import pytest

from geocolor.errors import CheckpointError
from geocolor.sharing import GroupPlan, SharingPlan

PLAN = SharingPlan(
    (
        GroupPlan(("a", "b"), "basis", "read", 3),
        GroupPlan(("c",), "basis", "write", 1),
        GroupPlan(("d", "e"), "tied", "read"),
        GroupPlan(("f", "g"), "dense", "read"),
    )
)
ENTRY = {"members": ["a"], "form": "basis", "side": "read", "rank": 1}


def test_a_plan_survives_json():
    assert SharingPlan.from_json(json.loads(json.dumps(PLAN.to_json()))) == PLAN


def test_colors_are_the_groups():
    assert PLAN.colors == {"a": 0, "b": 0, "c": 1, "d": 2, "e": 2, "f": 3, "g": 3}


def test_shared_groups_have_several_members_that_do_share():
    assert [group.members for group in PLAN.shared_groups] == [("a", "b"), ("d", "e")]


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ({}, "not a list"),
        (["a"], "needs members"),
        ([{**ENTRY, "extra": 1}], "needs members"),
        ([{key: ENTRY[key] for key in ("members", "form", "side")}], "needs members"),
        ([{**ENTRY, "members": "a"}], "list of names"),
        ([{**ENTRY, "members": [1]}], "list of names"),
        ([{**ENTRY, "members": []}], "distinct members"),
        ([{**ENTRY, "members": ["a", "a"]}], "distinct members"),
        ([{**ENTRY, "form": "sparse"}], "sparse"),
        ([{**ENTRY, "form": None}], "None"),
        ([{**ENTRY, "side": "left"}], "left"),
        ([{**ENTRY, "rank": -1}], "rank -1"),
        ([{**ENTRY, "rank": 1.0}], "integer"),
        ([{**ENTRY, "rank": True}], "integer"),
        ([{**ENTRY, "rank": None}], "integer"),
        ([ENTRY, {**ENTRY, "members": ["b", "a"]}], "a is in two groups"),
        ([{**ENTRY, "members": ["a"], "form": "narrow"}], "a alone has no hidden units to narrow"),
    ],
)
def test_what_is_not_a_plan_is_refused(data, message):
    with pytest.raises(CheckpointError, match=message):
        SharingPlan.from_json(data)
