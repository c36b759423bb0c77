"""Which processor this is."""

from __future__ import annotations

import platform
from contextlib import suppress
from pathlib import Path

__all__ = ["cpu_model"]


def cpu_model() -> str | None:
    """Name the processor as its maker does; None if nothing says."""
    with suppress(OSError):
        for line in (
            Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace").splitlines()
        ):
            name, _, value = line.partition(":")
            if name.strip() == "model name":
                return value.strip()
    return platform.processor() or None
