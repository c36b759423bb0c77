"""What sharing would cost: curves over rank for every group of units, priced."""

from geocolor.criterion.costs import GroupCosts
from geocolor.criterion.counting import Budget, Counting, Sizes
from geocolor.criterion.curves import Choice, CostCurve, Form
from geocolor.criterion.dominant import DominantPairs, dominant_pairs
from geocolor.criterion.latency import LatencyTable, LayerLatency, ProductTimes, TimesCounting
from geocolor.criterion.metric import Damping, Metric, View, oriented_views
from geocolor.criterion.narrow import Narrowing
from geocolor.criterion.pairs import PricedPairs, candidate_pairs, price_pairs
from geocolor.criterion.predict import predicted_increase

__all__ = [
    "Budget",
    "Choice",
    "CostCurve",
    "Counting",
    "Damping",
    "DominantPairs",
    "Form",
    "GroupCosts",
    "LatencyTable",
    "LayerLatency",
    "Metric",
    "Narrowing",
    "PricedPairs",
    "ProductTimes",
    "Sizes",
    "TimesCounting",
    "View",
    "candidate_pairs",
    "dominant_pairs",
    "oriented_views",
    "predicted_increase",
    "price_pairs",
]
