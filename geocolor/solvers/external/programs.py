"""The binary program of a request, from plain data, so that a worker process can build it."""

from __future__ import annotations

from typing import Any

from geocolor.solvers.external.binary_program import BinaryProgram
from geocolor.solvers.external.option_program import build_options
from geocolor.solvers.external.pair_programs import build_pairs

__all__ = ["build"]


def build(request: dict[str, Any]) -> BinaryProgram:
    """Build what a request asks for.

    Parameters
    ----------
    request : dict
        ``formulation``, and what that takes: edges or assignment
        (:func:`geocolor.solvers.external.pair_programs.build_pairs`), or options
        (:func:`geocolor.solvers.external.option_program.build_options`).
    """
    return (build_options if request["formulation"] == "options" else build_pairs)(request)
