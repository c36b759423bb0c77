"""One call for a model that is larger than memory."""

from __future__ import annotations

import os
import warnings
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from geocolor.compression.configuration import Configuration, check_keep, resolved
from geocolor.compression.progress import Progress, silent
from geocolor.compression.record import CompressionRecord
from geocolor.compression.streaming.analysis import analyze_streamed, check_streamed
from geocolor.compression.streaming.work_folder import left_behind
from geocolor.curvature import Loss
from geocolor.io.atomic import require_new_directory

__all__ = ["compress_streamed"]


def compress_streamed(
    folder: str | os.PathLike[str],
    batches: Iterable[Any],
    output: str | os.PathLike[str],
    keep: float = 0.7,
    *,
    preset: str | Configuration = "private",
    evaluation: Iterable[Any] | None = None,
    loss: Loss = "auto",
    seed: int = 0,
    tokenizer: Any = None,
    work: str | os.PathLike[str] | None = None,
    on_progress: Progress = silent,
) -> CompressionRecord:
    """Compress a model that is larger than memory, with one block of it in memory at a time.

    Parameters
    ----------
    folder : path-like
        A local Hugging Face folder with safetensors, in one file or in shards.
    batches : iterable of Batch
        Calibration batches, as for :func:`geocolor.compress`.
    output : path-like
        A new or empty folder; :func:`geocolor.load` reads it, without copying it into memory.
    keep : float
        Share to keep of what the method's budget counts of the shareable matrices, in (0, 1].
    preset : str or Configuration
        A method whose grouping is ``private`` or ``adjacent``.
    evaluation, loss, seed, on_progress
        As for :func:`geocolor.compress`.
    tokenizer : object, optional
        A tokenizer of transformers to keep beside the model.
    work : path-like, optional
        A folder with room on its disk for the curvature; default that of `output`. A warning names
        what runs that were killed have left there.

    Returns
    -------
    CompressionRecord
        Plan, report and all else but the weights.

    Raises
    ------
    InputError
        An argument is out of range, the method groups otherwise, or a folder cannot be written.
    ModelError
        The model is not built of one list of blocks that are called one after another with hidden
        states, it has nothing to share, or the batches cannot be used.
    """
    method = resolved(preset)
    check_keep(keep)
    check_streamed(method)
    require_new_directory(output)
    room = Path(os.path.realpath(output)).parent if work is None else work
    for message in left_behind(room):
        warnings.warn(message, stacklevel=2)
    with analyze_streamed(
        folder,
        batches,
        evaluation=evaluation,
        seed=seed,
        loss=loss,
        work=room,
        on_progress=on_progress,
    ) as analysis:
        return analysis.compress(keep, output, method, tokenizer=tokenizer)
