"""The head of the page: what was asked, where, and of which versions."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from geocolor.bench.report.text import duration, gigabytes, megabytes, plural
from geocolor.bench.results import Campaign, Results
from geocolor.bench.trial import Contender

__all__ = ["Facts", "gather_facts"]

Rows = tuple[tuple[str, str], ...]
_HASH = 64


@dataclass(frozen=True)
class Facts:
    """What the page says before any figure.

    Attributes
    ----------
    title : str
    asked, machine : tuple of (str, str)
        Names and values.
    versions : mapping from str to tuple of (str, str)
        By solver.
    """

    title: str
    asked: Rows
    machine: Rows
    versions: Mapping[str, Rows]


def gather_facts(results: Results, target_gap: float) -> Facts:
    """Gather what the head of the page says."""
    campaign = results.campaign
    title = (
        f"{plural(len(campaign.contenders), 'solver')} on "
        f"{plural(len(campaign.instances), 'instance')}"
    )
    return Facts(
        title,
        tuple(_asked(results, target_gap)),
        tuple(_machine(results)),
        {contender.name: tuple(_versions(contender)) for contender in campaign.contenders},
    )


def _asked(results: Results, target_gap: float) -> Iterator[tuple[str, str]]:
    campaign = results.campaign
    effort = campaign.effort
    yield "Instances", _kinds(campaign)
    yield "Seeds", _seeds(campaign.seeds)
    made = plural(len(results.records), "run")
    yield "Runs", f"{made} made, {results.missing} missing" if results.missing else made
    yield "Time limit", f"{duration(effort.time_limit)}; counts to {duration(effort.grace)} later"
    yield "Killed", f"{duration(effort.hard_limit - effort.time_limit)} after the limit"
    if effort.max_iterations is not None:
        yield "Iterations", f"at most {effort.max_iterations}"
    yield "Threads", f"{effort.threads} for each run"
    memory = "none" if effort.memory is None else f"{megabytes(effort.memory)} for each run"
    yield "Memory limit", memory
    yield "Target", "best known" + (f" + {100 * target_gap:g}%" if target_gap else "")
    for name, value in campaign.environment.get("options", {}).items():
        if value is not None:
            yield name.replace("_", " ").capitalize(), _value(value)
    if results.records:
        started = sorted(record.started for record in results.records)
        yield "First run", _moment(started[0])
        yield "Last run", _moment(started[-1])


def _kinds(campaign: Campaign) -> str:
    kinds = [instance.kind for instance in campaign.instances]
    counts = ", ".join(f"{kinds.count(kind)} {kind}" for kind in sorted(set(kinds)))
    return counts if len(set(kinds)) < 2 else f"{len(kinds)}: {counts}"


def _seeds(seeds: tuple[int, ...]) -> str:
    if len(seeds) > 3 and list(seeds) == list(range(seeds[0], seeds[-1] + 1)):
        return f"{len(seeds)}: {seeds[0]} to {seeds[-1]}"
    return f"{len(seeds)}: {', '.join(map(str, seeds))}"


def _moment(started: str) -> str:
    return started[:19].replace("T", " ") + " UTC"


def _machine(results: Results) -> Iterator[tuple[str, str]]:
    facts = dict(results.campaign.environment)
    hosts = sorted({record.host for record in results.records} - {""})
    if hosts:
        yield ("Hosts" if len(hosts) > 1 else "Host"), ", ".join(hosts)
    if facts.get("cpu"):
        yield "Processor", f"{facts['cpu']} ({facts.get('architecture', '')})"
    if facts.get("usable_cores"):
        yield "Cores", f"{facts['usable_cores']} usable of {facts.get('logical_cores')}"
    if facts.get("memory"):
        yield "Memory", gigabytes(facts["memory"])
    if facts.get("system"):
        yield "System", f"{facts['system']} {facts.get('kernel', '')}"
    if facts.get("governor"):
        yield "Frequency governor", str(facts["governor"])
    if facts.get("load_average"):
        yield "Load at the start", ", ".join(f"{load:.2f}" for load in facts["load_average"])
    if facts.get("geocolor"):
        yield "geocolor", f"{facts['geocolor']}, build {str(facts.get('build'))[:12]}"
    libraries = {"Python": facts.get("python"), **facts.get("libraries", {})}
    found = [f"{name} {version}" for name, version in libraries.items() if version]
    if found:
        yield "Libraries", ", ".join(found)


def _versions(contender: Contender) -> Iterator[tuple[str, str]]:
    info = contender.info
    yield "takes", ", ".join(sorted(info.kinds))
    yield "proves", "yes" if info.exact else "no"
    for name, value in (info.settings or {}).items():
        yield name, _value(value)
    for name, version in contender.versions.items():
        yield name, version[:12] if len(version) == _HASH else version


def _value(value: Any) -> str:
    return " ".join(map(str, value)) if isinstance(value, list | tuple) else str(value)
