"""What pages have in common: how they are filled in, what they may load, how they look."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Sequence
from importlib.resources import files
from typing import Any

__all__ = ["base_style", "content_policy", "page_environment"]


def page_environment(package: str) -> Any:
    """Make the environment of a package's ``templates``, with the charts of this one.

    Every value is escaped; a name that is not there is an error.

    Parameters
    ----------
    package : str
        Dotted name.

    Returns
    -------
    jinja2.Environment
    """
    # Late, as pages are seldom asked for.
    from jinja2 import ChoiceLoader, Environment, PackageLoader, StrictUndefined

    return Environment(
        loader=ChoiceLoader([PackageLoader(package), PackageLoader(__name__)]),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=StrictUndefined,
    )


def base_style() -> str:
    """Give the style sheet that all pages begin with: light and dark, screen and paper."""
    return files(__name__).joinpath("templates", "base.css").read_text(encoding="utf-8")


def content_policy(scripts: Sequence[str] = ()) -> str:
    """Forbid every script but the page's own, and every request."""
    hashes = (
        base64.b64encode(hashlib.sha256(script.encode()).digest()).decode() for script in scripts
    )
    allowed = " ".join(f"'sha256-{digest}'" for digest in hashes)
    return (
        f"default-src 'none'; script-src {allowed or repr('none')}; style-src 'unsafe-inline'; "
        "img-src data: blob:"
    )
