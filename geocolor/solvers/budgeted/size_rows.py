"""The budget in an integer program whose tolerances are coarse beside large sizes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["SizeRows"]

# A digit: so many steps of size that one of them is a thousand tolerances.
_DIGIT = 1 << 20


@dataclass(frozen=True, eq=False)
class SizeRows:
    """Sizes that add up to no more than the room, in digits and carries.

    A row that holds numbers of many digits is held by floats within a tolerance, which may be worth
    several steps. Added up as by hand, each row has one digit of all sizes, the carry of the row
    below and, times the base, the carry into the row above.

    Attributes
    ----------
    sizes : ndarray of int64, shape (digits, options)
        Digits of each size, the lowest first.
    room : tuple of int
        Digits of the room; the last takes all that is left.
    """

    sizes: NDArray[np.int64]
    room: tuple[int, ...]

    @classmethod
    def of(cls, sizes: NDArray[np.int64], room: int) -> SizeRows:
        """Take as many digits as the largest size has."""
        digits, limits = [], []
        while sizes.max(initial=0) > _DIGIT:
            digits.append(sizes % _DIGIT)
            limits.append(room % _DIGIT)
            sizes, room = sizes // _DIGIT, room // _DIGIT
        return cls(np.array([*digits, sizes]), (*limits, room))

    def carries(self, taken: NDArray[np.bool_]) -> list[float]:
        """Give the carries that go with a choice that fits."""
        carried = []
        carry = 0
        for digits, room in zip(self.sizes[:-1], self.room[:-1], strict=True):
            over = int(digits[taken].sum()) + carry - room
            carry = max(0, -(-over // _DIGIT))
            carried.append(float(carry))
        return carried

    def add_to(self, solver: Any) -> None:
        """Add the rows to a HiGHS model whose columns are the options; then come the carries."""
        # Late, as it takes a tenth of a second.
        from highspy import HighsVarType

        count = self.sizes.shape[1]
        carries = len(self.room) - 1
        for at in range(count, count + carries):
            solver.addVar(0.0, float(count + 1))
            solver.changeColIntegrality(at, HighsVarType.kInteger)
        # The largest coefficient is 1 if there is one digit, as in the linear program.
        weight = float(_DIGIT) if carries else max(1.0, float(self.sizes.max(initial=1)))
        for digit, (sizes, room) in enumerate(zip(self.sizes, self.room, strict=True)):
            columns, values = [*range(count)], [*(sizes / weight)]
            if digit > 0:
                columns.append(count + digit - 1)
                values.append(1 / weight)
            if digit < carries:
                columns.append(count + digit)
                values.append(-_DIGIT / weight)
            solver.addRow(
                -np.inf,
                room / weight,
                len(columns),
                np.array(columns, dtype=np.int32),
                np.array(values),
            )
