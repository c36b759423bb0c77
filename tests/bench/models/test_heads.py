"""Attention heads as units, and ``geocolor bench heads`` as it is called from a shell."""

from __future__ import annotations

import json
from dataclasses import replace
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.testing import CliRunner

from geocolor import read
from geocolor.bench.models import head_units
from geocolor.bench.models.head_units import Heads, heads_of
from geocolor.bench.models.heads import group_heads, head_graph, table
from geocolor.bench.models.subject import Subject
from geocolor.cli import bench_heads
from geocolor.compression.progress import silent
from geocolor.criterion import Form, GroupCosts, oriented_views
from geocolor.errors import GeocolorError, InputError, SolverError

app = typer.Typer(rich_markup_mode=None)
app.command(epilog=bench_heads.EXAMPLES)(bench_heads.command)


def call(*arguments: object) -> Any:
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


@pytest.fixture
def heads(subject: Subject, tmp_path: Path) -> Heads:
    return heads_of(subject, 8, 16, [0.7, 0.5], tmp_path, silent)


def test_heads_are_measured_once(
    heads: Heads, subject: Subject, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert heads.prices.keys() == {0.5, 0.7}
    assert heads.prices[0.5] > heads.prices[0.7] > 0
    names = [unit.name for unit in heads.slices.units]
    assert len(set(names)) == len(names)
    assert {name.rpartition(".")[2].partition("[")[0] for name in names} == {
        *("q_proj", "k_proj", "v_proj")
    }

    def never(*_: object) -> None:
        raise AssertionError("measured again")

    monkeypatch.setattr(head_units, "_measure", never)
    again = heads_of(subject, 8, 16, [0.5], tmp_path, silent)
    assert again.prices == heads.prices
    factors = again.slices.curvature.factors
    for name, whole in heads.slices.curvature.factors.items():
        assert factors[name].inputs.equal(whole.inputs)
        assert factors[name].gradients.equal(whole.gradients)
    layer = [name for name in names if ".0." in name]
    assert len({id(factors[name].inputs) for name in layer}) == 1


def test_a_damaged_file_is_told(heads: Heads, subject: Subject, tmp_path: Path) -> None:
    (file,) = (tmp_path / "heads").iterdir()
    file.write_bytes(b"nonsense")
    with pytest.raises(InputError, match="delete it to measure again"):
        heads_of(subject, 8, 16, [0.5], tmp_path, silent)


def test_the_value_is_the_criterions(heads: Heads) -> None:
    found = group_heads(heads, 0.5, reach=2, time_limit=2.0)
    slices = heads.slices
    costs = GroupCosts(
        oriented_views(slices.units, slices.weights, slices.curvature), (Form.DENSE, Form.BASIS)
    )
    value = sum(costs.best(group, found.price).value for group in found.members)
    assert found.search.value == pytest.approx(value, rel=1e-4)
    assert found.lower_bound <= found.search.value <= found.agglomeration.value <= found.private
    assert found.heads == sum(len(group) for group in found.members) == len(slices.units)
    assert "agglomeration" in table([found])
    assert table([replace(found, better=12.5)]).count("12.50%") == 1


def test_too_short_a_time_is_told(heads: Heads) -> None:
    with pytest.raises(SolverError, match="give more time"):
        group_heads(heads, 0.5, reach=2, time_limit=1e-6)


def test_a_pair_weighs_what_two_on_one_basis_cost_more_than_alone(heads: Heads) -> None:
    graph = head_graph(heads, 0.5, reach=1)
    slices, price = heads.slices, heads.prices[0.5]
    costs = GroupCosts(
        oriented_views(slices.units, slices.weights, slices.curvature), (Form.DENSE, Form.BASIS)
    )
    names = [unit.name for unit in slices.units]
    assert [graph.label(at) for at in range(graph.num_nodes)] == names
    assert graph.sizes.tolist() == [unit.parameters for unit in slices.units]
    layers = [unit.layer for unit in slices.units]
    alone = [costs.best((name,), price).value for name in names]
    edges = graph.weights.edges()
    for (i, j), weight in list(zip(edges.tolist(), graph.weights.edge_values(), strict=True))[::7]:
        together = costs.best((names[i], names[j]), price).value
        # Rounded to 1e-9, and the criterion's eigenvalues are of float32.
        assert weight == pytest.approx(together - alone[i] - alone[j], abs=1e-9 + 1e-4 * together)
    assert all(abs(layers[i] - layers[j]) <= 1 for i, j in edges)
    far = {(i, j) for i, j in combinations(range(len(names)), 2) if abs(layers[i] - layers[j]) > 1}
    assert far
    assert set(map(tuple, graph.conflicts.edges().tolist())) == far
    assert len(edges) + len(far) == len(names) * (len(names) - 1) // 2


def test_the_command_writes_a_graph(subject: Subject, tmp_path: Path) -> None:
    asked = [subject.folder, "--calibration", subject.calibration.path, "--cache", tmp_path]
    asked += ["--windows", 8, "--length", 16, "--graph", tmp_path / "heads.json.gz"]
    done = call(*asked, "--keep", "0.6", "--quiet")
    assert done.exit_code == 0, done.output
    graph = read(tmp_path / "heads.json.gz")
    assert f"{graph.num_nodes} heads, {graph.weights.num_edges} priced pairs" in done.stdout
    failed = call(*asked, "--keep", "0.6,0.4").exception
    assert isinstance(failed, GeocolorError)
    assert "one price" in str(failed)


def test_the_command_prints_one_object(subject: Subject, tmp_path: Path) -> None:
    asked = [subject.folder, "--calibration", subject.calibration.path, "--cache", tmp_path]
    asked += ["--windows", 8, "--length", 16, "--keep", "0.6", "--time-limit", "1s"]
    done = call(*asked, "--json", "--quiet")
    assert done.exit_code == 0, done.output
    (found,) = json.loads(done.stdout)["prices"]
    assert found["keep"] == 0.6
    assert found["gap"] == pytest.approx(1 - found["lower_bound"] / found["search"]["value"])
    assert "search" in call(*asked).stdout


@pytest.mark.parametrize("keep", ["1", "0.5,x", ""])
def test_shares_are_checked(keep: str) -> None:
    failed = call("smollm2", "--keep", keep).exception
    assert isinstance(failed, GeocolorError)
    assert "--keep takes shares" in str(failed)


def test_a_folder_needs_its_text(tmp_path: Path) -> None:
    failed = call(tmp_path).exception
    assert isinstance(failed, GeocolorError)
    assert "--calibration" in str(failed)
