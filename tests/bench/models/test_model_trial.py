"""Keys: the same key means the same trial."""

from dataclasses import replace
from pathlib import Path

import pytest

from geocolor.bench.models.campaign import ModelCampaign
from geocolor.bench.models.planning import plan_campaign
from geocolor.bench.models.subject import Subject, folder_subject
from geocolor.bench.models.trial import Method, ModelTrial, Protocol
from geocolor.errors import InputError


def trial(subject: Subject) -> ModelTrial:
    return ModelTrial(subject, Method("svd-llm", {"reach": 1}), 0.8, 0, Protocol(), {"torch": "2"})


def moved(subject: Subject) -> Subject:
    return replace(subject, folder="/elsewhere", name="other")


def test_a_key_counts_what_is_in_the_files_and_not_where_they_lie(subject: Subject) -> None:
    asked = trial(subject)
    assert asked.key == trial(subject).key == replace(asked, subject=moved(subject)).key


@pytest.mark.parametrize(
    "changes",
    [
        {"keep": 0.7},
        {"seed": 1},
        {"method": Method("svd-llm", {"reach": 2})},
        {"method": Method("default", {"reach": 1})},
        {"protocol": Protocol(latency=True)},
        {"versions": {"torch": "3"}},
    ],
)
def test_whatever_decides_a_trial_changes_its_key(
    changes: dict[str, object], subject: Subject
) -> None:
    assert replace(trial(subject), **changes).key != trial(subject).key


def test_a_file_goes_by_its_own_name_and_counts_by_what_is_in_it(
    subject: Subject, tmp_path: Path
) -> None:
    path = tmp_path / "file.toml"

    def write(name: str, reach: int) -> None:
        head = 'format = "geocolor.configuration"\nversion = 1\nbase = "private"\n'
        path.write_text(f'{head}name = "{name}"\nreach = {reach}\n', encoding="utf-8")

    def keys() -> dict[str, str]:
        campaign = plan_campaign([subject], ["default", str(path)], [0.8], [0], Protocol())
        return {t.method.name: t.key for t in campaign.trials()}

    write("mine", 2)
    before = keys()
    assert list(before) == ["dense", "default", "mine"]
    write("mine", 3)
    after = keys()
    assert after["default"] == before["default"]
    assert after["mine"] != before["mine"]
    for name, message in (("default", "not that preset"), ("dense", "the model as it is")):
        write(name, 2)
        with pytest.raises(InputError, match=message):
            keys()
    write("mine", 2)
    with pytest.raises(InputError, match="one preset is asked for twice"):
        plan_campaign([subject], [str(path), str(path)], [0.8], [0], Protocol())


@pytest.mark.parametrize("name", ["model/model.safetensors", "model/config.json", "news.txt"])
def test_a_changed_file_changes_the_key(name: str, subject: Subject, tmp_path: Path) -> None:
    before = trial(subject).key
    path = tmp_path / name
    path.write_bytes(path.read_bytes() + b" ")
    texts = [Path(text.path) for text in subject.evaluation]
    again = folder_subject(Path(subject.folder), Path(subject.calibration.path), texts)
    assert trial(again).key != before


def test_a_campaign_lists_the_dense_model_once(campaign: ModelCampaign) -> None:
    wider = replace(campaign, seeds=(0, 1), keeps=(0.8, 0.6))
    trials = wider.trials()
    assert [t.method.name for t in trials].count("dense") == 1
    assert len({t.key for t in trials}) == len(trials) == 1 + 2 * 2 * 2


def test_a_campaign_comes_back_from_its_file(campaign: ModelCampaign, tmp_path: Path) -> None:
    import json

    campaign.save(tmp_path)
    again = ModelCampaign.from_json(json.loads((tmp_path / "models.json").read_text()))
    assert [t.key for t in again.trials()] == [t.key for t in campaign.trials()]


@pytest.mark.parametrize(
    ("presets", "keeps", "message"),
    [
        (["nonsense"], [0.8], "no preset 'nonsense'"),
        (["default"], [1.5], "keep must be in"),
        (["default"], [], "no budget to measure"),
        (["default", "default"], [0.8], "one preset is asked for twice"),
    ],
)
def test_what_could_not_work_is_refused(
    presets: list[str], keeps: list[float], message: str, subject: Subject
) -> None:
    with pytest.raises(InputError, match=message):
        plan_campaign([subject], presets, keeps, [0], Protocol())


def test_texts_that_cannot_be_used_are_refused(subject: Subject, tmp_path: Path) -> None:
    folder, good = Path(subject.folder), tmp_path / "news.txt"
    (tmp_path / "empty.txt").touch()
    (tmp_path / "latin1.txt").write_bytes(b"\xe9t\xe9")
    for texts, message in (
        ([], "--evaluation"),
        ([tmp_path / "missing.txt"], "cannot read"),
        ([tmp_path / "empty.txt"], "is empty"),
        ([tmp_path / "latin1.txt"], "is not UTF-8"),
        ([good, good], "one name"),
    ):
        with pytest.raises(InputError, match=message):
            folder_subject(folder, good, texts)
    with pytest.raises(InputError, match="no safetensors"):
        folder_subject(tmp_path, good, [good])
