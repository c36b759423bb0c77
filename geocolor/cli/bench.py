"""``geocolor bench``: run solvers on instances, report, compare."""

from __future__ import annotations

import json
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.core import TyperGroup

from geocolor.cli import (
    bench_architectures,
    bench_curvature,
    bench_heads,
    bench_models,
    bench_prediction,
    bench_pricing,
    bench_promptness,
    bench_reading,
    bench_recovery,
    bench_retrieval,
    bench_sharing,
    bench_speed,
    bench_vision,
)
from geocolor.cli.bench_outlook import tell_outlook
from geocolor.cli.compiling import compile_first
from geocolor.cli.console import ProgressLine, note, say, say_lines
from geocolor.cli.options import (
    ColorsOption,
    JsonOption,
    KindOption,
    QuietOption,
    byte_count,
    seconds,
)
from geocolor.cli.pages import require_page
from geocolor.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from geocolor.bench.record import Record
    from geocolor.bench.results import Campaign
    from geocolor.bench.trial import Instance
from geocolor.wording import counted

__all__ = ["app"]

_RUN = "run"
_FEW = 5
_EXAMPLES = """\b
'geocolor bench PATH...' is short for 'geocolor bench run PATH...'; its options:
  geocolor bench run --help

\b
Examples:
  geocolor bench small --solvers dsatur,tabucol,cpsat --time-limit 5s --seeds 3 -o results
  geocolor bench my_graphs/ 'more/*.col' --solvers auto,./mine.py:solve --seeds 5 -o results
  geocolor bench coloring --solvers auto,head --workers 2 --dry-run
  geocolor bench small --solvers tabucol --max-iterations 100000 -o fixed
  geocolor bench report results -o report.html
  geocolor bench report results -o table.md
  geocolor bench compare old_results new_results

\b
The clock of a run starts when the solver is called with the problem in its own library's form;
reading, converting, imports and compiling are outside. Each run has a process of its own, which
is killed if it hangs. Every coloring is checked again outside that process.
"""


