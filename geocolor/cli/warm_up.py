"""``geocolor warm-up``: have all kernels compiled, so that no later call has to."""

from __future__ import annotations

from typing import Annotated

import typer

from geocolor.cli.compiling import compile_first
from geocolor.cli.console import say
from geocolor.cli.options import QuietOption
from geocolor.errors import InputError

__all__ = ["EXAMPLES", "command"]

EXAMPLES = """\b
Examples:
  geocolor warm-up
  geocolor warm-up auto tabucol

\b
In a Dockerfile, for whoever runs the image:
  ENV NUMBA_CACHE_DIR=/opt/geocolor
  RUN geocolor warm-up auto && chmod -R a+rwX /opt/geocolor
"""


def command(
    solvers: Annotated[
        list[str] | None,
        typer.Argument(metavar="[SOLVER]...", help="From 'geocolor solvers'; default all."),
    ] = None,
    quiet: QuietOption = False,
) -> None:
    """Compile the solvers' loops and keep them.

    Otherwise each solver's are compiled before its first solve. They are kept for this machine's
    processor in the user's cache directory, or in the folder NUMBA_CACHE_DIR.
    """
    from geocolor.graph.jit import cache_folder
    from geocolor.solvers.registry import built_in

    for name in solvers or []:
        built_in(name)
    folder = cache_folder()
    if folder is None:
        raise InputError("no folder can be written to keep it in; NUMBA_CACHE_DIR may name one")
    if not solvers:
        compile_first(None, quiet=quiet)
    for name in solvers or ():
        compile_first(name, quiet=quiet)
    say(f"all is compiled, and kept in {folder.parent}")
