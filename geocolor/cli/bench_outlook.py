"""What ``geocolor bench --dry-run`` says."""

from __future__ import annotations

import json
import math
from typing import TYPE_CHECKING

from geocolor.cli.console import say
from geocolor.wording import counted

if TYPE_CHECKING:
    from geocolor.bench.campaign import Outlook
    from geocolor.bench.results import Campaign

__all__ = ["tell_outlook"]


def tell_outlook(campaign: Campaign, ahead: Outlook, as_json: bool) -> None:
    """Print the instances, the solvers, and how many runs there will be and how long they take."""
    names = [contender.name for contender in campaign.contenders]
    if as_json:
        data = {
            "instances": [instance.name for instance in campaign.instances],
            "solvers": names,
            "seeds": list(campaign.seeds),
            "runs": ahead.runs,
            "done": ahead.done,
            "likely_seconds": ahead.likely,
            "most_seconds": ahead.most,
        }
        say(json.dumps(data))
        return
    say(counted(len(campaign.instances), "instance"))
    for instance in campaign.instances:
        k = "" if instance.k is None else f" k={instance.k}"
        known = instance.known
        best = "" if known is None else f", best known {known.value:g}"
        proven = " (proven)" if known is not None and known.proven else ""
        say(
            f"  {instance.name:<24} {instance.kind}{k}, {counted(instance.nodes, 'node')}{best}"
            f"{proven}"
        )
    say(f"{counted(len(names), 'solver')}: {', '.join(names)}")
    say(counted(len(campaign.seeds), "seed"))
    say(
        f"{counted(ahead.runs, 'run')}, {ahead.done} made already; the rest takes about "
        f"{_duration(ahead.likely)}, at most {_duration(ahead.most)} and what setting up takes"
    )


def _duration(amount: float) -> str:
    if amount < 120:
        return f"{math.ceil(amount)} s"
    return f"{amount / 60:.0f} min" if amount < 7200 else f"{amount / 3600:.1f} h"
