"""The solvers by name, ours and other people's, each loaded only when it is asked for."""

from __future__ import annotations

from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from typing import Any

from geocolor.errors import InputError, SolverError
from geocolor.problem import Problem
from geocolor.solvers.info import Solver, SolverInfo, attribute_of
from geocolor.wording import choice_among

__all__ = [
    "ENTRY_POINTS",
    "SOLVERS",
    "built_in",
    "find_solver",
    "installed_solvers",
    "load_solver",
    "require_kind",
]

# Packages offer solvers under this group: a SolverInfo, or the solver itself.
ENTRY_POINTS = "geocolor.solvers"
_LISTED = "'geocolor solvers' lists all"
_FEW = 8


_MAIN = frozenset({"coloring", "partition", "correlation"})
_CAPACITATED = "capacitated-partition"
_ALL = _MAIN | {"equitable", "group-partition", _CAPACITATED}

SOLVERS: dict[str, SolverInfo] = {
    info.name: info
    for info in (
        SolverInfo(
            "auto",
            "chooses by kind and size; shares the workers between heuristics and proofs",
            _ALL,
            True,
            "geocolor.solvers.auto:auto",
            ("ortools", "highspy", "numba"),
        ),
        SolverInfo(
            "cpsat",
            "OR-Tools CP-SAT: exact, streams incumbents and bounds",
            _MAIN | {_CAPACITATED},
            True,
            "geocolor.solvers.cpsat:cpsat",
            ("ortools", "numba"),
        ),
        SolverInfo(
            "sat",
            "CaDiCaL: fewer classes from above, proofs that they are too few from below",
            frozenset({"coloring"}),
            True,
            "geocolor.solvers.sat:sat",
            ("python-sat", "numba"),
        ),
        SolverInfo(
            "columns",
            "stable sets: the bound of fractional coloring, then branch and price",
            frozenset({"coloring"}),
            True,
            "geocolor.solvers.stable_sets:solve_columns",
            ("scipy", "numba"),
        ),
        SolverInfo(
            "set-partition",
            "groups: column generation and exact cover, proofs for partitions",
            frozenset({"partition", "group-partition", _CAPACITATED}),
            True,
            "geocolor.solvers.set_partition:solve_set_partition",
            ("scipy", "numba"),
        ),
        SolverInfo(
            "subset-dp",
            "up to 20 nodes: duals and dynamic programming over all subsets, in milliseconds",
            frozenset({"partition", "group-partition", _CAPACITATED, "correlation"}),
            True,
            "geocolor.solvers.subset_dp:solve_subset_dp",
            ("numba",),
        ),
        SolverInfo(
            "russian-doll",
            "up to 128 nodes, few classes: branch and bound over ever more of the nodes",
            frozenset({"partition", _CAPACITATED}),
            True,
            "geocolor.solvers.russian_doll:solve_russian_doll",
            ("numba",),
        ),
        SolverInfo(
            "oracle",
            "groups that must be asked about: agglomeration, repairs, covers by groups known",
            frozenset({"group-partition"}),
            False,
            "geocolor.solvers.oracle:solve_oracle",
            ("highspy", "numba"),
        ),
        SolverInfo(
            "agglomeration",
            "merges the two groups that save most while that saves anything",
            frozenset({"group-partition"}),
            False,
            "geocolor.solvers.oracle:solve_agglomeration",
            ("numba",),
        ),
        SolverInfo(
            "edge-lp",
            "pairs: cutting planes and branching, proofs for correlation clustering",
            frozenset({"correlation"}),
            True,
            "geocolor.solvers.edge_lp:solve_edge_lp",
            ("highspy", "numba"),
        ),
        SolverInfo(
            "dsatur-exact",
            "DSATUR branch and bound: proofs for small graphs",
            frozenset({"coloring"}),
            True,
            "geocolor.solvers.dsatur_exact:solve_dsatur_exact",
            ("numba",),
        ),
        SolverInfo(
            "dsatur",
            "DSATUR greedy coloring",
            frozenset({"coloring"}),
            False,
            "geocolor.solvers.dsatur:solve_dsatur",
            ("numba",),
        ),
        SolverInfo(
            "first-fit",
            "greedy coloring in the order of the nodes, or the one given",
            frozenset({"coloring"}),
            False,
            "geocolor.solvers.greedy:solve_first_fit",
            ("numba",),
        ),
        SolverInfo(
            "welsh-powell",
            "greedy coloring by degree, the largest first",
            frozenset({"coloring"}),
            False,
            "geocolor.solvers.greedy:solve_welsh_powell",
            ("numba",),
        ),
        SolverInfo(
            "smallest-last",
            "greedy coloring in smallest-last order: the degeneracy + 1 at most",
            frozenset({"coloring"}),
            False,
            "geocolor.solvers.greedy:solve_smallest_last",
            ("numba",),
        ),
        SolverInfo(
            "rlf",
            "recursive largest first: greedy, one class after the other",
            frozenset({"coloring"}),
            False,
            "geocolor.solvers.greedy:solve_rlf",
            ("numba",),
        ),
        SolverInfo(
            "tabucol",
            "TabuCol from a DSATUR coloring, one color fewer at a time",
            frozenset({"coloring"}),
            False,
            "geocolor.solvers.tabucol:solve_tabucol",
            ("numba",),
        ),
        SolverInfo(
            "partialcol",
            "PartialCol from a DSATUR coloring, one color fewer at a time",
            frozenset({"coloring"}),
            False,
            "geocolor.solvers.partialcol:solve_partialcol",
            ("numba",),
        ),
        SolverInfo(
            "memetic",
            "two colorings crossed and improved by TabuCol: HEAD's method",
            frozenset({"coloring"}),
            False,
            "geocolor.solvers.memetic:solve_memetic",
            ("numba",),
        ),
        SolverInfo(
            "gaec",
            "greedy additive edge contraction, then moves: near-linear, for millions of weights",
            frozenset({"partition", "correlation"}),
            False,
            "geocolor.solvers.contraction:solve_gaec",
            ("numba",),
        ),
        SolverInfo(
            "spectral",
            "spectral embedding, rounding under conflicts, annealing and tabu search",
            _MAIN,
            False,
            "geocolor.solvers.spectral:solve_spectral",
            ("scipy", "numba"),
        ),
        SolverInfo(
            "capacitated",
            "best fit and annealing with swaps, for classes with a capacity",
            frozenset({_CAPACITATED}),
            False,
            "geocolor.solvers.capacitated:solve_capacitated",
            ("numba",),
        ),
    )
}


