"""What is to be run: a problem on an instance, a solver, a seed and an effort."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from functools import cached_property
from pathlib import PurePath
from typing import Any

from geocolor.bench.typed import typed
from geocolor.solvers import SolverInfo

__all__ = ["Contender", "Effort", "Instance", "Known", "Trial"]

# Graces after which a run that has not returned is killed.
_PATIENCE = 20


@dataclass(frozen=True)
class Known:
    """Best value that is known for a problem.

    Attributes
    ----------
    value : float
        Objective; the optimum if `proven`.
    proven : bool
        Whether nothing better exists.
    by : str
        Who or what says so.
    """

    value: float
    proven: bool
    by: str = ""


@dataclass(frozen=True)
class Instance:
    """A problem on a saved graph.

    Attributes
    ----------
    name : str
        For people; unique in a campaign.
    path : str
        Absolute path of the graph's file.
    fingerprint : str
        Of the graph (``ConflictGraph.fingerprint``); the file is held to it when it is read.
    kind : str
        coloring, equitable, partition, group-partition (pair sums normalised by size) or
        correlation.
    k : int or None
        Classes: most of a partition, wanted of a coloring, exactly so many of an equitable one.
    nodes, conflicts, weights : int
        Size of the graph.
    heaviest : float
        Largest absolute weight, which rounding is measured by; 0 if there is none, it does not
        count, or nobody has looked.
    tags : tuple of str
        What it can be selected by.
    known : Known or None
        Best value known beforehand.
    """

    name: str
    path: str
    fingerprint: str
    kind: str
    k: int | None
    nodes: int
    conflicts: int
    weights: int
    tags: tuple[str, ...] = ()
    known: Known | None = None
    heaviest: float = 0.0

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Instance:
        """Read what ``asdict`` wrote."""
        known = data["known"]
        return typed(
            cls(
                **{
                    **data,
                    "tags": tuple(data["tags"]),
                    "known": None if known is None else typed(Known(**known)),
                }
            )
        )


@dataclass(frozen=True)
class Effort:
    """What a run may use.

    Attributes
    ----------
    time_limit : float
        Seconds on the run's clock, told to the solver.
    grace : float
        Seconds beyond the limit within which answers and proofs still count.
    threads : int
        Threads a solver may use.
    memory : int or None
        Bytes that the processes of a run may hold.
    max_iterations : int or None
        Iterations of heuristics. With one thread they fix a run on any machine.
    """

    time_limit: float
    grace: float
    threads: int = 1
    memory: int | None = None
    max_iterations: int | None = None

    @property
    def counted_until(self) -> float:
        """Seconds on the clock up to which answers and proofs count."""
        return self.time_limit + self.grace

    @property
    def hard_limit(self) -> float:
        """Seconds on the clock at which a run is killed: it hangs, however busy the machine is."""
        return self.time_limit + _PATIENCE * self.grace


@dataclass(frozen=True)
class Contender:
    """A solver in a campaign.

    Attributes
    ----------
    info : SolverInfo
        How it is called; its name is unique in a campaign.
    versions : mapping of str to str
        Of all that decides what it does: geocolor's build, its libraries, its file's hash.
    """

    info: SolverInfo
    versions: Mapping[str, str] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """The solver's name."""
        return self.info.name

    def to_json(self) -> dict[str, Any]:
        """Give plain JSON values."""
        info = {**asdict(self.info), "kinds": sorted(self.info.kinds)}
        return {"info": info, "versions": dict(self.versions)}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Contender:
        """Read what :meth:`to_json` gave."""
        info = SolverInfo(**data["info"])
        info = replace(info, kinds=frozenset(info.kinds), libraries=tuple(info.libraries))
        return typed(cls(typed(info), data["versions"]))


@dataclass(frozen=True)
class Trial:
    """One run to be made.

    Attributes
    ----------
    instance : Instance
    contender : Contender
    seed : int
    effort : Effort
    """

    instance: Instance
    contender: Contender
    seed: int
    effort: Effort

    @cached_property
    def key(self) -> str:
        """Hex SHA-256 of all that decides the run; the same key means the same run.

        Instance and solver count by what is in them, not by where their files lie.
        """
        info = self.contender.info
        # Where a command's TOML file lies; what lies there is hashed among the versions.
        settings = info.settings and {
            name: value for name, value in info.settings.items() if name != "folder"
        }
        asked = {
            "instance": [self.instance.fingerprint, self.instance.kind, self.instance.k],
            "solver": [info.name, PurePath(info.target).name, settings],
            "versions": dict(self.contender.versions),
            "seed": self.seed,
            "effort": asdict(self.effort),
        }
        return hashlib.sha256(json.dumps(asked, sort_keys=True).encode()).hexdigest()
