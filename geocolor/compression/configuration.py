"""One pipeline, many methods: a configuration says what each part of it does."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import Any

from geocolor.criterion import Damping, Form, Metric
from geocolor.errors import InputError

__all__ = ["PRESETS", "Configuration", "Grouping", "RankRule", "preset", "resolved"]


class Grouping(StrEnum):
    """Which units share.

    PRIVATE: none. ADJACENT: pairs of neighbouring layers, read side only. PRICED: a coloring of
    the weighted conflict graph, every class then valued exactly.
    """

    PRIVATE = "private"
    ADJACENT = "adjacent"
    PRICED = "priced"


class RankRule(StrEnum):
    """How ranks are set.

    UNIFORM: every group keeps the same share of its parameters. PRICED: one price per parameter
    for the whole model.
    """

    UNIFORM = "uniform"
    PRICED = "priced"


@dataclass(frozen=True)
class Configuration:
    """A method, part by part.

    Attributes
    ----------
    name : str
        What reports call it.
    metric : Metric
        Which curvature factors enter.
    forms : tuple of Form
        Forms a group may take.
    grouping : Grouping
        Which units share.
    ranks : RankRule
        How ranks are set.
    refit : bool
        Whether coefficients of a shared basis are fitted in each unit's own metric.
    fold_norms : bool
        Whether pre-norm scales move into their readers first.
    reach : int
        Layers that two units of one role may be apart to be priced as a pair.
    damping : Damping
        Relative damping of the factors.

    Raises
    ------
    InputError
        The parts do not go together.
    """

    name: str
    metric: Metric = Metric.KRONECKER
    forms: tuple[Form, ...] = (Form.DENSE, Form.BASIS, Form.TIED, Form.NARROW)
    grouping: Grouping = Grouping.PRICED
    ranks: RankRule = RankRule.PRICED
    refit: bool = True
    fold_norms: bool = True
    reach: int = 1
    damping: Damping = field(default_factory=Damping)

    def __post_init__(self) -> None:
        if not {Form.DENSE, Form.BASIS} & set(self.forms):
            raise InputError("every unit needs a form of its own: allow dense or basis")
        if self.ranks is RankRule.UNIFORM and Form.BASIS not in self.forms:
            raise InputError("uniform ranks need the form that has ranks: allow basis")
        if self.reach < 0:
            raise InputError(f"reach must not be negative: {self.reach}")

    @property
    def criterion(self) -> tuple[Hashable, ...]:
        """What costs depend on; methods that agree in it can use the same."""
        return (self.metric, self.damping, self.forms, self.refit, self.fold_norms)

    def to_json(self) -> dict[str, Any]:
        """Plain data, for JSON."""
        return asdict(self)


# The published rules see raw activations, undamped but for what keeps a root finite.
_PUBLISHED_DAMPING = Damping(inputs=1e-6, gradients=1e-6)

PRESETS: dict[str, Configuration] = {
    configuration.name: configuration
    for configuration in (
        Configuration("default"),
        # The default without one of its parts, to see what that part is worth.
        Configuration("private", grouping=Grouping.PRIVATE),
        Configuration("fixed-width", forms=(Form.DENSE, Form.BASIS, Form.TIED)),
        # Wang et al., "SVD-LLM", ICLR 2025: whitening by activations, one ratio for every matrix.
        Configuration(
            "svd-llm",
            metric=Metric.ACTIVATIONS,
            forms=(Form.BASIS,),
            grouping=Grouping.PRIVATE,
            ranks=RankRule.UNIFORM,
            refit=False,
            fold_norms=False,
            damping=_PUBLISHED_DAMPING,
        ),
        # Wang et al., "Basis Sharing", ICLR 2025: two neighbouring layers share a basis for what
        # reads the residual stream; what writes it stays private.
        Configuration(
            "basis-sharing",
            metric=Metric.ACTIVATIONS,
            forms=(Form.BASIS,),
            grouping=Grouping.ADJACENT,
            ranks=RankRule.UNIFORM,
            refit=False,
            fold_norms=False,
            damping=_PUBLISHED_DAMPING,
        ),
    )
}


def preset(name: str) -> Configuration:
    """Look a preset up.

    Raises
    ------
    InputError
        There is none of that name.
    """
    if name not in PRESETS:
        raise InputError(f"no preset {name!r}; choose one of {', '.join(PRESETS)}")
    return PRESETS[name]


def resolved(configuration: str | Configuration) -> Configuration:
    """Look a preset up, or take a configuration as it is.

    Raises
    ------
    InputError
        There is no preset of that name.
    """
    return preset(configuration) if isinstance(configuration, str) else configuration
