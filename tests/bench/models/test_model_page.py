"""The page and its pictures, made from records."""

from pathlib import Path

from geocolor.bench.models.campaign import ModelCampaign, ModelResults
from geocolor.bench.models.page import write_models_report
from geocolor.bench.models.record import Measures, ModelRecord, TextScore
from geocolor.bench.models.tables import plain_text
from geocolor.bench.record import Outcome
from geocolor.plotting.compression_curves import CompressionPoint, draw_agreement, draw_losses

POINTS = [
    CompressionPoint("default", 0.8, 0, 0.1, 0.3),
    CompressionPoint("default", 0.8, 1, 0.1, 0.5),
    CompressionPoint("default", 0.6, 0, 0.3, 0.9),
    CompressionPoint("svd-llm", 0.8, 0, 1.0, 1.5),
]


def test_agreement_shows_every_compressed_model() -> None:
    own, published, equal = draw_agreement(POINTS).data
    assert (own.name, published.name, equal.name) == ("default", "svd-llm", "equal")
    assert (list(own.x), list(own.y)) == ([0.1, 0.1, 0.3], [0.3, 0.5, 0.9])
    assert list(equal.x) == list(equal.y) == [0.1, 1.5]


def test_losses_run_through_the_means_over_seeds() -> None:
    lines = [trace for trace in draw_losses(POINTS).data if trace.mode == "lines"]
    assert (list(lines[0].x), list(lines[0].y)) == ([0.6, 0.8], [0.9, 0.4])
    assert (list(lines[1].x), list(lines[1].y)) == ([0.8], [1.5])


def record(name: str, preset: str, seed: int, measured: float | None) -> ModelRecord:
    measures = Measures(
        parameters=2_000_000,
        unit_parameters=1_500_000,
        bytes=8_000_000,
        dense_bytes=9_000_000,
        macs=1_600_000,
        shared_groups=3,
        predicted=measured,
        measured=measured,
        texts=(TextScore("news", 10, (20.0 + seed, 30.0)),),
        ranks=(),
        timings=(),
        plan=[],
        answer="",
        seconds=1.0,
    )
    return ModelRecord(f"{preset}{seed}", name, preset, 0.8, seed, Outcome.SOLVED, measures)


def test_the_page_needs_no_network_and_believes_no_name(
    campaign: ModelCampaign, tmp_path: Path
) -> None:
    (subject,) = campaign.subjects
    hostile = "<script>alert(1)</script>"
    from dataclasses import replace

    campaign = replace(campaign, subjects=(replace(subject, name=hostile),))
    records = (record(hostile, "dense", 0, None), record(hostile, "default", 0, 0.3))
    write_models_report(ModelResults(campaign, records), tmp_path / "page.html")
    page = (tmp_path / "page.html").read_text()
    assert hostile not in page
    assert "&lt;script&gt;alert(1)" in page
    assert "<script src=" not in page
    assert '<link rel="stylesheet"' not in page
    assert "1.5M" in page


def test_seeds_are_told_apart_only_if_there_are_several(campaign: ModelCampaign) -> None:
    one = (record("model", "dense", 0, None), record("model", "default", 0, 0.3))
    assert "seed" not in plain_text(ModelResults(campaign, one)).splitlines()[4]
    several = (*one, record("model", "default", 1, 0.3))
    head, *rows = plain_text(ModelResults(campaign, several)).splitlines()[4:8]
    assert head.split()[:3] == ["method", "keep", "seed"]
    # exp of 50 / 20 and of 51 / 20
    assert [row.split()[-3] for row in rows] == ["12.2", "12.2", "12.8"]
