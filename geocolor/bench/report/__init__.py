"""A campaign as one HTML file that needs nothing else."""

from geocolor.bench.report.page import write_report

__all__ = ["write_report"]
