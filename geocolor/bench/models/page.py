"""A page about compressed models that needs no network."""

from __future__ import annotations

from pathlib import Path

from geocolor.bench.models.campaign import ModelResults
from geocolor.bench.models.summary import compressed_records
from geocolor.bench.models.tables import sections
from geocolor.errors import InputError
from geocolor.io.atomic import atomic_file
from geocolor.plotting.compression_curves import CompressionPoint, draw_agreement, draw_losses

__all__ = ["write_models_report"]

_PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>geocolor: compressed models</title>
<meta name="viewport" content="width=device-width"><link rel="icon" href="data:,">
<style>
body { font: 15px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 76rem; padding: 0 1rem }
table { border-collapse: collapse; margin: 1rem 0; font-variant-numeric: tabular-nums }
td, th { padding: .2rem .7rem; text-align: right; border-bottom: 1px solid #ccc }
td:first-child, th:first-child { text-align: left }
.wide { overflow-x: auto } .pair { display: grid; grid-template-columns: 1fr 1fr; gap: 1rem }
@media (max-width: 60rem) { .pair { grid-template-columns: 1fr } }
</style><script>{{ plotly }}</script></head><body>
<h1>Compressed models</h1>
<p>{{ environment.cpu }}, {{ environment.usable_cores }} cores; geocolor {{ environment.geocolor }}.
Points are compressed models; the dotted line is where prediction and measurement are equal.</p>
{% for section, figures in parts %}
<h2>{{ section.model }}</h2><p>{{ section.caption }}</p>
<div class="pair">{% for figure in figures %}<div>{{ figure|safe }}</div>{% endfor %}</div>
{% for cells in section.tables %}<div class="wide"><table>
<tr>{% for cell in cells[0] %}<th>{{ cell }}</th>{% endfor %}</tr>
{% for row in cells[1:] %}<tr>{% for cell in row %}<td>{{ cell }}</td>{% endfor %}</tr>
{% endfor %}</table></div>{% endfor %}
{% for line in section.remarks %}<p>{{ line }}</p>{% endfor %}
{% endfor %}</body></html>
"""


def write_models_report(results: ModelResults, path: Path) -> None:
    """Write the tables and pictures of a campaign as one HTML file.

    Parameters
    ----------
    results : ModelResults
        Finished or not.
    path : Path
        Where it goes.

    Raises
    ------
    InputError
        plotly or jinja2 is not installed, or the file cannot be written.
    """
    try:
        from jinja2 import Environment
        from markupsafe import Markup
        from plotly import offline
    except ImportError as error:
        raise InputError(f"{error.name} is not installed: pip install 'geocolor[bench]'") from error
    parts = []
    for section in sections(results):
        points = _points(results, section.model)
        figures = [draw_agreement(points), draw_losses(points)] if points else []
        shown = [
            figure.to_html(
                full_html=False, include_plotlyjs=False, config={"displayModeBar": False}
            )
            for figure in figures
        ]
        parts.append((section, shown))
    page = Environment(autoescape=True).from_string(_PAGE)
    text = page.render(
        parts=parts,
        environment=results.campaign.environment,
        plotly=Markup(offline.get_plotlyjs()),  # noqa: S704 - the library's own text
    )
    with atomic_file(path) as file:
        file.write(text.encode())


def _points(results: ModelResults, model: str) -> list[CompressionPoint]:
    return [
        CompressionPoint(
            record.preset, record.keep, record.seed, measures.predicted, measures.measured
        )
        for record, measures in compressed_records(results.records)
        if record.model == model
        and measures.predicted is not None
        and measures.measured is not None
    ]
