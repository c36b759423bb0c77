"""Make the instances of this folder and those in it again, as their manifests say.

    python instances/regenerate.py            # here: files, and the facts in the manifest
    python instances/regenerate.py FOLDER     # elsewhere, to compare

The same command lines give the same bytes. Instances measured on a model (their generator is
``geocolor graph ...`` or ``geocolor bench heads ...``) need that model and are left alone.
"""

from __future__ import annotations

import hashlib
import json
import shlex
import sys
from pathlib import Path
from typing import Any

import numpy as np

from geocolor import read
from geocolor.cli.main import main
from geocolor.io.atomic import atomic_file

HERE = Path(__file__).parent
MANIFEST = "manifest.json"


def is_made_here(entry: dict[str, Any]) -> bool:
    """Whether an entry's generator needs nothing but geocolor."""
    return bool(entry["generator"].startswith("geocolor generate "))


def make(entry: dict[str, Any], folder: Path) -> None:
    """Run an entry's generator into `folder`."""
    *arguments, name = shlex.split(entry["generator"])[1:]
    if arguments[-1] != "-o" or name != entry["file"]:
        raise SystemExit(f"the generator must end in -o {entry['file']}: {entry['generator']}")
    if main([*arguments, str(folder / name)]) != 0:
        raise SystemExit(f"failed: {entry['generator']}")


def facts(path: Path) -> dict[str, Any]:
    """Measure what the manifest says of a file: its size and its hashes."""
    graph = read(path)
    return {
        "nodes": graph.num_nodes,
        "conflicts": graph.conflicts.num_edges,
        "weights": graph.weights.num_edges,
        "heaviest": float(np.abs(graph.weights.edge_values()).max(initial=0.0)),
        "sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
        "fingerprint": graph.fingerprint,
    }


def regenerate(folder: Path) -> None:
    """Make every instance that needs no model, and write the manifests beside them."""
    for path in (HERE / MANIFEST, *sorted(HERE.glob(f"*/{MANIFEST}"))):
        place = folder / path.parent.relative_to(HERE)
        place.mkdir(exist_ok=True)
        manifest = json.loads(path.read_text())
        for entry in manifest["instances"]:
            if is_made_here(entry):
                make(entry, place)
                entry.update(facts(place / entry["file"]))
        with atomic_file(place / MANIFEST) as file:
            file.write((json.dumps(manifest, indent=1) + "\n").encode())


if __name__ == "__main__":
    regenerate(Path(sys.argv[1]) if len(sys.argv) > 1 else HERE)
