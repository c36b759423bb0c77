"""A family of processes: what it holds, and its end."""

from __future__ import annotations

import contextlib
import os
import signal

import psutil

__all__ = ["Family"]


class Family:
    """A process and all that descends from it.

    Parameters
    ----------
    pid : int
        The root, leader of its own process group.
    """

    def __init__(self, pid: int) -> None:
        self._pid = pid
        # Remembered, since a child whose parent ends is no descendant any more.
        self._members: dict[int, psutil.Process] = {}

    def memory(self) -> int:
        """Bytes that its living members hold in memory now, shared pages counted at each."""
        with contextlib.suppress(psutil.Error):
            root = self._members.setdefault(self._pid, psutil.Process(self._pid))
            for member in root.children(recursive=True):
                self._members.setdefault(member.pid, member)
        total = 0
        for member in self._members.values():
            with contextlib.suppress(psutil.Error):
                total += member.memory_info().rss
        return total

    def kill(self) -> None:
        """End all of them at once."""
        self.memory()  # to know those that came since the last look
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self._pid, signal.SIGKILL)
        for member in self._members.values():
            with contextlib.suppress(psutil.Error):
                member.kill()
