"""Every error geocolor raises on purpose.

The command line turns any :class:`GeocolorError` into one line on stderr; everything else that
escapes is a bug.
"""

from __future__ import annotations

import math

__all__ = [
    "BudgetError",
    "CheckError",
    "CheckpointError",
    "FormatError",
    "GeocolorError",
    "InputError",
    "LimitError",
    "ModelError",
    "SolverError",
    "UnreadableAnswerError",
    "WrongAnswerError",
]


class GeocolorError(Exception):
    """Base of all errors that geocolor raises on purpose."""


class InputError(GeocolorError, ValueError):
    """An argument, an option or a graph is not what the call needs."""


class BudgetError(InputError):
    """No plan that a method may make is within the budget.

    Parameters
    ----------
    least : float
        Share of the whole that the smallest one takes.
    asked : float
        Share that was to be kept.
    """

    def __init__(self, least: float, asked: float) -> None:
        self.least = least
        # Rounded up, so that what is told can be met.
        told = math.ceil(least * 1e4) / 1e4
        super().__init__(
            f"no plan by this method takes less than {told:g} of the whole, {asked:.4g} was asked "
            f"for: keep {told:g} or more"
        )


class FormatError(InputError):
    """A file does not follow its format.

    Parameters
    ----------
    message : str
        What is wrong and what to do.
    path : str, optional
        The file.
    line : int, optional
        The line, counted from 1.
    """

    def __init__(self, message: str, path: str | None = None, line: int | None = None) -> None:
        self.path = path
        self.line = line
        where = "" if path is None else f"{path}: " if line is None else f"{path}:{line}: "
        super().__init__(f"{where}{message}")


class LimitError(InputError):
    """An input is larger than a stated limit; nothing was allocated for it."""


class CheckError(GeocolorError):
    """A coloring breaks its problem: the independent checker's word.

    Parameters
    ----------
    message : str
        What is broken.
    edge : (int, int), optional
        The nodes of the conflict that is.
    """

    def __init__(self, message: str, edge: tuple[int, int] | None = None) -> None:
        self.edge = edge
        super().__init__(message)


class SolverError(GeocolorError):
    """A solver failed, or returned something the checker refused."""


class WrongAnswerError(SolverError):
    """The checker refused what a solver offered or claimed."""


class UnreadableAnswerError(SolverError):
    """What a solver printed or returned cannot be read as an answer."""


class ModelError(InputError):
    """A model, or its calibration data, cannot be used as asked."""


class CheckpointError(InputError):
    """A saved model is damaged, of another version, or belongs to another model."""
