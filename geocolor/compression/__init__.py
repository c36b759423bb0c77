"""Where the model side and the solver side meet: measure, price, color, apply, report."""

from geocolor.compression.analysis import Analysis
from geocolor.compression.api import compress, conflict_graph, sharing_options
from geocolor.compression.calibration import text_windows
from geocolor.compression.compressed import Compressed
from geocolor.compression.configuration import PRESETS, Configuration
from geocolor.compression.configuration_file import read_configuration
from geocolor.compression.measuring import analyze
from geocolor.compression.prediction import PredictionFit
from geocolor.compression.recovery import Recovery, recover
from geocolor.compression.report import Report
from geocolor.compression.streaming import (
    StreamedAnalysis,
    analyze_streamed,
    compress_streamed,
)
from geocolor.sharing import load

__all__ = [
    "PRESETS",
    "Analysis",
    "Compressed",
    "Configuration",
    "PredictionFit",
    "Recovery",
    "Report",
    "StreamedAnalysis",
    "analyze",
    "analyze_streamed",
    "compress",
    "compress_streamed",
    "conflict_graph",
    "load",
    "read_configuration",
    "recover",
    "sharing_options",
    "text_windows",
]
