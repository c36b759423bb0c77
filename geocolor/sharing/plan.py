"""The sharing plan: which units form a group, in which form, at which rank."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from geocolor.errors import CheckpointError

__all__ = ["GroupPlan", "SharingPlan"]

_FORMS = ("dense", "basis", "tied", "residual", "narrow")
_SIDES = ("read", "write")


@dataclass(frozen=True)
class GroupPlan:
    """One sharing class.

    Attributes
    ----------
    members : tuple of str
        Dotted module paths.
    form : str
        ``dense``: stored as it is. ``basis``: factors, with one basis for all members; one
        member alone is plain low rank. ``tied``: one matrix for all members. ``residual``: one
        matrix for all members, and a low-rank difference from it for each. ``narrow``: the matrices
        around a hidden layer, with fewer hidden units; the last member reads them.
    side : str
        ``read``: the basis spans what the members read. ``write``: what they write.
    rank : int
        Columns of the basis, rank of the differences, or hidden units that stay; 0 for the other
        forms.
    """

    members: tuple[str, ...]
    form: str
    side: str
    rank: int = 0

    def __post_init__(self) -> None:
        if not self.members or len(set(self.members)) != len(self.members):
            raise CheckpointError(f"a group needs distinct members, not {list(self.members)}")
        if self.form not in _FORMS or self.side not in _SIDES or self.rank < 0:
            raise CheckpointError(
                f"the group of {self.members[0]} has form {self.form!r}, side {self.side!r}, "
                f"rank {self.rank}: not a valid plan"
            )
        if self.form == "narrow" and len(self.members) < 2:
            raise CheckpointError(f"{self.members[0]} alone has no hidden units to narrow")


@dataclass(frozen=True)
class SharingPlan:
    """A coloring of the units, with the form and rank of every class.

    Attributes
    ----------
    groups : tuple of GroupPlan
        Every unit in exactly one.
    """

    groups: tuple[GroupPlan, ...]

    def __post_init__(self) -> None:
        members = [member for group in self.groups for member in group.members]
        if len(set(members)) != len(members):
            twice = next(name for i, name in enumerate(members) if name in members[:i])
            raise CheckpointError(f"{twice} is in two groups of the plan")

    @property
    def colors(self) -> dict[str, int]:
        """Sharing class of every unit."""
        return {
            member: color for color, group in enumerate(self.groups) for member in group.members
        }

    @property
    def shared_groups(self) -> tuple[GroupPlan, ...]:
        """Groups of more than one unit that do share parameters."""
        return tuple(
            g for g in self.groups if len(g.members) > 1 and g.form not in ("dense", "narrow")
        )

    @property
    def narrowed_groups(self) -> tuple[GroupPlan, ...]:
        """Hidden layers with fewer hidden units than they had."""
        return tuple(group for group in self.groups if group.form == "narrow")

    def to_json(self) -> list[dict[str, Any]]:
        """Plain data, for JSON."""
        return [
            {
                "members": list(group.members),
                "form": group.form,
                "side": group.side,
                "rank": group.rank,
            }
            for group in self.groups
        ]

    @classmethod
    def from_json(cls, data: Any) -> SharingPlan:
        """Rebuild from :meth:`to_json`, trusting nothing.

        Raises
        ------
        CheckpointError
            The data is not a valid plan.
        """
        if not isinstance(data, list):
            raise CheckpointError("the plan is not a list of groups")
        return cls(tuple(_group(entry) for entry in data))


def _group(entry: Any) -> GroupPlan:
    if not isinstance(entry, Mapping) or set(entry) != {"members", "form", "side", "rank"}:
        raise CheckpointError("a group of the plan needs members, form, side and rank")
    members, rank = entry["members"], entry["rank"]
    if not isinstance(members, list) or not all(isinstance(name, str) for name in members):
        raise CheckpointError("the members of a group must be a list of names")
    if isinstance(rank, bool) or not isinstance(rank, int):
        raise CheckpointError(f"a rank must be an integer, not {rank!r}")
    return GroupPlan(tuple(members), str(entry["form"]), str(entry["side"]), rank)
