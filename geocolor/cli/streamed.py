"""``geocolor compress --streaming``: a model that is larger than memory."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from geocolor.cli.calibrated import (
    read_text,
    reporter,
    require_positions,
)
from geocolor.cli.console import ProgressLine, note
from geocolor.errors import InputError

if TYPE_CHECKING:
    from geocolor.compression.record import CompressionRecord

__all__ = ["compress_by_block", "should_be_streamed", "why_not_streamed"]


def why_not_streamed(folders: Sequence[Path], **options: object) -> str | None:
    """Say what a streamed model cannot have of what is asked for; None if it can have it all.

    Parameters
    ----------
    folders : sequence of Path
        Models.
    **options : object
        Options that do not go with streaming, with what was given for them.
    """
    if len(folders) > 1:
        return "--streaming compresses one model; several are compressed in memory"
    for name, value in options.items():
        if value:
            return f"--streaming does not go with --{name.replace('_', '-')}; leave out one of them"
    return None


def should_be_streamed(folder: Path, tokens: int, preset: str) -> bool:
    """Say whether a model would not fit and can be streamed, and tell so if it would not."""
    from geocolor.compression.outlook import foresee_compression
    from geocolor.compression.streaming import why_not_by_block
    from geocolor.solvers.memory import memory_left

    needed, left = foresee_compression([folder], tokens).memory, memory_left()
    if needed <= left:
        return False
    reason = _why_not(preset) or why_not_by_block(folder)
    note(
        f"in memory this would take some {needed / 1e9:.1f} GB, and {left / 1e9:.1f} GB are left: "
        + ("compressing block by block (--no-streaming does not)" if reason is None else reason)
    )
    return reason is None


def _why_not(preset: str) -> str | None:
    from geocolor.compression.configuration_file import chosen_configuration
    from geocolor.compression.streaming import check_streamed

    try:
        check_streamed(chosen_configuration(_instead_of(preset)))
    except InputError as error:
        return str(error)
    return None


def _instead_of(preset: str) -> str:
    """Give the preset that comes nearest, of those that go block by block."""
    return "private" if preset == "default" else preset


def compress_by_block(
    folder: Path,
    text: Path,
    evaluation: Path | None,
    output: Path,
    *,
    keep: float,
    budget: str | None,
    preset: str,
    windows: int,
    evaluated: int,
    length: int,
    seed: int,
    line: ProgressLine,
    told: Sequence[tuple[str, str]],
) -> CompressionRecord:
    """Compress a model of a folder with one block of it in memory at a time.

    Raises
    ------
    InputError
        A text cannot be read or is too short, or a folder cannot be written.
    ModelError
        The model is not built of one list of blocks.
    """
    calibrated, judged = read_text(text), None if evaluation is None else read_text(evaluation)
    line.update("loading")
    from geocolor.compression.calibration import reads_whole_texts, text_batches
    from geocolor.compression.configuration import counted_in
    from geocolor.compression.configuration_file import chosen_configuration
    from geocolor.compression.pretrained import empty_pretrained, pretrained_tokenizer
    from geocolor.compression.streaming import analyze_streamed, check_streamed
    from geocolor.compression.streaming.work_folder import left_behind

    room = output.resolve().parent
    for message in left_behind(room):
        note(message)
    if _instead_of(preset) != preset:
        note("block by block matrices of different layers do not share: preset private")
    method = counted_in(chosen_configuration(_instead_of(preset)), budget)
    check_streamed(method)
    empty = empty_pretrained(folder)
    require_positions(length, empty)
    tokenizer = pretrained_tokenizer(folder)
    cut = partial(text_batches, length=length, special_tokens=reads_whole_texts(empty))
    with analyze_streamed(
        folder,
        cut(calibrated, tokenizer, windows),
        evaluation=None if judged is None else cut(judged, tokenizer, evaluated),
        seed=seed,
        work=room,
        on_progress=reporter(line),
    ) as analysis:
        return analysis.compress(keep, output, method, tokenizer=tokenizer, told=told)
