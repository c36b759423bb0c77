"""The CP-SAT models, built from plain data; runs in the worker process only."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import combinations, pairwise
from typing import Any

from ortools.sat.python import cp_model

from geocolor.solvers.process.arrays import unpacked

__all__ = ["Built", "build"]

# Literals that the colors-in-order clauses of a coloring model may have.
_ORDER_LITERALS = 1_000_000


@dataclass(frozen=True)
class Built:
    """A model, and how to read a solution.

    Attributes
    ----------
    model : CpModel
        The model.
    colors : callable
        Colors in node order, from the solver's current solution.
    has_objective : bool
        False if any solution will do.
    """

    model: cp_model.CpModel
    colors: Callable[[cp_model.CpSolverSolutionCallback], list[int]]
    has_objective: bool


def build(request: dict[str, Any]) -> Built:
    """Build the model that `request` describes (see :mod:`geocolor.solvers.cpsat.requests`)."""
    builders = {"coloring": _coloring, "assignment": _assignment, "edges": _edges}
    return builders[request["formulation"]](request)


def _assignments(
    model: cp_model.CpModel, request: dict[str, Any]
) -> list[dict[int, cp_model.IntVar]]:
    """Create x[node][color] with one color per node and all symmetric choices left out.

    The nodes of the fixed clique take the first colors. The t-th other node of the order takes
    one of the first ``clique + t + 1``, and a color beyond the clique only if an earlier node has
    the color before it.
    """
    clique, most = request["clique"], request["max_colors"]
    fixed = {node: color for color, node in enumerate(clique)}
    x: list[dict[int, cp_model.IntVar]] = [{} for _ in range(request["num_nodes"])]
    for node, color in fixed.items():
        x[node] = {color: model.new_constant(1)}
    blocked: list[set[int]] = [set() for _ in x]
    for u, v in request["conflicts"]:
        if u in fixed:
            blocked[v].add(fixed[u])
        if v in fixed:
            blocked[u].add(fixed[v])
    before: list[int] = []
    free = [node for node in request["order"] if node not in fixed]
    ordered = len(free) * len(free) * most // 2 <= _ORDER_LITERALS
    for rank, node in enumerate(free):
        for color in range(min(most, len(clique) + rank + 1)):
            if color not in blocked[node]:
                x[node][color] = model.new_bool_var(f"x{node},{color}")
        model.add_exactly_one(x[node].values())
        for color, variable in x[node].items():
            if color > len(clique) and ordered:
                opened = [x[u][color - 1] for u in before if color - 1 in x[u]]
                model.add_bool_or([variable.negated(), *opened])
        before.append(node)
    hint = request["hint"]
    if hint is not None:
        for node, choices in enumerate(x):
            if node not in fixed:
                for color, variable in choices.items():
                    model.add_hint(variable, int(hint[node] == color))
    return x


def _read(x: list[dict[int, cp_model.IntVar]]) -> Callable[[Any], list[int]]:
    def colors(solution: Any) -> list[int]:
        return [
            next(color for color, variable in choices.items() if solution.boolean_value(variable))
            for choices in x
        ]

    return colors


def _coloring(request: dict[str, Any]) -> Built:
    """Fewest classes, or any solution with `max_colors` of them.

    One at-most-one per clique of an edge cover and color; it also opens the color. With `sizes`,
    every class has at least and at most so many nodes.
    """
    model = cp_model.CpModel()
    x = _assignments(model, request)
    first = len(request["clique"])
    minimize = request["minimize"]
    used = {}
    if minimize:
        used = {c: model.new_bool_var(f"used{c}") for c in range(first, request["max_colors"])}
        for color in range(first + 1, request["max_colors"]):
            model.add_implication(used[color], used[color - 1])
        for choices in x:
            for color, variable in choices.items():
                if color in used:
                    model.add_implication(variable, used[color])
    for members in _cliques(request):
        for color in range(request["max_colors"]):
            here = [x[node][color] for node in members if color in x[node]]
            if len(members) == request["max_colors"]:
                # As many nodes as colors: every color is there.
                model.add_exactly_one(here)
            elif len(here) > 1:
                model.add_at_most_one(here)
                if color in used:
                    # Stronger in the relaxation than one implication per node.
                    model.add(sum(here) <= used[color])
    if "sizes" in request:
        least, most = request["sizes"]
        for color in range(request["max_colors"]):
            members = [choices[color] for choices in x if color in choices]
            model.add_linear_constraint(sum(members), least, most)
    _limit_loads(model, x, request)
    if minimize:
        model.minimize(first + sum(used.values()))
    return Built(model, _read(x), minimize)


def _limit_loads(
    model: cp_model.CpModel, x: list[dict[int, cp_model.IntVar]], request: dict[str, Any]
) -> None:
    """Hold what the nodes of a class add up to to the capacity, if there is one."""
    if "capacity" not in request:
        return
    sizes = request["node_sizes"]
    for color in range(request["max_colors"]):
        load = [
            size * choices[color]
            for size, choices in zip(sizes, x, strict=True)
            if color in choices
        ]
        model.add(sum(load) <= request["capacity"])


def _assignment(request: dict[str, Any]) -> Built:
    """Least weight inside at most `max_colors` classes, one variable per node and class."""
    model = cp_model.CpModel()
    x = _assignments(model, request)
    for members in _cliques(request):
        for color in range(request["max_colors"]):
            here = [x[node][color] for node in members if color in x[node]]
            if len(here) > 1:
                model.add_at_most_one(here)
    _limit_loads(model, x, request)
    terms = []
    for u, v, weight in request["weights"]:
        same = model.new_bool_var(f"y{u},{v}")
        terms.append(weight * same)
        for color in range(request["max_colors"]):
            a, b = x[u].get(color), x[v].get(color)
            if weight > 0:
                if a is not None and b is not None:
                    model.add_bool_or([a.negated(), b.negated(), same])
            elif a is not None:
                other = [] if b is None else [b]
                model.add_bool_or([same.negated(), a.negated(), *other])
    model.minimize(sum(terms))
    return Built(model, _read(x), True)


def _edges(request: dict[str, Any]) -> Built:
    """Least weight inside classes, one variable per pair and transitivity on triangles.

    With a number of classes, a node is the representative of its class if no earlier node is
    with it, and there are at most that many.
    """
    model = cp_model.CpModel()
    count, most = request["num_nodes"], request["max_colors"]
    weights = {(u, v): weight for u, v, weight in request["weights"]}
    apart = {(u, v) for u, v in request["conflicts"]}
    together = {
        pair: model.new_constant(0) if pair in apart else model.new_bool_var("y{},{}".format(*pair))
        for pair in combinations(range(count), 2)
    }
    for i, j, k in combinations(range(count), 3):
        ij, jk, ik = (i, j), (j, k), (i, k)
        for a, b, c in ((ij, jk, ik), (ij, ik, jk), (jk, ik, ij)):
            if a in apart or b in apart:
                continue
            if c in apart:
                model.add_bool_or([together[a].negated(), together[b].negated()])
            else:
                model.add_bool_or([together[a].negated(), together[b].negated(), together[c]])
    if most < count:
        _limit_classes(model, together, request)
    hint = request["hint"]
    if hint is not None:
        for (i, j), variable in together.items():
            if (i, j) not in apart:
                model.add_hint(variable, int(hint[i] == hint[j]))
    model.minimize(sum(weight * together[pair] for pair, weight in weights.items()))

    def colors(solution: Any) -> list[int]:
        out = list(range(count))
        for (i, j), variable in together.items():
            if out[j] == j and solution.boolean_value(variable):
                out[j] = out[i]
        return out

    return Built(model, colors, True)


def _limit_classes(
    model: cp_model.CpModel,
    together: dict[tuple[int, int], cp_model.IntVar],
    request: dict[str, Any],
) -> None:
    """At most `max_colors` representatives; a clique of conflicts comes first and has its own."""
    rest = set(range(request["num_nodes"])) - set(request["clique"])
    order = [*request["clique"], *(node for node in request["order"] if node in rest)]
    leads = []
    for rank, node in enumerate(order):
        earlier = [together[min(node, u), max(node, u)] for u in order[:rank]]
        lead = model.new_bool_var(f"r{node}")
        model.add_bool_or([lead, *earlier])
        for variable in earlier:
            model.add_implication(variable, lead.negated())
        leads.append(lead)
    model.add(sum(leads) <= request["max_colors"])
    # Turán: that many classes force this many pairs inside; cuts what the leads leave open.
    model.add(sum(together.values()) >= request["least_pairs"])


def _cliques(request: dict[str, Any]) -> Iterator[list[int]]:
    """Unpack the cover of the edges by cliques."""
    members, starts = (unpacked(part).tolist() for part in request["cover"])
    return (members[start:end] for start, end in pairwise(starts))
