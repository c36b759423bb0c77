"""How far a recovery is: parameters, the best ones so far, the optimiser's moments, measures."""

from __future__ import annotations

import json
import math
import os
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from geocolor.errors import FormatError, InputError
from geocolor.io.atomic import atomic_file

__all__ = ["RecoveryState"]

_FORMAT = "geocolor-recovery"
_VERSION = 1
_HEADER = "geocolor"


class RecoveryState:
    """Parameters in training, by AdamW without decay.

    Parameters
    ----------
    parameters : iterable of Parameter
        Distinct.
    rates : sequence of float
        Highest learning rate of each.
    betas : tuple of float
        How long the optimiser remembers gradients and their squares.

    Attributes
    ----------
    step : int
        Steps done.
    best_step : int
        The step with the lowest measure.
    measures : list of float
        All of them, the first before any step.
    misses : int
        Measures since the lowest.
    """

    def __init__(
        self,
        parameters: Iterable[nn.Parameter],
        rates: Sequence[float],
        betas: tuple[float, float],
    ) -> None:
        self._parameters = list(parameters)
        self._rates = list(rates)
        self._optimizer = torch.optim.AdamW(
            [{"params": [parameter]} for parameter in self._parameters],
            betas=betas,
            weight_decay=0.0,
        )
        self._best: list[Tensor] = []
        self.step = 0
        self.best_step = 0
        self.measures: list[float] = []
        self.misses = 0

    def advance(self, share: float) -> None:
        """Take a step at a share of the highest learning rates; all have a gradient."""
        for group, rate in zip(self._optimizer.param_groups, self._rates, strict=True):
            group["lr"] = rate * share
        self._optimizer.step()
        self._optimizer.zero_grad()
        self.step += 1

    def note(self, measure: float) -> None:
        """Take in a measure of the parameters as they are; the lowest's are kept."""
        lowest = min(self.measures, default=math.inf)
        self.measures.append(measure)
        self.misses += 1
        if measure < lowest or not self._best:
            self._best = [parameter.detach().clone() for parameter in self._parameters]
            self.best_step, self.misses = self.step, 0

    @property
    def trained(self) -> int:
        """Parameters that had a gradient in some step, each counted once."""
        return sum(
            parameter.numel()
            for parameter in self._parameters
            if self._optimizer.state[parameter]["exp_avg_sq"].any()
        )

    @torch.no_grad()
    def put_best(self) -> None:
        """Give the parameters the values that measured lowest."""
        for parameter, best in zip(self._parameters, self._best, strict=False):
            parameter.copy_(best)

    def save(self, path: str | os.PathLike[str], identity: str) -> None:
        """Save to one file, safetensors with a description in its header; whole or not at all.

        Parameters
        ----------
        path : path-like
            Where to; an existing file is replaced.
        identity : str
            What the recovery is of.

        Raises
        ------
        InputError
            It cannot be written.
        """
        from safetensors import SafetensorError
        from safetensors.torch import save_file

        tensors = {
            f"{part} {at}": tensor.detach().cpu().contiguous()
            for part, held in self._tensors().items()
            for at, tensor in enumerate(held)
        }
        told = {
            "format": _FORMAT,
            "version": _VERSION,
            "identity": identity,
            "step": self.step,
            "best_step": self.best_step,
            "measures": self.measures,
            "misses": self.misses,
        }
        with atomic_file(path) as file:
            try:
                save_file(tensors, file.name, metadata={_HEADER: json.dumps(told)})
            except SafetensorError as error:
                raise InputError(f"cannot write {path}: {error}") from error

    def _tensors(self) -> dict[str, list[Tensor]]:
        held = [self._optimizer.state[parameter] for parameter in self._parameters]
        return {
            "now": [*self._parameters],
            "best": self._best,
            "mean": [state["exp_avg"] for state in held],
            "square": [state["exp_avg_sq"] for state in held],
        }

    @torch.no_grad()
    def resume(self, path: str | os.PathLike[str], identity: str) -> None:
        """Go on from what :meth:`save` wrote, if it is there.

        Raises
        ------
        FormatError
            The file is of another kind, newer or damaged.
        InputError
            It cannot be read, or is of another recovery.
        """
        from safetensors import SafetensorError, safe_open

        if not Path(path).exists():
            return
        try:
            with safe_open(path, framework="pt") as file:
                told = _described(file.metadata(), identity, str(path))
                for at, parameter in enumerate(self._parameters):
                    now, best, mean, square = (
                        file.get_tensor(f"{part} {at}").to(parameter.device)
                        for part in ("now", "best", "mean", "square")
                    )
                    parameter.copy_(now)
                    self._best.append(best)
                    self._optimizer.state[parameter] = {
                        "step": torch.tensor(float(told["step"])),
                        "exp_avg": mean,
                        "exp_avg_sq": square,
                    }
        except InputError:
            raise
        except OSError as error:
            raise InputError(f"cannot read {path}: {error.strerror or error}") from error
        except (SafetensorError, ValueError, KeyError, RuntimeError) as error:
            raise FormatError(
                f"no recovery to go on from, or damaged: {error}", str(path)
            ) from error
        self.step, self.best_step = told["step"], told["best_step"]
        self.measures, self.misses = told["measures"], told["misses"]


def _described(metadata: Any, identity: str, where: str) -> dict[str, Any]:
    told = json.loads((metadata or {}).get(_HEADER, "null"))
    if not isinstance(told, dict) or told.get("format") != _FORMAT:
        raise FormatError("not a file of a recovery", where)
    if told.get("version") != _VERSION:
        raise FormatError(
            f"version {told.get('version')!r} of {_FORMAT}; this geocolor reads {_VERSION}, a "
            "newer one may help",
            where,
        )
    if told.get("identity") != identity:
        raise InputError(
            f"{where} is of a recovery of another model, other batches or settings; delete it to "
            "start anew"
        )
    return told
