"""Where the model side and the solver side meet: measure, price, color, apply, report."""

from geocolor.compression.analysis import Analysis
from geocolor.compression.api import compress, conflict_graph, sharing_options
from geocolor.compression.calibration import text_windows
from geocolor.compression.compressed import Compressed
from geocolor.compression.configuration import PRESETS, Configuration
from geocolor.compression.configuration_file import read_configuration
from geocolor.compression.latency import measure_latency
from geocolor.compression.latency_file import read_latency, write_latency
from geocolor.compression.measuring import analyze
from geocolor.compression.prediction import PredictionFit
from geocolor.compression.recovery import Recovery, recover
from geocolor.compression.report import Report
from geocolor.compression.streaming import (
    StreamedAnalysis,
    analyze_streamed,
    compress_streamed,
)
from geocolor.criterion import LatencyTable
from geocolor.sharing import load

__all__ = [
    "PRESETS",
    "Analysis",
    "Compressed",
    "Configuration",
    "LatencyTable",
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
    "measure_latency",
    "read_configuration",
    "read_latency",
    "recover",
    "sharing_options",
    "text_windows",
    "write_latency",
]
