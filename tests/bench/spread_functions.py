"""What the tests of the backends run in workers; a module, so that workers can import it."""

import os
import signal
import subprocess
import time
from pathlib import Path


def square(x: int) -> int:
    return x * x


def fail(x: int) -> int:
    raise LookupError(f"item {x}")


def die(x: int) -> int:
    if x == 2:
        os.kill(os.getpid(), signal.SIGKILL)
    time.sleep(0.1)
    return x


def hold(item: tuple[str, int]) -> int:
    """Say who runs it, for a test to kill, and count the beginnings."""
    folder, x = item
    with (Path(folder) / str(x)).open("a") as file:
        file.write(f"{os.getpid()}\n")
    time.sleep(0.3)
    return x


def overlap(item: tuple[str, int]) -> bool:
    """Whether another item was running in this process at the same time."""
    mark = Path(item[0]) / f"busy-{os.getpid()}"
    try:
        mark.touch(exist_ok=False)
    except FileExistsError:
        return True
    time.sleep(0.05)
    mark.unlink()
    return False


def nested(folder: str) -> None:
    """Start a program in a session of its own and wait, as a guarded run does; no folder, none."""
    if not folder:
        return
    with subprocess.Popen(["sleep", "300"], start_new_session=True) as process:
        (Path(folder) / f"pid-{process.pid}").touch()
        process.wait()
