"""The one door to numba: typed, cached on disk where that can be, without the interpreter lock."""

from __future__ import annotations

import atexit
import logging
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, ParamSpec, TypeVar, cast

import numba
from numba import njit
from numba.core import event
from numba.core.caching import CompileResultCacheImpl, FunctionCache
from numba.core.compiler_lock import global_compiler_lock
from numba.core.registry import cpu_target

from geocolor.interrupts import held_back

__all__ = ["cache_folder", "compile_seconds", "jit", "target"]

_log = logging.getLogger(__name__)

P = ParamSpec("P")
R = TypeVar("R")

_COMPILING = "numba:compile"

# The end of the process takes the compiler apart: not under a thread that compiles.
atexit.register(global_compiler_lock.acquire)


class _Places(CompileResultCacheImpl):  # type: ignore[misc]  # numba is skipped
    """Look beside the source last: an installed package would leave files behind there."""

    _locator_classes = sorted(
        CompileResultCacheImpl._locator_classes, key=lambda place: "InTree" in place.__name__
    )


class _Cache(FunctionCache):  # type: ignore[misc]  # numba is skipped
    """A cache that costs a compilation when it fails, and never the call."""

    _impl_class = _Places

    def load_overload(self, sig: Any, target_context: Any) -> Any:
        try:
            return super().load_overload(sig, target_context)
        # A damaged file is a damaged pickle, which may fail in any way.
        except Exception as error:
            _log.debug("%s: unreadable kernel, compiled anew: %r", self.cache_path, error)
            with suppress(OSError):  # an index that cannot be read cannot be added to either
                self.flush()
            return None

    def save_overload(self, sig: Any, data: Any) -> None:
        try:
            super().save_overload(sig, data)
        # Mostly a full disk; numba reads the index first, which may be damaged.
        except Exception as error:
            _log.debug("%s: kernel not kept: %r", self.cache_path, error)


def jit(function: Callable[P, R]) -> Callable[P, R]:
    """Compile `function` with numba, keeping its type.

    The machine code is cached in the user's cache directory, or in ``NUMBA_CACHE_DIR``; beside
    the source if that cannot be written, and not at all if nothing can. The cache knows only the
    source file of the function itself, so a kernel calls helpers of its own module only.

    Ctrl-C waits while a kernel is compiled or loaded: numba would be left half set up, and its lock
    taken.
    """
    dispatcher = njit(nogil=True)(function)
    compile_for = dispatcher._compile_for_args

    def undisturbed(*arguments: Any, **named: Any) -> Any:
        with held_back():
            return compile_for(*arguments, **named)

    dispatcher._compile_for_args = undisturbed
    with suppress(RuntimeError):  # no place to write
        dispatcher._cache = _Cache(function)
    return cast(Callable[P, R], dispatcher)


_compiling = event.TimingListener()
event.register(_COMPILING, _compiling)


def compile_seconds() -> float:
    """Tell how long this process has compiled kernels that no cache had."""
    return float(_compiling.duration) if _compiling.done else 0.0


def cache_folder() -> Path | None:
    """Give a folder where kernels are kept, None where nothing can be written."""
    try:
        return Path(_Places(jit).locator.get_cache_path())
    except RuntimeError:
        return None


def target() -> str:
    """Say what kernels are compiled by and for: numba's version and the processor."""
    with held_back():
        return repr((numba.__version__, *cpu_target.target_context.codegen().magic_tuple()))
