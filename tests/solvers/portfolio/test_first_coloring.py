from geocolor import ColoringProblem, solve
from geocolor.graph.generators import mycielski, queen


def test_a_coloring_comes_before_any_bound() -> None:
    result = solve(ColoringProblem(queen(6, 6)), max_iterations=1)
    first = result.trace[0]
    assert first.objective is not None
    assert first.lower_bound is None


def test_a_coloring_that_is_few_enough_has_a_cheap_bound() -> None:
    result = solve(ColoringProblem(mycielski(4), 30), max_iterations=1)
    assert result.num_colors is not None
    assert result.lower_bound == 2
