"""Whether solvers end when they are told to: at the time limit, and by Ctrl-C."""

from geocolor.bench.promptness.measure import Promptness, measure
from geocolor.bench.promptness.questions import QUESTIONS, Question

__all__ = ["QUESTIONS", "Promptness", "Question", "measure"]
