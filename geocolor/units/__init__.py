"""The shareable matrices of a model, and what is known of the architectures they come from."""

from geocolor.units.blocks import find_blocks
from geocolor.units.chains import Chain, find_chains
from geocolor.units.copying import copy_of
from geocolor.units.discover import find_units
from geocolor.units.experts import split_experts, stacked_again, with_split_experts
from geocolor.units.layers import Layer, is_layer, layer_of, matrix_of, rebuilt
from geocolor.units.norms import fold_norms
from geocolor.units.outputs import Run
from geocolor.units.replacing import require_replaceable
from geocolor.units.several import joined_models, models_of
from geocolor.units.unit import Side, Unit
from geocolor.units.uses import Use, by_place, caller_of, count_uses

__all__ = [
    "Chain",
    "Layer",
    "Run",
    "Side",
    "Unit",
    "Use",
    "by_place",
    "caller_of",
    "copy_of",
    "count_uses",
    "find_blocks",
    "find_chains",
    "find_units",
    "fold_norms",
    "is_layer",
    "joined_models",
    "layer_of",
    "matrix_of",
    "models_of",
    "rebuilt",
    "require_replaceable",
    "split_experts",
    "stacked_again",
    "with_split_experts",
]
