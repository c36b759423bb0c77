"""The process that runs are forked from: ``python -m geocolor.bench.guard.template MODULE FD``.

It imports MODULE, warms it up, and then does what it reads from stdin, one JSON line a run:
prepares, forks, waits, reports. It writes JSON lines to the inherited descriptor FD; so does the
run it forks, never both at a time. When stdin closes, the guard is gone, and so are the run and
its template.

The module offers ``warm_up(warm)`` and ``prepare(payload)``, which run here, and
``run(state, payload, emit)``, which runs in the fork.
"""

from __future__ import annotations

import contextlib
import ctypes
import gc
import importlib
import json
import os
import select
import shutil
import signal
import sys
import tempfile
import traceback
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

from geocolor.errors import GeocolorError

try:
    import resource
except ImportError:  # not a POSIX system; the guard refuses it before it gets here
    sys.exit("runs are forked, which this system cannot do")

__all__ = ["main"]

_PR_SET_CHILD_SUBREAPER = 36


class _Template:
    def __init__(self, module: ModuleType, events: int) -> None:
        self._module = module
        self._events = events
        self._wakeup, write = os.pipe()
        os.set_blocking(write, False)
        signal.set_wakeup_fd(write, warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, lambda _number, _frame: None)

    def say(self, message: dict[str, Any]) -> None:
        # The line break before it ends a line that a killed run left half written.
        _write(self._events, b"\n" + json.dumps({"template": message}).encode() + b"\n")

    def serve(self) -> None:
        for line in _lines_of_stdin():
            request = json.loads(line)
            try:
                state = self._module.prepare(request["payload"])
            except GeocolorError as error:
                self.say({"refused": str(error)})
                continue
            except MemoryError:
                self.say({"refused": "out of memory while the run was prepared"})
                continue
            # What is here already is shared by all forks; collecting it would only copy it.
            gc.collect()
            gc.freeze()
            sys.stdout.flush()
            sys.stderr.flush()
            pid = os.fork()
            if pid == 0:
                self._become_the_run(request, state)
            self.say({"forked": pid})
            status, usage = self._wait(pid, Path(request["scratch"]))
            cpu = usage.ru_utime + usage.ru_stime + _end_orphans()
            # Kilobytes, but for macOS.
            unit = 1 if sys.platform == "darwin" else 1024
            self.say({"ended": status, "cpu": cpu, "peak": usage.ru_maxrss * unit})

    def _wait(self, pid: int, scratch: Path) -> tuple[int, resource.struct_rusage]:
        """Wait for the run; end it, and this process, if the guard goes away meanwhile."""
        while True:
            found, status, usage = os.wait4(pid, os.WNOHANG)
            if found == pid:
                return os.waitstatus_to_exitcode(status), usage
            readable, _, _ = select.select([0, self._wakeup], [], [])
            if self._wakeup in readable:
                os.read(self._wakeup, 4096)
            if 0 in readable:  # nothing is sent during a run, so this is the end of the pipe
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(pid, signal.SIGKILL)
                os.waitpid(pid, 0)
                _end_orphans()
                shutil.rmtree(scratch, ignore_errors=True)
                os._exit(0)

    def _become_the_run(self, request: dict[str, Any], state: Any) -> None:
        code = 1
        try:
            os.setsid()
            with open(os.devnull, "rb") as nothing:  # noqa: PTH123  what comes there is not for it
                os.dup2(nothing.fileno(), 0)
            signal.set_wakeup_fd(-1)
            for number in (signal.SIGCHLD, signal.SIGTERM):
                signal.signal(number, signal.SIG_DFL)
            signal.signal(signal.SIGINT, signal.default_int_handler)
            _limit(request["memory"])
            os.environ["TMPDIR"] = tempfile.tempdir = request["scratch"]
            self._module.run(state, request["payload"], self._emitter())
            code = 0
        except BaseException:
            # Whatever it was, it must not reach the template's own loop.
            with contextlib.suppress(BaseException):
                traceback.print_exc()
        finally:
            with contextlib.suppress(BaseException):
                sys.stdout.flush()
                sys.stderr.flush()
            os._exit(code)

    def _emitter(self) -> Callable[[dict[str, Any]], None]:
        def emit(event: dict[str, Any]) -> None:
            _write(self._events, json.dumps({"event": event}).encode() + b"\n")

        return emit


def _write(descriptor: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(descriptor, view) :]


def _lines_of_stdin() -> Any:
    # Unbuffered, so that select sees all that was not yet read.
    pending = b""
    while block := os.read(0, 1 << 16):
        *lines, pending = (pending + block).split(b"\n")
        yield from lines


def _limit(memory: int | None) -> None:
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if memory is not None:
        # Private writable memory, beyond what the template brought along. Code that asks for
        # too much gets a refusal it can handle; the guard watches the whole family besides.
        soft, hard = memory + _data_size(), resource.getrlimit(resource.RLIMIT_DATA)[1]
        resource.setrlimit(resource.RLIMIT_DATA, (soft, hard))


def _data_size() -> int:
    """Bytes of private writable memory of this process, where the system tells."""
    try:
        pages = int(Path("/proc/self/statm").read_text().split()[5])
    except OSError:
        return 0
    return pages * resource.getpagesize()


def _adopt_orphans() -> None:
    """Become the parent of whatever a run leaves behind (Linux; elsewhere it stays unseen)."""
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def _end_orphans() -> float:
    """Kill the processes that a run left behind; their processor seconds."""
    cpu = 0.0
    while True:
        for child in _children():
            with contextlib.suppress(ProcessLookupError):
                os.kill(child, signal.SIGKILL)
        try:
            _, _, usage = os.wait4(-1, 0)
        except ChildProcessError:
            return cpu
        cpu += usage.ru_utime + usage.ru_stime


def _children() -> list[int]:
    import psutil

    return [child.pid for child in psutil.Process().children()]


def main() -> None:
    """Serve runs until stdin closes."""
    name, descriptor = sys.argv[1], int(sys.argv[2])
    os.set_inheritable(descriptor, False)
    # Ctrl-C at a terminal goes to the whole group; the guard decides what it means here.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    _adopt_orphans()
    module = importlib.import_module(name)
    template = _Template(module, descriptor)
    first = next(_lines_of_stdin(), None)
    if first is None:
        return
    try:
        module.warm_up(json.loads(first))
    except GeocolorError as error:
        template.say({"refused": str(error)})
        return
    _end_orphans()
    template.say({"ready": os.getpid()})
    template.serve()


if __name__ == "__main__":
    main()
