"""Putting a campaign together."""

from __future__ import annotations

import hashlib
import platform
from collections.abc import Mapping, Sequence
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from geocolor._version import __version__
from geocolor.bench.machine import machine_facts
from geocolor.bench.models.campaign import ModelCampaign
from geocolor.bench.models.subject import Subject
from geocolor.bench.models.trial import DENSE, Method, Protocol
from geocolor.errors import InputError

__all__ = ["plan_campaign"]

_PACKAGE = Path(__file__).parents[2]
# What a figure is made of; the rest of geocolor may change between two runs of one trial.
_DECIDING = (
    *("units", "curvature", "criterion", "sharing", "compression"),
    *("graph", "problem", "bounds", "solvers"),
    "bench/models/session.py",
    "bench/models/perplexity.py",
    "bench/models/retrieval.py",
)
_LIBRARIES = ("numpy", "scipy", "numba", "ortools", "torch", "transformers", "tokenizers")


def plan_campaign(
    subjects: Sequence[Subject],
    presets: Sequence[str],
    keeps: Sequence[float],
    seeds: Sequence[int],
    protocol: Protocol,
) -> ModelCampaign:
    """Put a campaign together and refuse what could not work.

    Parameters
    ----------
    subjects : sequence of Subject
    presets : sequence of str
        Names of presets, or paths of configuration files, which go by the names in them.
    keeps : sequence of float
        Budgets, each in (0, 1].
    seeds : sequence of int
        Of the calibration.
    protocol : Protocol

    Raises
    ------
    InputError
        An unknown preset, a file that is no configuration or goes by a name that is taken, a
        budget out of range, or something asked twice.
    """
    # Loads torch, which whoever only reads results can do without.
    from geocolor.compression.configuration import check_keep
    from geocolor.compression.configuration_file import chosen_configuration

    for keep in keeps:
        check_keep(keep)
    configurations = [chosen_configuration(choice) for choice in presets]
    names = [configuration.name for configuration in configurations]
    if DENSE in names:
        raise InputError(f"{DENSE!r} is what the model as it is goes by; name the method otherwise")
    asked = {
        "model": [subject.name for subject in subjects],
        "preset": names,
        "budget": keeps,
        "seed": seeds,
    }
    for what, values in asked.items():
        if not values:
            raise InputError(f"no {what} to measure")
        if len(set(values)) < len(values):
            raise InputError(f"one {what} is asked for twice")
    methods = tuple(
        Method(configuration.name, configuration.to_json()) for configuration in configurations
    )
    return ModelCampaign(
        tuple(subjects),
        methods,
        tuple(keeps),
        tuple(seeds),
        protocol,
        deciding_versions(),
        machine_facts(),
    )


@cache
def deciding_versions() -> Mapping[str, str]:
    """Give versions of all that decides what a compressed model is, our sources among it."""
    import torch

    found = {
        "geocolor": __version__,
        "sources": _hash_of_sources(),
        "python": ".".join(platform.python_version_tuple()[:2]),
        # The order of a sum depends on it, and so do its last bits.
        "threads": str(torch.get_num_threads()),
    }
    for library in _LIBRARIES:
        try:
            found[library] = version(library)
        except PackageNotFoundError:
            found[library] = "missing"
    return found


def _hash_of_sources() -> str:
    total = hashlib.sha256()
    for part in _DECIDING:
        place = _PACKAGE / part
        for file in sorted(place.rglob("*.py")) if place.is_dir() else [place]:
            digest = hashlib.sha256(file.read_bytes()).hexdigest()
            total.update(f"{file.relative_to(_PACKAGE).as_posix()} {digest}\n".encode())
    return total.hexdigest()
