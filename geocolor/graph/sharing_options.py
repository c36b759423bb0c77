"""What groups of units may be stored as: a hypergraph whose edges have forms, costs and sizes."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import scipy.sparse as sp
from numpy.typing import ArrayLike, NDArray

from geocolor.errors import InputError
from geocolor.graph.adjacency import frozen
from geocolor.graph.arrays import as_array, as_floats
from geocolor.graph.read_only import ReadOnlyArrays

__all__ = ["SharingOptions"]

# Sizes add up to less than this.
_LARGEST_SIZE = 1 << 50
# So do costs, whatever their signs.
_LARGEST_COST = 1e300


@dataclass(frozen=True, eq=False, init=False)
class SharingOptions(ReadOnlyArrays):
    """What groups of units may be stored as, and at what cost.

    An option is a group of units with a form: on its own or together, dense, tied, or over a basis
    of some rank. A group may have many.

    Parameters
    ----------
    units : iterable of str
        Distinct names.
    groups : sequence of sequence of int or str
        The units of each option, by number or name.
    costs : array_like of float, shape (options,)
        What each costs, in nats say.
    sizes : array_like of int, shape (options,)
        Parameters that each stores.
    forms : iterable of str, optional
        What to call each option's form.

    Attributes
    ----------
    units : tuple of str
    groups : tuple of tuple of int
        Ascending.
    costs : ndarray of float64, shape (options,)
    sizes : ndarray of int64, shape (options,)
    forms : tuple of str

    Raises
    ------
    InputError
        A unit is named twice or does not exist, a group is empty or has a unit twice, a cost is not
        finite, costs or sizes are too large to be added up, a size is negative, a unit is in no
        option, a name is no text that UTF-8 can hold, or the lengths differ.

    Examples
    --------
    >>> options = SharingOptions(["a", "b"], [["a"], ["b"], ["a", "b"]], [0, 0, 1.5], [4, 4, 4])
    >>> options.groups
    ((0,), (1,), (0, 1))
    """

    units: tuple[str, ...]
    groups: tuple[tuple[int, ...], ...]
    costs: NDArray[np.float64]
    sizes: NDArray[np.int64]
    forms: tuple[str, ...]

    def __init__(
        self,
        units: Iterable[str],
        groups: Sequence[Sequence[int | str]],
        costs: ArrayLike,
        sizes: ArrayLike,
        forms: Iterable[str] | None = None,
    ) -> None:
        names = tuple(map(str, units))
        place = {name: at for at, name in enumerate(names)}
        if len(place) < len(names):
            raise InputError("two units have the same name")
        _require_text(names)
        members = tuple(_members(group, place, at) for at, group in enumerate(groups))
        cost, size = as_floats(costs, "costs"), as_array(sizes, "sizes")
        called = ("",) * len(members) if forms is None else tuple(map(str, forms))
        _require_text(called)
        if cost.ndim != 1 or size.ndim != 1:
            raise InputError("costs and sizes must be one number for each option")
        if not len(members) == len(called) == len(cost) == len(size):
            raise InputError(
                f"{len(members)} groups, {len(cost)} costs, {len(size)} sizes, {len(called)} forms"
            )
        wrong = np.flatnonzero(~np.isfinite(cost))
        if wrong.size:
            raise InputError(f"option {wrong[0]} costs {cost[wrong[0]]}, no finite number")
        if not (np.abs(cost) / _LARGEST_COST).sum() < 1:
            raise InputError(f"costs must add up to less than {_LARGEST_COST:g}; divide them")
        if size.size and (size.dtype.kind not in "iu" or size.min() < 0):
            raise InputError("sizes must be whole numbers, not negative")
        if float(size.astype(np.float64).sum()) >= _LARGEST_SIZE:
            raise InputError(f"sizes must add up to less than {_LARGEST_SIZE}")
        missing = sorted(set(range(len(names))) - {unit for group in members for unit in group})
        if missing:
            raise InputError(f"the unit {names[missing[0]]} is in no option")
        for name, value in (
            ("units", names),
            ("groups", members),
            ("costs", frozen(cost)),
            ("sizes", frozen(size.astype(np.int64))),
            ("forms", called),
        ):
            object.__setattr__(self, name, value)

    def __len__(self) -> int:
        """Count the options."""
        return len(self.groups)

    @cached_property
    def membership(self) -> sp.csr_array:
        """Which option has which units, shape (options, units), ones."""
        starts = np.zeros(len(self) + 1, dtype=np.int64)
        np.cumsum([len(group) for group in self.groups], out=starts[1:])
        flat = [unit for group in self.groups for unit in group]
        return sp.csr_array(
            (np.ones(len(flat), dtype=np.int64), np.array(flat, dtype=np.int64), starts),
            shape=(len(self), len(self.units)),
        )

    @cached_property
    def fingerprint(self) -> str:
        """Hash of all that the options say."""
        digest = hashlib.sha256()
        for part in (repr((self.units, self.groups, self.forms)).encode(), self.costs, self.sizes):
            digest.update(part if isinstance(part, bytes) else part.tobytes())
        return digest.hexdigest()


def _require_text(names: Sequence[str]) -> None:
    try:
        "".join(names).encode()
    except UnicodeEncodeError as error:
        raise InputError(f"a name is no text that UTF-8 can hold: {error.reason}") from error


def _members(group: Sequence[int | str], place: dict[str, int], at: int) -> tuple[int, ...]:
    numbers = []
    for unit in group:
        if isinstance(unit, str):
            number = place.get(unit, -1)
        elif isinstance(unit, int | np.integer) and not isinstance(unit, bool):
            number = int(unit)
        else:
            raise InputError(f"option {at} names the unit {unit!r}, neither a number nor a name")
        if not 0 <= number < len(place):
            raise InputError(f"option {at} names the unit {unit!r}, which does not exist")
        numbers.append(number)
    if not numbers or len(set(numbers)) < len(numbers):
        raise InputError(f"option {at} must have units, each once, not {list(group)}")
    return tuple(sorted(numbers))
