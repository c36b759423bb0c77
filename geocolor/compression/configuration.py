"""One pipeline, many methods: a configuration says what each part of it does."""

from __future__ import annotations

import math
from collections.abc import Hashable
from dataclasses import asdict, dataclass, field, fields, replace
from enum import StrEnum
from numbers import Real
from typing import Any

from geocolor.compression.fields import Table, choice, choices, number, text, truth, whole
from geocolor.criterion import Budget, Damping, Form, Metric
from geocolor.errors import FormatError, InputError
from geocolor.io.json_text import require_format
from geocolor.wording import choice_among

__all__ = [
    "PRESETS",
    "SUMMARIES",
    "Configuration",
    "Grouping",
    "RankRule",
    "check_keep",
    "check_priced",
    "counted_in",
    "preset",
    "resolved",
]

_FORMAT, _VERSION = "geocolor.configuration", 2
# What every configuration of a version had that could not say otherwise.
_BEFORE = {1: {"rank_multiple": 1, "budget": "params"}}
_LONGEST_NAME = 64


class Grouping(StrEnum):
    """Which units share.

    PRIVATE: none. ADJACENT: pairs of neighbouring layers, read side only. CONSECUTIVE: as many
    neighbouring layers as the budget takes, the same number for every role, each group stored as
    one matrix. ASSIGNED: half as many classes as a role has layers, each layer in the class whose
    basis perturbs it least in its dominant eigenpairs. PRICED: a coloring of the weighted conflict
    graph, every class then valued exactly.
    """

    PRIVATE = "private"
    ADJACENT = "adjacent"
    CONSECUTIVE = "consecutive"
    ASSIGNED = "assigned"
    PRICED = "priced"


class RankRule(StrEnum):
    """How ranks are set.

    UNIFORM: every group keeps the same share of its parameters; tied groups have no ranks to set.
    PRICED: one price per parameter for the whole model.
    """

    UNIFORM = "uniform"
    PRICED = "priced"


