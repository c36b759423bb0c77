"""What is done to the model: the plan, tied and factored weights, save and load."""

from geocolor.sharing.apply import GroupWeights, apply_plan, prepare_structure
from geocolor.sharing.checkpoint import load, save
from geocolor.sharing.expanded import save_expanded
from geocolor.sharing.layers import Factored, FactoredConvolution, FactoredLinear, Residual
from geocolor.sharing.plan import GroupPlan, SharingPlan
from geocolor.sharing.size import ModelSize, measure_size
from geocolor.sharing.ties import assert_shared, keep_ties

__all__ = [
    "Factored",
    "FactoredConvolution",
    "FactoredLinear",
    "GroupPlan",
    "GroupWeights",
    "ModelSize",
    "Residual",
    "SharingPlan",
    "apply_plan",
    "assert_shared",
    "keep_ties",
    "load",
    "measure_size",
    "prepare_structure",
    "save",
    "save_expanded",
]
