"""The site: ``make docs`` builds it into build/docs, warnings being errors."""

import geocolor

project = "geocolor"
author = "The geocolor developers"
project_copyright = "The geocolor developers"
version = release = geocolor.__version__

extensions = [
    "myst_parser",
    "sphinx.ext.autodoc",
    "sphinx.ext.mathjax",
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
