"""``geocolor bench models``: measure what compression costs and saves."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from geocolor.cli.calibrated import LengthOption, WindowsOption
from geocolor.cli.console import ProgressLine, note, say, say_lines
from geocolor.cli.options import QuietOption, byte_count, seconds
from geocolor.cli.shares import (
    CacheOption,
    ModelTextOption,
    PresetsOption,
    SeedsOption,
    SharesOption,
    listed,
    shares,
)

if TYPE_CHECKING:
    from geocolor.bench.models.campaign import ModelCampaign
    from geocolor.bench.models.record import ModelRecord

__all__ = ["EXAMPLES", "command"]

EXAMPLES = """\b
Examples:
  geocolor bench models smollm2 -o results --dry-run
  geocolor bench models smollm2 minilm --keep 0.8,0.6 --latency -o results
  geocolor bench models ./mine --calibration wiki.txt --evaluation news.txt --seeds 3 -o results
  geocolor bench models smollm2 --presets default,mine.toml -o results

\b
A campaign that was ended goes on where it stood when the same command is given again.
"""


def command(
    models: Annotated[
        list[str],
        typer.Argument(
            metavar="MODEL...",
            help="smollm2 or minilm, out of their packages, or a local Hugging Face folder.",
        ),
    ],
    output: Annotated[
        Path, typer.Option("--output", "-o", metavar="DIR", help="Folder of the results.")
    ],
    keep: SharesOption = "0.8,0.6",
    presets: PresetsOption = "default,svd-llm,basis-sharing",
    seeds: SeedsOption = 1,
    calibration: ModelTextOption = None,
    evaluation: Annotated[
        list[Path] | None,
        typer.Option(
            "--evaluation", metavar="FILE", help="Other text, to judge on; may be repeated."
        ),
    ] = None,
    windows: WindowsOption = 48,
    length: LengthOption = 256,
    latency: Annotated[
        bool, typer.Option("--latency", help="Measure time too: prompts and generation.")
    ] = False,
    time_limit: Annotated[
        str,
        typer.Option(
            "--time-limit",
            "-t",
            metavar="TIME",
            help="A calibration, or a trial, is killed after it.",
        ),
    ] = "1h",
    memory: Annotated[
        str | None,
        typer.Option("--memory", metavar="SIZE", help="What a process may hold, such as 16G."),
    ] = None,
    cache: CacheOption = Path(".cache"),
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what would run and how long it may take.")
    ] = False,
    as_markdown: Annotated[bool, typer.Option("--markdown", help="Print Markdown tables.")] = False,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print the records as one JSON object.")
    ] = False,
    quiet: QuietOption = False,
) -> None:
    """Measure models compressed by several presets to several budgets.

    Sizes, multiply-adds, predicted and measured loss, perplexity or search, and time. DIR gets
    table.md, models.parquet, models.html and the journal.
    """
    limit = seconds(time_limit)
    held = None if memory is None else byte_count(memory)
    from geocolor.bench.models.planning import plan_campaign
    from geocolor.bench.models.subject import chosen_subject
    from geocolor.bench.models.trial import Protocol

    with ProgressLine(quiet=quiet) as line:
        line.update("reading models and texts")
        campaign = plan_campaign(
            [chosen_subject(each, calibration, evaluation or [], cache) for each in models],
            listed(presets),
            shares(keep),
            range(seeds),
            Protocol(windows=windows, length=length, latency=latency),
        )
        if dry_run:
            _foretell(campaign, output, as_json=as_json)
            return

        def announce(stage: str, record: ModelRecord | None) -> None:
            if record is None:
                line.update(stage)
            elif not quiet:
                note(
                    f"{record.model}, {record.preset} at keep {record.keep:g}, seed "
                    f"{record.seed}: {record.outcome.value} after {record.elapsed:.0f} s"
                )

        from geocolor.bench.models.running import carry_out

        results = carry_out(
            campaign,
            output,
            time_limit=limit,
            memory=held,
            announce=announce,
        )
    if as_json:
        records = [record.to_json() for record in results.records]
        say(json.dumps({"folder": str(output), "records": records}))
        return
    from geocolor.bench.models.tables import markdown, plain_text

    say_lines(markdown(results) if as_markdown else plain_text(results))


def _foretell(campaign: ModelCampaign, folder: Path, *, as_json: bool) -> None:
    from geocolor.bench.models.outlook import foresee

    outlook = foresee(campaign, folder)
    if as_json:
        say(json.dumps(outlook.to_json()))
    else:
        say_lines(str(outlook))