@dataclass(frozen=True)
class Configuration:
    """A method, part by part.

    Attributes
    ----------
    name : str
        What reports call it: 1 to 64 printable characters.
    metric : Metric
        Which curvature factors enter.
    forms : tuple of Form
        Forms a group may take.
    grouping : Grouping
        Which units share.
    ranks : RankRule
        How ranks are set.
    rank_multiple : int
        Ranks, and numbers of hidden units that stay, are multiples of it, for the hardware's sake,
        or as many as there are.
    budget : Budget
        What is counted of the share to keep.
    refit : bool
        Whether coefficients of a shared basis are fitted in each unit's own metric.
    fold_norms : bool
        Whether pre-norm scales move into their readers first.
    reach : int
        Layers that two units of one role may be apart to be priced as a pair.
    across_roles : bool
        Whether units of different roles are priced as far apart; otherwise within a block alone.
    damping : Damping
        Relative damping of the factors.

    Raises
    ------
    InputError
        The parts do not go together.
    """

    name: str
    metric: Metric = Metric.KRONECKER
    forms: tuple[Form, ...] = (Form.DENSE, Form.BASIS, Form.TIED, Form.RESIDUAL, Form.NARROW)
    grouping: Grouping = Grouping.PRICED
    ranks: RankRule = RankRule.PRICED
    rank_multiple: int = 1
    budget: Budget = Budget.PARAMS
    refit: bool = True
    fold_norms: bool = True
    reach: int = 1
    across_roles: bool = False
    damping: Damping = field(default_factory=Damping)

    def __post_init__(self) -> None:
        name = self.name
        if not (0 < len(name) <= _LONGEST_NAME and name.isprintable() and name == name.strip()):
            raise InputError(
                f"name must be 1 to {_LONGEST_NAME} printable characters, not {name[:80]!r}"
            )
        if len(set(self.forms)) < len(self.forms):
            raise InputError(f"forms names one twice: {', '.join(self.forms)}")
        if not {Form.DENSE, Form.BASIS} & set(self.forms):
            raise InputError("every unit needs a form of its own: allow dense or basis")
        if self.grouping is Grouping.CONSECUTIVE:
            if set(self.forms) != {Form.DENSE, Form.TIED} or self.ranks is not RankRule.UNIFORM:
                raise InputError(
                    "consecutive layers are tied whole: forms must be dense and tied, ranks uniform"
                )
        elif self.grouping is Grouping.ASSIGNED and self.metric is not Metric.DOMINANT:
            raise InputError("assigned classes are judged by dominant eigenpairs: set that metric")
        elif self.ranks is RankRule.UNIFORM and Form.BASIS not in self.forms:
            raise InputError("uniform ranks need the form that has ranks: allow basis")
        if self.rank_multiple < 1:
            raise InputError(f"rank_multiple must be positive: {self.rank_multiple}")
        if self.rank_multiple > 1 and self.ranks is RankRule.UNIFORM:
            raise InputError("one ratio for all leaves no ranks to choose: set rank_multiple to 1")
        if self.grouping is Grouping.CONSECUTIVE and self.budget is not Budget.PARAMS:
            raise InputError("layers tied whole are counted in parameters: set budget to params")
        if self.budget is Budget.LATENCY and self.ranks is RankRule.UNIFORM:
            raise InputError("one ratio for all ranks is none of time: count params or macs")
        if self.budget is Budget.LATENCY and Form.DENSE not in self.forms:
            raise InputError("factors may be slower than a matrix at any rank: allow dense too")
        if self.reach < 0:
            raise InputError(f"reach must not be negative: {self.reach}")
        for part, level in asdict(self.damping).items():
            if not 0 <= level < math.inf:
                raise InputError(f"damping.{part} must be finite and not negative: {level}")

    @property
    def criterion(self) -> tuple[Hashable, ...]:
        """What costs depend on; methods that agree in it can use the same."""
        return (self.metric, self.damping, self.forms, self.refit, self.fold_norms)

    def to_json(self) -> dict[str, Any]:
        """Plain data, for JSON, with the name and version of its format."""
        return {
            "format": _FORMAT,
            "version": _VERSION,
            "name": self.name,
            "metric": str(self.metric),
            "forms": [str(form) for form in self.forms],
            "grouping": str(self.grouping),
            "ranks": str(self.ranks),
            "rank_multiple": self.rank_multiple,
            "budget": str(self.budget),
            "refit": self.refit,
            "fold_norms": self.fold_norms,
            "reach": self.reach,
            "across_roles": self.across_roles,
            "damping": asdict(self.damping),
        }

    @classmethod
    def from_json(cls, data: Any, *, where: str = "configuration") -> Configuration:
        """Read what :meth:`to_json` gave, or what a person wrote in its place.

        Parameters
        ----------
        data : object
            Every part by name. With ``base``, the name of a preset, the parts left out are those
            of the preset.
        where : str
            File or other place, for messages.

        Raises
        ------
        FormatError
            Data of another format or a newer version; a part is unknown, missing, or not what it
            must be; or the parts do not go together.

        Examples
        --------
        >>> Configuration.from_json(
        ...     {
        ...         "format": "geocolor.configuration",
        ...         "version": 2,
        ...         "base": "default",
        ...         "name": "far",
        ...         "reach": 3,
        ...     }
        ... ).reach
        3
        """
        table = Table(data, _KEYS, where)
        require_format(data, _FORMAT, _VERSION, where)
        # Without a base nothing is filled in: what a part was left at may change with a version.
        if "base" in table:
            table = Table(_filled(table.take("base", _base), data), _KEYS, where)
        elif data["version"] in _BEFORE:
            table = Table(_BEFORE[data["version"]] | data, _KEYS, where)
        try:
            return cls(
                name=table.take("name", text),
                metric=table.take("metric", choice(Metric)),
                forms=table.take("forms", choices(Form)),
                grouping=table.take("grouping", choice(Grouping)),
                ranks=table.take("ranks", choice(RankRule)),
                rank_multiple=table.take("rank_multiple", whole),
                budget=table.take("budget", choice(Budget)),
                refit=table.take("refit", truth),
                fold_norms=table.take("fold_norms", truth),
                reach=table.take("reach", whole),
                across_roles=table.take("across_roles", truth),
                damping=table.take("damping", lambda levels: _damping(levels, where)),
            )
        except FormatError:
            raise
        except InputError as error:
            raise FormatError(str(error), where) from error


_KEYS = ("format", "version", "base", *(part.name for part in fields(Configuration)))


def _base(value: Any) -> Configuration:
    if not isinstance(value, str) or value not in PRESETS:
        raise ValueError(f"must be one of {', '.join(PRESETS)}")
    return PRESETS[value]


def _filled(base: Configuration, data: dict[str, Any]) -> dict[str, Any]:
    """Fill in what is left out of data, all but the name."""
    parts = base.to_json()
    del parts["name"]
    levels = data.get("damping")
    if isinstance(levels, dict):
        levels = parts["damping"] | levels
    return parts | data | ({"damping": levels} if "damping" in data else {})


