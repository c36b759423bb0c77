"""Configurations of models of transformers, written as they are."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from torch import nn

__all__ = ["CONFIG", "GENERATION", "save_config", "save_generation"]

CONFIG = "config.json"
GENERATION = "generation_config.json"


def save_config(model: nn.Module, folder: Path) -> None:
    """Save what a model can be rebuilt from."""
    _save(model.config, folder, CONFIG)


def save_generation(model: nn.Module, folder: Path) -> None:
    """Save how a model generates text, if it does."""
    settings = getattr(model, "generation_config", None)
    if settings is not None:
        _save(settings, folder, GENERATION)


def _save(settings: Any, folder: Path, name: str) -> None:
    try:
        settings.save_pretrained(folder)
    except ValueError:
        # transformers writes no settings that do not go together, a temperature without sampling
        # say, but reads them, from many a published model. A model is not lost for their sake.
        settings.to_json_file(folder / name)
