"""The page about a compression."""

import html
import re
from collections.abc import Callable
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
import torch

import geocolor
from geocolor.compression import Recovery
from geocolor.compression.page import write_page
from geocolor.compression.page.facts import by_form, by_role, groups
from geocolor.compression.record import CompressionRecord, Origin, UnitRecord
from geocolor.errors import InputError
from geocolor.plotting.sharing_grid import sharing_grid
from geocolor.sharing import GroupPlan, SharingPlan
from geocolor.units import Side

HOSTILE = "</title><script>alert(1)</script><img src='https://example.org/a.png' onerror=x>\"'&"


@pytest.fixture(scope="module")
def compressed() -> Any:
    torch.manual_seed(0)
    layers = [torch.nn.Linear(16, 16) for _ in range(4)]
    model = torch.nn.Sequential(*(part for layer in layers for part in (layer, torch.nn.Tanh())))
    batches = [torch.randn(64, 16) for _ in range(3)]
    return geocolor.compress(model, batches, keep=0.5, random_plans=4)


def convolutional(budget: str) -> CompressionRecord:
    """A network whose matrices are applied at several places each."""
    torch.manual_seed(0)
    parts: list[torch.nn.Module] = [torch.nn.Conv2d(3, 8, 3, padding=1)]
    for _ in range(3):
        parts += [torch.nn.ReLU(), torch.nn.Conv2d(8, 8, 3, padding=1)]
    pooled = (torch.nn.AdaptiveAvgPool2d(1), torch.nn.Flatten(), torch.nn.Linear(8, 10))
    model = torch.nn.Sequential(*parts, *pooled)
    batches = [torch.randn(16, 3, 8, 8) for _ in range(2)]
    return geocolor.compress(model, batches, keep=0.7, budget=budget).record


@pytest.fixture
def record(compressed: Any) -> CompressionRecord:
    """Every form there is, and names that would break a page that does not escape them."""
    plan = SharingPlan(
        (
            GroupPlan((f"0.{HOSTILE}", "1.q"), "basis", "read", 3),
            GroupPlan(("2.q", "3.q"), "tied", "read"),
            GroupPlan(("0.k", "1.k"), "residual", "read", 2),
            GroupPlan(("2.k", "3.k"), "narrow", "write", 5),
            GroupPlan(("0.v",), "basis", "read", 4),
            GroupPlan(("1.v",), "dense", "read"),
        )
    )
    macs = {"basis": 48, "tied": 64, "residual": 96, "narrow": 40, "dense": 64}
    matrices = tuple(
        UnitRecord(
            name=name,
            role="*." + name.partition(".")[2][-1:] if "script" not in name else f"*.{HOSTILE}",
            layer=int(name[0]),
            shape=(8, 8),
            side=Side.READ,
            model=None,
            parameters=64 / len(group.members),
            macs=macs[group.form],
            needed=(1, 3, 6),
        )
        for group in plan.groups
        for name in group.members
    )
    origin = Origin(HOSTILE, 100, 50, 7, (("torch", HOSTILE),), ((HOSTILE, HOSTILE),))
    report = replace(
        compressed.report, method=HOSTILE[:60], recovery=Recovery(9, 4, 0.5, 0.25, 77, 1.0)
    )
    return CompressionRecord(plan, matrices, report, compressed.configuration, origin)