def _damping(value: Any, where: str) -> Damping:
    table = Table(value, [part.name for part in fields(Damping)], where, "damping")
    return Damping(table.take("inputs", number), table.take("gradients", number))


# The published rules see raw activations, undamped but for what keeps a root finite.
_PUBLISHED_DAMPING = Damping(inputs=1e-6, gradients=1e-6)

PRESETS: dict[str, Configuration] = {
    configuration.name: configuration
    for configuration in (
        Configuration("default"),
        # The default without one of its parts, to see what that part is worth.
        Configuration("private", grouping=Grouping.PRIVATE),
        Configuration("fixed-width", forms=(Form.DENSE, Form.BASIS, Form.TIED, Form.RESIDUAL)),
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
        # The paper geocolor comes from, as far as it says; docs/design/0025 has what is assumed.
        Configuration(
            "geo-sharing",
            metric=Metric.DOMINANT,
            forms=(Form.BASIS,),
            grouping=Grouping.ASSIGNED,
            ranks=RankRule.UNIFORM,
            fold_norms=False,
            damping=_PUBLISHED_DAMPING,
        ),
        # Cross-layer sharing as in "ALBERT" (Lan et al., ICLR 2020): neighbouring layers have one
        # matrix, here the mean of theirs.
        Configuration(
            "uniform-tie",
            metric=Metric.WEIGHTS,
            forms=(Form.DENSE, Form.TIED),
            grouping=Grouping.CONSECUTIVE,
            ranks=RankRule.UNIFORM,
            refit=False,
            fold_norms=False,
            damping=_PUBLISHED_DAMPING,
        ),
    )
}

SUMMARIES = {
    "default": "every form, groups by coloring, one price; what geocolor does",
    "private": "the default without sharing",
    "fixed-width": "the default without narrowing hidden layers",
    "svd-llm": "SVD-LLM: whitening by activations, one ratio for every matrix",
    "basis-sharing": "Basis Sharing: two neighbouring layers have one basis on the read side",
    "geo-sharing": "arXiv 2511.06786: layers go to the basis that hurts dominant eigenpairs least",
    "uniform-tie": "groups of neighbouring layers have one matrix, their mean; as few as fit",
}


def preset(name: str) -> Configuration:
    """Look a preset up.

    Raises
    ------
    InputError
        There is none of that name.
    """
    if name not in PRESETS:
        raise InputError(f"no preset {name!r}; {choice_among(name, PRESETS)}")
    return PRESETS[name]


def resolved(configuration: str | Configuration) -> Configuration:
    """Look a preset up, or take a configuration as it is.

    Raises
    ------
    InputError
        There is no preset of that name, or it is neither.
    """
    given: Any = configuration  # whatever the types say
    if isinstance(given, str):
        return preset(given)
    if not isinstance(given, Configuration):
        raise InputError(f"a preset is a name or a Configuration, not {type(given).__name__}")
    return given


def counted_in(configuration: str | Configuration, budget: str | None) -> Configuration:
    """Look a method up, with what its budget counts, if that is said beside it.

    Raises
    ------
    InputError
        There is no preset of that name, nothing of that name to count, or the method cannot.
    """
    method = resolved(configuration)
    if budget is None:
        return method
    if budget not in list(Budget):
        raise InputError(f"no budget of {budget!r}; {choice_among(str(budget), Budget)}")
    return replace(method, budget=Budget(budget))


def check_keep(keep: object) -> None:
    """Refuse a share outside (0, 1].

    Raises
    ------
    InputError
        It is.
    """
    if isinstance(keep, bool) or not isinstance(keep, Real) or not 0 < float(keep) <= 1:
        raise InputError(f"keep must be in (0, 1], not {keep!r}")


def check_priced(keep: float, method: Configuration) -> None:
    """Refuse a share, or a method, with which parameters have no price.

    Raises
    ------
    InputError
        The share is 1, or outside (0, 1]; or the method ties layers by their number alone.
    """
    check_keep(keep)
    if keep == 1:
        raise InputError("at keep 1 parameters have no price, so nothing is gained by sharing")
    if method.grouping is Grouping.CONSECUTIVE:
        raise InputError(
            f"{method.name} ties neighbouring layers whatever it costs, so its parameters have no "
            "price; choose another preset"
        )
