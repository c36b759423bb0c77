"""Calibration and evaluation text, held apart."""

from __future__ import annotations

from dataclasses import dataclass

from geocolor.demo.assets import bbc_documents, wikipedia_articles

__all__ = ["Texts", "demo_texts"]

# Every fifth article is for evaluation; no article is on both sides.
_HELD_OUT = 5
# BBC documents from the start of the collection; enough for the windows evaluated.
_BBC_DOCUMENTS = 40


@dataclass(frozen=True)
class Texts:
    """The demo's texts.

    Attributes
    ----------
    calibration : str
        Wikipedia articles.
    wikipedia : str
        Other Wikipedia articles.
    bbc : str
        News from another domain.
    """

    calibration: str
    wikipedia: str
    bbc: str


def demo_texts() -> Texts:
    """Read the packaged corpora and split them."""
    articles = [text for _, text in wikipedia_articles()]
    held_out = articles[_HELD_OUT - 1 :: _HELD_OUT]
    rest = [text for i, text in enumerate(articles, start=1) if i % _HELD_OUT]
    news = [f"{title}\n\n{body}" for title, body in bbc_documents()[:_BBC_DOCUMENTS]]
    return Texts("\n\n".join(rest), "\n\n".join(held_out), "\n\n".join(news))
