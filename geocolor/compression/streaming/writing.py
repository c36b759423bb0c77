"""A plan carried out block by block: fitted, applied, measured and written, then dropped."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

from torch import Tensor

from geocolor.compression.planner import Planned
from geocolor.compression.progress import Progress, silent
from geocolor.compression.streaming.folder_model import FolderModel
from geocolor.compression.values import changed_weights, group_weights, predict
from geocolor.criterion import GroupCosts
from geocolor.curvature import Curvature, Stages
from geocolor.sharing import GroupPlan, GroupWeights, SharingPlan, apply_plan

__all__ = ["BlockByBlock"]


class BlockByBlock:
    """Goes through a model's parts once and gives the tensors of the smaller one.

    Parameters
    ----------
    model : FolderModel
        The original.
    planned : Planned
        What becomes of it. A group may be of several blocks; what is fitted for it is kept until
        the last of them is written.
    costs : GroupCosts
        The criterion it was planned by.
    curvature : callable
        Gives the factors of a block by its number, in the coordinates of the plan.
    folded : bool
        Whether those are of folded norms.
    judged : Stages
        Batches that go along, to measure the smaller model.
    forget : callable
        Called when what the criterion holds is not needed for a while.
    progress : callable
        Told how far it is.

    Attributes
    ----------
    predicted : float
        Predicted increase of the loss by the blocks so far, in nats per scored output.
    """

    def __init__(
        self,
        model: FolderModel,
        planned: Planned,
        costs: GroupCosts,
        curvature: Callable[[int], Curvature],
        judged: Stages,
        *,
        folded: bool,
        forget: Callable[[], None],
        progress: Progress,
    ) -> None:
        self._model = model
        self._planned = planned
        self._costs = costs
        self._curvature = curvature
        self._judged = judged
        self._folded = folded
        self._forget = forget
        self._progress = progress
        self._fitted: dict[tuple[str, ...], GroupWeights] = {}
        self.predicted = 0.0

    def parts(self, names: set[str]) -> Iterator[dict[str, Tensor]]:
        """Give the tensors of the rest and of each block, those of the names asked for.

        The batches that go along are behind the last block afterwards.
        """
        blocks = self._model.blocks
        with self._model.rest() as whole:
            inside = tuple(f"{path}." for path in blocks)
            state = whole.state_dict()
            yield {n: state[n] for n in state if n in names and not n.startswith(inside)}
            del state
        self._judged.restart()
        for number, path in enumerate(blocks):
            groups = self._groups(number)
            self._fit(groups)
            self._forget()
            with self._model.block(number, folded=self._folded) as block:
                self._change(number, groups)
                self._judged.through(number, block)
                state = block.state_dict(prefix=f"{path}.")
                yield {name: tensor for name, tensor in state.items() if name in names}
                del state
            self._progress("writing", number + 1, len(blocks))

    def _groups(self, number: int) -> list[GroupPlan]:
        """List the groups that a block has members of."""
        within = f"{self._model.blocks[number]}."
        return [
            group
            for group in self._planned.plan.groups
            if any(member.startswith(within) for member in group.members)
        ]

    def _change(self, number: int, groups: list[GroupPlan]) -> None:
        """Do to a block what the plan says."""
        within = f"{self._model.blocks[number]}."
        plans, weights = [], {}
        for group in groups:
            here = tuple(member for member in group.members if member.startswith(within))
            plans.append(replace(group, members=here))
            if group.form != "dense":
                weights[here] = self._fitted[group.members]
        plan = SharingPlan(tuple(plans))
        changed = changed_weights(plan, weights, self._model.model)
        self.predicted += predict(changed, self._model.model, self._curvature(number))
        del changed
        apply_plan(self._model.model, plan, weights)
        for group in groups:
            if max(map(self._model.block_of, group.members)) == number:
                self._fitted.pop(group.members, None)

    def _fit(self, groups: list[GroupPlan]) -> None:
        """Fit the groups that are met for the first time."""
        wanted = {group.members for group in groups} - self._fitted.keys()
        allocation = self._planned.allocation
        chosen = [
            (group, choice)
            for group, choice in zip(allocation.groups, allocation.choices, strict=True)
            if group in wanted
        ]
        some = replace(
            allocation,
            groups=tuple(group for group, _ in chosen),
            choices=tuple(choice for _, choice in chosen),
        )
        self._fitted |= group_weights(replace(self._planned, allocation=some), self._costs, silent)