def installed_solvers() -> dict[str, SolverInfo]:
    """Built-in solvers, then those of installed packages, by name."""
    found = dict(SOLVERS)
    for entry in entry_points(group=ENTRY_POINTS):
        if entry.name not in found:
            try:
                found[entry.name] = _of_entry_point(entry)
            except SolverError as error:
                # It must not take the others with it; asked for, it says what is wrong.
                found[entry.name] = SolverInfo(
                    entry.name, str(error), frozenset(), False, entry.value
                )
    return found


def built_in(name: str) -> SolverInfo:
    """Find a solver of geocolor's own.

    Raises
    ------
    InputError
        There is none of that name.
    """
    if name not in SOLVERS:
        raise InputError(f"no solver {name!r} is built in; {choice_among(name, SOLVERS, _LISTED)}")
    return SOLVERS[name]


def find_solver(name: str) -> SolverInfo:
    """Find a solver by what a user may write.

    Parameters
    ----------
    name : str
        A built-in name, one that an installed package offers, ``module:attribute``,
        ``file.py:attribute``, or ``file.toml:name`` for a command line (see
        :mod:`geocolor.solvers.external.command_file`).

    Raises
    ------
    InputError
        There is no such solver.
    """
    if not isinstance(name, str):
        raise InputError(f"a solver goes by its name, not {name!r}; {_LISTED}")
    if name in SOLVERS:
        return SOLVERS[name]
    for entry in entry_points(group=ENTRY_POINTS, name=name):
        try:
            return _of_entry_point(entry)
        except SolverError as error:
            raise InputError(str(error)) from error
    source, colon, attribute = name.rpartition(":")
    if colon and source.endswith(".toml"):
        from geocolor.solvers.external.command_file import read_commands

        commands = read_commands(Path(source))
        if attribute not in commands:
            raise InputError(f"{source} has no solver {attribute!r}, only {', '.join(commands)}")
        return commands[attribute]
    if colon and source and attribute:
        target, module = name, source.rpartition(".")[2]
        if source.endswith(".py"):
            target, module = f"{Path(source).absolute()}:{attribute}", Path(source).stem
        # Everybody calls it solve; the file or module tells one from the other.
        called = module if attribute == "solve" else attribute
        try:
            return _described(called, target, attribute_of(target))
        except SolverError as error:
            raise InputError(str(error)) from error
    raise InputError(
        f"no solver {name!r}; {choice_among(name, installed_solvers(), _LISTED)}, or give "
        "module:function, file.py:function or file.toml:name"
    )


def load_solver(name: str, problem: Problem) -> tuple[SolverInfo, Solver]:
    """Find a solver by name and load it.

    Raises
    ------
    InputError
        No such solver, or it does not take problems of this kind.
    """
    info = find_solver(name)
    require_kind(info, problem.kind)
    return info, info.load()


def require_kind(info: SolverInfo, kind: str) -> None:
    """Refuse a solver that does not take problems of a kind.

    Raises
    ------
    InputError
        It does not; the message names built-in ones that do.
    """
    if kind not in info.kinds:
        fits = [other.name for other in SOLVERS.values() if kind in other.kinds]
        few = ", ".join(fits[:_FEW]) + (f" ({_LISTED})" if len(fits) > _FEW else "")
        raise InputError(f"solver {info.name!r} does not take {kind} problems; choose one of {few}")


def _of_entry_point(entry: EntryPoint) -> SolverInfo:
    """Describe what a package offers.

    Raises
    ------
    SolverError
        It cannot be loaded, or is no solver.
    """
    try:
        found = entry.load()
    # Somebody else's package may fail in any way, a call of sys.exit included.
    except (Exception, SystemExit) as error:
        raise SolverError(f"the solver {entry.name!r} cannot be loaded: {error!r}") from error
    library = () if entry.dist is None else (entry.dist.name,)
    return _described(entry.name, entry.value, found, library)


def _described(name: str, target: str, found: Any, libraries: tuple[str, ...] = ()) -> SolverInfo:
    """Say what a found object is; a bare callable is a coloring heuristic until it says more."""
    if isinstance(found, SolverInfo):
        return found
    if not callable(found):
        raise SolverError(f"{target} is neither a SolverInfo nor callable")
    summary = str(found.__doc__ or "").strip().partition("\n")[0]
    told = getattr(found, "kinds", ("coloring",))
    kinds = frozenset(told) if isinstance(told, set | frozenset | tuple | list) else frozenset()
    if not kinds or not kinds <= _ALL:
        raise SolverError(
            f"{target}: kinds must be a set of {', '.join(sorted(_ALL))}, not {told!r}"
        )
    exact = bool(getattr(found, "exact", False))
    settings: dict[str, Any] | None = {} if isinstance(found, type) else None
    return SolverInfo(name, summary, kinds, exact, target, libraries, settings)
