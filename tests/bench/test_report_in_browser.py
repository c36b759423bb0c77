"""Reports opened in a real Chromium: what they draw, what they do, and that they stay quiet."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from geocolor.bench.record import Outcome
from geocolor.bench.report import write_report
from geocolor.bench.results import Results
from geocolor.bench.trial import Trial
from geocolor.solvers import TracePoint

pytest.importorskip("selenium.webdriver")
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.wait import WebDriverWait

MakeResults = Callable[..., Results]
HOSTILE = "<script>alert(1)</script>"


@pytest.fixture
def opened(
    driver: Any, drain: Callable[[], tuple[list[str], list[str]]], tmp_path: Path
) -> Iterator[Callable[..., Any]]:
    """Opens a report; at the end, whatever was done, it was quiet and asked for nothing."""
    path = tmp_path / "report.html"

    def open_report(results: Results, fragment: str = "") -> Any:
        write_report(results, path)
        driver.get("about:blank")
        drain()
        driver.get(path.as_uri() + fragment)
        wait(driver, lambda _: all_of(driver, "#instance-table table"))
        return driver

    yield open_report
    driver.set_window_size(900, 700)  # figures follow the window, hidden ones included
    driver.set_window_size(1200, 900)
    driver.execute_async_script("setTimeout(arguments[0], 300)")
    console, requests = drain()
    assert console == []
    assert set(requests) == {path.as_uri()}


def all_of(driver: Any, selector: str) -> list[Any]:
    return list(driver.find_elements("css selector", selector))


def texts(driver: Any, selector: str) -> list[str]:
    return [one.text for one in all_of(driver, selector) if one.is_displayed()]


def wait(driver: Any, condition: Callable[[Any], Any]) -> None:
    WebDriverWait(driver, 30).until(condition)


def run(trial: Trial) -> dict[str, Any]:
    """Three improvements; c crashes on the second instance."""
    if trial.contender.name == "c" and trial.instance.name == "i2":
        return {"outcome": Outcome.CRASHED, "message": f"signal 11 {HOSTILE}", "runtime": 0.5}
    best = 10.0 + 2 * ord(trial.contender.name[0]) % 3 + trial.seed % 2
    points = [
        TracePoint(0.01, best + 5, 8.0),
        TracePoint(0.1, best + 2, 8.0),
        TracePoint(1.0, best, 9.0),
    ]
    fields = {"objective": best, "lower_bound": 9.0, "runtime": 10.0, "trace": tuple(points)}
    return {**fields, "status": "FEASIBLE", "stop_reason": "TIME"}


@pytest.fixture
def results(make_results: MakeResults, instance: Callable[..., Any]) -> Results:
    tags = {"i1": ("easy",), "i2": ("hard",), "i10": ("hard", "large"), HOSTILE: ()}
    instances = [instance(name, tags=tags[name], nodes=len(name)) for name in tags]
    return make_results(["a", "b", "c"], instances, run=run)


def test_figures_are_drawn_and_a_legend_switches_a_solver_in_all(
    opened: Callable[..., Any], results: Results
) -> None:
    driver = opened(results)
    figures = all_of(driver, "[data-figure]")
    assert len(figures) == 3
    for figure in figures:
        assert figure.find_elements("css selector", "svg.main-svg .lines path.js-line")
        assert figure.find_elements("css selector", "svg .xtick")
    lines = "[data-figure='1'] path.js-line"
    assert len(all_of(driver, lines)) == 3
    all_of(driver, ".legend button")[1].click()
    wait(driver, lambda _: len(all_of(driver, lines)) == 2)
    assert [b.get_attribute("aria-pressed") for b in all_of(driver, ".legend button")] == [
        *("true", "false", "true")
    ]
    assert len(all_of(driver, "[data-figure='2'] path.js-line")) == 2


def test_figures_follow_the_dark_and_print_on_white(
    opened: Callable[..., Any], results: Results
) -> None:
    driver = opened(results)

    def shade() -> str:
        # In one go: a figure drawn again is of other elements.
        title = "document.querySelector(\"[data-figure='0'] .xtitle\")"
        return str(driver.execute_script(f"return {title} && getComputedStyle({title}).fill"))

    light = shade()
    dark = [{"name": "prefers-color-scheme", "value": "dark"}]
    driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": dark})
    wait(driver, lambda _: shade() != light)
    driver.execute_script("window.dispatchEvent(new Event('beforeprint'))")
    wait(driver, lambda _: shade() == light)
    driver.execute_script("window.dispatchEvent(new Event('afterprint'))")
    wait(driver, lambda _: shade() != light)
    driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": []})


def test_columns_sort_by_mouse_and_keyboard(opened: Callable[..., Any], results: Results) -> None:
    driver = opened(results)
    first, *_ = headings = all_of(driver, "#instance-table thead th")
    names = "#instance-table tbody th"
    assert texts(driver, names) == ["i1", "i2", "i10", HOSTILE]
    first.find_element("css selector", "button").click()
    assert first.get_attribute("aria-sort") == "ascending"
    assert texts(driver, names) == [HOSTILE, "i1", "i2", "i10"]
    first.find_element("css selector", "button").send_keys(Keys.ENTER)
    assert first.get_attribute("aria-sort") == "descending"
    assert texts(driver, names) == ["i10", "i2", "i1", HOSTILE]
    headings[2].find_element("css selector", "button").click()
    assert [h.get_attribute("aria-sort") for h in headings[:3]] == ["none", "none", "ascending"]
    assert texts(driver, names)[-1] == HOSTILE  # as many nodes as its name has letters

    gap = next(h for h in all_of(driver, ".verdict thead th") if "Mean gap" in h.text)
    gap.find_element("css selector", "button").click()
    column = driver.execute_script("return arguments[0].cellIndex + 1", gap)
    shown = [float(text.split()[0]) for text in texts(driver, f".verdict td:nth-child({column})")]
    assert shown == sorted(shown)
    assert len(set(shown)) > 1


def test_the_filter_takes_words_and_tags(opened: Callable[..., Any], results: Results) -> None:
    driver = opened(results)
    names = "#instance-table tbody th"
    box = driver.find_element("id", "filter")
    box.send_keys("i1")
    assert texts(driver, names) == ["i1", "i10"]
    assert driver.find_element("id", "shown").text == "2 of 4"
    hard = next(chip for chip in all_of(driver, "#tags .chip") if chip.text == "hard")
    hard.click()
    assert texts(driver, names) == ["i10"]
    hard.click()
    box.send_keys(Keys.BACKSPACE, Keys.BACKSPACE)
    assert len(texts(driver, names)) == 4


def test_an_instance_shows_its_traces_and_back_leads_back(
    opened: Callable[..., Any], results: Results
) -> None:
    driver = opened(results)
    driver.find_element("link text", "i2").click()
    wait(driver, lambda _: all_of(driver, "#instance path.js-line"))
    assert driver.current_url.endswith("#instance=i2")
    assert texts(driver, "main h1") == ["i2"]
    assert texts(driver, "#instance .ytitle") == ["number of classes"]
    # Two solvers that answer: three seeds with a bound each, and a median.
    assert len(all_of(driver, "#instance path.js-line")) == 2 * (3 + 3 + 1)
    assert len(all_of(driver, "#instance .sortable tbody tr")) == 9
    crashed = [row for row in texts(driver, "#instance .sortable tbody tr") if "crashed" in row]
    assert len(crashed) == 3
    driver.find_element("link text", "Next").click()
    wait(driver, lambda _: texts(driver, "main h1") == ["i10"])
    driver.back()
    wait(driver, lambda _: texts(driver, "main h1") == ["i2"])
    driver.back()
    wait(driver, lambda _: texts(driver, "main h1") == ["3 solvers on 4 instances"])


def test_an_instance_can_be_linked_to_and_hostile_texts_do_no_harm(
    opened: Callable[..., Any], results: Results
) -> None:
    driver = opened(results, "#instance=" + quote(HOSTILE))
    wait(driver, lambda _: all_of(driver, "#instance path.js-line"))
    assert texts(driver, "main h1") == [HOSTILE]
    assert len(all_of(driver, "script")) == 3
    driver.execute_script("location.hash = '#instance=%E0%A4'")
    wait(driver, lambda _: "There is no instance named %E0%A4 here." in texts(driver, ".notice"))
    driver.find_element("css selector", ".home").click()
    wait(driver, lambda _: driver.find_element("id", "overview").is_displayed())
    assert HOSTILE in texts(driver, "#instance-table tbody th")
    wrong = texts(driver, "#wrong-table tbody tr")
    assert len(wrong) == 3
    assert all(f"signal 11 {HOSTILE}" in row and "crashed" in row for row in wrong)


def test_numbers_of_any_size_are_written(
    opened: Callable[..., Any], make_results: MakeResults
) -> None:
    numbers = {
        "12": "12",
        "0.25": "0.25",
        "-0.12345678": "-0.123457",
        "3.2e-14": "3.2e-14",
        "-3.33333333e-21": "-3.33333e-21",
        "12345.678": "12345.7",
        "1234567.8": "1234568",
    }

    def run(trial: Trial) -> dict[str, Any]:
        return {"objective": float(trial.instance.name), "status": "FEASIBLE", "runtime": 1.0}

    driver = opened(make_results(["a"], list(numbers), [0], run=run))
    names = texts(driver, "#instance-table tbody th")
    found = [cell.split()[0] for cell in texts(driver, "#instance-table tbody td:last-child")]
    assert dict(zip(names, found, strict=True)) == numbers


def test_the_smallest_campaign_and_the_empty_one_open(
    opened: Callable[..., Any], make_results: MakeResults
) -> None:
    driver = opened(make_results(["a"], ["one"], [0], run=run), "#instance=one")
    wait(driver, lambda _: all_of(driver, "#instance path.js-line"))
    driver = opened(make_results(run=lambda trial: None))
    assert texts(driver, ".notice") == [
        "There are no runs yet. This page shows what was asked; write it again once runs were made."
    ]
    driver.find_element("link text", "one").click()
    wait(driver, lambda _: "There is no run on this instance yet." in texts(driver, ".notice"))
