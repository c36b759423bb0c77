"""Views of matrices that are made when looked into, and dropped when others are needed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from geocolor.compression.analysis import unfolded_curvature
from geocolor.compression.configuration import Configuration
from geocolor.compression.streaming.folder_model import FolderModel
from geocolor.criterion import View, oriented_views
from geocolor.curvature import Curvature
from geocolor.units import Unit, matrix_of

__all__ = ["BlockViews"]


class _Deferred(View):
    """A view whose tensors are those of another, which is asked for each time.

    Parameters
    ----------
    unit : Unit
        Known without.
    made : callable
        Gives the view by its unit's name.
    """

    def __init__(self, unit: Unit, made: Callable[[str], View]) -> None:
        object.__setattr__(self, "unit", unit)
        object.__setattr__(self, "_made", made)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return getattr(self._made(self.unit.name), name)


class BlockViews:
    """Views of a model's units, in memory for some blocks at a time.

    Parameters
    ----------
    model : FolderModel
        Has the weights.
    curvature : callable
        Gives the factors of a block by its number, in the coordinates of folded norms.
    method : Configuration
        Says the metric, and whether norms are folded.
    blocks : int
        How many to keep; the one asked for first goes first.
    """

    def __init__(
        self,
        model: FolderModel,
        curvature: Callable[[int], Curvature],
        method: Configuration,
        blocks: int,
    ) -> None:
        self._model = model
        self._curvature = curvature
        self._method = method
        self._blocks = blocks
        self._there: dict[int, dict[str, View]] = {}

    def of(self, units: Iterable[Unit]) -> Mapping[str, View]:
        """Give the views of units that were measured, by name."""
        return {unit.name: _Deferred(unit, self._view) for unit in units}

    def forget(self) -> None:
        """Drop what is in memory."""
        self._there.clear()

    def _view(self, name: str) -> View:
        number = self._model.block_of(name)
        if number not in self._there:
            while len(self._there) >= self._blocks:
                del self._there[next(iter(self._there))]
            self._there[number] = self._made(number)
        return self._there[number][name]

    def _made(self, number: int) -> dict[str, View]:
        method = self._method
        with self._model.block(number, folded=method.fold_norms):
            curvature = self._curvature(number)
            if not method.fold_norms:
                curvature = unfolded_curvature(curvature, self._model.scales)
            units = [u for u in self._model.units_of(number) if u.name in curvature.factors]
            weights = {
                unit.name: matrix_of(self._model.model.get_submodule(unit.name)) for unit in units
            }
            return oriented_views(
                units, weights, curvature, method.metric, method.damping, spend=True
            )
