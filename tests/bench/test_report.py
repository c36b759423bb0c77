import base64
import hashlib
import json
import math
import re
import subprocess
import sys
from collections.abc import Callable
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from geocolor.bench.measures import measure
from geocolor.bench.record import Outcome
from geocolor.bench.report import write_report
from geocolor.bench.report.pairs import build_matrices
from geocolor.bench.report.text import duration, plural
from geocolor.bench.report.verdict import build_verdict
from geocolor.bench.results import Results
from geocolor.bench.summary import summarise
from geocolor.bench.trial import Trial
from geocolor.errors import InputError
from geocolor.solvers import SOLVERS, TracePoint

MakeResults = Callable[..., Results]
HOSTILE = "</script><script>alert(1)</script><!--<img src=x onerror=alert(2)>"


class Page(HTMLParser):
    """The elements of a page, with the text inside scripts, headings and paragraphs."""

    def __init__(self, source: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.scripts: list[str] = []
        self.comments: list[str] = []
        self.texts: list[str] = []
        self._in_script = False
        self.feed(source)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        self._in_script = tag == "script"
        if self._in_script:
            self.scripts.append("")

    def handle_endtag(self, tag: str) -> None:
        self._in_script = False

    def handle_data(self, text: str) -> None:
        if self._in_script:
            self.scripts[-1] += text
        elif text.strip():
            self.texts.append(" ".join(text.split()))

    def handle_comment(self, text: str) -> None:
        self.comments.append(text)

    @property
    def data(self) -> Any:
        return json.loads(self.scripts[0])


def page(results: Results, folder: Path, **options: Any) -> Page:
    write_report(results, folder / "report.html", **options)
    return Page((folder / "report.html").read_text(encoding="utf-8"))


def steadily(trial: Trial) -> dict[str, Any]:
    """Solver a always reaches 10, b always ends at 12, c now the one, now the other."""
    at_most = {"a": 10.0, "b": 12.0}.get(trial.contender.name, 10.0 + 2 * (trial.seed % 2))
    return {
        "objective": at_most,
        "status": "FEASIBLE",
        "runtime": 10.0,
        "trace": (TracePoint(1.0, 13.0, 5.0), TracePoint(2.0, at_most, 5.0)),
    }


def test_the_page_is_one_file_that_refers_to_nothing_else(
    make_results: MakeResults, tmp_path: Path
) -> None:
    found = page(make_results(), tmp_path)
    assert [file.name for file in tmp_path.iterdir()] == ["report.html"]
    for _, attributes in found.tags:
        assert "src" not in attributes
        assert (attributes.get("href") or "#").startswith(("#", "data:"))


def test_only_the_page_s_own_scripts_may_run(make_results: MakeResults, tmp_path: Path) -> None:
    found = page(make_results(), tmp_path)
    policy = next(a["content"] for tag, a in found.tags if tag == "meta" and "http-equiv" in a)
    assert policy is not None
    assert "default-src 'none'" in policy
    data, *scripts = found.scripts
    hashes = [base64.b64encode(hashlib.sha256(s.encode()).digest()).decode() for s in scripts]
    assert re.findall(r"'sha256-([^']+)'", policy) == hashes
    assert data.startswith("{")


def test_names_and_messages_stay_text(
    make_results: MakeResults,
    instance: Callable[..., Any],
    contender: Callable[..., Any],
    tmp_path: Path,
) -> None:
    results = make_results(
        [contender(HOSTILE), contender("b")],
        [instance(HOSTILE, tags=(HOSTILE,))],
        run=lambda trial: {"outcome": Outcome.CRASHED, "message": HOSTILE},
        environment={"cpu": HOSTILE, "options": {HOSTILE: HOSTILE}},
    )
    found = page(results, tmp_path)
    assert len(found.scripts) == 3
    assert not found.comments
    assert not [tag for tag, _ in found.tags if tag == "img"]
    assert not {name for _, a in found.tags for name in a if name.startswith("on")}
    (one,) = found.data["instances"]
    assert (one["name"], one["tags"]) == (HOSTILE, [HOSTILE])
    assert HOSTILE in found.data["words"]
    assert HOSTILE in found.texts


def test_the_head_says_what_was_asked_and_where(
    make_results: MakeResults, contender: Callable[..., Any], tmp_path: Path
) -> None:
    environment = {
        "cpu": "Fast 9000",
        "architecture": "x86_64",
        "usable_cores": 2,
        "logical_cores": 4,
        "memory": 8_000_000_000,
        "options": {"workers": 2, "tag": None},
    }
    results = make_results(["a", "b"], environment=environment, max_iterations=500)
    texts = page(results, tmp_path, target_gap=0.02).texts
    assert "2 solvers on 2 instances" in texts
    shown = dict(reversed(list(pairwise(texts))))  # the first mention counts
    assert shown["Seeds"] == "3: 0, 1, 2"
    assert shown["Runs"] == "12 runs"
    assert shown["Time limit"] == "10 s; counts to 1 s later"
    assert shown["Iterations"] == "at most 500"
    assert shown["Target"] == "best known + 2%"
    assert shown["Workers"] == "2"
    assert "Tag" not in shown
    assert shown["Processor"] == "Fast 9000 (x86_64)"
    assert shown["Cores"] == "2 usable of 4"
    assert shown["Memory"] == "8 GB"
    assert "The clock" in texts


def test_figures_of_the_verdict_are_those_of_the_summary(make_results: MakeResults) -> None:
    summary = summarise(make_results(["a", "b"], ["one", "two", "three"], run=steadily))
    verdict = build_verdict(summary)
    headings = [column.heading for column in verdict.columns]
    shown = dict(zip(headings, verdict.rows[1][1], strict=True))
    b = summary.solvers[1]
    assert shown["Mean gap, %"].order == b.gap.value == pytest.approx(2 / 12)
    assert shown["Mean gap, %"].text == "16.67"
    assert shown["Mean gap, %"].interval == "16.67 to 16.67"
    assert shown["Reached, %"].text == "0.0"
    assert shown["PAR-2, s"].text == "20.00"
    assert "PAR-2 proof, s" not in headings  # nobody proved anything


def test_the_best_stands_out_only_where_the_test_supports_it(make_results: MakeResults) -> None:
    def best(instances: int, solvers: list[str]) -> set[tuple[str, str]]:
        names = [f"i{at}" for at in range(instances)]
        verdict = build_verdict(summarise(make_results(solvers, names, run=steadily)))
        return {
            (row.solver, column.heading)
            for row, cells in verdict.rows
            for column, cell in zip(verdict.columns, cells, strict=True)
            if cell.best
        }

    tested = {"Mean gap, %", "Primal integral, %", "Time to target, s"}
    assert best(8, ["a", "b"]) == {("a", heading) for heading in tested}
    assert best(3, ["a", "b"]) == set()  # 3 instances show nothing at 5%
    assert best(8, ["a", "b", "c"]) == {("a", heading) for heading in tested}
    assert best(8, ["b", "c"]) == {("c", heading) for heading in tested}
    assert best(8, ["a"]) == set()


def test_a_matrix_reads_from_the_row(make_results: MakeResults) -> None:
    names = [f"i{at}" for at in range(8)]
    gap, _, time = build_matrices(summarise(make_results(["a", "b"], names, run=steadily)))
    (_, (nothing, ahead)), (_, (behind, _)) = gap.rows
    assert nothing is None
    assert ahead is not None
    assert behind is not None
    assert (ahead.verdict, ahead.difference) == ("better", "\N{MINUS SIGN}16.67")
    assert (behind.verdict, behind.difference) == ("worse", "+16.67")
    assert ahead.p == behind.p == "p 0.008"
    # a is at the target after 2 s, b never: (2 + 1) / (20 + 1).
    assert time.rows[0][1][1].difference == "0.14x"


def test_pairs_too_few_to_tell_say_so(make_results: MakeResults) -> None:
    gap, *_ = build_matrices(summarise(make_results(["a", "b"], ["one", "two"], run=steadily)))
    assert gap.rows[0][1][1].verdict == "even"
    assert "only 2 pairs differ" in gap.weak


def test_a_run_keeps_its_trace_its_measures_and_its_key(
    make_results: MakeResults, tmp_path: Path
) -> None:
    def run(trial: Trial) -> dict[str, Any]:
        points = (
            TracePoint(0.5, 12.0, None),
            TracePoint(1.0, 12.0, 8.0),
            TracePoint(2.0, 11.0, 8.0),
        )
        return {"objective": 10.0, "lower_bound": -math.inf, "runtime": 3.0, "trace": points}

    results = make_results(["a"], ["one"], [7], run=run)
    data = page(results, tmp_path).data
    row = dict(zip(data["runFields"], data["instances"][0]["runs"][0], strict=True))
    (measured,) = measure(results).runs
    assert row["objectives"] == [0.5, 12.0, 2.0, 11.0, 3.0, 10.0]
    assert row["bounds"] == [1.0, 8.0]
    assert row["bound"] is None  # JSON has no infinity
    assert (row["seed"], row["objective"], row["toTarget"]) == (7, 10.0, 3.0)
    assert row["integral"] == pytest.approx(measured.primal_integral, rel=1e-4)
    assert results.records[0].key.startswith(row["key"])
    assert data["words"][row["outcome"]] == measured.outcome


def test_a_refuted_run_is_wrong_and_says_why(make_results: MakeResults, tmp_path: Path) -> None:
    def run(trial: Trial) -> dict[str, Any]:
        if trial.contender.name == "b":
            return {"objective": 10.0, "status": "FEASIBLE", "runtime": 1.0}
        return {"objective": 12.0, "status": "OPTIMAL", "runtime": 1.0, "message": "sure"}

    data = page(make_results(["a", "b"], ["one"], [0], run=run), tmp_path).data
    row = dict(zip(data["runFields"], data["instances"][0]["runs"][0], strict=True))
    assert data["words"][row["outcome"]] == "wrong"
    assert data["words"][row["message"]] == "OPTIMAL at 12, but b has 10; sure"


def test_solvers_look_alike_in_all_figures(make_results: MakeResults, tmp_path: Path) -> None:
    data = page(make_results(["a", "b", "c"]), tmp_path).data
    assert len(data["figures"]) == 3
    for look in data["solvers"]:
        for figure in data["figures"]:
            lines = [t for t in figure["data"] if t["name"] == look["name"] and "fill" not in t]
            assert [(t["line"]["color"], t["line"]["dash"]) for t in lines] == [
                (look["color"], look["dash"])
            ]


def test_each_kind_of_problem_has_tables_of_its_own(
    make_results: MakeResults,
    instance: Callable[..., Any],
    contender: Callable[..., Any],
    tmp_path: Path,
) -> None:
    results = make_results(
        [contender("a"), contender("only", kinds=("coloring",))],
        [instance("one"), instance("two", kind="partition", k=2)],
    )
    found = page(results, tmp_path)
    assert "Solvers of coloring problems" in found.texts
    assert "Solvers of partition problems" in found.texts
    coloring, partition = (figure["data"] for figure in found.data["figures"][::3])
    assert {trace["name"] for trace in coloring} == {"a", "only"}
    assert {trace["name"] for trace in partition} == {"a"}


@pytest.mark.parametrize("kind", sorted(SOLVERS["auto"].kinds - {"capacitated-partition"}))
def test_every_kind_that_benchmarks_pose_has_a_report(
    kind: str,
    make_results: MakeResults,
    instance: Callable[..., Any],
    contender: Callable[..., Any],
    tmp_path: Path,
) -> None:
    one = instance("one", kind=kind, k=None if kind == "correlation" else 3)
    results = make_results([contender("a", kinds=(kind,))], [one])
    assert list(page(results, tmp_path).data["traceAxes"]) == [kind]


def test_an_unfinished_campaign_is_shown_as_far_as_it_goes(
    make_results: MakeResults, tmp_path: Path
) -> None:
    half = make_results(run=lambda trial: steadily(trial) if trial.seed == 0 else None)
    found = page(half, tmp_path)
    assert "4 runs made, 8 missing" in found.texts
    assert "8 runs are missing; they count nowhere" in found.texts
    assert found.data["figures"]
    apart = make_results(
        run=lambda trial: (
            steadily(trial)
            if (trial.contender.name == "a") == (trial.instance.name == "one")
            else None
        )
    )
    found = page(apart, tmp_path)
    assert "There is no instance yet on which all solvers have runs." in found.texts
    assert not found.data["figures"]


def test_without_any_run_the_page_says_so(make_results: MakeResults, tmp_path: Path) -> None:
    found = page(make_results(run=lambda trial: None), tmp_path)
    assert "There are no runs yet." in found.texts
    assert [one["name"] for one in found.data["instances"]] == ["one", "two"]


def test_a_campaign_without_any_answer_is_drawn(make_results: MakeResults, tmp_path: Path) -> None:
    results = make_results(run=lambda trial: {"outcome": Outcome.NO_ANSWER, "status": "UNKNOWN"})
    found = page(results, tmp_path)
    assert "one: no answer by anybody" in found.texts
    assert found.data["figures"][0]["data"]


def test_what_cannot_be_written_is_refused_at_once(
    make_results: MakeResults, tmp_path: Path
) -> None:
    with pytest.raises(InputError, match="no folder"):
        write_report(make_results(), tmp_path / "missing" / "report.html")
    with pytest.raises(InputError, match="target gap"):
        write_report(make_results(), tmp_path / "report.html", target_gap=-1.0)
    assert not list(tmp_path.iterdir())


def test_reports_load_no_torch() -> None:
    code = "import sys, geocolor.bench.report; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0.05, "50 ms"), (1.0, "1 s"), (90.0, "90 s"), (600.0, "10 min"), (9000.0, "2.5 h")],
)
def test_durations(seconds: float, text: str) -> None:
    assert duration(seconds) == text


def test_plurals() -> None:
    assert plural(1, "run") == "1 run"
    assert plural(10500, "run") == "10\N{NARROW NO-BREAK SPACE}500 runs"
