"""What is wrong with a call, in one line as every other error."""

from __future__ import annotations

from difflib import get_close_matches

import typer

from geocolor.cli.console import error, say_lines

__all__ = ["refuse_usage"]

# Pydantic, by which values are read, says more than helps.
_REWORDED = {
    "Value error, ": "",
    "Input should be": "it should be",
    ", unable to parse string as an integer": "",
    ", unable to parse string as a number": "",
    ". Did you mean": "; did you mean",
}


def refuse_usage(failed: typer.TyperException) -> int:
    """Tell what a call has wrong, and where its help is.

    Parameters
    ----------
    failed : typer.TyperException
        Why the arguments were refused; a group without any is refused with its help.

    Returns
    -------
    int
        The exit code.
    """
    context = getattr(failed, "ctx", None)
    if context is not None and failed.message == context.get_help():
        say_lines(failed.message, err=True)
        return failed.exit_code
    text = failed.format_message().rstrip(".")
    option = getattr(failed, "option_name", None)
    if context is not None and hasattr(failed, "possibilities"):  # there is no such option
        text = f"no option {option}{_meant(str(option), context)}"
    for said, better in _REWORDED.items():
        text = text.replace(said, better)
    where = "-h after the command" if context is None else f"'{context.command_path} -h'"
    error(f"{text[0].lower()}{text[1:]} ({where} shows what it takes)")
    return failed.exit_code


def _meant(option: str, context: typer.Context) -> str:
    known = [name for parameter in context.command.params for name in parameter.opts]
    near = [name for name in known if name.startswith(option)]
    near = near or get_close_matches(option, known, n=1)
    return f"; did you mean {' or '.join(near)}?" if near else ""