class Tags(HTMLParser):
    """Tags and attributes of a page, and its text."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: set[str] = set()
        self.words = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes |= {name for name, _ in attrs}

    def handle_data(self, data: str) -> None:
        self.words += data


def page(record: CompressionRecord, path: Path, **options: Any) -> str:
    write_page(record, path, **options)
    return path.read_text(encoding="utf-8")


def test_names_are_text_and_nothing_else(record: CompressionRecord, tmp_path: Path) -> None:
    tags = Tags(page(record, tmp_path / "a.html", folder=HOSTILE))
    assert not tags.tags & {"script", "img", "iframe", "object", "form", "base"}
    assert not [name for name in tags.attributes if name.startswith("on") or name == "src"]
    assert "<script>alert(1)</script>" in tags.words


def test_the_page_asks_for_nothing(compressed: Any, tmp_path: Path) -> None:
    text = page(compressed.record, tmp_path / "a.html")
    assert not re.findall(r"(?:https?:)?//[a-z]", text.replace("http-equiv", ""))
    assert re.findall(r'href="([^"]*)"', text) == ["data:,"]
    assert "default-src 'none'; script-src 'none'" in text.replace("&#39;", "'")


def test_the_page_says_what_the_report_does(record: CompressionRecord, tmp_path: Path) -> None:
    words = " ".join(Tags(page(record, tmp_path / "a.html")).words.split())
    report = record.report
    for fact in (
        f"{report.kept:.1%} of its matrices, ",
        f"{report.kept:.1%} of its matrices kept",
        f"+{report.predicted_increase:.4f} nats",
        f"+{report.expected_increase:.4f} nats",
        f"+{report.measured_increase:.4f} nats before recovery on calibration data",
        "+0.5000 -> +0.2500 nats on held-out data",
        "4 random plans: rank correlation",
        "which flatters it",
        "3 classes that share, 1 narrowed hidden layer ",
        "one color, one class: 3 classes share, 6 matrices",
        "= one matrix for several layers",
        "=+ one matrix for several layers, and a difference of this rank",
        "one matrix for several layers",
        "geocolor.load('smaller')",
        "100 input positions, 50 scored outputs",
    ):
        assert fact in words


def table_rows(text: str) -> list[list[str]]:
    """The cells of every row of every table, as text."""
    rows = re.findall(r"<tr>(.*?)</tr>", text, re.DOTALL)
    cells = (re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row, re.DOTALL) for row in rows)
    return [[html.unescape(re.sub(r"<[^>]+>", "", cell)).strip() for cell in row] for row in cells]


def test_multiply_adds_are_of_what_there_were(tmp_path: Path) -> None:
    record = convolutional("params")
    text = page(record, tmp_path / "a.html")
    assert record.matrices[0].places == 64
    head, tail = text.index("What got faster"), text.index("Which layers share")
    forms = {name: cells for name, *cells in table_rows(text[head:tail])}
    before, after = forms["as they were"][2].split(" \N{RIGHTWARDS ARROW} ")
    assert before == after
    roles = table_rows(text[text.index("Size by role") : text.index("Ranks, layer by layer")])
    told = {name: cells[-1] for name, *cells in roles[1:-2]}
    grid = sharing_grid(record.plan, record.units)
    macs = {each.name: each for each in record.matrices}
    for name, cells in grid.rows:
        parts = [macs[cell.unit.name] for cell in cells if cell is not None]
        whole = sum(part.shape[0] * part.shape[1] * part.places for part in parts)
        assert told[name] == f"{sum(part.macs for part in parts) / whole:.1%}"
        assert float(told[name].rstrip("%")) <= 100


def test_shares_are_said_to_be_of_what_the_budget_counts(tmp_path: Path) -> None:
    record = convolutional("macs")
    report = record.report
    text = page(record, tmp_path / "a.html")
    words = " ".join(Tags(text).words.split())
    parameters = report.after.unit_parameters / report.before.unit_parameters
    assert abs(parameters - report.kept) > 0.01
    rows = {name: cells for name, *cells in table_rows(text)}
    assert rows["all shareable matrices"][3] == f"{parameters:.1%}"
    kept = f"{report.kept:.1%} of its matrices' multiply-adds"
    assert f"Sequential, {kept} kept" in words
    assert f"Sequential: {kept}, +" in words
    assert "Asked to keep70.0% of the shareable matrices' multiply-adds" in words
    assert f"{report.kept:.1%} of the matrices' multiply-adds kept" in record.headline


def test_the_same_record_gives_the_same_page(record: CompressionRecord, tmp_path: Path) -> None:
    assert page(record, tmp_path / "a.html") == page(record, tmp_path / "b.html")


def test_a_page_from_the_folder_is_the_same(compressed: Any, tmp_path: Path) -> None:
    compressed.save(tmp_path / "saved")
    compressed.to_html(tmp_path / "a.html")
    from geocolor.compression.record import read_record

    read = page(read_record(tmp_path / "saved"), tmp_path / "b.html")
    assert (tmp_path / "a.html").read_text(encoding="utf-8") == read


def test_rows_add_up(record: CompressionRecord) -> None:
    grid = sharing_grid(record.plan, record.units)
    for rows in (by_form(record), by_role(record, grid)):
        assert sum(row.count for row in rows) == len(record.matrices) == 10
        assert sum(row.before for row in rows) == 640
        assert sum(row.after for row in rows) == sum(m.parameters for m in record.matrices)
        assert sum(row.macs for row in rows) == sum(m.macs for m in record.matrices)
    assert [group.plan.form for group in groups(record, grid)][-1] == "narrow"


def test_what_saves_no_arithmetic_says_so(record: CompressionRecord, tmp_path: Path) -> None:
    report = record.report
    same = replace(report, after=replace(report.after, unit_macs=report.before.unit_macs))
    words = Tags(page(replace(record, report=same), tmp_path / "a.html")).words
    assert "Nothing: the shareable matrices do" in words


def test_plain_cases_are_written(record: CompressionRecord, tmp_path: Path) -> None:
    dense = tuple(GroupPlan((m.name,), "dense", "read") for m in record.matrices)
    bare = replace(
        record,
        plan=SharingPlan(dense),
        matrices=tuple(replace(m, needed=()) for m in record.matrices),
        report=replace(
            record.report, fit=None, recovery=None, planned_cost=None, planned_bound=None,
            coloring_status=None, measured_on="evaluation", measured_increase=0.0,
        ),
    )  # fmt: skip
    words = Tags(page(bare, tmp_path / "a.html")).words
    assert "No layers share in this plan" in words
    assert "one color, one class" not in words
    assert "No matrices share, and no hidden layer was narrowed" in words
    assert "which flatters it" not in words
    assert "random plans tell" in words


def test_one_class_is_counted_as_one(record: CompressionRecord, tmp_path: Path) -> None:
    shared, *rest = record.plan.groups
    alone = (GroupPlan((name,), "dense", "read") for group in rest for name in group.members)
    one = replace(record, plan=SharingPlan((shared, *alone)))
    words = Tags(page(one, tmp_path / "a.html")).words
    assert "one matrix for several layers" not in words
    assert "1 class that shares, 0 narrowed hidden layers" in words
    assert "one color, one class: 1 class shares, 2 matrices" in words


def test_a_page_that_cannot_be_written(compressed: Any, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no folder"):
        compressed.to_html(tmp_path / "none" / "a.html")


def test_a_real_browser_opens_it_quietly(
    record: CompressionRecord,
    driver: Any,
    drain: Callable[[], tuple[list[str], list[str]]],
    tmp_path: Path,
) -> None:
    path = tmp_path / "a.html"
    write_page(record, path)
    drain()
    driver.get(path.as_uri())
    assert len(driver.find_elements("css selector", "table.map td[title]")) == 10
    marks = driver.find_elements("css selector", ".panels svg g")
    assert len(marks) == 10
    assert all(mark.is_displayed() for mark in marks)
    assert driver.find_element("css selector", "svg.fit .this").is_displayed()
    wide = "return document.documentElement.scrollWidth - window.innerWidth"
    for width in (1200, 500):
        driver.set_window_size(width, 900)
        assert driver.execute_script(wide) <= 0  # what is wide scrolls by itself
    driver.set_window_size(1200, 900)
    assert drain() == ([], [path.as_uri()])
