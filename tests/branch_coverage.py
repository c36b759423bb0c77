"""Hold the branches that tests reach to a share: ``python tests/branch_coverage.py io problem``.

Read from the data that the last run of pytest with ``--cov`` left behind.
"""

import json
import sys
import tempfile
from pathlib import Path

import coverage

LEAST = 95.0  # percent of the branches of each package


def main() -> None:
    """Print the share of each package that the command line names; exit with 1 below the least."""
    measured = coverage.Coverage()
    measured.load()
    below = False
    for package in sys.argv[1:]:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "report.json"
            measured.json_report(include=[f"*/geocolor/{package}/*"], outfile=str(path))
            totals = json.loads(path.read_text())["totals"]
        share = totals["percent_branches_covered"]
        print(f"geocolor.{package}: {share:.1f}% of {totals['num_branches']} branches")  # noqa: T201
        below |= share < LEAST
    sys.exit(f"at least {LEAST:g}% of each must be covered" if below else 0)


if __name__ == "__main__":
    main()