class _WithDefault(TyperGroup):
    """``bench PATH...`` means ``bench run PATH...``."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        if args and args[0] not in (*self.commands, "-h", "--help") and not self._slip(args[0]):
            args = [_RUN, *args]
        return super().parse_args(ctx, args)

    def _slip(self, word: str) -> bool:
        """Tell whether a command was meant; no suite is called nearly as one."""
        near = get_close_matches(word, self.commands, cutoff=0.8)
        return bool(near) and not Path(word).exists()


app = typer.Typer(
    cls=_WithDefault,
    help="Run solvers on instances, so that the table can be believed; report and compare.",
    epilog=_EXAMPLES,
    no_args_is_help=True,
    rich_markup_mode=None,
)

_Target = Annotated[
    float,
    typer.Option(
        "--target-gap",
        metavar="GAP",
        min=0.0,
        max=1e6,
        help="The target is the best known plus this share.",
    ),
]


@app.command(_RUN, epilog=_EXAMPLES)
def run(
    sources: Annotated[
        list[str],
        typer.Argument(
            metavar="PATH...",
            help="Suites (small, coloring, families, partition, layers), folders, globs, files.",
        ),
    ],
    solvers: Annotated[
        str,
        typer.Option(
            "--solvers",
            "-s",
            metavar="A,B,...",
            help="Names from 'geocolor solvers', file.py:function, file.toml:name.",
        ),
    ],
    output: Annotated[
        Path, typer.Option("--output", "-o", metavar="DIR", help="Results; resumed if there.")
    ] = Path("results"),
    time_limit: Annotated[
        str, typer.Option("--time-limit", "-t", metavar="TIME", help="Of each run: 10s, 2m, 1h.")
    ] = "10s",
    grace: Annotated[
        str | None,
        typer.Option(
            "--grace",
            metavar="TIME",
            help="Beyond the limit, in which answers count; default 5%, at least 500ms. A run that "
            "has not ended after 20 times that is killed.",
        ),
    ] = None,
    seeds: Annotated[
        int, typer.Option("--seeds", metavar="N", min=1, help="Seeds 0 to N-1, a run for each.")
    ] = 1,
    workers: Annotated[
        int, typer.Option("--workers", "-w", metavar="N", min=1, help="Runs at once.")
    ] = 1,
    threads: Annotated[
        int, typer.Option("--threads", metavar="N", min=1, help="Threads of each solver.")
    ] = 1,
    memory: Annotated[
        str,
        typer.Option("--memory", metavar="SIZE", help="Most a run may hold, Python with it."),
    ] = "4GB",
    max_iterations: Annotated[
        int | None,
        typer.Option(
            "--max-iterations",
            metavar="N",
            min=1,
            help="Effort of heuristics counted in iterations, the same on any machine.",
        ),
    ] = None,
    problem: KindOption = None,
    colors: ColorsOption = None,
    tags: Annotated[
        list[str] | None,
        typer.Option("--tag", metavar="TAG", help="Only instances with it; may be repeated."),
    ] = None,
    exclude_tags: Annotated[
        list[str] | None,
        typer.Option("--exclude-tag", metavar="TAG", help="No instances with it; may be repeated."),
    ] = None,
    best_known: Annotated[
        Path | None,
        typer.Option("--best-known", metavar="CSV", help="Best known values by instance."),
    ] = None,
    backend: Annotated[
        str, typer.Option("--backend", metavar="NAME", help="loky (this machine), dask or ray.")
    ] = "loky",
    scheduler: Annotated[
        str | None,
        typer.Option("--scheduler", metavar="ADDRESS", help="Of the cluster: tcp://host:8786."),
    ] = None,
    target_gap: _Target = 0.0,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what would run and how long it may take.")
    ] = False,
    as_json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Run solvers on instances, for several seeds, each run in a process of its own.

    A campaign that was ended at any moment goes on when the same command is given again.
    """
    _require_extra()
    limit = seconds(time_limit)
    slack = max(0.5, 0.05 * limit) if grace is None else seconds(grace)
    from geocolor.bench.backends import Backend
    from geocolor.bench.campaign import carry_out, outlook, plan
    from geocolor.bench.suites import collect
    from geocolor.bench.trial import Effort

    spread_over = Backend(backend, workers, scheduler)
    with ProgressLine(quiet=quiet) as line:
        line.update("reading the instances")
        instances = collect(
            sources,
            tags=tuple(tags or ()),
            exclude_tags=tuple(exclude_tags or ()),
            kind=problem,
            k=colors,
            best_known=best_known,
        )
    if best_known is not None:
        _note_strangers(best_known, instances)
    _require_a_folder_of_its_own(output, instances)
    campaign = plan(
        instances,
        [name.strip() for name in solvers.split(",") if name.strip()],
        range(seeds),
        Effort(limit, slack, threads, byte_count(memory), max_iterations),
        {"backend": backend, "workers": workers, "sources": sources},
    )
    _note_left_out(instances, campaign)
    ahead = outlook(campaign, output, workers)
    if dry_run:
        tell_outlook(campaign, ahead, as_json)
        return
    _warn(campaign, workers, threads)
    if backend == "loky":  # another machine has to compile for itself, before its clocks start
        for contender in campaign.contenders:
            compile_first(contender.name, quiet=quiet)
    done = ahead.done
    try:
        with ProgressLine(quiet=quiet) as line:

            def show(count: int, total: int, record: Record) -> None:
                nonlocal done
                done = count
                line.update(
                    f"{count} of {counted(total, 'run')}; {record.solver} on {record.instance}: "
                    f"{record.outcome.value}"
                )

            results = carry_out(campaign, output, spread_over, on_progress=show)
    except KeyboardInterrupt:
        runs = counted(ahead.runs, "run")
        note(f"{done} of {runs} are in {output}; the same command goes on from there")
        raise
    from geocolor.bench.summary import summarise, to_text

    summary = summarise(results, target_gap=target_gap)
    say_lines(json.dumps(summary.to_json()) if as_json else to_text(summary))


@app.command(
    "report",
    epilog="""\b
Examples:
  geocolor bench report results
  geocolor bench report results -o table.md --target-gap 0.01
""",
)
def report(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Results of geocolor bench.")],
    output: Annotated[
        Path | None,
        typer.Option(
            "--output", "-o", metavar="FILE", help="Default DIR/report.html; FILE.md: tables."
        ),
    ] = None,
    target_gap: _Target = 0.0,
) -> None:
    """Write results as one HTML page that needs no network, or as tables in Markdown."""
    _require_extra()
    from geocolor.bench.report import write_report
    from geocolor.bench.results import Results
    from geocolor.bench.summary import kinds_to_markdown, summarise_kinds
    from geocolor.io.atomic import atomic_file

    path = folder / "report.html" if output is None else output
    results = Results.load(folder)
    require_page(path, ".md")
    if path.suffix.lower() == ".md":
        text = kinds_to_markdown(summarise_kinds(results, target_gap=target_gap))
        with atomic_file(path) as file:
            file.write(text.encode())
    else:
        write_report(results, path, target_gap=target_gap)
    say(f"written {path}")


