"""Where runs are made and by what: facts of the machine, and what decides what a solver does."""

from __future__ import annotations

import ast
import hashlib
import platform
import socket
from collections.abc import Iterator
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from geocolor import __version__
from geocolor.cpu import cpu_model
from geocolor.errors import InputError
from geocolor.solvers import SolverInfo
from geocolor.solvers.external.command import command_files

__all__ = ["build_hash", "contender_versions", "machine_facts"]

_PACKAGE = Path(__file__).parents[1]
# What a solver of ours is made of; the rest of geocolor may change between two runs of one trial.
_SOLVER_SIDE = ("graph", "problem", "bounds", "solvers")
_SOLVER_MODULES = ("arguments", "errors", "interrupts", "wording")
_LIBRARIES = (
    *("numpy", "scipy", "numba", "ortools", "networkx", "igraph", "rustworkx", "gcol"),
    *("joblib", "distributed", "ray", "psutil", "pyarrow", "torch", "transformers"),
)
_GOVERNOR = "/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor"
# A container sees its own limits at these places: version 2 of control groups, or version 1.
_MEMORY_LIMITS = ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes")
_CPU_LIMITS = ("/sys/fs/cgroup/cpu.max", "/sys/fs/cgroup/cpu/cpu.cfs_quota_us")


def machine_facts() -> dict[str, Any]:
    """Say what this machine is and what is installed, as plain JSON values.

    Returns
    -------
    dict
        Memory in bytes, a container's limits as the kernel writes them; a fact that cannot be
        read is None. ``usable_cores`` are those that affinity and container leave this process.
    """
    import joblib
    import psutil

    return {
        "host": socket.gethostname(),
        "cpu": cpu_model(),
        "architecture": platform.machine(),
        "physical_cores": psutil.cpu_count(logical=False),
        "logical_cores": psutil.cpu_count(),
        "usable_cores": joblib.cpu_count(),
        "memory": psutil.virtual_memory().total,
        "system": platform.system(),
        "kernel": platform.release(),
        "python": platform.python_version(),
        "load_average": list(psutil.getloadavg()),
        "governor": _text(_GOVERNOR),
        "memory_limit": _text(*_MEMORY_LIMITS),
        "cpu_limit": _text(*_CPU_LIMITS),
        "geocolor": __version__,
        "build": build_hash(),
        "libraries": {name: found for name in _LIBRARIES if (found := _version(name))},
    }


@cache
def build_hash() -> str:
    """Hash the sources of geocolor's solver side.

    Changed code is a different build even under the same version number.

    Returns
    -------
    str
        Hex SHA-256 over relative names and contents.
    """
    return _hash_of_sources(_PACKAGE)


def contender_versions(info: SolverInfo) -> dict[str, str]:
    """Say what decides what a solver does, beside its name and settings.

    Parameters
    ----------
    info : SolverInfo
        One of ours, or another's.

    Returns
    -------
    dict of str to str
        Versions of geocolor, its build, Python and the libraries; for a solver that is not ours
        the hash of its module's own file, and for a Python file those of the files and packages
        beside it that it imports, packages with all of their Python files; for a command line
        the hash of the program and of each argument that is a file.

    Raises
    ------
    InputError
        Its module or its program is not there.
    """
    found = {
        "geocolor": __version__,
        "build": build_hash(),
        "python": ".".join(platform.python_version_tuple()[:2]),
    }
    for library in ("numpy", *info.libraries):
        found[library] = _version(library) or "unknown"
    module, _, _ = info.target.rpartition(":")
    if module.partition(".")[0] != _PACKAGE.name:
        file = _file_of(module, info.name)
        found["module"] = _hash_of_file(file)
        if module.endswith(".py"):
            for neighbour in _neighbours(file, {file}) - {file}:
                path = neighbour.relative_to(file.parent).as_posix()
                found[f"module {path}"] = _hash_of_file(neighbour)
    for place, file in _files_of_command(info):
        found[f"command[{place}]"] = _hash_of_file(file)
    return found


def _neighbours(file: Path, found: set[Path], folder: Path | None = None) -> set[Path]:
    """Add what a file imports anywhere in it from a folder, its own, and what that imports."""
    folder = folder or file.parent
    try:
        tree = ast.parse(file.read_bytes())
    except SyntaxError:  # it could not be imported either
        return found
    for node in ast.walk(tree):
        names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        if isinstance(node, ast.ImportFrom) and node.module:
            names.append(node.module)
        for package in {name.partition(".")[0] for name in names} - {_PACKAGE.name}:
            beside = folder / package
            # Of a package all files, and not only those that are said to be imported: packages
            # import their own parts in more ways than one.
            for neighbour in (beside.with_suffix(".py"), *beside.rglob("*.py")):
                if neighbour not in found and neighbour.is_file():
                    found.add(neighbour)
                    _neighbours(neighbour, found, folder)
    return found


def _hash_of_sources(package: Path) -> str:
    files = [package / f"{module}.py" for module in _SOLVER_MODULES]
    for part in _SOLVER_SIDE:
        files += (package / part).rglob("*.py")
    total = hashlib.sha256()
    for name, file in sorted((file.relative_to(package).as_posix(), file) for file in files):
        # Hashed by itself, so that no byte can move from one file, or its name, into the next.
        total.update(f"{name} {_hash_of_file(file)}\n".encode())
    return total.hexdigest()


def _hash_of_file(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise InputError(f"cannot read {path}: {error.strerror or error}") from error


def _file_of(module: str, solver: str) -> Path:
    if module.endswith(".py"):
        return Path(module)
    try:
        spec = find_spec(module)
    except (ImportError, ValueError):
        spec = None
    if spec is None or spec.origin is None or not spec.has_location:
        raise InputError(f"solver {solver!r}: there is no file of the module {module!r}")
    return Path(spec.origin)


def _files_of_command(info: SolverInfo) -> Iterator[tuple[int, Path]]:
    """Find the files of a command line, each with its place: the program, and its scripts."""
    settings = info.settings or {}
    if "command" in settings:
        try:
            yield from command_files(settings["command"], settings.get("folder", ""))
        except InputError as error:
            raise InputError(f"solver {info.name!r}: {error}") from error


def _version(distribution: str) -> str | None:
    try:
        return version(distribution)
    except PackageNotFoundError:
        return None


def _text(*paths: str) -> str | None:
    """Read the first of some one-line files that is there."""
    for path in paths:
        try:
            return Path(path).read_text(encoding="utf-8").strip()
        except OSError:
            continue
    return None
