"""Calibration and evaluation text, held apart, out of the packaged corpora."""

from __future__ import annotations

from dataclasses import dataclass

from geocolor.bench.models.assets import bbc_documents, wikipedia_articles

__all__ = ["Texts", "packaged_texts"]

# Every fifth article is for evaluation; no article is on both sides.
_HELD_OUT = 5
# BBC documents from the start of the collection: 4,391 tokens of SmolLM2's, 8 windows of 512.
_BBC_DOCUMENTS = 11
# Every fifth of the 2,225 documents, all topics: 445 titles, each to find its body.
_SEARCHED = 5


@dataclass(frozen=True)
class Texts:
    """The packaged texts.

    Attributes
    ----------
    calibration : str
        Wikipedia articles.
    wikipedia : str
        Other Wikipedia articles.
    bbc : str
        News from another domain.
    documents : tuple of (str, str)
        Title and body of news documents, to search among.
    """

    calibration: str
    wikipedia: str
    bbc: str
    documents: tuple[tuple[str, str], ...]


def packaged_texts() -> Texts:
    """Read the packaged corpora and split them.

    Raises
    ------
    InputError
        One of the packages in ``constraints-assets.txt`` is not installed.
    """
    articles = [text for _, text in wikipedia_articles()]
    held_out = articles[_HELD_OUT - 1 :: _HELD_OUT]
    rest = [text for i, text in enumerate(articles, start=1) if i % _HELD_OUT]
    documents = bbc_documents()
    news = [f"{title}\n\n{body}" for title, body in documents[:_BBC_DOCUMENTS]]
    return Texts(
        "\n\n".join(rest),
        "\n\n".join(held_out),
        "\n\n".join(news),
        tuple(documents[::_SEARCHED]),
    )
