"""Runs of code that is not to be trusted to end, to stay small, or to stay alive.

A :class:`Guard` keeps one *template* process, which has imported all that its runs need, and
forks each run from it: a process of its own in some milliseconds, with no import inside a clock.
The guard itself never runs what it guards.
"""

from geocolor.bench.guard.supervisor import Ending, Guard, Limits

__all__ = ["Ending", "Guard", "Limits"]
