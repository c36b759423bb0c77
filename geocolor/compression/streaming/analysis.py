"""Measure a model that is larger than memory, and compress it into a folder."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Self

import torch
from torch import Tensor, nn

from geocolor.arguments import checked_seed
from geocolor.compression.analysis import unfolded_curvature
from geocolor.compression.configuration import Configuration, Grouping, check_keep, resolved
from geocolor.compression.divergence import distance
from geocolor.compression.grouping import adjacent_groups, private_groups
from geocolor.compression.measuring import MEASURED_BATCHES
from geocolor.compression.planner import plan_sharing
from geocolor.compression.precision import has_half_precision, single_precision
from geocolor.compression.progress import Progress, silent
from geocolor.compression.record import CompressionRecord, Origin, unit_records
from geocolor.compression.report import Report, macs_per
from geocolor.compression.streaming.allocator import map_large_tensors
from geocolor.compression.streaming.folder_model import FolderModel
from geocolor.compression.streaming.views import BlockViews
from geocolor.compression.streaming.work_folder import WorkFolder
from geocolor.compression.streaming.writing import BlockByBlock
from geocolor.criterion import Budget, Counting, GroupCosts, Metric
from geocolor.curvature import (
    Batch,
    BlockCall,
    Curvature,
    Loss,
    Prediction,
    Stages,
    checked_batches,
    collect_by_block,
    first_sample,
    scorer,
    used_outside,
)
from geocolor.errors import InputError, ModelError
from geocolor.io.atomic import require_new_directory
from geocolor.sharing import measure_size, prepare_structure
from geocolor.sharing.checkpoint import distinct_tensors, save_parts
from geocolor.units import Chain, Use, by_place, count_uses, find_chains, matrix_of

__all__ = ["StreamedAnalysis", "analyze_streamed", "check_streamed"]


def check_streamed(method: Configuration) -> None:
    """Refuse a method that needs more than neighbouring blocks at a time.

    Raises
    ------
    InputError
        It does.
    """
    if method.grouping not in (Grouping.PRIVATE, Grouping.ADJACENT):
        raise InputError(
            f"{method.name} groups matrices of any layers, and a streamed model has one block in "
            "memory; choose private, svd-llm or basis-sharing, or a method of your own whose "
            "grouping is private or adjacent"
        )
    if method.budget is Budget.LATENCY:
        raise InputError("a streamed model's layers are not timed; choose another budget")
    if method.metric is Metric.DOMINANT:
        raise InputError(
            f"{method.name} keeps eigenpairs as large as all matrices; choose another preset"
        )


class StreamedAnalysis:
    """A measured model in a folder; made by :func:`analyze_streamed`. A context manager.

    Attributes
    ----------
    units : tuple of Unit
        What may share; experts that no data reached may not.
    """

    def __init__(
        self,
        model: FolderModel,
        batches: Sequence[Batch],
        evaluation: Sequence[Batch] | None,
        work: WorkFolder,
        *,
        seed: int,
        loss: Loss,
        on_progress: Progress,
    ) -> None:
        self._model = model
        self._work = work
        self._seed = seed
        self._progress = on_progress
        self._measured_on = "calibration" if evaluation is None else "evaluation"
        self._tokens = self._outputs = 0
        reached = self._calibrate(batches, loss)
        self.units = tuple(unit for unit in model.units if unit.name in reached)
        judged = batches[:MEASURED_BATCHES] if evaluation is None else evaluation
        self._judged = Stages(model, judged, scorer(loss))
        self._chains, self._uses = self._go_along(
            Stages(model, [first_sample(batches[0])], scorer(loss))
        )
        self._reference = self._predictions()
        if not any(len(before.rows) for before in self._reference):
            raise ModelError("the batches to measure the loss on hold nothing to score")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self.close()

    def close(self) -> None:
        """Remove the curvature from the disk."""
        self._work.remove()

    def _calibrate(self, batches: Sequence[Batch], loss: Loss) -> set[str]:
        """Measure the curvature; give the names of the units that have one."""
        blocks = len(self._model.blocks)
        reached: set[str] = set()

        def take(number: int, curvature: Curvature) -> None:
            reached.update(curvature.factors)
            self._tokens = max(self._tokens, curvature.tokens)
            self._outputs = curvature.outputs
            curvature.save(self._file(number))

        collect_by_block(
            self._model,
            batches,
            [self._model.units_of(number) for number in range(blocks)],
            take,
            work=self._work.path,
            seed=self._seed,
            loss=loss,
            optional=[unit.name for unit in self._model.units],
            on_progress=lambda done: self._progress("calibrating", done, 2 * blocks),
        )
        return reached

    def _file(self, number: int) -> Path:
        return self._work.path / f"curvature-{number:05}.safetensors"

    def _curvature(self, number: int) -> Curvature:
        return Curvature.load(self._file(number))

    def _curvature_for(self, method: Configuration) -> Callable[[int], Curvature]:
        if method.fold_norms:
            return self._curvature
        return lambda number: unfolded_curvature(self._curvature(number), self._model.scales)

    def _go_along(self, sample: Stages) -> tuple[tuple[Chain, ...], dict[str, Use]]:
        """Watch all blocks on one sample, and take the batches to judge by through them.

        Gives the hidden layers, and how matrices are used; what is used otherwise than by calls of
        layers is taken out of the units.
        """
        chains: list[Chain] = []
        uses: dict[str, Use] = {}
        count = len(self._model.blocks)
        # What folding rounds in half precision is part of what is lost.
        folded = not has_half_precision(self._model.model)
        for number in range(count):
            with self._model.block(number, folded=folded) as block:
                hidden, call = sample.hidden[0], sample.calls[0][number]
                self._judged.through(number, block)
                sample.through(number, block)
                units = [u for u in self._model.units_of(number) if u in self.units]
                run = _run(block, call, hidden)
                with single_precision(block):
                    outside = used_outside(self._model.model, units, run)
                    units = [unit for unit in units if unit.name not in outside]
                    chains += find_chains(self._model.model, units, run)
                    uses |= count_uses(self._model.model, units, run)
            self.units = tuple(unit for unit in self.units if unit.name not in outside)
            self._progress("finding hidden layers", number + 1, count)
        return tuple(chains), by_place([uses])[0]

    @torch.no_grad()
    def _predictions(self) -> list[Prediction]:
        with self._model.rest() as model:
            predictions = [ending.prediction for ending in self._judged.endings(model)]
        return [replace(each, rows=each.rows.cpu()) for each in predictions]

    def compress(
        self,
        keep: float,
        output: str | os.PathLike[str],
        configuration: str | Configuration = "private",
        *,
        tokenizer: Any = None,
        told: Sequence[tuple[str, str]] = (),
    ) -> CompressionRecord:
        """Plan, apply and measure block by block, into a folder that :func:`geocolor.load` reads.

        Parameters
        ----------
        keep : float
            Share to keep of what the method's budget counts of the units, in (0, 1].
        output : path-like
            A new or empty folder; it appears only once complete.
        configuration : str or Configuration
            A method whose grouping is private or adjacent.
        tokenizer : object, optional
            A tokenizer of transformers to keep beside the model.
        told : sequence of (str, str)
            What else to note down of where it comes from.

        Raises
        ------
        InputError
            `keep` is out of range, the budget too small, the method groups otherwise, the folder
            is not empty or cannot be written, or the analysis is closed.
        """
        started = time.monotonic()
        if not self._work.path.is_dir():
            raise InputError("this analysis is closed and its curvature gone: analyze once more")
        method = resolved(configuration)
        check_keep(keep)
        keep = float(keep)
        check_streamed(method)
        require_new_directory(output)
        blocks = 1 if method.grouping is Grouping.PRIVATE else 2
        views = BlockViews(self._model, self._curvature, method, blocks)
        sizes = {
            unit.name: matrix_of(self._model.model.get_submodule(unit.name)).element_size()
            for unit in self.units
        }
        costs = GroupCosts(
            views.of(self.units), method.forms, refit=method.refit, chains=self._chains
        ).counted(Counting(method.budget, sizes, self._uses), method.rank_multiple)
        self._price(costs, method)
        planned = plan_sharing(
            self.units, costs, method, keep, seed=self._seed, progress=self._progress
        )
        smaller = self._model.unfilled()
        names = [unit.name for unit in self.units]
        before = measure_size(self._model.model, names, self._uses)
        prepare_structure(smaller, planned.plan)
        writing = BlockByBlock(
            self._model,
            planned,
            costs,
            self._curvature_for(method),
            self._judged,
            folded=method.fold_norms,
            forget=views.forget,
            progress=self._progress,
        )
        tensors, aliases = distinct_tensors(smaller)
        records: list[CompressionRecord] = []

        def details() -> dict[str, Any]:
            report = Report.of(
                planned,
                method,
                keep=keep,
                before=before,
                after=measure_size(smaller, names, self._uses),
                predicted_increase=writing.predicted,
                measured_increase=self._measured(),
                measured_on=self._measured_on,
                unreached=len(self._model.units) - len(self.units),
                budget=method.budget,
                macs_per=macs_per(self._uses),
                fit=None,
                seconds=time.monotonic() - started,
            )
            origin = Origin.of(smaller, self._tokens, self._outputs, self._seed)
            records.append(
                CompressionRecord(
                    planned.plan,
                    unit_records(self.units, smaller, costs, self._uses),
                    report,
                    method,
                    replace(origin, asked=tuple(told)),
                )
            )
            return records[0].details()

        save_parts(
            smaller,
            planned.plan,
            output,
            writing.parts(set(tensors)),
            len(self._model.blocks) + 1,
            names=tensors,
            aliases=aliases,
            original_structure=self._model.structure,
            companions=() if tokenizer is None else (tokenizer,),
            details=details,
        )
        return records[0]

    def _price(self, costs: GroupCosts, method: Configuration) -> None:
        """Compute all curves block by block, so that later no block needs to be loaded for them."""
        groups = [*private_groups(self.units), *costs.chains]
        if method.grouping is Grouping.ADJACENT:
            groups += [group for group in adjacent_groups(self.units) if len(group) > 1]
        groups.sort(key=lambda group: max(map(self._model.block_of, group)))
        for done, group in enumerate(groups, start=1):
            costs.curves(group, 0.0)
            self._progress("pricing", done, len(groups))

    def _measured(self) -> float:
        after = self._predictions()
        total = sum(
            float(distance(before.rows, now.rows, before.kind))
            for before, now in zip(self._reference, after, strict=True)
        )
        return total / sum(len(before.rows) for before in self._reference)


def _run(block: nn.Module, call: BlockCall, hidden: Tensor) -> Callable[[nn.Module], Tensor]:
    """Make a function that says what a block in single precision adds to its hidden states."""
    dtype = torch.promote_types(hidden.dtype, torch.float32)
    wide, widened = hidden.to(dtype), call.to(dtype)

    def run(_model: nn.Module) -> Tensor:
        added = widened(block, wide) - wide
        rows = added.reshape(-1, added.shape[-1])
        # Row by row, as norms do: some tokens' states are a thousand times larger than others'.
        scale = rows.norm(dim=-1, keepdim=True)
        return torch.as_tensor(rows / scale.clamp_min(torch.finfo(dtype).tiny))

    return run


def analyze_streamed(
    folder: str | os.PathLike[str],
    batches: Iterable[Any],
    *,
    evaluation: Iterable[Any] | None = None,
    seed: int = 0,
    loss: Loss = "auto",
    work: str | os.PathLike[str] | None = None,
    on_progress: Progress = silent,
) -> StreamedAnalysis:
    """Measure the curvature of a model larger than memory, for any number of compressions.

    Parameters
    ----------
    folder : path-like
        A local Hugging Face folder with safetensors, in one file or in shards.
    batches, evaluation, seed, loss, on_progress
        As in :func:`geocolor.compress`.
    work : path-like, optional
        A folder with room on its disk for the curvature, 4 bytes for each of the ``n^2`` numbers of
        each distinct input and the ``m^2`` of each unit, and for the hidden states of all batches
        before each block. What is written there goes with the analysis. Default is the system's
        for temporary files.

    Returns
    -------
    StreamedAnalysis

    Raises
    ------
    ModelError
        The model is not built of one list of blocks that are called one after another with hidden
        states, it has nothing to share, or the batches cannot be used.
    InputError
        The folder for the curvature cannot be written, or the seed is none.
    """
    seed = checked_seed(seed)
    map_large_tensors()
    model = FolderModel(folder)
    calibration = checked_batches(batches)
    judged = None if evaluation is None else checked_batches(evaluation)
    room = WorkFolder(work)
    try:
        return StreamedAnalysis(
            model, calibration, judged, room, seed=seed, loss=loss, on_progress=on_progress
        )
    except BaseException:
        room.remove()
        raise
