"""``geocolor graph``: the weighted conflict graph of a model's layers."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from geocolor.cli.calibrated import (
    BudgetOption,
    CalibrationOption,
    CheckpointOption,
    KeepOption,
    LatencyOption,
    LengthOption,
    ModelFolder,
    PresetOption,
    SeedOption,
    WindowsOption,
    given_latency,
    load_for_calibration,
    reporter,
    settle_torch,
)
from geocolor.cli.console import ProgressLine, say
from geocolor.cli.options import JsonOption, QuietOption
from geocolor.cli.outputs import require_apart
from geocolor.errors import InputError
from geocolor.wording import counted

__all__ = ["EXAMPLES", "command"]

EXAMPLES = """\b
Examples:
  geocolor graph ./smollm2 --calibration wiki.txt -o layers.json
  geocolor graph ./smollm2 --calibration wiki.txt --keep 0.6 -o layers.json
  geocolor graph ./smollm2 --calibration wiki.txt --preset fixed-width -o layers.json
  geocolor solve layers.json --problem correlation
  geocolor graph ./smollm2 --calibration wiki.txt -o layers.json --options options.json.gz
  geocolor frontier options.json.gz -o frontier.png
"""


def command(
    model_dir: ModelFolder,
    calibration: CalibrationOption,
    output: Annotated[
        Path, typer.Option("--output", "-o", metavar="OUT", help="Graph file: .json or .json.gz.")
    ],
    options: Annotated[
        Path | None,
        typer.Option(
            "--options",
            metavar="OUT",
            help="Also write what groups of layers may be stored as, every form at every rank: "
            ".json or .json.gz, for geocolor frontier.",
        ),
    ] = None,
    keep: KeepOption = 0.7,
    budget: BudgetOption = None,
    latency: LatencyOption = None,
    preset: PresetOption = "default",
    windows: WindowsOption = 48,
    length: LengthOption = 256,
    seed: SeedOption = 0,
    checkpoint: CheckpointOption = None,
    as_json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Write the weighted conflict graph of a model's layers.

    Nodes are layers, sized by parameters. A weight is what a pair would lose by sharing, in
    nats, less what its saved parameters are worth at the price that --keep sets.
    """
    from geocolor.io import require_graph_name, write
    from geocolor.io.atomic import require_writable
    from geocolor.io.sharing_options import require_options_name, write_options

    if not 0 < keep < 1:
        raise InputError(f"--keep must be in (0, 1) to give parameters a price, not {keep:g}")
    require_graph_name(output)
    require_writable(output)
    if options is not None:
        require_options_name(options)
        require_writable(options)
    if checkpoint is not None:
        require_writable(checkpoint)
    require_apart((output, options, checkpoint), (calibration, latency, Path(preset)))
    settle_torch()
    with ProgressLine(quiet=quiet) as line:
        line.update("loading")
        from geocolor.compression import analyze
        from geocolor.compression.configuration import check_priced, counted_in
        from geocolor.compression.configuration_file import chosen_configuration

        method = counted_in(chosen_configuration(preset), budget)
        check_priced(keep, method)
        times = given_latency(latency, method)
        loaded = load_for_calibration(model_dir, calibration, windows, length, line)
        analysis = analyze(
            loaded.model,
            loaded.batches,
            seed=seed,
            checkpoint=checkpoint,
            latency=times,
            on_progress=reporter(line),
        )
        pairs = analysis.priced_pairs(keep, method)
        graph = pairs.graph()
        write(graph, output)
        estimated = len(pairs.estimated)
        priced = len(pairs.pairs) - estimated
        gains = int((graph.weights.edge_values() < 0).sum())
        facts = {
            "output": str(output),
            "layers": graph.num_nodes,
            "priced_pairs": priced,
            "estimated_pairs": estimated,
            "gains": gains,
            "conflicts": graph.conflicts.num_edges,
        }
        if options is not None:
            listed = analysis.options(keep, method)
            write_options(listed, options)
            groups = len(set(listed.groups))
            facts |= {"options_output": str(options), "options": len(listed), "groups": groups}
    if as_json:
        say(json.dumps(facts))
        return
    say(
        f"{output}: {counted(graph.num_nodes, 'layer')}, "
        f"{counted(priced, 'pair')} priced ({counted(gains, 'gains', 'gain')} by sharing), "
        f"{estimated:,} estimated, {counted(graph.conflicts.num_edges, 'hard conflict')}"
    )
    if options is not None:
        say(f"{options}: {counted(len(listed), 'option')} of {counted(groups, 'group')}")
