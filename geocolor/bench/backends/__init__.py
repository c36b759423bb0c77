"""Where runs are made: processes of this machine, a Dask cluster, or Ray.

Each backend gives out the items, one a worker at a time, and gives out again what a dead worker
had. Nothing here schedules: joblib's loky, Dask and Ray do.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass
from typing import TypeVar

from geocolor.errors import InputError
from geocolor.wording import choice_among

__all__ = ["BACKENDS", "Backend", "spread"]

BACKENDS = ("loky", "dask", "ray")

Item = TypeVar("Item")
Result = TypeVar("Result")


@dataclass(frozen=True)
class Backend:
    """Where to run.

    Attributes
    ----------
    name : str
        loky, dask or ray.
    workers : int
        Items at a time on this machine. A cluster that is there already decides by itself: a
        Dask worker runs as many items at a time as it has threads, a Ray node as many as CPUs.
    scheduler : str or None
        Address of the Dask scheduler, or of a Ray cluster; without one Ray starts on this
        machine, with `workers` CPUs.

    Raises
    ------
    InputError
        No such backend, no workers, a Dask without a scheduler or loky with one.
    """

    name: str = "loky"
    workers: int = 1
    scheduler: str | None = None

    def __post_init__(self) -> None:
        if self.name not in BACKENDS:
            raise InputError(f"no backend {self.name!r}; {choice_among(self.name, BACKENDS)}")
        if self.workers < 1:
            raise InputError(f"{self.workers} workers can do nothing; give at least 1")
        if self.name == "dask" and not self.scheduler:
            raise InputError("the dask backend needs its scheduler's address, as tcp://host:8786")
        if self.name == "loky" and self.scheduler:
            raise InputError(
                f"loky runs on this machine and has no scheduler; for {self.scheduler} choose "
                "the dask or ray backend"
            )


def spread(
    function: Callable[[Item], Result], items: Sequence[Item], backend: Backend
) -> Generator[tuple[Item, Result], None, None]:
    """Call a function on every item and give the results as they come.

    Close the iterator, as ``contextlib.closing`` does, to end early: local workers and all they
    started are killed, a cluster drops what it has not begun. No item is called again once its
    result was given. An item whose worker died is, a few times.

    Parameters
    ----------
    function : callable
        Importable by the workers. What it raises is raised here and ends all.
    items : sequence
        Sent to the workers by pickling, in this order.
    backend : Backend
        Where to run.

    Yields
    ------
    item, result
        In order of completion.

    Raises
    ------
    InputError
        The backend is not installed, cannot be reached or has no workers.
    SolverError
        Workers died again and again on the same item, or the cluster was lost.
    """
    if not items:
        return
    if backend.name == "dask":
        from geocolor.bench.backends.on_dask import spread_on_dask

        yield from spread_on_dask(function, items, str(backend.scheduler))
    elif backend.name == "ray":
        from geocolor.bench.backends.on_ray import spread_on_ray

        yield from spread_on_ray(function, items, backend.workers, backend.scheduler)
    else:
        from geocolor.bench.backends.on_loky import spread_on_loky

        yield from spread_on_loky(function, items, backend.workers)
