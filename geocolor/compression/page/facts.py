"""The tables of the page about a compression."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass

from geocolor.compression.record import CompressionRecord, UnitRecord
from geocolor.plotting.sharing_grid import SharingGrid
from geocolor.sharing import GroupPlan
from geocolor.wording import counted

__all__ = ["Group", "Row", "by_form", "by_role", "configuration_rows", "groups", "how_faster"]

_FORMS = {
    "dense": ("as they were", "nothing is saved"),
    "basis": ("low rank", "fewer parameters, and less arithmetic"),
    "shared": ("low rank on a basis they share", "fewer parameters; less arithmetic than before, "
               "more than low rank of their own at this size"),
    "tied": ("one matrix for several layers", "fewer parameters, the arithmetic stays"),
    "residual": ("one matrix and small differences", "fewer parameters, more arithmetic"),
    "narrow": ("around narrower hidden layers", "fewer parameters and less arithmetic alike"),
}  # fmt: skip


@dataclass(frozen=True)
class Row:
    """Matrices added up.

    Attributes
    ----------
    name, note : str
    count : int
        Matrices.
    before : int
        Parameters.
    after : float
        Parameters; what is shared is split evenly among those who share it.
    macs_before, macs : int
        Multiply-adds before and after.
    """

    name: str
    note: str
    count: int
    before: int
    after: float
    macs_before: int
    macs: int


@dataclass(frozen=True)
class Group:
    """A class that shares, or a narrowed layer.

    Attributes
    ----------
    plan : GroupPlan
    color : str or None
    before : int
    after : float
        Parameters.
    """

    plan: GroupPlan
    color: str | None
    before: int
    after: float


def by_role(record: CompressionRecord, grid: SharingGrid) -> list[Row]:
    """Add up by role, as the rows of the sharing map."""
    known = {each.name: each for each in record.matrices}
    rows = []
    for name, cells in grid.rows:
        matrices = [known[cell.unit.name] for cell in cells if cell is not None]
        shapes = dict.fromkeys(f"{m.shape[0]} x {m.shape[1]}" for m in matrices)
        rows.append(_row(name, ", ".join(shapes) if len(shapes) < 3 else "", matrices))
    return rows


def by_form(record: CompressionRecord) -> list[Row]:
    """Add up by form."""
    forms: dict[str, list[UnitRecord]] = {form: [] for form in _FORMS}
    known = {each.name: each for each in record.matrices}
    for group in record.plan.groups:
        form = "shared" if group.form == "basis" and len(group.members) > 1 else group.form
        forms[form] += [known[member] for member in group.members]
    return [_row(*_FORMS[form], matrices) for form, matrices in forms.items() if matrices]


def _row(name: str, note: str, matrices: Sequence[UnitRecord]) -> Row:
    return Row(
        name,
        note,
        len(matrices),
        sum(each.shape[0] * each.shape[1] for each in matrices),
        sum(each.parameters for each in matrices),
        sum(each.shape[0] * each.shape[1] * each.places for each in matrices),
        sum(each.macs for each in matrices),
    )


def groups(record: CompressionRecord, grid: SharingGrid) -> list[Group]:
    """List the classes that share, those that save most first."""
    known = {each.name: each for each in record.matrices}
    listed = []
    for plan, color in (*grid.classes, *((each, None) for each in record.plan.narrowed_groups)):
        row = _row("", "", [known[member] for member in plan.members])
        listed.append(Group(plan, color, row.before, row.after))
    return sorted(listed, key=lambda group: (group.color is None, group.after - group.before))


def how_faster(record: CompressionRecord) -> Iterator[str]:
    """Say in sentences what computes less, and what does not."""
    report = record.report
    before, after = report.before.unit_macs, report.after.unit_macs
    if after < before:
        yield (
            f"The shareable matrices do {1 - after / before:.1%} less arithmetic: {after:,} of "
            f"{before:,} multiply-adds a {report.macs_per}."
        )
    else:
        yield (
            f"Nothing: the shareable matrices do {after:,} multiply-adds a {report.macs_per}, and "
            f"did {before:,}. What this saves is storage."
        )
    rows = {row.name: row for row in by_form(record)}
    for form in ("tied", "residual"):
        row = rows.get(_FORMS[form][0])
        if row is not None:
            yield (
                f"{counted(row.count, 'matrix', 'matrices')}, {row.name}: "
                f"{row.after / row.before:.0%} of the storage and "
                f"{row.macs / row.macs_before:.0%} of the arithmetic."
            )
    yield (
        "Embeddings, norms, attention itself and all else that is no shareable matrix cost what "
        "they did."
    )
    if report.latency is not None:
        yield f"The plan was made for time. The shareable matrices: {report.latency}."
    if not report.speed:
        yield "Time was not measured; geocolor compress --speed and geocolor bench speed do."
    for timing in report.speed:
        yield (
            f"Measured in turns with the original, {timing.phase} at batch {timing.batch}: "
            f"{timing.speedup:.2f} times its speed by the clock, {timing.rate:,.0f} "
            f"{timing.unit}s a second."
        )


def configuration_rows(record: CompressionRecord) -> list[tuple[str, str]]:
    """Give the parts of the method as text."""
    method = record.configuration
    return [
        ("Method", method.name),
        ("Metric", method.metric),
        ("Forms allowed", ", ".join(method.forms)),
        ("Groups", f"{method.grouping}, layers up to {method.reach} apart"),
        ("Ranks", method.ranks),
        ("Ranks are multiples of", str(method.rank_multiple)),
        ("The budget counts", method.budget),
        ("Refit in each own metric", "yes" if method.refit else "no"),
        ("Norms folded into readers", "yes" if method.fold_norms else "no"),
        ("Damping", ", ".join(f"{key} {level:g}" for key, level in asdict(method.damping).items())),
    ]
