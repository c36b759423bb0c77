import errno
import importlib.util
import os
import signal
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest
from numba.core import event
from numba.core.caching import IndexDataCacheFile
from numba.core.compiler_lock import global_compiler_lock

from geocolor.graph import jit as jit_module

KERNEL = textwrap.dedent(
    """
    from geocolor.graph.jit import jit

    @jit
    def _half(n):
        return n // 2

    @jit
    def kernel(n):
        return _half(n) + 1
    """
)


@pytest.fixture
def places(tmp_path, monkeypatch):
    """A kernel's source, and a cache directory of its own; beside the source is the last resort."""
    source, cache = tmp_path / "source" / "kernels.py", tmp_path / "cache"
    source.parent.mkdir()
    source.write_text(KERNEL)
    monkeypatch.setattr("numba.core.config.CACHE_DIR", str(cache))
    return source, cache


def load(source: Path):
    """Import anew, as another process would."""
    spec = importlib.util.spec_from_file_location("kernels", source)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.kernel


def kept(folder: Path) -> list[Path]:
    return sorted([*folder.rglob("*.nbi"), *folder.rglob("*.nbc")])


def hits(kernel) -> int:
    return sum(kernel.stats.cache_hits.values())


def test_kernels_are_kept_in_the_cache_directory(places):
    source, cache = places
    before = jit_module.compile_seconds()
    assert load(source)(6) == 4
    compiled = jit_module.compile_seconds()
    assert compiled > before
    assert len(kept(cache)) == 4
    assert not kept(source.parent)
    again = load(source)
    assert again(6) == 4
    assert hits(again) == 1
    assert jit_module.compile_seconds() == compiled


def test_without_a_cache_directory_kernels_are_kept_beside_the_source(places):
    source, cache = places
    cache.write_text("a file, so no directory can be made below it")
    # The user-wide directory is next in line: it must fail as well.
    done = subprocess.run(
        [sys.executable, "-c", f"import runpy; runpy.run_path({str(source)!r})['kernel'](6)"],
        env={**_environment(), "NUMBA_CACHE_DIR": str(cache / "below"), "HOME": str(cache)},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert len(kept(source.parent)) == 4


def test_a_kernel_that_can_be_kept_nowhere_is_compiled(places, monkeypatch):
    source, cache = places
    monkeypatch.setattr(jit_module._Places, "_locator_classes", [])
    kernel = load(source)
    assert kernel(6) == 4
    assert kernel.stats.cache_path is None
    assert not kept(cache)
    assert not kept(source.parent)


@pytest.mark.parametrize("ending", [".nbi", ".nbc"])
@pytest.mark.parametrize("left", [0, 40])
def test_a_damaged_cache_is_replaced(places, ending, left):
    source, cache = places
    load(source)(6)
    for path in cache.rglob(f"*{ending}"):
        path.write_bytes(path.read_bytes()[:left])
    kernel = load(source)
    assert kernel(6) == 4
    assert hits(kernel) == 0
    again = load(source)
    assert again(6) == 4
    assert hits(again) == 1


def test_a_full_disk_costs_a_compilation_only(places, monkeypatch):
    source, cache = places

    def full(self, name, data):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(IndexDataCacheFile, "_save_data", full)
    assert load(source)(6) == 4
    monkeypatch.undo()
    monkeypatch.setattr("numba.core.config.CACHE_DIR", str(cache))
    assert not list(cache.rglob("*.nbc"))
    load(source)(6)
    again = load(source)
    assert again(6) == 4
    assert hits(again) == 1


def test_ctrl_c_waits_for_a_kernel_to_be_whole(places):
    class Impatient(event.Listener):
        def on_start(self, event):
            signal.raise_signal(signal.SIGINT)

        def on_end(self, event):
            pass

    kernel = load(places[0])
    with (
        event.install_listener("numba:compiler_lock", Impatient()),
        pytest.raises(KeyboardInterrupt),
    ):
        kernel(6)
    assert len(kernel.overloads) == 1
    assert kernel(6) == 4
    assert not global_compiler_lock.is_locked()


def _environment() -> dict[str, str]:
    found = {name: value for name, value in os.environ.items() if name != "XDG_CACHE_HOME"}
    return {**found, "PYTHONPATH": str(Path(jit_module.__file__).parents[2])}
