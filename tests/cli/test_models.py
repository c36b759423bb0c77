"""``geocolor compress`` and ``geocolor graph`` on a tiny model with a tokenizer of its own."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
import tokenizers
import torch

import geocolor
from geocolor.cli.calibrated import load_for_calibration
from geocolor.cli.console import ProgressLine
from geocolor.cli.main import main
from geocolor.compression.latency_file import write_latency
from geocolor.compression.record import read_record
from geocolor.criterion import LatencyTable
from geocolor.errors import InputError

transformers = pytest.importorskip("transformers")

WORDS = [f"word{i}" for i in range(60)]


@pytest.fixture
def folder(model_folder: Path) -> Path:
    return model_folder


@pytest.fixture
def text(tmp_path: Path) -> Path:
    """Some 400 tokens."""
    path = tmp_path / "text.txt"
    path.write_text(" ".join(WORDS[(7 * i * i + 3 * i) % 60] for i in range(400)), encoding="utf-8")
    return path


def run(*arguments: object) -> int:
    return main([*(str(argument) for argument in arguments), "--windows", "8", "--length", "16"])


def test_compress_saves_what_load_gives_back(
    folder: Path, text: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    out, picture = tmp_path / "smaller", tmp_path / "map.png"
    page = tmp_path / "page.html"
    options = ("--keep", 0.6, "--calibration", text, "-o", out, "--map", picture, "--json")
    assert run("compress", folder, *options, "--report", page) == 0
    report = json.loads(capsys.readouterr().out)
    written = page.read_text(encoding="utf-8")
    assert "8 of 16 tokens" in written
    for kind in ("map", "ranks"):
        assert main(["plot", str(out), "--kind", kind, "-o", str(tmp_path / "a.png")]) == 0
    assert main(["plot", str(out), "--kind", "prediction", "-o", str(tmp_path / "a.png")]) == 2
    assert "give compress --random-plans 8" in capsys.readouterr().err
    assert main(["report", str(out), "-o", str(page)]) == 0
    assert page.read_text(encoding="utf-8") == written
    assert report["kept"] <= 0.6
    assert report["measured_on"] == "calibration"
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before
    assert picture.read_bytes().startswith(b"\x89PNG")
    model = geocolor.load(out)
    units = {name for name, _ in model.named_modules() if name.endswith("_proj")}
    unique = {id(p): p.numel() for name in units for p in model.get_submodule(name).parameters()}
    assert sum(unique.values()) == report["after"]["unit_parameters"]
    assert transformers.AutoTokenizer.from_pretrained(out)("word3")["input_ids"] == [3]


def test_arithmetic_may_be_what_is_kept_and_time_be_measured(
    folder: Path, text: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "smaller"
    options = ("--keep", 0.6, "--calibration", text, "-o", out, "--budget", "macs", "--speed")
    assert run("compress", folder, *options) == 0
    told = capsys.readouterr().out
    assert "keep 0.6 of the shareable matrices' multiply-adds" in told
    assert "speed       decode, batch 16" in told
    record = read_record(out)
    report = record.report
    assert report.kept == report.after.unit_macs / report.before.unit_macs <= 0.6
    assert [timing.phase for timing in report.speed] == ["prefill", "decode"] * 2
    assert record.configuration.budget == "macs"
    options = ("--calibration", text, "-o", tmp_path / "no", "--budget", "seconds")
    assert run("compress", folder, *options) == 2
    assert "choose one of params, bytes, macs, latency" in capsys.readouterr().err
    options = ("--calibration", text, "-o", tmp_path / "no", "--speed")
    assert run("compress", folder, folder, *options) == 2
    assert "--speed times one model" in capsys.readouterr().err


def test_time_may_be_what_is_kept(
    folder: Path, text: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    times, out = tmp_path / "times.json", tmp_path / "faster"
    asked = ("--dtype", "bfloat16", "--tokens", "2", "--threads", "1", "--json")
    assert main(["latency", str(folder), "-o", str(times), *asked]) == 0
    assert json.loads(capsys.readouterr().out)["dtype"] == "bfloat16"
    options = ("--keep", 1, "--calibration", text, "--budget", "latency", "--latency")
    assert run("compress", folder, *options, times, "-o", out) == 0
    assert "keep 1 of the shareable matrices' time" in capsys.readouterr().out
    assert run("compress", folder, *options, out, "-o", tmp_path / "again") == 0
    assert read_record(tmp_path / "again").plan == read_record(out).plan
    low = ("--keep", 0.01, *options[2:])
    assert run("compress", folder, *low, times, "-o", tmp_path / "no") == 2
    assert "no plan by this method takes less than" in capsys.readouterr().err


def test_several_models_are_compressed_together(
    folder: Path, text: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    twin, out = tmp_path / "twin", tmp_path / "together"
    shutil.copytree(folder, twin)
    options = ("--keep", 0.6, "--calibration", text, "--evaluation", text, "-o", out)
    assert run("compress", folder, twin, *options) == 0
    assert "2 models in 1.000 times the bytes of the largest" in capsys.readouterr().out
    first, second = geocolor.load(out)
    assert all(a is b for a, b in zip(first.parameters(), second.parameters(), strict=True))
    assert transformers.AutoTokenizer.from_pretrained(out / "1")("word3")["input_ids"] == [3]
    assert run("compress", folder, twin, *options, "--calibration", text, "-o", tmp_path / "x") == 0
    options = ("--calibration", text, "--calibration", text, "-o", tmp_path / "no")
    assert run("compress", folder, *options) == 2
    assert "--calibration was given 2 times for 1 models" in capsys.readouterr().err


def test_recovery_is_reported_and_what_it_gained_is_saved(
    folder: Path, text: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out, kept = tmp_path / "better", tmp_path / "measured"
    options = ("--keep", 0.5, "--calibration", text, "--evaluation", text, "--length", 16)
    options = (*options, "--checkpoint", kept, "--recover", 10, "-o", out, "--json")
    assert run("compress", folder, *options) == 0
    recovery = json.loads(capsys.readouterr().out)["recovery"]
    assert recovery["steps"] == 10
    assert recovery["after"] < recovery["before"]
    assert (tmp_path / "measured.recovery").is_file()
    details = json.loads((out / "geocolor.json").read_text())["details"]
    assert details["report"]["recovery"] == recovery


def test_one_step_of_recovery_has_something_to_train_on_and_something_to_measure(
    folder: Path, text: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text.write_text(f"{text.read_text()} " * 2, encoding="utf-8")
    options = ("--keep", 0.5, "--calibration", text, "--recover", 1, "-o", tmp_path / "better")
    assert run("compress", folder, *options) == 0
    assert "best after step" in capsys.readouterr().out


@pytest.mark.parametrize("preset", ["default", "svd-llm", "basis-sharing", "uniform-tie"])
def test_every_preset_runs_and_tells_its_name(
    preset: str, folder: Path, text: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "smaller"
    options = ("--calibration", text, "--evaluation", text, "--preset", preset, "-o", out)
    assert run("compress", folder, *options) == 0
    printed = capsys.readouterr().out
    assert f"method      {preset}" in printed
    assert "on evaluation data" in printed


def test_an_interrupted_compression_goes_on_to_the_same_bits(
    folder: Path,
    text: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    from geocolor.curvature import CurvatureSums, checkpoint

    monkeypatch.setattr("geocolor.compression.calibration._BATCH_TOKENS", 32)
    whole, out, kept = tmp_path / "whole", tmp_path / "smaller", tmp_path / "measured"
    assert run("compress", folder, "--calibration", text, "-o", whole) == 0
    monkeypatch.setattr(checkpoint, "_SECONDS", 0)
    monkeypatch.setattr(checkpoint, "_TIMES", 0)
    write = checkpoint.Checkpoint.write

    def interrupted(self: Any) -> None:
        write(self)
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(checkpoint.Checkpoint, "write", interrupted)
        options = ("--calibration", text, "-o", out, "--checkpoint", kept)
        capsys.readouterr()
        assert run("compress", folder, *options) == 130
    printed = capsys.readouterr()
    assert (printed.out, printed.err) == ("", "geocolor: error: interrupted\n")
    assert not out.exists()
    assert CurvatureSums.load(kept).covered == ((0, 1),)
    assert run("compress", folder, *options) == 0
    assert CurvatureSums.load(kept).covered == ((0, 4),)
    name = "geocolor.safetensors"
    assert (out / name).read_bytes() == (whole / name).read_bytes()
    assert run("compress", folder, *options, "--seed", 1) == 2
    assert "not an empty folder" in capsys.readouterr().err


def test_graph_can_be_solved(
    folder: Path, text: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "layers.json"
    asked = ("graph", folder, "--calibration", text, "--keep", 0.5, "-o", out)
    assert run(*asked, "--json") == 0
    told = json.loads(capsys.readouterr().out)
    assert told["layers"] == 28
    # Few pairs are priced without an estimate; all others are hard conflicts.
    assert told["estimated_pairs"] == 0
    assert told["priced_pairs"] + told["conflicts"] == 28 * 27 // 2
    assert told["output"] == str(out)
    graph = geocolor.read(out)
    assert graph.labels is not None
    assert "model.layers.0.self_attn.q_proj" in graph.labels
    assert main(["solve", str(out), "--problem", "correlation", "--json", "-t", "60s"]) == 0
    assert json.loads(capsys.readouterr().out)["status"] == "OPTIMAL"


def test_what_groups_may_be_stored_as_gives_the_frontier_that_compress_is_on(
    folder: Path, text: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    layers, options = tmp_path / "layers.json", tmp_path / "options.json.gz"
    assert run(
        "graph", folder, "--calibration", text, "--keep", 0.5, "-o", layers, "--options", options
    ) == 0  # fmt: skip
    assert f"{options}: " in capsys.readouterr().out
    out = tmp_path / "smaller"
    assert run(
        "compress", folder, "--calibration", text, "--keep", 0.5, "-o", out, "--json"
    ) == 0  # fmt: skip
    report = json.loads(capsys.readouterr().out)
    budget = int(0.5 * report["before"]["unit_parameters"])
    assert main(["frontier", str(options), "--budget", str(budget), "--json"]) == 0
    (point,) = json.loads(capsys.readouterr().out)["points"]
    assert point["status"] == "OPTIMAL"
    assert point["parameters"] == report["after"]["unit_parameters"]
    assert point["cost"] == pytest.approx(report["planned_cost"], rel=1e-6)
    assert report["planned_bound"] == pytest.approx(report["planned_cost"], rel=1e-5)
    wrong = ("--options", tmp_path / "options.npz")
    assert run("graph", folder, "--calibration", text, "-o", layers, *wrong) == 2
    assert "options go into .json or .json.gz" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"--keep": "0"}, "--keep must be in (0, 1]"),
        ({"--keep": "1.5"}, "--keep must be in (0, 1]"),
        ({"--keep": "nan"}, "--keep must be in (0, 1]"),
        ({"--calibration": "missing.txt"}, "cannot read missing.txt"),
        ({"--windows": "500"}, "the text gives 400 tokens"),
        ({"--preset": "nonsense"}, "no preset 'nonsense'"),
        ({"--map": "map.gif"}, "a picture is written as .png, .svg, .pdf"),
    ],
)
def test_bad_options_leave_nothing_behind(
    change: dict[str, str],
    message: str,
    folder: Path,
    text: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    out = tmp_path / "smaller"
    options = {"--calibration": str(text), "-o": str(out), "--windows": "8", "--length": "16"}
    flat = [part for option in (options | change).items() for part in option]
    assert main(["compress", str(folder), *flat]) == 2
    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err.count("\n") == 1
    assert message in printed.err
    assert {path.name for path in tmp_path.iterdir()} == {"model", "text.txt"}


def test_what_would_fail_after_the_work_is_refused_before_it(
    folder: Path, text: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: Any
) -> None:
    def work(*_: object, **__: object) -> None:
        raise AssertionError("the model was measured")

    monkeypatch.setattr("geocolor.compression.measuring.collect_curvature", work)
    times = tmp_path / "times.json"
    write_latency(LatencyTable("", "cpu", "float32", 1, 1, "", ()), times)
    options = ("--calibration", text, "-o", tmp_path / "out")
    for asked, message in (
        (("--random-plans", 2), "a fit takes 4 plans or more, not 2"),
        (("--random-plans", 8, "--preset", "svd-llm"), "sets ranks without a price"),
        (("--recover", 5), "one batch cannot be trained on and held out: give more"),
        (("--latency", times), "default counts params"),
        (("--latency", times, "--budget", "latency"), "the latencies have no times of"),
        (("--random-plans", 2, "--dry-run"), "a fit takes 4 plans or more, not 2"),
    ):
        assert run("compress", folder, *options, *asked) == 2
        assert message in capsys.readouterr().err
    graph = ("graph", folder, "--calibration", text, "-o", tmp_path / "graph.json")
    assert run(*graph, "--latency", times) == 2
    assert "--latency goes with --budget latency" in capsys.readouterr().err


def test_what_fails_after_a_compression_does_not_take_it_away(
    folder: Path, text: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: Any
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise InputError("no clock")

    monkeypatch.setattr("geocolor.compression.compressed.measure_speed", fail)
    out = tmp_path / "smaller"
    assert run("compress", folder, "--calibration", text, "-o", out, "--speed") == 2
    told = capsys.readouterr()
    assert told.out == ""
    assert f"what went well before is saved in {out}" in told.err
    assert "no clock" in told.err
    assert read_record(out).report.kept <= 0.7


def test_an_interrupted_recovery_does_not_take_the_compression_away(
    folder: Path, text: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: Any
) -> None:
    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("geocolor.compression.recovery.RecoveryState.advance", interrupt)
    out = tmp_path / "smaller"
    asked = ("--calibration", text, "--evaluation", text, "-o", out, "--recover", 9)
    assert run("compress", folder, *asked) == 130
    told = capsys.readouterr()
    assert told.out == ""
    assert f"what went well before is saved in {out}\ngeocolor: error: interrupted\n" in told.err
    assert read_record(out).report.recovery is None
    assert isinstance(geocolor.load(out), torch.nn.Module)


def test_several_models_are_not_written_expanded_and_that_is_said_at_once(
    folder: Path, text: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    asked = ("compress", folder, tmp_path / "missing", "--calibration", text, "--expanded")
    for where in (("-o", tmp_path / "out"), ("--dry-run",)):
        assert run(*asked, *where) == 2
        assert "--expanded writes one model" in capsys.readouterr().err


def test_a_folder_in_the_way_is_refused_before_the_work(
    folder: Path, text: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "a").touch()
    assert run("compress", folder, "--calibration", text, "-o", tmp_path / "full") == 2
    assert "not an empty folder" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("config", "message"),
    [
        (None, "no config.json"),
        ("{", "config.json"),
        ("{}", "the class None"),
        ('{"architectures": ["os"]}', "the class 'os'"),
        ('{"architectures": ["LlamaForCausalLM"], "model_type": "llama"}', "cannot be loaded"),
    ],
)
def test_a_folder_without_a_usable_model(
    config: str | None, message: str, text: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "model"
    folder.mkdir()
    if config is not None:
        (folder / "config.json").write_text(config)
    assert run("compress", folder, "--calibration", text, "-o", tmp_path / "smaller") == 2
    printed = capsys.readouterr().err
    assert printed.startswith("geocolor: error: ")
    assert printed.count("\n") == 1
    assert message in printed


def test_what_is_no_folder_is_told_apart(
    folder: Path, text: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for given, message in (
        (tmp_path / "nowhere", "models are not downloaded"),
        (folder / "model.safetensors", "is a file; give the folder"),
    ):
        assert run("compress", given, "--calibration", text, "-o", tmp_path / "smaller") == 2
        assert message in capsys.readouterr().err


def test_a_page_must_be_named_as_one(
    folder: Path, text: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    page = tmp_path / "page.pdf"
    options = ("--calibration", text, "-o", tmp_path / "smaller", "--report", page)
    assert run("compress", folder, *options) == 2
    assert "page.pdf: a page is written as .html" in capsys.readouterr().err
    assert main(["report", str(folder), "-o", str(page)]) == 2
    assert "page.pdf: a page is written as .html" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"hidden_size": 10**9}, "elements, but only 39 tensors"),
        ({"num_hidden_layers": 10**9}, "asks for 1000000000 for 'num_hidden_layers'"),
    ],
)
def test_a_forged_configuration_is_not_built(
    changes: dict[str, int],
    message: str,
    model_folder: Path,
    text: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    config = json.loads((model_folder / "config.json").read_text())
    (model_folder / "config.json").write_text(json.dumps(config | changes))
    assert run("compress", model_folder, "--calibration", text, "-o", tmp_path / "smaller") == 2
    assert message in capsys.readouterr().err


def test_a_pickled_checkpoint_is_not_loaded(
    folder: Path, text: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    import torch

    (folder / "model.safetensors").unlink()
    torch.save({}, folder / "pytorch_model.bin")
    assert run("compress", folder, "--calibration", text, "-o", tmp_path / "smaller") == 2
    assert "cannot be loaded" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("index", "message"),
    [
        ('{"weight_map": {"a": "../other.safetensors"}}', "'../other.safetensors', which is not a"),
        (
            '{"weight_map": {"a": "/other.safetensors"}}',
            "'/other.safetensors', which is not a file",
        ),
        ('{"weight_map": {"a": 3}}', "no index of weights: TypeError"),
        ('{"weight_map": [1]}', "no index of weights: AttributeError"),
        ("{", "no index of weights: JSONDecodeError"),
    ],
)
def test_weights_outside_of_the_folder_are_not_read(
    index: str,
    message: str,
    folder: Path,
    text: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    (folder / "model.safetensors").rename(tmp_path / "other.safetensors")
    (folder / "model.safetensors.index.json").write_text(index)
    assert run("compress", folder, "--calibration", text, "-o", tmp_path / "smaller") == 2
    printed = capsys.readouterr().err
    assert printed.count("\n") == 1
    assert message in printed


def test_windows_longer_than_the_model_reads_are_refused(
    folder: Path, text: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    options = ("--calibration", text, "-o", tmp_path / "smaller", "--length", 65, "--windows", 2)
    assert main([str(part) for part in ("compress", folder, *options)]) == 2
    assert "--length 65 exceeds the 64 positions" in capsys.readouterr().err


def test_a_dry_run_counts_and_does_nothing(
    folder: Path, text: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    options = ("--calibration", text, "-o", tmp_path / "smaller", "--dry-run", "--json")
    assert run("compress", folder, *options) == 0
    outlook = json.loads(capsys.readouterr().out)
    model = transformers.AutoModelForCausalLM.from_pretrained(folder)
    assert outlook["parameters"] == sum(p.numel() for p in model.parameters())
    assert outlook["units"] == 28
    assert outlook["tokens"] == 8 * 16
    assert 0 < outlook["calibration_seconds"] < outlook["seconds"]
    # A block's factors: four of 32 squared, twice 16 and three times 48 squared, and one of 48.
    assert outlook["streamed"]["disk"] == 4 * 4 * (6 * 32**2 + 2 * 16**2 + 3 * 48**2)
    assert outlook["streamed"]["memory"] < outlook["memory"]
    assert run("compress", folder, *options, "--random-plans", 8) == 0
    more = json.loads(capsys.readouterr().out)
    assert more["seconds"] > outlook["seconds"] > 10
    assert more["memory"] == outlook["memory"]
    assert {path.name for path in tmp_path.iterdir()} == {"model", "text.txt"}
    assert run("compress", folder, *options[:-2], "--dry-run") == 0
    assert "28 may share" in capsys.readouterr().out
    assert run("compress", folder, "--calibration", text, "--dry-run") == 0
    assert "28 may share" in capsys.readouterr().out
    assert run("compress", tmp_path, *options) == 2
    assert "no config.json" in capsys.readouterr().err
    missing = ("--calibration", tmp_path / "none.txt", *options[2:])
    assert run("compress", folder, *missing) == 2
    assert "cannot read" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--windows", 500), "the text gives 400 tokens"),
        (("--length", 65), "--length 65 exceeds the 64 positions of the model"),
        (("--preset", "svdllm"), "no preset 'svdllm'; did you mean 'svd-llm'?"),
        (("--budget", "parms"), "no budget of 'parms'; did you mean 'params'?"),
        (("--evaluation", "none.txt"), "cannot read none.txt"),
        (("--streaming", "--expanded"), "--streaming does not go with --expanded"),
    ],
)
def test_a_dry_run_refuses_what_the_run_would(
    options: tuple[object, ...],
    message: str,
    folder: Path,
    text: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    asked = ("compress", folder, "--calibration", text, "--dry-run", "--windows", 8, "--length", 16)
    assert main([str(part) for part in (*asked, *options)]) == 2
    printed = capsys.readouterr()
    assert printed.out == ""
    assert message in printed.err


def test_a_place_to_save_to_is_asked_for(
    folder: Path, text: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("compress", folder, "--calibration", text) == 2
    assert "say where the smaller model goes: --output OUT_DIR" in capsys.readouterr().err


def test_both_sizes_of_an_expanded_model_are_told(
    folder: Path, text: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out, page = tmp_path / "smaller", tmp_path / "page.html"
    asked = ("--keep", 0.5, "--calibration", text, "-o", out, "--report", page, "--expanded")
    assert run("compress", folder, *asked) == 0
    printed = capsys.readouterr().out
    stored = (out / "model.safetensors").stat().st_size
    assert f"saved       {out}, {stored / 1e6:.1f} MB\nexpanded " in printed
    assert printed.endswith(f"page        {page}\n")
    assert stored > 0.95 * (folder / "model.safetensors").stat().st_size
    assert "saved expanded, as large as the original" in page.read_text()


def test_a_file_gives_options_and_the_command_line_comes_first(
    folder: Path, text: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "smaller.toml"
    lines = {
        "model-dirs": [str(folder)], "calibration": str(text), "output": str(tmp_path / "smaller"),
        "windows": 4, "length": 16, "preset": "svd-llm", "keep": 0.9, "json": True,
    }  # fmt: skip
    file.write_text("".join(f"{key} = {json.dumps(value)}\n" for key, value in lines.items()))
    assert main(["compress", "--config", str(file), "--keep", "0.5"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert (report["method"], report["keep"]) == ("svd-llm", 0.5)
    assert geocolor.load(tmp_path / "smaller") is not None
    from geocolor.compression.record import read_record

    assert read_record(tmp_path / "smaller").origin.tokens == 4 * 16


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("kep = 0.5", "no option 'kep'; did you mean 'keep'?"),
        ("keep = [0.5]", "keep cannot be [0.5]"),
        ("[keep]\nx = 1", "keep cannot be {'x': 1}"),
        ("keep = ", "not TOML"),
        ("config = 'a.toml'", "no option 'config'"),
    ],
)
def test_a_file_of_wrong_options(
    line: str, message: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "a.toml"
    file.write_text(line)
    assert main(["compress", "--config", str(file)]) == 2
    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err.startswith(f"geocolor: error: {file}: ")
    assert message in printed.err


def test_a_value_of_the_wrong_kind_is_bad_usage(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "a.toml").write_text("keep = 'much'\nmodel-dirs = '.'\ncalibration = 'a'\n")
    assert main(["compress", "--config", str(tmp_path / "a.toml"), "-o", "b"]) == 2
    assert "invalid value for '--keep'" in capsys.readouterr().err


def test_windows_of_an_encoder_are_whole_texts_and_those_of_a_generator_are_not(
    folder: Path, text: Path, tmp_path: Path
) -> None:
    tokenizer = transformers.AutoTokenizer.from_pretrained(folder)
    encoder = tmp_path / "encoder"
    config = transformers.BertConfig(
        vocab_size=len(tokenizer),
        hidden_size=16,
        num_hidden_layers=1,
        num_attention_heads=2,
        intermediate_size=24,
        max_position_embeddings=16,
    )
    transformers.BertModel(config).save_pretrained(encoder)
    around = [(word, tokenizer.convert_tokens_to_ids(word)) for word in ("word58", "word59")]
    tokenizer.backend_tokenizer.post_processor = tokenizers.processors.TemplateProcessing(
        single="word58 $A word59", special_tokens=around
    )
    tokenizer.save_pretrained(encoder)
    line = ProgressLine(quiet=True)
    for place, whole in ((encoder, True), (folder, False)):
        found = load_for_calibration(place, text, 6, 10, line)
        assert found.whole_texts is whole
        windows = torch.cat(found.batches)
        assert windows.shape == (6, 10)
        ends = windows[:, [0, -1]].unique(dim=0).tolist()
        assert (ends == [[number for _, number in around]]) is whole
