"""Full classes: where few groups fill one, all of them, and the best cover by them."""

from __future__ import annotations

import time

import numpy as np

from geocolor.problem import PartitionProblem
from geocolor.solvers.result import StopReason
from geocolor.solvers.search import Outcome, Search
from geocolor.solvers.set_partition.closing import cheapest_cover
from geocolor.solvers.set_partition.costs import require_bits
from geocolor.solvers.set_partition.integers import integer_costs
from geocolor.solvers.start import stopped
from geocolor.wording import counted

__all__ = ["cover_by_all"]

# Groups that are worth listing.
_MOST_GROUPS = 100_000
# Share of the time left that listing and covering may take, and their most in seconds.
_SHARE, _SECONDS = 0.3, 10.0
# Above the cost of any group.
_ANY = 1 << 61


def cover_by_all(problem: PartitionProblem, search: Search) -> Outcome:
    """Find the cheapest partition by all groups that leave no more room than a partition may.

    Parameters
    ----------
    problem : PartitionProblem
        With a capacity.
    search : Search
        Gets the partition, and its proof.

    Returns
    -------
    Outcome
        Infeasible if that is proven; else nothing may have been found, where there are too many
        groups or the time ran out.

    Raises
    ------
    InputError
        The weights spread too far for integers.
    """
    until = time.monotonic() + min(_SECONDS, _SHARE * search.remaining())

    def late() -> bool:
        return search.out_of_time() or time.monotonic() >= until

    costs = integer_costs(problem)
    count = problem.graph.num_nodes
    k = min(problem.k, count)
    nothing = np.zeros(count, dtype=np.int64)
    apart = problem.graph.conflicts.matrix > 0
    listing = costs.search(apart, nothing, _ANY, late, most=_MOST_GROUPS, every=True)
    if not listing.finished:
        return Outcome(stopped(search), message="too many groups to list them all")
    told = f"all {counted(len(listing.groups), 'group')} that a partition may have"
    # What an empty class costs more than the cheapest group: covers have no negative costs.
    spare = max(0, -int(listing.values.min(initial=0)))
    dearest = spare + int(listing.values.max(initial=0))
    require_bits(k * dearest + 1)
    found, finished = cheapest_cover(
        listing.groups, listing.values + spare, k, spare, k * dearest + 1, late
    )
    if found is None:
        return Outcome(stopped(search), infeasible=finished, message=f"{told} make none")
    search.scaling_error = costs.error
    search.offer(found)
    if finished:
        groups = np.unique(found)[:, None] == found
        search.raise_lower_bound(costs.lower_bound(int(costs.of(groups).sum())))
    return Outcome(StopReason.COMPLETED, message=told)
