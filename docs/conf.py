"""The site: ``make docs`` builds it into build/docs, warnings being errors."""

from docutils import nodes
from docutils.utils.math import MathError
from docutils.utils.math.latex2mathml import tex2mathml
from sphinx.util import logging

import geocolor

project = "geocolor"
author = "The geocolor developers"
project_copyright = "The geocolor developers"
version = release = geocolor.__version__

extensions = [
    "myst_parser",
    "sphinx.ext.autodoc",
    "sphinx.ext.napoleon",
]
myst_enable_extensions = ["amsmath", "dollarmath"]
myst_heading_anchors = 3
# Most blocks without a language are shell commands.
highlight_language = "text"

# Docstrings are numpydoc and give the types in words; attributes would be described twice.
autodoc_typehints = "none"
autodoc_member_order = "bysource"
napoleon_google_docstring = False
napoleon_use_ivar = True

html_theme = "furo"
html_title = f"geocolor {version}"

# Formulas are MathML, which browsers draw by themselves: the site needs neither network nor script.
html_math_renderer = "mathml"


def _mathml(node, *, as_block):
    try:
        return tex2mathml(node.astext(), as_block=as_block)
    except MathError as error:
        logging.getLogger(__name__).warning("%s: %s", error, node.astext(), location=node)
        return ""


def _visit_math(translator, node):
    translator.body.append(_mathml(node, as_block=False))
    raise nodes.SkipNode


def _visit_math_block(translator, node):
    formula = _mathml(node, as_block=True)
    translator.body.append(f'<div style="overflow-x: auto">{formula}</div>\n')
    raise nodes.SkipNode


def setup(app):
    """Have formulas written as MathML."""
    app.add_html_math_renderer("mathml", (_visit_math, None), (_visit_math_block, None))
