"""What a budget of time counts, against sums by hand."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from geocolor.criterion import Form, LatencyTable, LayerLatency, ProductTimes, TimesCounting
from geocolor.errors import InputError
from geocolor.units import Side, Unit, Use

RANKS = np.array([0, 1, 3, 4])
WIDTHS = (1, 2, 4, 8)


def times(start: float, step: float) -> ProductTimes:
    return ProductTimes(WIDTHS, tuple(start + step * width for width in WIDTHS))


def unit(name: str, rows: int, columns: int, side: Side = Side.READ) -> Unit:
    return Unit(name, "role", 0, (rows, columns), side, "space")


UNITS = {
    "q": unit("q", 8, 4),
    "k": unit("k", 4, 4),
    "o": unit("o", 4, 8, Side.WRITE),
}
TABLE = LatencyTable(
    "a processor", "cpu", "bfloat16", 1, 1, "2.13",
    (
        LayerLatency(("q",), (8, 4), 100.0, times(10, 1), times(20, 2)),
        LayerLatency(("k", "other"), (4, 4), 60.0, times(11, 1), times(23, 3)),
        LayerLatency(("o",), (4, 8), 90.0, times(17, 2), times(29, 4)),
    ),
    once=7.0,
)  # fmt: skip
TOGETHER = {"q": Use(1, "q"), "k": Use(1, "q"), "o": Use(1, "o")}
APART = {name: Use(1, name) for name in UNITS}

INWARD_Q, OUTWARD_Q = np.array([11, 11, 13, 14]), np.array([22, 22, 26, 28])
INWARD_K, OUTWARD_K = np.array([12, 12, 14, 15]), np.array([26, 26, 32, 35])
OUTWARD_O = np.array([33, 33, 41, 45])


@pytest.mark.parametrize(
    ("form", "names", "uses", "expected"),
    [
        (Form.DENSE, "qk", TOGETHER, 160),
        (Form.TIED, "qk", TOGETHER, 160),
        # From rank 3 on factors are of as many numbers as matrices.
        (Form.BASIS, "q", TOGETHER, [33, 33, 101, 101]),
        (Form.BASIS, "qk", TOGETHER, [11 + 22 + 26 + 7, 66, 161, 161]),
        (Form.BASIS, "qk", APART, [11 + 22 + 12 + 26, 71, 161, 161]),
        (Form.BASIS, "o", APART, [52, 52, 91, 91]),
        (Form.RESIDUAL, "qk", TOGETHER, 160 + INWARD_Q + OUTWARD_Q + INWARD_K + OUTWARD_K),
        # Of full width they take 18 and 61: the rest of 100 and 90 is how they are called.
        (Form.NARROW, "qo", TOGETHER, (INWARD_Q + 82) + (OUTWARD_O + 29)),
    ],
)
def test_a_form_takes_what_its_products_take(form, names, uses, expected):
    found = TimesCounting(TABLE, uses).sizes(form, [UNITS[name] for name in names], RANKS)
    assert found.tolist() == np.broadcast_to(expected, 4).tolist()


TIMES = st.lists(st.floats(1, 1e4), min_size=4, max_size=4).map(tuple)


@given(TIMES, TIMES, st.floats(1, 1e4), st.floats(1, 1e4))
def test_nothing_is_saved_where_nothing_is_taken_out(inward, outward, writer, reader):
    table = replace(TABLE, layers=(
        LayerLatency(("q",), (8, 4), writer, ProductTimes(WIDTHS, inward), times(1, 1)),
        LayerLatency(("o",), (4, 8), reader, times(1, 1), ProductTimes(WIDTHS, outward)),
    ))  # fmt: skip
    counting, units = TimesCounting(table, APART), [UNITS["q"], UNITS["o"]]
    dense = sum(int(counting.sizes(Form.DENSE, [unit], RANKS)[0]) for unit in units)
    narrow = counting.sizes(Form.NARROW, units, np.arange(9))
    assert narrow[8] == dense
    assert narrow[0] > 0
    assert np.all(np.diff(narrow) >= 0)
    for unit in units:
        whole = int(counting.sizes(Form.DENSE, [unit], RANKS)[0])
        basis = counting.sizes(Form.BASIS, [unit], np.arange(5))
        assert all(basis[rank] > whole for rank in range(5) if rank * 12 >= 32)


@given(st.lists(st.floats(0.5, 1e9), min_size=4, max_size=4))
def test_what_is_wider_takes_no_less_and_no_more_than_was_measured(nanoseconds):
    found = ProductTimes(WIDTHS, tuple(nanoseconds)).at(np.arange(9))
    assert np.all(np.diff(found) >= 0)
    assert found[0] == found[1] == nanoseconds[0]
    assert found[8] == max(nanoseconds)


def test_times_that_cannot_be_are_refused():
    for widths, nanoseconds in (
        ((2, 1), (1.0, 1.0)),
        ((0, 1), (1.0, 1.0)),
        ((1, 2), (1.0,)),
        ((1,), (0.0,)),
        ((1,), (float("nan"),)),
        ((), ()),
    ):
        with pytest.raises(InputError):
            ProductTimes(widths, nanoseconds)
    with pytest.raises(InputError, match="positive"):
        replace(TABLE.layers[0], dense=float("inf"))
    with pytest.raises(InputError, match="positive"):
        replace(TABLE, once=-1.0)


def test_another_model_is_told_by_its_names_shapes_and_widths():
    counting = TimesCounting(TABLE, APART)
    for wrong in (unit("v", 4, 4), unit("q", 4, 8)):
        with pytest.raises(InputError, match=f"no times of {wrong.name}, 4 x"):
            counting.sizes(Form.DENSE, [wrong], RANKS)
    with pytest.raises(InputError, match="no product of width 9"):
        counting.sizes(Form.BASIS, [UNITS["q"]], np.array([9]))


def test_a_setting_says_what_counts():
    assert TABLE.setting == "1 token, bfloat16, cpu, 1 thread of a processor"
    other = replace(TABLE, tokens=64, device="cuda", threads=2)
    assert other.setting == "64 tokens, bfloat16, cuda of a processor"
    assert replace(TABLE, tokens=0, threads=2).setting.startswith("one sample, ")
