"""Generators take numbers, of numpy too, and refuse what is none."""

from typing import Any

import numpy as np
import pytest

from geocolor.errors import InputError
from geocolor.graph import generators

# By generator, arguments that are taken; kinds say which are whole.
TAKEN: dict[str, tuple[Any, ...]] = {
    "queen": (3, 4),
    "rook": (3, 4),
    "latin_square": (3,),
    "mycielski": (3,),
    "insertions": (1, 2),
    "full_insertions": (1, 2),
    "kneser": (5, 2),
    "gnp": (9, 0.5, 1),
    "geometric": (9, 0.5, 1),
    "intervals": (9, 0.5, 1),
    "flat": (9, 3, 0.5, 1),
    "leighton": (9, 3, 2, 1),
    "timetable": (9, 3, 3, 2, 1),
    "layers": (9, 1),
    "heads": (9, 1),
}
NAMED: dict[str, dict[str, Any]] = {
    "layers": {"clusters": 3, "spread": 0.5, "conflict_share": 0.5, "gain": 0.5},
    "heads": {"reach": 1},
}


@pytest.mark.parametrize("name", TAKEN)
def test_numbers_of_numpy_make_the_same_graph(name: str) -> None:
    small = {int: np.int8, float: np.float64}
    given = [small[type(value)](value) for value in TAKEN[name]]
    make = getattr(generators, name)
    assert make(*given).fingerprint == make(*TAKEN[name]).fingerprint


def test_every_generator_is_tried() -> None:
    assert set(TAKEN) == set(generators.__all__)


@pytest.mark.parametrize("name", TAKEN)
def test_what_is_no_number_is_refused(name: str) -> None:
    make = getattr(generators, name)
    for at, value in enumerate(TAKEN[name]):
        for wrong in (True, "3", None, 2j, *([float(value)] if type(value) is int else [])):
            with pytest.raises(InputError, match="must be a"):
                make(*TAKEN[name][:at], wrong, *TAKEN[name][at + 1 :])
    for key, value in NAMED.get(name, {}).items():
        for wrong in (True, "3", None, 2j, *([1.5] if type(value) is int else [])):
            with pytest.raises(InputError, match="must be a"):
                make(*TAKEN[name], **{key: wrong})


def test_arithmetic_is_not_that_of_small_integers() -> None:
    board = generators.rook(np.int8(12), np.int8(12))  # type: ignore[arg-type]
    assert (board.num_nodes, board.conflicts.num_edges) == (144, 1584)
