"""Whether a new campaign is worse than an old one."""

from geocolor.bench.compare.campaigns import TOLERANCE, compare
from geocolor.bench.compare.findings import Comparison, Effect, Finding, Subject
from geocolor.bench.compare.text import to_text

__all__ = ["TOLERANCE", "Comparison", "Effect", "Finding", "Subject", "compare", "to_text"]
