"""What is done to the model: the plan, tied and factored weights, save and load."""

from geocolor.sharing.apply import GroupWeights, apply_plan, prepare_structure
from geocolor.sharing.checkpoint import load, save
from geocolor.sharing.layers import Factored, FactoredConvolution, FactoredLinear, Residual
from geocolor.sharing.plan import GroupPlan, SharingPlan
from geocolor.sharing.size import ModelSize, measure_size

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
    "load",
    "measure_size",
    "prepare_structure",
    "save",
]
