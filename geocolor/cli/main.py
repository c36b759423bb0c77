"""Entry point: the commands by name, errors in one line, exit codes.

A command is a module with a function ``command`` and a text ``EXAMPLES``; :data:`COMMANDS` is
the only other place that knows it. Its function imports what it needs in its body, so that
``geocolor --help`` stays quick and ``geocolor solve`` never loads torch.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from geocolor._version import __version__
from geocolor.cli import (
    bench,
    check,
    compress,
    convert,
    frontier,
    generate,
    graph,
    info,
    latency,
    plot,
    presets,
    report,
    solve,
    solvers,
    warm_up,
)
from geocolor.cli.console import error, say
from geocolor.cli.signals import terminated_like_interrupted
from geocolor.cli.usage import refuse_usage
from geocolor.errors import CheckError, GeocolorError, SolverError

__all__ = ["COMMANDS", "app", "main"]

COMMANDS = {
    "solve": solve,
    "check": check,
    "info": info,
    "convert": convert,
    "frontier": frontier,
    "solvers": solvers,
    "warm-up": warm_up,
    "compress": compress,
    "graph": graph,
    "latency": latency,
    "presets": presets,
    "plot": plot,
    "report": report,
}

_EPILOG = """\b
Exit codes: 0 done (a proven "infeasible" is an answer), 1 a check failed, 2 bad usage or bad
input, 130 interrupted by Ctrl-C or SIGTERM, with what there was by then written.

\b
Examples:
  geocolor generate queen 8 8 -o queen8_8.col
  geocolor solve queen8_8.col --time-limit 20s -o queen8_8.sol
  geocolor check queen8_8.col queen8_8.sol
"""


class _Group(TyperGroup):
    """Commands whose foreseen failures end in one line on stderr, never in a traceback."""

    def invoke(self, ctx: Any) -> Any:
        try:
            return super().invoke(ctx)
        except (CheckError, SolverError) as failed:
            error(str(failed))
            raise typer.Exit(1) from failed
        except GeocolorError as failed:
            error(str(failed))
            raise typer.Exit(2) from failed
        except MemoryError as failed:
            error("out of memory")
            raise typer.Exit(2) from failed
        except KeyboardInterrupt as failed:
            error("interrupted")
            raise typer.Exit(130) from failed


app = typer.Typer(
    name="geocolor",
    cls=_Group,
    help="Graph coloring and weighted partition, and which layers of a model may share weights.",
    epilog=_EPILOG,
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _version(wanted: bool) -> None:
    if wanted:
        say(f"geocolor {__version__}")
        raise typer.Exit


@app.callback()
def _global_options(
    version: Annotated[
        bool,
        typer.Option(
            "--version", help="Show the version and exit.", callback=_version, is_eager=True
        ),
    ] = False,
) -> None:
    pass


for _name, _module in COMMANDS.items():
    app.command(_name, epilog=_module.EXAMPLES)(_module.command)
app.add_typer(generate.app, name="generate")
app.add_typer(bench.app, name="bench")


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line.

    Parameters
    ----------
    argv : sequence of str, optional
        Arguments without the program name; default those of the process.

    Returns
    -------
    int
        The exit code.
    """
    arguments = list(sys.argv[1:] if argv is None else argv)
    with terminated_like_interrupted():
        try:
            code = app(args=arguments, prog_name="geocolor", standalone_mode=False)
        except typer.TyperException as failed:
            return refuse_usage(failed)
        except SystemExit as ended:
            return ended.code if isinstance(ended.code, int) else 0
        except OSError as failed:  # files are errors of ours by now; this is standard output
            error(f"cannot write to {failed.filename or 'standard output'}: {failed.strerror}")
            return 2
    return code or 0
