"""What memory there is for an exact model, asked before it is built.

A process that takes more is killed, or loses its answer to an error: both lose more than a model
that was never built.
"""

from __future__ import annotations

import math
from contextlib import suppress
from pathlib import Path

__all__ = ["lacks_memory", "memory_left", "too_much"]

_MEMINFO = Path("/proc/meminfo")
_STATM = Path("/proc/self/statm")
_CGROUP, _CGROUPS = Path("/proc/self/cgroup"), Path("/sys/fs/cgroup")
# Limits of cgroups version 2 and 1: most, in use, and the line of memory.stat with what the kernel
# drops when it is needed.
_CGROUP_FILES = (
    ("memory.max", "memory.current", "inactive_file"),
    ("memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file"),
)
# What errors say, in any case, whose reason is that there is no more: of C++ libraries, the loader
# of shared ones, the kernel, Python's threads.
_SAID = (
    "bad_alloc",
    "allocate memory",
    "out of memory",
    "memoryerror",
    "failed to map segment",
    "can't start new thread",
)
# Address space and data of a process of ours that has imported what it needs.
_FRESH_SPACE, _FRESH_DATA = 700e6, 150e6


def lacks_memory(error: BaseException | str) -> bool:
    """Tell whether an error, or the last words of a process, come of memory that ran out.

    Examples
    --------
    >>> lacks_memory(OSError("[Errno 12] Cannot allocate memory")), lacks_memory("no such file")
    (True, False)
    """
    if isinstance(error, MemoryError):
        return True
    text = str(error).lower()
    return any(said in text for said in _SAID)


def too_much(needed: float, what: str, *, fresh: bool = False) -> str | None:
    """Say that something needs more memory than is left; None if it does not.

    Parameters
    ----------
    needed : float
        Bytes it is estimated to take.
    what : str
        What it is, for people.
    fresh : bool
        Whether a process of its own takes them.

    Examples
    --------
    >>> too_much(1e6, "a small model") is None
    True
    >>> too_much(1e18, "a model of everything")  # doctest: +ELLIPSIS
    'a model of everything would take some 1,000,000,000.0 GB, and ... GB of memory are left'
    """
    left = memory_left(fresh=fresh)
    if needed <= left:
        return None
    most, there = needed / 1e9, left / 1e9
    return f"{what} would take some {most:,.1f} GB, and {there:,.1f} GB of memory are left"


def memory_left(*, fresh: bool = False) -> float:
    """Bytes that may still be taken: of the machine, of its control group, of the process's limits.

    Parameters
    ----------
    fresh : bool
        Whether a new process asks, which the process's own limits count anew for.

    Returns
    -------
    float
        At least 0; infinite where nothing tells.
    """
    return max(0.0, min(_machine(), _control_group(), _process(fresh)))


def _machine() -> float:
    with suppress(OSError, ValueError, StopIteration, IndexError):
        lines = _MEMINFO.read_text(encoding="ascii").splitlines()
        return 1024 * int(next(line for line in lines if "MemAvailable" in line).split()[1])
    return math.inf


def _control_group() -> float:
    left = math.inf
    with suppress(OSError):
        for line in _CGROUP.read_text(encoding="utf-8").splitlines():
            _, controllers, path = line.split(":", 2)
            if controllers and "memory" not in controllers.split(","):
                continue
            mounted = _CGROUPS / "memory" if controllers else _CGROUPS
            group = mounted / path.lstrip("/")
            # The limit of every group around holds too; in a container only the root is there.
            while group.is_relative_to(mounted):
                left = min(left, _group(group))
                group = group.parent
    return left


def _group(folder: Path) -> float:
    for most, used, idle in _CGROUP_FILES:
        with suppress(OSError, ValueError):  # "max" is no number, and no limit
            limit = int((folder / most).read_text(encoding="ascii"))
            taken = int((folder / used).read_text(encoding="ascii"))
            stat = (folder / "memory.stat").read_text(encoding="ascii").split()
            return limit - taken + int(stat[stat.index(idle) + 1])
    return math.inf


def _process(fresh: bool) -> float:
    try:
        import resource
    except ImportError:  # not on Windows, which has no such limits either
        return math.inf
    space, data = _FRESH_SPACE, _FRESH_DATA
    if not fresh:
        space = data = 0.0
        with suppress(OSError, ValueError, IndexError):
            pages = [int(number) for number in _STATM.read_text(encoding="ascii").split()]
            space, data = (resource.getpagesize() * pages[at] for at in (0, 5))
    left = math.inf
    for kind, taken in ((resource.RLIMIT_AS, space), (resource.RLIMIT_DATA, data)):
        limit = resource.getrlimit(kind)[0]
        if limit != resource.RLIM_INFINITY:
            left = min(left, limit - taken)
    return left
