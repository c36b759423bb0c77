"""``geocolor solvers``: the solvers there are."""

from __future__ import annotations

from geocolor.cli.console import say
from geocolor.cli.options import JsonOption

__all__ = ["EXAMPLES", "command"]

EXAMPLES = """\b
Examples:
  geocolor solvers
  geocolor solvers --json
"""


def command(
    as_json: JsonOption = False,
) -> None:
    """List the solvers and what they take."""
    from geocolor.solvers import installed_solvers

    found = installed_solvers()

    if as_json:
        import json

        rows = {
            name: {"summary": info.summary, "problems": sorted(info.kinds), "exact": info.exact}
            for name, info in found.items()
        }
        say(json.dumps(rows))
        return
    width = max(map(len, found))
    for name, info in found.items():
        proof = "exact" if info.exact else "heuristic"
        say(f"{name:<{width}} {proof:<10} {', '.join(sorted(info.kinds))}")
        say(f"{'':<{width}} {info.summary}")
