"""``geocolor compress``: make a model smaller by sharing parameters."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from geocolor.cli.calibrated import (
    BudgetOption,
    CalibrationOptions,
    CheckpointOption,
    KeepOption,
    LatencyOption,
    LengthOption,
    ModelFolders,
    PresetOption,
    SeedOption,
    WindowsOption,
    for_each,
    given_latency,
    load_for_calibration,
    read_text,
    reporter,
    require_windows,
    settle_torch,
)
from geocolor.cli.config_file import ConfigOption
from geocolor.cli.console import ProgressLine, note, say, say_lines
from geocolor.cli.options import QuietOption
from geocolor.cli.outputs import require_apart
from geocolor.cli.pages import require_page
from geocolor.cli.streamed import compress_by_block, should_be_streamed, why_not_streamed
from geocolor.errors import InputError

if TYPE_CHECKING:
    from geocolor.compression.configuration import Configuration
    from geocolor.compression.outlook import Outlook
    from geocolor.compression.record import CompressionRecord

__all__ = ["EXAMPLES", "command"]

EXAMPLES = """\b
Examples:
  geocolor compress ./smollm2 --keep 0.8 --calibration wiki.txt -o ./smaller
  geocolor compress ./smollm2 --keep 0.6 --calibration wiki.txt -o ./smaller --report report.html
  geocolor compress ./minilm --calibration news.txt --random-plans 8 -o ./smaller
  geocolor compress ./minilm --calibration news.txt --preset svd-llm -o ./smaller --json
  geocolor compress ./smollm2 --calibration wiki.txt --preset mine.toml -o ./smaller
  geocolor compress ./smollm2 --calibration wiki.txt --checkpoint ./measured -o ./smaller
  geocolor compress ./smollm2 --calibration wiki.txt --recover 400 -o ./smaller
  geocolor compress ./smollm2 --keep 0.8 --budget latency --calibration wiki.txt -o ./faster
  geocolor compress ./smollm2 --calibration wiki.txt -o ./smaller --dry-run
  geocolor compress ./llama-3b --calibration wiki.txt --streaming -o ./smaller
  geocolor compress --config smaller.toml --keep 0.6
  geocolor compress ./a ./b ./c --keep 0.4 --calibration wiki.txt -o ./together

