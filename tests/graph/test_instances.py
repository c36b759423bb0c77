"""The project's own instances are what their manifest says, and can be made again."""

import gzip
import hashlib
import importlib.util
import json
import os
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from numba import njit
from numpy.typing import NDArray

import geocolor
from geocolor.bench.sharing import whole_size
from geocolor.cli.options import ask
from geocolor.io import read_options
from geocolor.problem import GroupPartitionProblem, Problem
from geocolor.solvers.budgeted import Steps

FOLDER = Path(__file__).parents[2] / "instances"
MANIFESTS: dict[str, dict[str, Any]] = {
    name: json.loads((FOLDER / name / "manifest.json").read_text()) for name in (".", "partition")
}
# Each entry with the folder it lies in.
ENTRIES: list[dict[str, Any]] = [
    {**entry, "folder": name}
    for name, manifest in MANIFESTS.items()
    for entry in manifest["instances"]
]
CLAIMS = [(entry, claim) for entry in ENTRIES for claim in entry["known"]]


def name_of(value: object) -> str:
    if isinstance(value, dict):
        return str(value.get("file", f"{value.get('problem')}-{value.get('colors')}"))
    return str(value)


@pytest.fixture(scope="module")
def regenerate() -> ModuleType:
    spec = importlib.util.spec_from_file_location("regenerate", FOLDER / "regenerate.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def path_of(entry: dict[str, Any], folder: Path = FOLDER) -> Path:
    return folder / entry["folder"] / entry["file"]


@pytest.mark.parametrize("name", MANIFESTS)
def test_every_file_is_in_the_manifest(name: str) -> None:
    manifest, files = MANIFESTS[name], (FOLDER / name).iterdir()
    graphs = {path.name for path in files if ".col" in path.name or ".json" in path.name}
    assert graphs == {entry["file"] for entry in manifest["instances"]} | {"manifest.json"}
    assert (manifest["format"], manifest["version"]) == ("geocolor.instances", 1)
    assert {entry["kind"] for entry in manifest["instances"]} <= {"coloring", "weighted"}


def test_tags_say_what_a_graph_is() -> None:
    """Kind and proof are no tags: they follow from the problem and its best value."""
    tags = [set(entry["tags"]) for entry in ENTRIES]
    suites = {"small", "families", "partition"}
    what = {"structured", "random", "layers", "heads", "geometric", "real"}
    assert set().union(*tags) == suites | what
    models = ({"layers", "geometric"}, {"layers", "real"}, {"heads", "random"}, {"heads", "real"})
    sources = ({"structured"}, {"random"}, *models)
    assert all(found - suites in sources for found in tags)
    small = [entry for entry in ENTRIES if "small" in entry["tags"]]
    assert max(entry["nodes"] for entry in small) <= 50
    assert {claim["problem"] for entry in small for claim in entry["known"]} == {
        "coloring",
        "partition",
        "group-partition",
        "correlation",
    }


def test_partitions_are_of_every_depth_and_known() -> None:
    """Depths 12 to 128, signed and not, all proven."""
    asked: dict[int, set[str]] = {}
    for entry, claim in CLAIMS:
        if entry["folder"] == "partition":
            asked.setdefault(entry["nodes"], set()).add(claim["problem"])
            assert claim["proven"]
    assert asked == {
        depth: {"partition", "group-partition", "correlation"}
        for depth in (12, 16, 24, 32, 48, 64, 80, 128)
    }
    sizes = [path.stat().st_size for path in (FOLDER / "partition").iterdir()]
    assert sum(sizes) < 300_000


@pytest.mark.parametrize("entry", ENTRIES, ids=name_of)
def test_facts(entry: dict[str, Any], regenerate: ModuleType) -> None:
    facts = regenerate.facts(path_of(entry))
    assert {key: entry[key] for key in facts} == facts
    assert (entry["kind"] == "weighted") == (entry["weights"] > 0)


def unpacked(path: Path) -> bytes:
    """Contents; how tightly gzip packs them is up to the zlib of the day."""
    data = path.read_bytes()
    return gzip.decompress(data) if path.suffix == ".gz" else data


def test_made_again_they_are_the_same(regenerate: ModuleType, tmp_path: Path) -> None:
    regenerate.regenerate(tmp_path)
    for entry in ENTRIES:
        if regenerate.is_made_here(entry):
            assert unpacked(path_of(entry, tmp_path)) == unpacked(path_of(entry))
    for name, manifest in MANIFESTS.items():
        made = json.loads((tmp_path / name / "manifest.json").read_text())["instances"]
        for again, entry in zip(made, manifest["instances"], strict=True):
            ignored = {"sha256"} if entry["file"].endswith(".gz") else set()
            assert again.keys() == entry.keys()
            assert all(again[key] == entry[key] for key in entry.keys() - ignored)


def problem_of(entry: dict[str, Any], claim: dict[str, Any]) -> Problem:
    graph = geocolor.read(path_of(entry))
    if claim["problem"] == "group-partition":
        return ask(graph, "partition", claim["colors"], cost="normalized")
    return ask(graph, claim["problem"], claim["colors"])


def require_claim(entry: dict[str, Any], claim: dict[str, Any], time_limit: float) -> None:
    result = geocolor.solve(problem_of(entry, claim), time_limit=time_limit)
    assert result.status is geocolor.Status.OPTIMAL
    assert result.objective == pytest.approx(claim["value"], rel=1e-12)


def proofs(*, quick: bool) -> list[tuple[dict[str, Any], dict[str, Any]]]:
    """Claims that a solver proved, in under a second or in more."""
    measured = [pair for pair in CLAIMS if pair[1]["proven"] and pair[1]["seconds"] is not None]
    return [pair for pair in measured if (pair[1]["seconds"] < 1.0) == quick]


@pytest.mark.parametrize(("entry", "claim"), proofs(quick=True), ids=name_of)
def test_quick_proofs(entry: dict[str, Any], claim: dict[str, Any]) -> None:
    require_claim(entry, claim, time_limit=60.0)


@pytest.mark.slow
@pytest.mark.parametrize(("entry", "claim"), proofs(quick=False), ids=name_of)
def test_long_proofs(entry: dict[str, Any], claim: dict[str, Any]) -> None:
    require_claim(entry, claim, time_limit=300.0)


# Minutes of two free cores, where the other graphs take seconds.
SLOW_TO_REACH = {"leighton450_25.col.gz"}


@pytest.mark.parametrize(
    ("entry", "claim"),
    [
        pytest.param(
            entry, claim, marks=[pytest.mark.slow] if entry["file"] in SLOW_TO_REACH else []
        )
        for entry, claim in CLAIMS
        if claim["seconds"] is None
    ],
    ids=name_of,
)
def test_theory(entry: dict[str, Any], claim: dict[str, Any]) -> None:
    """The value is reached, and no bound contradicts it."""
    assert claim["proven"]
    assert claim["by"].startswith("theory: ")
    problem = ask(geocolor.read(path_of(entry)), claim["problem"], claim["value"])
    result = geocolor.solve(problem, time_limit=120)
    assert result.num_colors == claim["value"]
    assert result.lower_bound is not None
    assert result.lower_bound <= claim["value"]


@njit(cache=False)
def cheapest_cover(inside: NDArray[np.float64], most: int) -> float:  # pragma: no cover
    """Find the least cost of all nodes in at most `most` classes, given that of each set."""
    best = inside.copy()
    for _ in range(most - 1):
        fewer = best.copy()
        for whole in range(1, len(inside)):
            first = whole & -whole
            rest = whole ^ first
            part = rest
            while part:  # what is not with the first node, in at most one class less
                best[whole] = min(best[whole], inside[whole ^ part] + fewer[part])
                part = (part - 1) & rest
    return float(best[-1])


def least_by_subsets(problem: Problem) -> float:
    """Solve by dynamic programming over all sets of nodes: no solver takes part."""
    graph, n = problem.graph, problem.graph.num_nodes
    groups = (np.arange(1 << n)[:, None] >> np.arange(n) & 1).astype(bool)
    sets = groups.astype(np.float64)
    if isinstance(problem, GroupPartitionProblem):
        inside = np.zeros(1 << n)
        inside[1:] = problem.cost.of(graph, groups[1:])
    else:
        inside = ((sets @ graph.weights.to_dense()) * sets).sum(axis=1) / 2
    hard = ((sets @ graph.conflicts.to_dense()) * sets).sum(axis=1) > 0
    inside[hard] = np.inf
    return cheapest_cover(inside, problem.max_colors)


@pytest.mark.parametrize(
    ("entry", "claim"),
    [
        pytest.param(*pair, marks=[pytest.mark.slow] if pair[0]["nodes"] > 12 else [])
        for pair in CLAIMS
        if pair[0]["folder"] == "partition" and pair[0]["nodes"] <= 16
    ],
    ids=name_of,
)
def test_smallest_partitions_without_any_solver(
    entry: dict[str, Any], claim: dict[str, Any]
) -> None:
    least = least_by_subsets(problem_of(entry, claim))
    assert least == pytest.approx(claim["value"], rel=1e-12)


SHARING = json.loads((FOLDER / "sharing" / "manifest.json").read_text())["instances"]


@pytest.mark.parametrize("entry", SHARING, ids=name_of)
def test_sharing_options_are_what_their_manifest_says(entry: dict[str, Any]) -> None:
    path = FOLDER / "sharing" / entry["file"]
    options = read_options(path)
    assert hashlib.sha256(path.read_bytes()).hexdigest() == entry["sha256"]
    assert options.fingerprint == entry["fingerprint"]
    sizes = (len(options.units), len(options), len(set(options.groups)))
    assert sizes == (entry["units"], entry["options"], entry["groups"])
    for claim in entry["known"]:
        assert claim["budget"] == int(claim["keep"] * whole_size(options))
        assert claim["proven"]
    files = {path.name for path in (FOLDER / "sharing").iterdir()} - {"manifest.json"}
    assert files == {entry["file"] for entry in SHARING}


@pytest.mark.parametrize(
    "entry",
    [
        pytest.param(entry, marks=[pytest.mark.slow] if entry["units"] > 100 else [])
        for entry in SHARING
    ],
    ids=name_of,
)
def test_sharing_within_budgets_is_as_cheap_as_known(entry: dict[str, Any]) -> None:
    options = read_options(FOLDER / "sharing" / entry["file"])
    budgets = [claim["budget"] for claim in entry["known"]]
    for claim, point in zip(
        entry["known"], geocolor.frontier(options, budgets, time_limit=300), strict=True
    ):
        assert point.status is geocolor.Status.OPTIMAL
        assert point.cost == pytest.approx(claim["value"], rel=1e-6)
        assert point.bound is not None
        point.bound.verify(Steps.of(options), options)


@pytest.mark.slow
def test_read_every_instance_of_a_folder() -> None:
    folder = os.environ.get("GEOCOLOR_INSTANCES")
    if not folder:
        pytest.skip("GEOCOLOR_INSTANCES names no folder of instances")
    files = sorted(Path(folder).rglob("*.col")) + sorted(Path(folder).rglob("*.col.gz"))
    assert files
    for path in files:
        graph = geocolor.read(path)
        assert graph.num_nodes > 0
        assert graph.conflicts.num_edges > 0
