"""Compress a real 30-layer language model and solve real graphs: ``python -m geocolor.demo``."""

from __future__ import annotations

import argparse
import os
import re
import subprocess
import sys
import time
from pathlib import Path

import geocolor
from geocolor.bench.models.campaign import ModelCampaign, ModelResults
from geocolor.bench.models.planning import plan_campaign
from geocolor.bench.models.record import Measures, ModelRecord
from geocolor.bench.models.running import carry_out
from geocolor.bench.models.subject import Subject, packaged_subject
from geocolor.bench.models.tables import plain_text
from geocolor.bench.models.trial import Protocol
from geocolor.errors import GeocolorError, SolverError

_KEEPS = (0.8, 0.6)
_PRESETS = ("default", "basis-sharing", "svd-llm")
_SHOWN_PRESET, _SHOWN_KEEP = "default", 0.8
_GRAPHS = ("queen8_8.col", "myciel5.col", "smollm2_keep0.8.json")
# A trial takes half a minute; an hour leaves room for slow machines and still ends.
_TIME_LIMIT = 3600.0


def _say(text: str) -> None:
    print(text, flush=True)  # noqa: T201


def _tell(text: str) -> None:
    print(text, file=sys.stderr, flush=True)  # noqa: T201


def _announce(stage: str, record: ModelRecord | None) -> None:
    """Say on stderr what is begun and what came of it, not every step between."""
    if record is not None:
        _tell(f"    {record.outcome.value}, {record.elapsed:.0f} s")
    elif not re.search(r" \d+ of \d+$", stage):
        _tell(f"{stage[:1].upper()}{stage[1:]} ...")


def _compress_all(campaign: ModelCampaign, output: Path, checkpoint: Path) -> ModelResults:
    shown = next(
        trial.key
        for trial in campaign.trials()
        if (trial.method.name, trial.keep) == (_SHOWN_PRESET, _SHOWN_KEEP)
    )
    return carry_out(
        campaign,
        output,
        time_limit=_TIME_LIMIT,
        save={shown: checkpoint},
        announce=_announce,
    )


def _own(results: ModelResults, output: Path) -> dict[float, Measures]:
    """Pick what geocolor's own preset gave, by budget."""
    found = {
        record.keep: record.measures
        for record in results.records
        if record.preset == _SHOWN_PRESET and record.measures is not None
    }
    if len(found) < len(_KEEPS):
        raise SolverError(f"a compression failed, see the table; remove {output} to try again")
    return found


def _draw_maps(own: dict[float, Measures], subject: Subject, output: Path) -> None:
    from geocolor.compression.pretrained import load_pretrained
    from geocolor.plotting import draw_sharing_map
    from geocolor.sharing import SharingPlan
    from geocolor.units import find_units

    units = find_units(load_pretrained(subject.folder)[0])
    for keep, measures in own.items():
        draw_sharing_map(
            SharingPlan.from_json(measures.plan),
            units,
            output / f"sharing-map-keep{keep}.png",
            f"SmolLM2-135M at keep {keep}: which layers share",
        )


def _check_checkpoint(folder: Path, subject: Subject, measures: Measures) -> None:
    _tell("Loading the checkpoint in a fresh process ...")
    text = subject.evaluation[0].path
    seen = subprocess.run(
        [sys.executable, "-m", "geocolor.demo.fresh", str(folder), text],
        check=True,
        capture_output=True,
        text=True,
    ).stdout.strip()
    same = "identical" if seen == measures.answer else "DIFFERENT"
    weights = Path(subject.folder) / "model.safetensors", folder / "geocolor.safetensors"
    sizes = [path.stat().st_size / 1e6 for path in weights]
    _say(f"Checkpoint {folder}: logits in a fresh process {same} (SHA-256 {seen[:16]})")
    _say(f"On disk: {sizes[0]:.1f} MB dense, {sizes[1]:.1f} MB shared")
    if same == "DIFFERENT":
        raise SystemExit(1)


def _solve_graphs(instances: Path) -> None:
    _say("")
    _tell("Compiling what solves graphs (first time: a minute or two) ...")
    for kind in ("coloring", "correlation"):
        geocolor.compile_kernels("auto", kind)
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
        _tell("Preparing SmolLM2-135M and texts from their packages (first time: a minute) ...")
        subject = packaged_subject("smollm2", options.cache)
        campaign = plan_campaign([subject], _PRESETS, _KEEPS, [0], Protocol())
        checkpoint = options.output / f"smollm2-keep{_SHOWN_KEEP}"
        results = _compress_all(campaign, options.output, checkpoint)
        _say(f"\n{plain_text(results)}")
        own = _own(results, options.output)
        _draw_maps(own, subject, options.output)
        _check_checkpoint(checkpoint, subject, own[_SHOWN_KEEP])
        _solve_graphs(options.instances)
    except GeocolorError as error:
        raise SystemExit(f"geocolor: error: {error}") from None
    except KeyboardInterrupt:
        _say("\ninterrupted; what is finished is kept, and the same command goes on from there")
        raise SystemExit(130) from None
    _say(f"\nPictures and checkpoint: {options.output}/   ({time.monotonic() - started:.0f} s)")


if __name__ == "__main__":
    main()