\b
In Python the result is loaded with geocolor.load("./smaller").
"""

# Windows of the evaluation text; the reference predictions of more would fill the memory.
_EVALUATED = 8
_EXPANDED = """\
expanded    what is shared is written out, so the folder is as large as the original's: the sizes
            and multiply-adds above are those of what geocolor saves without --expanded"""


def command(
    model_dirs: ModelFolders,
    calibration: CalibrationOptions,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output", "-o", metavar="OUT_DIR", help="New or empty folder; --dry-run needs none."
        ),
    ] = None,
    keep: KeepOption = 0.7,
    budget: BudgetOption = None,
    latency: LatencyOption = None,
    preset: PresetOption = "default",
    evaluation: Annotated[
        list[Path] | None,
        typer.Option(
            "--evaluation",
            metavar="FILE",
            help="Other text, on which the loss increase is measured; as --calibration.",
        ),
    ] = None,
    windows: WindowsOption = 48,
    length: LengthOption = 256,
    random_plans: Annotated[
        int,
        typer.Option(
            "--random-plans",
            metavar="N",
            min=0,
            help="Plans to measure first, to say what the predicted loss is worth; 8 do.",
        ),
    ] = 0,
    recover: Annotated[
        int,
        typer.Option(
            "--recover",
            metavar="STEPS",
            min=0,
            help="Then distil from the original on the calibration text, for so many steps.",
        ),
    ] = 0,
    speed: Annotated[
        bool,
        typer.Option("--speed", help="Time it beside the original: reading and writing tokens."),
    ] = False,
    seed: SeedOption = 0,
    checkpoint: CheckpointOption = None,
    picture: Annotated[
        Path | None,
        typer.Option("--map", metavar="OUT", help="Draw the sharing map: .png, .svg or .pdf."),
    ] = None,
    report: Annotated[
        Path | None,
        typer.Option("--report", metavar="HTML", help="Write a page about all of it."),
    ] = None,
    expanded: Annotated[
        bool,
        typer.Option(
            "--expanded",
            help="Write a standard folder of full size, which any tool loads, and no plan.",
        ),
    ] = False,
    dry_run: Annotated[
        bool,
        typer.Option("--dry-run", help="Say about how long it takes and what memory; do nothing."),
    ] = False,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print the report as one JSON object.")
    ] = False,
    quiet: QuietOption = False,
    streaming: Annotated[
        bool | None,
        typer.Option(
            "--streaming/--no-streaming",
            help="Have one block of the model in memory at a time; default: where all would not "
            "fit.",
        ),
    ] = None,
    config: ConfigOption = None,
) -> None:
    """Make a model smaller by sharing parameters where the curvature says it costs least.

    The model's folder is left untouched. OUT_DIR gets every shared tensor once, the sharing plan
    and the tokenizer. Several models, fine-tunes of one base say, are compressed together: what
    stands at one place of them may share, and SHARE is of all of them.
    """
    if output is None and not dry_run:
        raise InputError("say where the smaller model goes: --output OUT_DIR")
    _require(keep, output, picture, checkpoint, report)
    read = (*calibration, *(evaluation or ()), latency, Path(preset))
    require_apart((picture, checkpoint, report), read)
    if dry_run:
        output = None
    if speed and len(model_dirs) > 1:
        raise InputError("--speed times one model; leave it out, or compress one by itself")
    if expanded and len(model_dirs) > 1:
        raise InputError("--expanded writes one model; leave it out, or compress one by itself")
    settle_torch()
    texts = for_each(calibration, model_dirs, "--calibration")
    judged = for_each(evaluation, model_dirs, "--evaluation") if evaluation else []
    others = [read_text(file) for file in judged]
    told = (
        ("Model folders", ", ".join(folder.resolve().name for folder in model_dirs)),
        ("Calibration text", ", ".join(text.name for text in calibration)),
        ("Windows", f"{windows} of {length} tokens"),
        ("Evaluation text", ", ".join(text.name for text in evaluation or []) or "none"),
    )
    refusal = why_not_streamed(
        model_dirs,
        checkpoint=checkpoint,
        expanded=expanded,
        random_plans=random_plans,
        recover=recover,
        speed=speed,
        latency=latency,
    )
    if streaming and refusal is not None:
        raise InputError(refusal)
    if output is None:
        asked = [(texts, windows), (judged, _EVALUATED)] if judged else [(texts, windows)]
        with ProgressLine(quiet=quiet) as line:
            line.update("looking at the model")
            outlook = _foresee(model_dirs, asked, length, random_plans, preset, budget)
        say_lines(json.dumps(outlook.to_json()) if as_json else str(outlook))
        if recover or speed:
            note("--recover and --speed take their time besides")
        return
    if streaming is None and refusal is None:
        streaming = should_be_streamed(model_dirs[0], windows * length, preset)
    with ProgressLine(quiet=quiet) as line:
        line.update("loading")
        if streaming:
            record = compress_by_block(
                model_dirs[0],
                texts[0],
                judged[0] if judged else None,
                output,
                keep=keep,
                budget=budget,
                preset=preset,
                windows=windows,
                evaluated=_EVALUATED,
                length=length,
                seed=seed,
                line=line,
                told=told,
            )
            _tell(record, output, picture, report, as_json=as_json)
            return
        from geocolor.compression import analyze
        from geocolor.compression.calibration import text_batches, training_batches
        from geocolor.compression.recovery import held_out_of

        method = _chosen_method(preset, budget, random_plans)
        times = given_latency(latency, method)
        loaded = [
            load_for_calibration(folder, text, windows, length, line)
            for folder, text in zip(model_dirs, texts, strict=True)
        ]
        measured = [
            text_batches(other, one.tokenizer, _EVALUATED, length, special_tokens=one.whole_texts)
            for other, one in zip(others, loaded, strict=bool(others))
        ]
        training: list[list[Any]] = []
        held_out: list[list[Any]] = measured
        if recover:
            training = [
                training_batches(
                    read_text(text),
                    one.tokenizer,
                    # One is trained on and one held out, however few steps there are.
                    recover if measured else max(2, recover),
                    length,
                    special_tokens=one.whole_texts,
                )
                for text, one in zip(texts, loaded, strict=True)
            ]
            if not measured:
                training, held_out = held_out_of(training)
        analysis = analyze(
            _one_or_all([one.model for one in loaded]),
            _one_or_all([one.batches for one in loaded]),
            evaluation=_one_or_all(measured) if measured else None,
            seed=seed,
            # Recovery and timing need the original as it was.
            inplace=method.fold_norms and not (recover or speed),
            checkpoint=checkpoint,
            latency=times,
            on_progress=reporter(line),
        )
        if random_plans:
            analysis.fit_prediction(method, plans=random_plans)
        compressed = analysis.compress(keep, method).told(*told)
        tokenizers = [one.tokenizer for one in loaded]
        try:
            if recover:
                compressed = compressed.recover(
                    _one_or_all(training),
                    steps=recover,
                    evaluation=_one_or_all(held_out),
                    seed=seed,
                    checkpoint=None if checkpoint is None else f"{checkpoint}.recovery",
                    on_progress=reporter(line),
                )
            if speed:
                line.update("timing")
                compressed = compressed.timed()
        except (Exception, KeyboardInterrupt):
            compressed.save(output, tokenizer=tokenizers, expanded=expanded)
            note(f"what went well before is saved in {output}")
            raise
        line.update("saving")
        compressed.save(output, tokenizer=tokenizers, expanded=expanded)
    _tell(compressed.record, output, picture, report, as_json=as_json, expanded=expanded)


def _tell(
    record: CompressionRecord,
    output: Path,
    picture: Path | None,
    page: Path | None,
    *,
    as_json: bool,
    expanded: bool = False,
) -> None:
    """Say what became of the model, in the ways that were asked for."""
    stored = sum(file.stat().st_size for file in output.rglob("*.safetensors"))
    if as_json:
        facts = {"output": str(output), "output_bytes": stored, "expanded": expanded}
        say(json.dumps({**record.report.to_json(), **facts}))
    else:
        say_lines(str(record.report))
        say(f"saved       {output}, {stored / 1e6:.1f} MB")
        if expanded:
            say_lines(_EXPANDED)
    if picture is not None:
        from geocolor.plotting import draw_sharing_map

        title = f"{output.resolve().name}: {record.headline}"
        draw_sharing_map(record.plan, record.units, picture, title)
        if not as_json:
            say(f"map         {picture}")
    if page is not None:
        from geocolor.compression.page import write_page

        write_page(record, page, folder=str(output), expanded=expanded)
        if not as_json:
            say(f"page        {page}")


def _foresee(
    folders: list[Path],
    asked: list[tuple[list[Path], int]],
    length: int,
    random_plans: int,
    preset: str,
    budget: str | None,
) -> Outlook:
    """Foresee a compression, refusing what it would refuse: texts and their windows, say."""
    from geocolor.compression.outlook import foresee_compression

    _chosen_method(preset, budget, random_plans)
    for texts, windows in asked:
        for folder, text in zip(folders, texts, strict=True):
            require_windows(folder, text, windows, length)
    return foresee_compression(folders, asked[0][1] * length, random_plans=random_plans)


def _chosen_method(preset: str, budget: str | None, random_plans: int) -> Configuration:
    from geocolor.compression.configuration import counted_in
    from geocolor.compression.configuration_file import chosen_configuration
    from geocolor.compression.random_plans import check_random_plans

    method = counted_in(chosen_configuration(preset), budget)
    if random_plans:
        check_random_plans(random_plans, method)
    return method


def _one_or_all(values: list[Any]) -> Any:
    return values[0] if len(values) == 1 else values


def _require(
    keep: float,
    output: Path | None,
    picture: Path | None,
    checkpoint: Path | None,
    report: Path | None,
) -> None:
    """Refuse before minutes of work what would fail after it."""
    from geocolor.io.atomic import require_new_directory, require_writable

    if not 0 < keep <= 1:
        raise InputError(f"--keep must be in (0, 1], not {keep:g}")
    if output is not None:
        require_new_directory(output)
    if checkpoint is not None:
        require_writable(checkpoint)
    if report is not None:
        require_page(report)
    if picture is not None:
        from geocolor.plotting.canvas import require_picture

        require_picture(picture)
