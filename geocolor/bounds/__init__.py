"""Lower bounds, and the proofs of infeasibility that come with them."""

from geocolor.bounds.clique import Clique, find_clique
from geocolor.bounds.cycles import cycle_lower_bounds
from geocolor.bounds.mycielskian import MycielskianBound, MycielskianLevel, mycielskian_bound
from geocolor.bounds.packing import packing_bound, with_size_conflicts
from geocolor.bounds.shares import LARGEST_SHARED, share_lower_bound
from geocolor.bounds.spectral import (
    LARGEST_SPECTRAL,
    eigenvalue_bound,
    spectral_lower_bounds,
)
from geocolor.bounds.weight import least_inside_pairs, weight_lower_bound

__all__ = [
    "LARGEST_SHARED",
    "LARGEST_SPECTRAL",
    "Clique",
    "MycielskianBound",
    "MycielskianLevel",
    "cycle_lower_bounds",
    "eigenvalue_bound",
    "find_clique",
    "least_inside_pairs",
    "mycielskian_bound",
    "packing_bound",
    "share_lower_bound",
    "spectral_lower_bounds",
    "weight_lower_bound",
    "with_size_conflicts",
]
