"""The page put together."""

from __future__ import annotations

import os

from geocolor._version import __version__
from geocolor.compression.page.facts import (
    by_form,
    by_role,
    configuration_rows,
    groups,
    how_faster,
)
from geocolor.compression.record import CompressionRecord
from geocolor.io.atomic import atomic_file, require_writable
from geocolor.plotting.canvas import shortened
from geocolor.plotting.colors import ink
from geocolor.plotting.fit_chart import fit_chart
from geocolor.plotting.html import base_style, content_policy, page_environment
from geocolor.plotting.rank_panels import SHARES, rank_panels
from geocolor.plotting.sharing_grid import sharing_grid
from geocolor.wording import counted

__all__ = ["write_page"]


def write_page(
    record: CompressionRecord,
    path: str | os.PathLike[str],
    *,
    folder: str = "smaller",
    expanded: bool = False,
) -> None:
    """Write a page that asks for nothing else, from disk or network, and holds no script.

    Parameters
    ----------
    record : CompressionRecord
        What is known.
    path : path-like
        Where it goes; it appears only once complete.
    folder : str
        What the page calls the folder that the model is loaded from.
    expanded : bool
        Whether that is a standard folder of full size.

    Raises
    ------
    InputError
        It cannot be written.
    """
    require_writable(path)
    text = _render(record, folder, expanded=expanded)
    with atomic_file(path) as file:
        # What is no Unicode, a name from a damaged file say, becomes a question mark.
        file.write(text.encode("utf-8", "replace"))


def _render(record: CompressionRecord, folder: str, *, expanded: bool) -> str:
    environment = page_environment(__package__)
    environment.filters |= {
        "ink": ink,
        "pyrepr": repr,
        "shortened": shortened,
        "counted": counted,
        "count": lambda value: f"{value:,.0f}",
        "share": lambda value: f"{value:.1%}",
        "short": lambda value: _short(value).rstrip(),
        "storage": lambda value: f"{_short(value)}B".replace(" B", " bytes"),
    }
    report = record.report
    grid = sharing_grid(record.plan, record.units)
    fit = report.fit
    style = environment.loader.get_source(environment, "page.css")[0]
    return str(
        environment.get_template("page.html.jinja").render(
            record=record,
            report=report,
            grid=grid,
            chart=None if fit is None
            else fit_chart(fit, report.predicted_increase, report.measured_increase),
            forms=by_form(record),
            roles=by_role(record, grid),
            groups=groups(record, grid),
            panels=rank_panels(grid, record.needed),
            shares=SHARES,
            faster=list(how_faster(record)),
            configuration=configuration_rows(record),
            folder=folder,
            expanded=expanded,
            generator=f"geocolor {__version__}",
            policy=content_policy(),
            style=base_style() + style,
        )
    )  # fmt: skip


def _short(value: float) -> str:
    """Write a number in three digits or so, with a prefix of the SI."""
    for prefix, size in (("G", 1e9), ("M", 1e6), ("k", 1e3)):
        if value >= size:
            return f"{value / size:.{3 if value < 999.5 * size else 4}g} {prefix}"
    return f"{value:.3g} "
