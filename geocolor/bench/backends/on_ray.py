"""Ray, on this machine or a cluster.

Through Ray's own tasks, not through joblib: joblib's connector to Ray cannot give results as they
come, so a kill would lose all of them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from typing import Any, TypeVar

from geocolor.bench.backends.failures import worker_deaths
from geocolor.errors import InputError

__all__ = ["spread_on_ray"]

Item = TypeVar("Item")
Result = TypeVar("Result")

# Times that Ray gives an item out again after its worker died.
_RETRIES = 3


def spread_on_ray(
    function: Callable[[Item], Result],
    items: Sequence[Item],
    workers: int,
    address: str | None,
) -> Iterator[tuple[Item, Result]]:
    """Do what :func:`geocolor.bench.backends.spread` says; each item holds one CPU of Ray's."""
    try:
        import ray
    except ImportError as error:
        raise InputError("the ray backend needs Ray: pip install ray") from error
    from ray.exceptions import RayError, RayTaskError

    begun_here = not ray.is_initialized()
    if begun_here:
        _begin(ray, workers, address)
    call = ray.remote(num_cpus=1, max_retries=_RETRIES)(function)
    rest = iter(items)
    running: dict[Any, Item] = {}
    try:
        while True:
            # Some in stock for each CPU, so that none waits for this process.
            stock = 2 * int(ray.cluster_resources().get("CPU", 1))
            for item in islice(rest, max(0, stock - len(running))):
                running[call.remote(item)] = item
            if not running:
                return
            for done in ray.wait(list(running))[0]:
                item = running.pop(done)
                try:
                    result = ray.get(done)
                except RayTaskError as error:
                    raise error.cause from error
                except RayError as error:
                    raise worker_deaths([item], error) from error
                yield item, result
    finally:
        for reference in running:
            ray.cancel(reference, force=True)
        if begun_here:
            ray.shutdown()


def _begin(ray: Any, workers: int, address: str | None) -> None:
    where = {"num_cpus": workers} if address is None else {"address": address}
    try:
        ray.init(include_dashboard=False, log_to_driver=False, **where)
    except (OSError, ValueError, RuntimeError) as error:
        raise InputError(f"cannot reach Ray at {address or 'this machine'}: {error}") from error
