"""What is measured on the model: second moments of activations and of output gradients."""

from geocolor.curvature.batches import (
    Batch,
    call_model,
    checked_batches,
    first_sample,
    frozen_eval,
)
from geocolor.curvature.factors import Curvature, KroneckerFactors
from geocolor.curvature.kronecker import collect_curvature
from geocolor.curvature.targets import prediction_rows

__all__ = [
    "Batch",
    "Curvature",
    "KroneckerFactors",
    "call_model",
    "checked_batches",
    "collect_curvature",
    "first_sample",
    "frozen_eval",
    "prediction_rows",
]
