"""What is measured on the model: second moments of activations and of output gradients."""

from geocolor.curvature.batches import (
    Batch,
    batch_size,
    call_model,
    changed_batch,
    checked_batches,
    eval_mode,
    first_sample,
    frozen_eval,
)
from geocolor.curvature.blockwise import collect_by_block
from geocolor.curvature.eigenpairs import Matrix, collect_eigenpairs
from geocolor.curvature.forms import (
    DiagonalFactors,
    Eigenpairs,
    KroneckerFactors,
    QuadraticForm,
    RescaledFactors,
)
from geocolor.curvature.kronecker import collect_curvature, collect_sums
from geocolor.curvature.losses import Loss, loss_name, scorer
from geocolor.curvature.measured import (
    Curvature,
    DiagonalCurvature,
    EigenpairCurvature,
    FormsByUnit,
    RescaledCurvature,
)
from geocolor.curvature.outside import used_outside
from geocolor.curvature.scales import collect_diagonal, collect_rescaled
from geocolor.curvature.stages import BlockCall, Parts, Stages
from geocolor.curvature.sums import CurvatureSums
from geocolor.curvature.targets import Kind, Prediction, prediction_rows

__all__ = [
    "Batch",
    "BlockCall",
    "Curvature",
    "CurvatureSums",
    "DiagonalCurvature",
    "DiagonalFactors",
    "EigenpairCurvature",
    "Eigenpairs",
    "FormsByUnit",
    "Kind",
    "KroneckerFactors",
    "Loss",
    "Matrix",
    "Parts",
    "Prediction",
    "QuadraticForm",
    "RescaledCurvature",
    "RescaledFactors",
    "Stages",
    "batch_size",
    "call_model",
    "changed_batch",
    "checked_batches",
    "collect_by_block",
    "collect_curvature",
    "collect_diagonal",
    "collect_eigenpairs",
    "collect_rescaled",
    "collect_sums",
    "eval_mode",
    "first_sample",
    "frozen_eval",
    "loss_name",
    "prediction_rows",
    "scorer",
    "used_outside",
]
