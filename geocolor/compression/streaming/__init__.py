"""Models larger than memory: measured, priced and written with one block in memory at a time."""

from geocolor.compression.streaming.analysis import (
    StreamedAnalysis,
    analyze_streamed,
    check_streamed,
)
from geocolor.compression.streaming.api import compress_streamed
from geocolor.compression.streaming.folder_model import why_not_by_block

__all__ = [
    "StreamedAnalysis",
    "analyze_streamed",
    "check_streamed",
    "compress_streamed",
    "why_not_by_block",
]
