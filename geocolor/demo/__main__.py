"""Compress a real 30-layer language model and solve real graphs: ``python -m geocolor.demo``."""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

import torch
from torch import Tensor

import geocolor
from geocolor._version import __version__
from geocolor.compression import Analysis, Compressed, analyze, text_windows
from geocolor.compression.pretrained import load_pretrained
from geocolor.demo.assets import smollm2_folder
from geocolor.demo.fresh import logits_hash
from geocolor.demo.perplexity import perplexity
from geocolor.demo.texts import Texts, demo_texts
from geocolor.errors import GeocolorError
from geocolor.io.atomic import atomic_file
from geocolor.plotting import draw_sharing_map

_KEEPS = (0.8, 0.6)
_METHODS = ("default", "basis-sharing", "svd-llm")
_CALIBRATION = {"windows": 48, "length": 256}
_EVALUATION = {"windows": 8, "length": 512}
# Held-out windows on which the divergence is measured; their reference logits stay in memory.
_DIVERGENCE_WINDOWS = 2
_SHOWN_KEEP = 0.8
_GRAPHS = ("queen8_8.col", "myciel5.col", "smollm2_keep0.8.json")


@dataclass(frozen=True)
class Row:
    """One line of the table."""

    method: str
    keep: float
    parameters: int
    macs: int
    shared_groups: int
    predicted: float
    measured: float
    wikipedia: float
    bbc: float
    seconds: float


@contextmanager
def _step(text: str) -> Iterator[None]:
    started = time.monotonic()
    print(f"{text} ...", file=sys.stderr, flush=True)  # noqa: T201
    yield
    print(f"    {time.monotonic() - started:.0f} s", file=sys.stderr, flush=True)  # noqa: T201


def _say(text: str) -> None:
    print(text, flush=True)  # noqa: T201


