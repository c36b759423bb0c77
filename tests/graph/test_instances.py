"""The project's own instances are what their manifest says, and can be made again."""

import gzip
import importlib.util
import json
import os
from itertools import combinations
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

import geocolor
from geocolor.cli.options import build_problem
from geocolor.graph import ConflictGraph

FOLDER = Path(__file__).parents[2] / "instances"
MANIFEST: dict[str, Any] = json.loads((FOLDER / "manifest.json").read_text())
ENTRIES: list[dict[str, Any]] = MANIFEST["instances"]
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


def test_every_file_is_in_the_manifest() -> None:
    files = {path.name for path in FOLDER.iterdir() if ".col" in path.name or ".json" in path.name}
    assert files == {entry["file"] for entry in ENTRIES} | {"manifest.json"}
    assert (MANIFEST["format"], MANIFEST["version"]) == ("geocolor.instances", 1)
    assert {entry["kind"] for entry in ENTRIES} == {"coloring", "weighted"}


def test_tags_say_what_a_graph_is() -> None:
    """Kind and proof are no tags: they follow from the problem and its best value."""
    tags = [set(entry["tags"]) for entry in ENTRIES]
    suites = {"small", "families"}
    what = {"structured", "random", "layers", "geometric", "real"}
    assert set().union(*tags) == suites | what
    sources = ({"structured"}, {"random"}, {"layers", "geometric"}, {"layers", "real"})
    assert all(found - suites in sources for found in tags)
    small = [entry for entry in ENTRIES if "small" in entry["tags"]]
    assert max(entry["nodes"] for entry in small) <= 50
    assert {claim["problem"] for entry in small for claim in entry["known"]} == {
        "coloring",
        "partition",
        "correlation",
    }


@pytest.mark.parametrize("entry", ENTRIES, ids=name_of)
def test_facts(entry: dict[str, Any], regenerate: ModuleType) -> None:
    facts = regenerate.facts(FOLDER / entry["file"])
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
            assert unpacked(tmp_path / entry["file"]) == unpacked(FOLDER / entry["file"])
    made = json.loads((tmp_path / "manifest.json").read_text())["instances"]
    for again, entry in zip(made, ENTRIES, strict=True):
        ignored = {"sha256"} if entry["file"].endswith(".gz") else set()
        assert again.keys() == entry.keys()
        assert all(again[key] == entry[key] for key in entry.keys() - ignored)


def require_claim(entry: dict[str, Any], claim: dict[str, Any], time_limit: float) -> None:
    graph = geocolor.read(FOLDER / entry["file"])
    problem = build_problem(graph, claim["problem"], claim["colors"])
    result = geocolor.solve(problem, time_limit=time_limit)
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


@pytest.mark.parametrize(
    ("entry", "claim"), [pair for pair in CLAIMS if pair[1]["seconds"] is None], ids=name_of
)
def test_theory(entry: dict[str, Any], claim: dict[str, Any]) -> None:
    """The value is reached, and no bound contradicts it."""
    assert claim["proven"]
    assert claim["by"].startswith("theory: ")
    graph = geocolor.read(FOLDER / entry["file"])
    result = geocolor.solve(build_problem(graph, claim["problem"], claim["value"]), time_limit=30)
    assert result.num_colors == claim["value"]
    assert result.lower_bound is not None
    assert result.lower_bound <= claim["value"]


def least_by_subsets(graph: ConflictGraph, k: int) -> float:
    """Solve a partition by dynamic programming over all sets of nodes: no solver takes part."""
    n = graph.num_nodes
    weights, hard = graph.weights.to_dense(), graph.conflicts.to_dense()
    inside = [0.0] * (1 << n)
    for group in range(1, 1 << n):
        nodes = [v for v in range(n) if group >> v & 1]
        if any(hard[u, v] for u, v in combinations(nodes, 2)):
            inside[group] = float("inf")
        else:
            inside[group] = sum(weights[u, v] for u, v in combinations(nodes, 2))
    best = list(inside)
    for _ in range(k - 1):
        fewer = best
        best = list(fewer)
        for whole in range(1, 1 << n):
            first = whole & -whole
            part = rest = whole ^ first
            while part:  # what is not with the first node, in at most one class less
                value = inside[whole ^ part] + fewer[part]
                if value < best[whole]:
                    best[whole] = value
                part = (part - 1) & rest
    return best[-1]


@pytest.mark.parametrize("k", [3, 6])
def test_smallest_partition_without_any_solver(k: int) -> None:
    entry = next(entry for entry in ENTRIES if entry["file"] == "layers12.json")
    claim = next(claim for claim in entry["known"] if claim["colors"] == k)
    graph = geocolor.read(FOLDER / entry["file"])
    assert least_by_subsets(graph, k) == pytest.approx(claim["value"], rel=1e-12)


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
