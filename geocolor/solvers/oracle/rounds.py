"""Take a partition apart in one place and put it together otherwise."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from geocolor.solvers.oracle.agglomeration import agglomerate
from geocolor.solvers.oracle.links import Links
from geocolor.solvers.oracle.values import Group, Values, joined

__all__ = ["regroup", "reinsert"]

# Nodes that are taken out together at most; the groups tried for each of them; groups dissolved
# together at most; and their nodes.
_OUT, _TRIED, _DISSOLVED, _LOOSE = 4, 6, 4, 48
# Share of the nodes taken out that go where chance says: not all that pays begins with a gain.
_ANYWHERE = 0.1
# How much the savings seen by a repair are off.
_NOISE = 0.3

# Groups that leave a partition, and those that take their place.
Exchange = tuple[list[Group], list[Group]]


def reinsert(
    values: Values, links: Links, groups: Sequence[Group], most: int, random: np.random.Generator
) -> Exchange:
    """Take some related nodes out, and put each where it costs least, or alone.

    One node is a plain move, two that change places are a swap. There are to be `most` groups at
    most.

    Raises
    ------
    SpentError
        The budget is over.
    """
    home = {node: number for number, group in enumerate(groups) for node in group}
    seed = int(random.integers(len(home)))
    near = links.near((seed,))
    # Nodes that a group near could take instead.
    wanted = int(random.integers(_OUT))
    others = near[: 8 * _OUT]
    chosen = random.permutation(len(others))[:wanted]
    out = [seed, *(others[at] for at in sorted(chosen.tolist()))]
    now: dict[int, Group] = {}
    for number in sorted({home[node] for node in out}):
        now[number] = tuple(node for node in groups[number] if node not in out)
    touched = set(now)
    for node in [out[at] for at in random.permutation(len(out))]:
        near = [home[node], *(home[other] for other in links.near((node,)))]
        open_groups = {
            number: group
            for number in list(dict.fromkeys(near))[:_TRIED]
            if (group := now.get(number, groups[number])) and values.may_join((node,), group)
        }
        if random.random() < _ANYWHERE and open_groups:
            where = int(random.choice(list(open_groups)))
        else:
            room = len(groups) < most or not now[home[node]]
            best, where = values.guess((node,)) if room else np.inf, -1
            for number, group in open_groups.items():
                more = values.guess(joined(group, (node,))) - values.guess(group)
                if more < best:
                    best, where = more, number
        if where < 0:
            now[-1 - node] = (node,)
        else:
            now[where] = joined(now.get(where, groups[where]), (node,))
            touched.add(where)
    return [groups[number] for number in sorted(touched)], [g for g in now.values() if g]


def regroup(
    values: Values, links: Links, groups: Sequence[Group], most: int, random: np.random.Generator
) -> Exchange:
    """Dissolve some related groups, wholly or in part, and merge what is left anew.

    What comes of it may be more than `most` groups.

    Raises
    ------
    SpentError
        The budget is over.
    """
    seed = int(random.integers(sum(len(group) for group in groups)))
    number = next(at for at, group in enumerate(groups) if seed in group)
    home = {node: at for at, group in enumerate(groups) for node in group}
    near = list(dict.fromkeys(home[node] for node in links.near(groups[number])))
    near = near[: 3 * _DISSOLVED]
    wanted = int(random.integers(1, _DISSOLVED))
    out = [number, *(near[at] for at in sorted(random.permutation(len(near))[:wanted].tolist()))]
    left: list[Group] = []
    pieces: list[Group] = []
    loose = 0
    for at in out:
        group = groups[at]
        if left and loose + len(group) > _LOOSE:
            continue
        left.append(group)
        loose += len(group)
        # Whole, half, or none of it stays together.
        stays = random.random(len(group)) < random.choice([0.0, 0.5, 0.8])
        kept = tuple(node for node, stay in zip(group, stays.tolist(), strict=True) if stay)
        pieces += [(node,) for node in group if node not in kept]
        if kept:
            pieces.append(kept)
    return left, agglomerate(values, links, pieces, _NOISE, random)