@app.command(
    "compare",
    epilog="""\b
Examples:
  geocolor bench compare old_results new_results
  geocolor bench compare old_results new_results --json
""",
)
def compare(
    old: Annotated[Path, typer.Argument(metavar="OLD", help="Results before a change.")],
    new: Annotated[Path, typer.Argument(metavar="NEW", help="Results after it.")],
    alpha: Annotated[
        float,
        typer.Option("--alpha", metavar="P", min=1e-6, max=0.5, help="Level of significance."),
    ] = 0.05,
    as_json: JsonOption = False,
) -> None:
    """Compare two campaigns run by run; exit code 1 if something got significantly worse."""
    _require_extra()
    from geocolor.bench.compare import compare as compared
    from geocolor.bench.compare import to_text
    from geocolor.bench.results import Results

    found = compared(Results.load(old), Results.load(new), alpha=alpha)
    say_lines(json.dumps(found.to_json()) if as_json else to_text(found))
    if found.regressions:
        raise typer.Exit(1)


app.command("reading", epilog=bench_reading.EXAMPLES)(bench_reading.command)
app.command("models", epilog=bench_models.EXAMPLES)(bench_models.command)
app.command("architectures", epilog=bench_architectures.EXAMPLES)(bench_architectures.command)
app.command("heads", epilog=bench_heads.EXAMPLES)(bench_heads.command)
app.command("curvature", epilog=bench_curvature.EXAMPLES)(bench_curvature.command)
app.command("prediction", epilog=bench_prediction.EXAMPLES)(bench_prediction.command)
app.command("pricing", epilog=bench_pricing.EXAMPLES)(bench_pricing.command)
app.command("promptness", epilog=bench_promptness.EXAMPLES)(bench_promptness.command)
app.command("recovery", epilog=bench_recovery.EXAMPLES)(bench_recovery.command)
app.command("retrieval", epilog=bench_retrieval.EXAMPLES)(bench_retrieval.command)
app.command("vision", epilog=bench_vision.EXAMPLES)(bench_vision.command)
app.command("sharing", epilog=bench_sharing.EXAMPLES)(bench_sharing.command)
app.command("speed", epilog=bench_speed.EXAMPLES)(bench_speed.command)


def _require_extra() -> None:
    from importlib.util import find_spec

    for package in ("joblib", "psutil", "pyarrow", "plotly", "jinja2"):
        if find_spec(package) is None:
            raise InputError(f"benchmarks need {package}: pip install 'geocolor[bench]'")


def _require_a_folder_of_its_own(output: Path, instances: Sequence[Instance]) -> None:
    folder = output.resolve()
    if any(Path(instance.path).resolve().parent == folder for instance in instances):
        raise InputError(f"{output} holds the instances; give the results a folder of their own")


def _note_strangers(table: Path, instances: Sequence[Instance]) -> None:
    from geocolor.bench.catalogue import BestKnown

    names = BestKnown.read(table).strangers(Path(instance.path) for instance in instances)
    if names:
        more = ", ..." if len(names) > _FEW else ""
        note(
            f"{table} names {counted(len(names), 'instance')} that no graph here is: "
            f"{', '.join(names[:_FEW])}{more}"
        )


def _note_left_out(instances: Sequence[Instance], campaign: Campaign) -> None:
    kept = {instance.name for instance in campaign.instances}
    kinds = [instance.kind for instance in instances if instance.name not in kept]
    if kinds:
        note(
            f"left out {counted(len(kinds), 'instance')}: no solver here takes "
            f"{', '.join(sorted(set(kinds)))} problems"
        )


def _warn(campaign: Campaign, workers: int, threads: int) -> None:
    from geocolor.solvers.search import processors

    if workers * threads > processors():
        note(
            f"{workers} runs at once with {threads} threads each on {processors()} processors: "
            "they will slow each other, and their times with them"
        )
