"""Fuzz all readers for hours: ``python tests/fuzz/hours.py [FORMAT ...] [--each SECONDS]``.

In turns, that which had the least so far next, until each had its processor time; ended at any
moment, the next call goes on. A turn is a line of ``hours.csv`` beside this file, which is kept;
at the end, or with ``--each 0``, comes a table of them all. What a reader fails on is in
``build/fuzz/findings``.
"""

import argparse
import csv
import re
import resource
import subprocess
import sys
import time
from collections import defaultdict
from pathlib import Path

HERE = Path(__file__).parent
BUILD = HERE.parents[1] / "build" / "fuzz"
LEDGER = HERE / "hours.csv"
FINDINGS = BUILD / "findings"
FIELDS = ["date", "revision", "format", "seconds", "executions", "corpus", "finding"]
EXECUTED = re.compile(r"stat::number_of_executed_units:\s+(\d+)")
ARTIFACT = re.compile(r"Test unit written to (\S+)")


def turns() -> list[dict[str, str]]:
    """Give all turns up to now."""
    if not LEDGER.exists():
        return []
    with LEDGER.open(newline="") as file:
        return list(csv.DictReader(file))


def names() -> list[str]:
    """List what there are readers of."""
    asked = [sys.executable, str(HERE / "readers.py")]
    return subprocess.run(asked, capture_output=True, text=True, check=True).stdout.split()


def spent(of: list[dict[str, str]]) -> dict[str, float]:
    """Give the processor seconds that each had."""
    total: dict[str, float] = defaultdict(float)
    for turn in of:
        total[turn["format"]] += float(turn["seconds"])
    return total


def turn(name: str, seconds: int) -> dict[str, str]:
    """Fuzz one reader until the wall clock says so, and tell what that was."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    ran = subprocess.run(
        [
            *(sys.executable, str(HERE / "readers.py"), name, f"-max_total_time={seconds}"),
            *("-verbosity=0", "-print_final_stats=1", f"-artifact_prefix={FINDINGS}/{name}-"),
        ],
        capture_output=True,
        text=True,
        errors="replace",
        check=False,
    )
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    executed, artifact = EXECUTED.search(ran.stderr), ARTIFACT.search(ran.stderr)
    if ran.returncode and not artifact:
        raise SystemExit(f"{name}: the fuzzer itself failed:\n{ran.stderr[-2000:]}")
    head = ["git", "-C", str(HERE), "rev-parse", "--short", "HEAD"]
    revision = subprocess.run(head, capture_output=True, text=True, check=True)
    return {
        "date": time.strftime("%Y-%m-%d"),
        "revision": revision.stdout.strip(),
        "format": name,
        "seconds": f"{after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime:.1f}",
        "executions": executed[1] if executed else "",
        "corpus": str(len(list((BUILD / name).iterdir()))),
        "finding": Path(artifact[1]).name if artifact else "",
    }


def write(of: dict[str, str]) -> None:
    """Append a turn to the ledger."""
    new = not LEDGER.exists()
    with LEDGER.open("a", newline="") as file:
        writer = csv.DictWriter(file, FIELDS)
        if new:
            writer.writeheader()
        writer.writerow(of)


def table(of: list[dict[str, str]]) -> str:
    """Give all turns as a table, a row for each format."""
    rows: dict[str, list[dict[str, str]]] = defaultdict(list)
    for each in of:
        rows[each["format"]].append(each)
    lines = [
        "| format | minutes | executions | files kept | findings |",
        "|---|---:|---:|---:|---:|",
    ]
    for name in sorted(rows):
        executions = sum(int(each["executions"] or 0) for each in rows[name])
        minutes = sum(float(each["seconds"]) for each in rows[name]) / 60
        findings = sum(bool(each["finding"]) for each in rows[name])
        lines.append(
            f"| {name} | {minutes:.0f} | {executions:,} | {rows[name][-1]['corpus']} | {findings} |"
        )
    return "\n".join(lines)


def main() -> None:
    """Take turns until each format had what it is to have."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("formats", nargs="*", help="default all")
    parser.add_argument("--each", type=float, default=3600, help="processor seconds for a format")
    parser.add_argument("--slice", type=int, default=120, help="seconds of a turn")
    given = parser.parse_args()
    FINDINGS.mkdir(parents=True, exist_ok=True)
    formats = given.formats or names()
    while True:
        total = spent(turns())
        name = min(formats, key=total.__getitem__)
        if total[name] >= given.each:
            break
        done = turn(name, given.slice)
        write(done)
        sys.stderr.write(" ".join(done.values()) + "\n")
    sys.stdout.write(table(turns()) + "\n")


if __name__ == "__main__":
    main()