class _Results:
    """Rows done so far, kept on disk so that a second run has nothing to redo."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._key = {
            "geocolor": __version__,
            "torch": torch.__version__,
            "calibration": _CALIBRATION,
            "evaluation": _EVALUATION,
        }
        self.rows: dict[tuple[str, float], Row] = {}
        if path.exists():
            stored = json.loads(path.read_text(encoding="utf-8"))
            if stored.get("key") == self._key:
                for entry in stored["rows"]:
                    self.rows[entry["method"], entry["keep"]] = Row(**entry)

    def add(self, row: Row) -> None:
        self.rows[row.method, row.keep] = row
        with atomic_file(self._path) as file:
            data = {"key": self._key, "rows": [asdict(row) for row in self.rows.values()]}
            file.write((json.dumps(data, indent=1) + "\n").encode())


def _row(compressed: Compressed, wikipedia: float, bbc: float) -> Row:
    report = compressed.report
    return Row(
        report.method,
        report.keep,
        report.after.unit_parameters,
        report.after.unit_macs,
        report.shared_groups,
        report.predicted_increase,
        report.measured_increase,
        wikipedia,
        bbc,
        report.seconds,
    )


def _compress_all(results: _Results, folder: Path, texts: Texts, output: Path) -> None:
    missing = [(m, k) for m in _METHODS for k in _KEEPS if (m, k) not in results.rows]
    checkpoint = output / f"smollm2-keep{_SHOWN_KEEP}"
    if not missing and checkpoint.exists():
        return
    with _step("Loading SmolLM2 and cutting windows of text"):
        model, tokenizer = load_pretrained(folder)
        calibration = text_windows(texts.calibration, tokenizer, **_CALIBRATION)
        wikipedia = text_windows(texts.wikipedia, tokenizer, **_EVALUATION)
        length = _EVALUATION["length"]
        ids = tokenizer(texts.bbc, add_special_tokens=False)["input_ids"]
        bbc = torch.tensor(ids[: _EVALUATION["windows"] * length]).view(-1, length)
    if ("dense", 1.0) not in results.rows:
        with _step("Perplexity of the dense model"):
            perplexities = perplexity(model, wikipedia), perplexity(model, bbc)
    with _step(f"Curvature from {calibration.numel():,} tokens of Wikipedia, no labels"):
        analysis = analyze(
            model,
            [calibration[i : i + 2] for i in range(0, len(calibration), 2)],
            evaluation=list(wikipedia[:_DIVERGENCE_WINDOWS, None]),
        )
    if ("dense", 1.0) not in results.rows:
        dense = sum(unit.parameters for unit in analysis.units)
        results.add(Row("dense", 1.0, dense, dense, 0, 0.0, 0.0, *perplexities, 0.0))
    for method in _METHODS:
        for keep in _KEEPS:
            shown = method == "default" and keep == _SHOWN_KEEP and not checkpoint.exists()
            if (method, keep) in results.rows and not shown:
                continue
            with _step(f"{method} at keep {keep}"):
                compressed = analysis.compress(keep, method)
                scores = (perplexity(compressed.model, text) for text in (wikipedia, bbc))
                results.add(_row(compressed, *scores))
            if method == "default":
                title = f"SmolLM2-135M at keep {keep}: which layers share"
                picture = output / f"sharing-map-keep{keep}.png"
                draw_sharing_map(compressed.plan, compressed.units, picture, title)
            if shown:
                _save(compressed, analysis, tokenizer, wikipedia[0], checkpoint)
        analysis.forget()


def _save(
    compressed: Compressed, analysis: Analysis, tokenizer: object, probe: Tensor, folder: Path
) -> None:
    with _step("Saving the checkpoint and its conflict graph"):
        compressed.save(folder, tokenizer=tokenizer)
        (folder / "probe.json").write_text(
            json.dumps({"tokens": probe.tolist(), "sha256": logits_hash(compressed.model, probe)})
        )
        graph = analysis.conflict_graph(_SHOWN_KEEP)
        geocolor.write(graph, folder.parent / f"smollm2-layers-keep{_SHOWN_KEEP}.json")


def _show_table(results: _Results) -> None:
    _say("\nSmolLM2-135M-Instruct, 210 block matrices; perplexity on text never seen before")
    _say(
        f"{'method':<15}{'keep':>5}{'parameters':>13}{'MACs/token':>13}{'shared':>8}"
        f"{'predicted':>11}{'KL':>8}{'Wikipedia':>11}{'BBC':>8}"
    )
    for row in sorted(results.rows.values(), key=lambda r: (-r.keep, r.wikipedia)):
        _say(
            f"{row.method:<15}{row.keep:>5}{row.parameters:>13,}{row.macs:>13,}"
            f"{row.shared_groups:>8}{row.predicted:>11.3f}{row.measured:>8.3f}"
            f"{row.wikipedia:>11.2f}{row.bbc:>8.2f}"
        )


def _check_checkpoint(folder: Path, original: Path) -> None:
    probe = json.loads((folder / "probe.json").read_text())
    with _step("Loading the checkpoint in a fresh process"):
        seen = subprocess.run(
            [
                *(sys.executable, "-m", "geocolor.demo.fresh", str(folder)),
                str(torch.get_num_threads()),
                *(str(token) for token in probe["tokens"]),
            ],
            check=True,
            capture_output=True,
            text=True,
        ).stdout.strip()
    same = "identical" if seen == probe["sha256"] else "DIFFERENT"
    weights = original / "model.safetensors", folder / "geocolor.safetensors"
    sizes = [path.stat().st_size / 1e6 for path in weights]
    _say(f"\nCheckpoint {folder}: logits in a fresh process {same} (SHA-256 {seen[:16]})")
    _say(f"On disk: {sizes[0]:.1f} MB dense, {sizes[1]:.1f} MB shared")
    if same == "DIFFERENT":
        raise SystemExit(1)


def _solve_graphs(instances: Path) -> None:
    _say("")
    for name in _GRAPHS:
        result = geocolor.solve(geocolor.read(instances / name), time_limit=60.0)
        _say(
            f"{name}: {result.status.value}, {result.num_colors} classes, objective "
            f"{result.objective:.6g}, bound {result.lower_bound:.6g}, {result.runtime:.1f} s"
        )


def main() -> None:
    """Run the demo; finished work from an earlier run is kept."""
    parser = argparse.ArgumentParser(prog="python -m geocolor.demo", description=__doc__)
    parser.add_argument("--output", type=Path, default=Path("demo-output"), help="results")
    parser.add_argument("--cache", type=Path, default=Path(".cache"), help="the converted model")
    parser.add_argument("--instances", type=Path, default=Path("instances"), help="graphs")
    options = parser.parse_args()
    os.environ["HF_HUB_OFFLINE"] = "1"
    started = time.monotonic()
    try:
        for folder in (options.output, options.cache):
            folder.mkdir(parents=True, exist_ok=True)
        with _step("Preparing SmolLM2-135M from its package (first time: half a minute)"):
            folder = smollm2_folder(options.cache)
        results = _Results(options.output / "results.json")
        with _step("Reading Wikipedia and BBC text"):
            texts = demo_texts()
        _compress_all(results, folder, texts, options.output)
        _show_table(results)
        _check_checkpoint(options.output / f"smollm2-keep{_SHOWN_KEEP}", folder)
        _solve_graphs(options.instances)
    except GeocolorError as error:
        raise SystemExit(f"geocolor: error: {error}") from None
    _say(f"\nPictures and checkpoint: {options.output}/   ({time.monotonic() - started:.0f} s)")


if __name__ == "__main__":
    main()
