"""Compiling before the clock starts, and saying so."""

from __future__ import annotations

from typing import TYPE_CHECKING

from geocolor.cli.console import ProgressLine, note

if TYPE_CHECKING:
    from geocolor.solvers.compiling import Step

__all__ = ["compile_first"]


def compile_first(solver: str | None, kind: str | None = None, *, quiet: bool) -> None:
    """Compile what a solver needs unless it is there; other people's solvers need nothing.

    Parameters
    ----------
    solver : str or None
        As the user named it; None for all that are built in.
    kind : str, optional
        The kind of problem; default all that the solver takes.
    quiet : bool
        Say nothing.
    """
    from geocolor.solvers import SOLVERS
    from geocolor.solvers.compiling import compile_kernels

    if solver is not None and solver not in SOLVERS:
        return
    with ProgressLine(quiet=quiet) as line:

        def show(step: Step, number: int, count: int) -> None:
            if number == 0 and not quiet:
                # Only this once, whatever the number of steps.
                what = step if count == 1 else f"{count} solvers and kinds"
                note(f"compiling, once for each installation and outside the time limit: {what}")
            line.update(f"compiling {step}, {number + 1} of {count}")

        compile_kernels(solver, kind, on_step=show)
