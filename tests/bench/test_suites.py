"""What a user names, and the instances it stands for."""

from __future__ import annotations

import json
import shutil
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from geocolor.bench import suites
from geocolor.bench.catalogue import BestKnown
from geocolor.bench.instances import problem_of
from geocolor.bench.suites import SUITES, collect, own_instances
from geocolor.bench.trial import Instance, Known
from geocolor.errors import FormatError, InputError
from geocolor.graph import ConflictGraph, generators
from geocolor.io import read, write
from geocolor.solvers import solve

OWN = own_instances()


def names(instances: tuple[Instance, ...]) -> list[str]:
    return [instance.name for instance in instances]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two graphs, one of them in a subfolder, and what else lies about."""
    place = tmp_path / "mine"
    (place / "deep").mkdir(parents=True)
    (place / ".hidden").mkdir()
    write(generators.queen(4, 4), place / "queen4.col")
    write(generators.mycielski(3), place / "deep" / "myciel3.col.gz")
    write(generators.queen(3, 3), place / ".hidden" / "queen3.col")
    (place / ".queen.col").write_text("half written")
    (place / "README.md").write_text("# mine")
    return place


@pytest.fixture
def manifest(tmp_path: Path) -> Path:
    """Folder with a copy of two of our own instances and their entries."""
    place = tmp_path / "ours"
    place.mkdir()
    kept = []
    for folder, name in ((OWN, "queen5_5.col"), (OWN / "partition", "layers12.json")):
        data = json.loads((folder / "manifest.json").read_text())
        kept += [entry for entry in data["instances"] if entry["file"] == name]
        shutil.copy(folder / name, place)
    (place / "manifest.json").write_text(json.dumps({**data, "instances": kept}))
    return place


@pytest.mark.parametrize("suite", SUITES)
def test_suites_are_what_their_manifest_says(suite: str) -> None:
    instances = collect([suite])
    assert len(set(names(instances))) == len(instances) > 5
    for instance in instances:
        assert suite in instance.tags
        assert Path(instance.path).is_absolute()
        assert instance.known is not None
        problem = problem_of(instance)  # it holds the file to the fingerprint
        assert problem.kind == instance.kind
        graph = problem.graph
        sizes = (graph.num_nodes, graph.conflicts.num_edges, graph.weights.num_edges)
        assert sizes == (instance.nodes, instance.conflicts, instance.weights)


def test_suites_are_balanced() -> None:
    kinds = Counter(instance.kind for instance in collect(["small"]))
    weighted = {"partition", "group-partition", "correlation"}
    assert kinds.keys() == {"coloring"} | weighted
    assert {i.kind for i in collect(["coloring"])} == {"coloring"}
    assert {i.kind for i in collect(["partition"])} == weighted
    assert {i.kind for i in collect(["layers"])} == weighted


def test_theory_knows_the_answer_to_every_family() -> None:
    for instance in collect(["families"]):
        assert instance.kind == "coloring"
        assert instance.known is not None
        assert instance.known.proven
        assert instance.known.by.startswith("theory: ")


@pytest.mark.slow
@pytest.mark.parametrize("instance", collect(["families"]), ids=lambda instance: instance.name)
def test_solving_agrees_with_theory(instance: Instance) -> None:
    found = solve(problem_of(instance), "auto", time_limit=20, seed=0)
    assert instance.known is not None
    assert found.lower_bound <= instance.known.value == found.objective


def test_several_problems_on_one_graph() -> None:
    found = collect([str(OWN / "partition" / "layers32.json")])
    assert names(found) == ["layers32-k16", "layers32-k8", "layers32-k8-normalized"]
    assert [instance.k for instance in found] == [16, 8, 8]
    assert [instance.kind for instance in found] == ["partition", "partition", "group-partition"]
    assert len({instance.fingerprint for instance in found}) == 1
    found = collect([str(OWN / "partition" / "signed128.json.gz")])
    assert [instance.kind for instance in found] == ["correlation", "partition"]
    assert ["proven" in instance.tags for instance in found] == [True, True]


def test_tags() -> None:
    large = ["smollm2_keep0.8", "smollm2_keep0.6", "smollm2_keep0.4"]
    small = ["minilm_keep0.8", "minilm_keep0.6", "minilm_keep0.4"]
    assert sorted(names(collect(["layers"], tags=["real"]))) == sorted(large + small)
    assert sorted(names(collect(["layers"], tags=["real", "small"]))) == sorted(small)
    assert names(collect(["layers"], tags=["real"], exclude_tags=["small"])) == large
    unproven = collect([str(OWN)], exclude_tags=["proven"])
    assert names(unproven) == ["gnp125_0.5", "gnp250_0.5", "gnp500_0.5"]
    with pytest.raises(InputError, match="leave none"):
        collect(["layers"], exclude_tags=["proven"])
    with pytest.raises(InputError, match=r"leave none of 16 instances; they have coloring, corr"):
        collect(["small"], tags=["large"])


def test_a_folder_with_subfolders(folder: Path) -> None:
    found = collect([str(folder)])
    assert names(found) == ["myciel3", "queen4"]
    first = found[0]
    assert first.path == str(folder / "deep" / "myciel3.col.gz")
    assert first.fingerprint == read(first.path).fingerprint
    assert (first.kind, first.k, first.nodes, first.conflicts, first.weights) == (
        "coloring",
        None,
        11,
        20,
        0,
    )
    assert (first.tags, first.known) == (("coloring",), None)


def test_what_else_geocolor_writes_is_no_graph(folder: Path) -> None:
    for kind in ("options", "solution", "frontier", "sharing-instances"):
        text = json.dumps({"format": f"geocolor.{kind}", "version": 1})
        (folder / f"{kind}.json").write_text(text)
    (folder / "cut.json.gz").write_bytes(b"no gzip")
    with pytest.raises(FormatError, match=r"cut\.json\.gz"):
        collect([str(folder)])
    (folder / "cut.json.gz").unlink()
    assert names(collect([str(folder)])) == ["myciel3", "queen4"]
    assert len(collect([str(OWN)])) > 50


def test_globs_and_relative_names(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder.parent)
    assert names(collect(["mine/*"])) == ["queen4"]
    assert names(collect(["mine/**/*.gz"])) == ["myciel3"]
    assert collect(["mine/queen4.col"])[0].path == str(folder / "queen4.col")
    with pytest.raises(
        InputError, match=r"no graph files \(\.npz, .*, also compressed\) in mine/\*x"
    ):
        collect(["mine/*x"])


def test_the_same_question_on_the_same_graph_counts_once(folder: Path) -> None:
    shutil.copy(folder / "queen4.col", folder / "copy.col")
    given = [str(folder), str(folder / "queen4.col"), f"{folder}/*.col"]
    assert names(collect(given)) == ["copy", "myciel3"]


def test_equal_names_are_told_apart(tmp_path: Path) -> None:
    for at, place in enumerate(("a/x", "b/x", "c/y")):
        (tmp_path / place).mkdir(parents=True)
        write(generators.gnp(9, 0.5, seed=at), tmp_path / place / "g.col")
    write(generators.gnp(9, 0.5, seed=9), tmp_path / "c" / "alone.col")
    assert names(collect([str(tmp_path)])) == ["a/x/g", "b/x/g", "alone", "y/g"]


def test_equal_names_in_a_folder_are_told_apart(tmp_path: Path) -> None:
    write(generators.gnp(9, 0.5, seed=1), tmp_path / "g.col")
    write(generators.gnp(9, 0.5, seed=2), tmp_path / "g.json")
    found = names(collect([str(tmp_path)], kind="coloring", k=5))
    assert found == ["g.col-coloring-k5", "g.json-coloring-k5"]


def test_a_manifest_beside_a_file_describes_it(manifest: Path) -> None:
    for source in (manifest, manifest / "queen5_5.col", f"{manifest}/*.col"):
        (queen,) = (found for found in collect([str(source)]) if found.name == "queen5_5")
        assert queen.tags == ("small", "structured", "coloring", "proven")
        assert queen.known.value == 5
    assert names(collect([str(manifest)])) == [
        "layers12-k6",
        "layers12-k3",
        "layers12-k3-normalized",
        "queen5_5",
    ]


def test_a_changed_or_missing_file_is_noticed(manifest: Path) -> None:
    file = manifest / "queen5_5.col"
    file.write_text(file.read_text() + "c\n")
    for source in (manifest, file):
        with pytest.raises(InputError, match=r"queen5_5\.col is not the file that its manifest"):
            collect([str(source)])
    file.unlink()
    with pytest.raises(InputError, match=r"cannot read .*queen5_5\.col, which .*manifest\.json li"):
        collect([str(manifest)])


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"version": 2}, r"manifest\.json: version 2 of geocolor\.instances, not 1"),
        ({"instances": [{}]}, r"manifest\.json: damaged: KeyError"),
        ({"instances": 3}, r"manifest\.json: damaged: TypeError"),
        ({"instances": [3]}, r"manifest\.json: damaged: TypeError"),
        ({"instances": [{"file": "../a.col"}]}, r"'\.\./a\.col' is not the name of a file in the"),
        ({"instances": [{"file": "/a.col"}]}, r"'/a\.col' is not the name of a file in the"),
    ],
)
def test_a_damaged_manifest(manifest: Path, change: dict[str, Any], message: str) -> None:
    path = manifest / "manifest.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | change))
    with pytest.raises(FormatError, match=message):
        collect([str(manifest / "queen5_5.col")])


def test_a_manifest_nested_too_deeply(folder: Path) -> None:
    (folder / "manifest.json").write_text("[" * 200_000)
    with pytest.raises(FormatError, match=r"manifest\.json: damaged: nested too deeply"):
        collect([str(folder / "queen4.col")])


def test_a_manifest_of_something_else_is_none(folder: Path) -> None:
    (folder / "manifest.json").write_text('{"name": "a web page"}')
    assert names(collect([str(folder / "queen4.col")])) == ["queen4"]
    with pytest.raises(InputError, match=r"manifest\.json: .*not 'geocolor\.graph'"):
        collect([str(folder)])


def test_best_known_colorings(folder: Path) -> None:
    table = "instance,best_known_colors,proven_optimal\nqueen4,5,no\nmyciel3,4,yes\n"
    (folder / "best_known.csv").write_text(table)
    myciel, queen = collect([str(folder)])  # one beside its table, one a folder below
    assert queen.known == Known(5.0, False, "best_known.csv")
    assert myciel.known == Known(4.0, True, "best_known.csv")
    assert (queen.tags, myciel.tags) == (("coloring",), ("coloring", "proven"))
    assert collect([str(folder)], k=6)[0].known is None  # another question


def test_optima_of_clique_partitioning(tmp_path: Path) -> None:
    graph = ConflictGraph.from_edges(3, [(0, 1), (1, 2)], [-2.0, 1.0])
    for family in ("A", "B"):
        (tmp_path / family).mkdir()
        write(graph, tmp_path / family / "g.json")
        graph = ConflictGraph.from_edges(3, [(0, 1), (1, 2)], [-3.0, 1.0])
    (tmp_path / "optima.csv").write_text("instance,nodes,proven_optimum\nA/g,3,2\nB/g,3,\n")
    first, second = collect([str(tmp_path)])
    assert (first.name, first.known) == ("A/g", Known(-2.0, True, "optima.csv"))
    assert (second.name, second.known) == ("B/g", None)


def test_a_given_table_goes_first(manifest: Path, tmp_path: Path) -> None:
    table = tmp_path / "mine.csv"
    table.write_text(
        "instance,kind,k,value,proven\nqueen5_5,coloring,,4,no\nlayers12,partition,3,1,yes\n"
    )
    found = {i.name: i.known for i in collect([str(manifest)], best_known=table)}
    assert found["queen5_5"] == Known(4.0, False, "mine.csv")
    assert found["layers12-k3"] == Known(1.0, True, "mine.csv")
    assert found["layers12-k6"].by == "auto"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a,b\n1,2\n", "mine.csv:1: needs the columns instance, kind, k, value, proven"),
        ("instance,kind,k,value,proven\nx,coloring,,five,no\n", r"mine.csv:2: not a row .*'five'"),
        ("instance,kind,k,value,proven\nx,coloring,,5,maybe\n", r"mine.csv:2: not a row .*'maybe'"),
        ("instance,kind,k,value,proven\nx,colouring,,5,no\n", r"mine.csv:2: not a row .*colouring"),
        ("instance,kind,k,value,proven\nx,coloring\n", "mine.csv:2: not a row"),
        ("x,5,no\n", "mine.csv:1: needs the columns"),
        ("", "mine.csv:1: needs the columns"),
        ("instance,kind,k,value,proven\nx,partition,2.5,3,no\n", r"mine.csv:2: .*'2.5' is no k"),
        ("instance,kind,k,value,proven\nx,coloring,-2,3,no\n", r"mine.csv:2: .*'-2' is no k"),
        ("instance,kind,k,value,proven\nx,partition,,3,no\n", "mine.csv:2: .*a partition needs k"),
        ("instance,kind,k,value,proven\nx,correlation,3,3,no\n", "mine.csv:2: .*'3' is no k of a"),
        (
            "instance,best_known_colors,proven_optimal\nx,5,yes\ny,4,no\nx.col,4,no\n",
            "mine.csv:4: .*a row before it says otherwise of x.col",
        ),
    ],
)
def test_a_damaged_table(folder: Path, text: str, message: str) -> None:
    table = folder / "mine.csv"
    table.write_text(text)
    with pytest.raises(FormatError, match=message):
        collect([str(folder)], best_known=table)


def test_a_table_may_name_suffixes_and_strangers(folder: Path) -> None:
    table = folder / "mine.csv"
    rows = ("queen4.col,5,no", "queen4,5,no", "deep/myciel3.col.gz,4,yes", "c5.col,3,yes")
    table.write_text("\n".join(("instance,best_known_colors,proven_optimal", *rows, "")))
    myciel, queen = instances = collect([str(folder)], best_known=table)
    assert queen.known == Known(5.0, False, "mine.csv")
    assert myciel.known == Known(4.0, True, "mine.csv")
    assert BestKnown.read(table).strangers(Path(one.path) for one in instances) == ["c5"]


def test_a_problem_asked_of_every_graph(manifest: Path, folder: Path) -> None:
    found = collect([str(manifest), str(folder)], kind="partition", k=3)
    assert names(found) == ["layers12-k3", "queen5_5-k3", "myciel3-k3", "queen4-k3"]
    assert [i.known is not None for i in found] == [True, False, False, False]
    assert {i.kind for i in collect([str(manifest)], kind="coloring")} == {"coloring"}
    by_weights = {i.name: i.kind for i in collect([str(manifest)], k=5)}
    assert by_weights == {"layers12-k5": "partition", "queen5_5-k5": "coloring"}
    with pytest.raises(InputError, match=r"queen4\.col: a partition needs the number of classes"):
        collect([str(folder / "queen4.col")], kind="partition")
    with pytest.raises(InputError, match="chooses the number of classes itself"):
        collect([str(folder)], kind="correlation", k=3)


@pytest.mark.parametrize("k", [None, 3])
def test_an_equitable_coloring_is_asked_as_one(tmp_path: Path, k: int | None) -> None:
    star = ConflictGraph.from_edges(6, [(0, leaf) for leaf in range(1, 6)])
    write(star, tmp_path / "star.col")
    table = tmp_path / "best.csv"
    table.write_text("instance,kind,k,value,proven\nstar,equitable,,4,yes\n")
    (one,) = collect([str(tmp_path / "star.col")], kind="equitable", k=k, best_known=table)
    assert (one.kind, one.k) == ("equitable", k)
    assert one.known == (Known(4.0, True, "best.csv") if k is None else None)
    result = solve(problem_of(one), "auto", time_limit=10)
    # The center is alone in its class, so that no other class may hold more than two.
    assert (result.status, result.objective) == (
        ("OPTIMAL", 4.0) if k is None else ("INFEASIBLE", None)
    )


def test_the_heaviest_weight_is_known_where_it_counts(tmp_path: Path, manifest: Path) -> None:
    write(ConflictGraph.from_edges(3, [(0, 1), (1, 2)], [-2.0, 1.0]), tmp_path / "w.json")
    file = str(tmp_path / "w.json")
    assert [one.heaviest for one in collect([file], kind="correlation")] == [2.0]
    assert [one.heaviest for one in collect([file], kind="coloring")] == [0.0]
    layers = read(manifest / "layers12.json")
    heaviest = {one.heaviest for one in collect([str(manifest / "layers12.json")])}
    assert heaviest == {layers.weights.edge_values().max()}


def test_an_unknown_kind_is_no_other_problem(folder: Path) -> None:
    (one,) = collect([str(folder / "queen4.col")])
    with pytest.raises(InputError, match="queen4: benchmarks pose no 'list-coloring' problems"):
        problem_of(replace(one, kind="list-coloring"))


def test_a_weighted_graph_needs_a_question(tmp_path: Path) -> None:
    write(ConflictGraph.from_edges(2, [(0, 1)], [1.0]), tmp_path / "w.json")
    with pytest.raises(InputError, match=r"w\.json: the graph has only positive weights: say how"):
        collect([str(tmp_path)])


def test_what_is_refused(folder: Path) -> None:
    with pytest.raises(
        InputError, match=r"no suite, folder or file 'smal'; did you mean 'small'\?"
    ):
        collect(["smal"])
    with pytest.raises(InputError, match="say what to run on"):
        collect([])
    with pytest.raises(InputError, match=r"cannot tell the graph format of .*README\.md"):
        collect([str(folder / "README.md")])
    with pytest.raises(InputError, match="no graph files"):
        collect([str(folder / ".hidden" / "..") + "/*.md"])
    (folder / "broken.col").write_text("not a graph")
    for source in (folder, folder / "broken.col", f"{folder}/*.col"):
        with pytest.raises(FormatError, match=r"broken\.col:1: not a DIMACS graph"):
            collect([str(source)])


def test_nothing_is_kept_between_calls(manifest: Path) -> None:
    collect([str(manifest)])
    path = manifest / "manifest.json"
    path.write_text(path.read_text().replace('"small"', '"tiny"'))
    assert "tiny" in collect([str(manifest)])[0].tags


def test_own_instances_of_an_installed_package_and_of_none(
    manifest: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = tmp_path / "site-packages" / "geocolor"
    shutil.copytree(manifest, package / "instances")
    monkeypatch.setattr(suites, "_PACKAGE", package)
    assert own_instances() == package / "instances"
    assert names(collect(["small"])) == [
        "queen5_5",
        "layers12-k6",
        "layers12-k3",
        "layers12-k3-normalized",
    ]
    shutil.rmtree(package / "instances")
    with pytest.raises(InputError, match="no instances of its own"):
        collect(["small"])
