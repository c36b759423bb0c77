"""Lower bounds, and the proofs of infeasibility that come with them."""

from geocolor.bounds.clique import Clique, find_clique
from geocolor.bounds.cycles import cycle_lower_bounds
from geocolor.bounds.mycielskian import MycielskianBound, MycielskianLevel, mycielskian_bound
from geocolor.bounds.packing import packing_bound, with_size_conflicts
from geocolor.bounds.weight import least_inside_pairs, weight_lower_bound

__all__ = [
    "Clique",
    "MycielskianBound",
    "MycielskianLevel",
    "cycle_lower_bounds",
    "find_clique",
    "least_inside_pairs",
    "mycielskian_bound",
    "packing_bound",
    "weight_lower_bound",
    "with_size_conflicts",
]
