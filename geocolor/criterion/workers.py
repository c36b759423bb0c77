"""Many small decompositions beside each other."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import torch

__all__ = ["one_thread_each"]


@contextmanager
def one_thread_each(device: torch.device) -> Iterator[ThreadPoolExecutor]:
    """Give as many workers as torch has threads, each of which then computes by itself.

    An eigendecomposition of some hundred rows gains nothing from a second thread, and waits for it:
    beside other work it takes eight times the CPU time. On an accelerator there is one worker.

    Parameters
    ----------
    device : torch.device
        Where the workers' tensors are.
    """
    threads = torch.get_num_threads()
    workers = ThreadPoolExecutor(threads if device.type == "cpu" else 1)
    torch.set_num_threads(1)
    try:
        yield workers
    finally:
        # What an interrupt leaves to do is not done first.
        workers.shutdown(cancel_futures=True)
        torch.set_num_threads(threads)
