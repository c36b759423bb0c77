"""What a guarded process says, seen from inside."""

from typing import Any

import pytest

from geocolor.bench.models.record import ModelRecord
from geocolor.bench.models.worker import run
from geocolor.bench.record import Outcome
from geocolor.compression import PRESETS


def events_of(payload: dict[str, Any]) -> list[dict[str, Any]]:
    events: list[dict[str, Any]] = []
    run(None, payload, events.append)
    return events


def test_every_trial_is_told_of_with_a_clock_of_its_own(payload: dict[str, Any]) -> None:
    events = [event for event in events_of(payload) if "stage" not in event]
    keys = [trial["key"] for trial in payload["trials"]]
    assert events[0] == {"clock": "started"}
    for i, key in enumerate(keys):
        clock, begun, done = events[1 + 3 * i : 4 + 3 * i]
        assert (clock, begun) == ({"clock": "started"}, {"begun": key})
        record = ModelRecord.from_json(done["record"])
        assert (record.key, record.outcome) == (key, Outcome.SOLVED)
    assert len(events) == 1 + 3 * len(keys)


def test_the_dense_model_alone_needs_no_calibration(payload: dict[str, Any]) -> None:
    payload["trials"] = payload["trials"][:1]
    events = events_of(payload)
    assert not any("calibrating" in event.get("stage", "") for event in events)
    assert events[-1]["record"]["calibration"] == 0


def test_what_one_trial_is_refused_for_does_not_stop_the_rest(payload: dict[str, Any]) -> None:
    tie = {"configuration": PRESETS["uniform-tie"].to_json(), "keep": 0.1}
    payload["trials"][1] |= {"preset": "uniform-tie"} | tie
    records = [event["record"] for event in events_of(payload) if "record" in event]
    assert [record["outcome"] for record in records] == ["solved", "no answer", "solved"]
    assert records[1]["measures"] is None
    assert "one matrix for all layers of a role" in records[1]["message"]


def test_a_text_too_short_is_refused(payload: dict[str, Any]) -> None:
    payload["protocol"]["windows"] = 500
    assert "the text gives 800 tokens" in events_of(payload)[-1]["refused"]


def test_torch_without_memory_is_out_of_memory(
    payload: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    import torch

    from geocolor.bench.models.session import Session

    # More than any machine has: what torch then raises is what is to be understood.
    monkeypatch.setattr(Session, "dense", lambda _self: torch.empty(2**55))
    assert events_of(payload)[-1] == {"exhausted": "torch could not allocate memory"}
