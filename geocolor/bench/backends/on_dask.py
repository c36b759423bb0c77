"""A Dask cluster.

Through ``distributed`` itself, not through joblib: joblib's connector waits forever once Dask
gives an item up, and cannot say which item it was.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import TYPE_CHECKING, TypeVar

from geocolor.bench.backends.failures import worker_deaths
from geocolor.errors import InputError, SolverError

if TYPE_CHECKING:
    from distributed import Client, Future

__all__ = ["spread_on_dask"]

Item = TypeVar("Item")
Result = TypeVar("Result")

# Seconds to wait for the scheduler, and then for its first worker.
_PATIENCE = 10.0
# Items sent to the scheduler in one message.
_BATCH = 1000
# How Dask says that a module is missing, or another one, where it runs.
_UNREADABLE = "Error during deserialization"


def spread_on_dask(
    function: Callable[[Item], Result], items: Sequence[Item], scheduler: str
) -> Iterator[tuple[Item, Result]]:
    """Do what :func:`geocolor.bench.backends.spread` says.

    Dask gives an item out again when its worker dies, as often as the scheduler's
    ``distributed.scheduler.allowed-failures`` says (3 unless changed). A cluster that has lost
    all its workers waits for new ones. Ending early, it drops what has not begun; what runs in
    its workers runs to its end.
    """
    client = _connect(scheduler)
    from distributed import KilledWorker, as_completed

    waiting: dict[Future[Result], Item] = {}
    with _unheard("distributed.client"), client:
        try:
            futures = client.map(function, items, pure=False, batch_size=_BATCH)
            waiting = dict(zip(futures, items, strict=True))
            del futures  # so that a result leaves the cluster once it is here
            completed = as_completed(waiting, client.loop, with_results=True, raise_errors=False)
            for future, result in completed:
                item = waiting.pop(future)
                if future.status == "finished":
                    yield item, result
                elif future.status != "error":
                    raise SolverError(f"the Dask scheduler at {scheduler} was lost; begin it again")
                elif isinstance(error := result[1], KilledWorker):
                    raise worker_deaths([item], error)
                elif isinstance(error, RuntimeError) and _UNREADABLE in str(error):
                    raise InputError(
                        f"the Dask cluster at {scheduler} cannot read what it is sent; install "
                        f"the same geocolor there, scheduler included ({error.__cause__})"
                    ) from error
                else:
                    raise error
        finally:
            client.cancel(list(waiting))


def _connect(scheduler: str) -> Client:
    try:
        from distributed import Client
    except ImportError as error:
        raise InputError("the dask backend needs distributed: install geocolor[bench]") from error
    try:
        # A client that fails to connect stays behind half open; so knock first. In a thread,
        # because this one may have an event loop running.
        with ThreadPoolExecutor(1) as thread:
            thread.submit(asyncio.run, _knock(scheduler)).result()
        client = Client(scheduler, timeout=_PATIENCE, set_as_default=False)
    except (OSError, ValueError, MemoryError) as error:
        # MemoryError: what answers is no Dask, and its words were read as a length.
        raise InputError(f"cannot reach a Dask scheduler at {scheduler}: {error}") from error
    try:
        client.wait_for_workers(1, timeout=_PATIENCE)
    except TimeoutError as error:
        client.close()
        raise InputError(f"the Dask scheduler at {scheduler} has no workers; start some") from error
    return client


async def _knock(scheduler: str) -> None:
    from distributed import Security
    from distributed.comm import connect

    options = Security().get_connection_args("client")
    (await connect(scheduler, timeout=_PATIENCE, **options)).abort()


@contextmanager
def _unheard(name: str) -> Iterator[None]:
    """Keep a logger's tracebacks from people; what they need is in the error raised."""
    logger = logging.getLogger(name)
    level = logger.level
    logger.setLevel(logging.CRITICAL)
    try:
        yield
    finally:
        logger.setLevel(level)
