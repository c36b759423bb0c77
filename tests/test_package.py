"""What is installed is all that is needed: tried without the repository."""

import subprocess
import sys
from pathlib import Path

import pytest

from geocolor import __version__

ROOT = Path(__file__).parents[1]


def run(*words: object, **options: object) -> str:
    done = subprocess.run(
        [sys.executable, *map(str, words)], capture_output=True, text=True, check=False, **options
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.slow
def test_the_wheel_works_without_the_repository(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run("-m", "pip", "wheel", "--quiet", "--no-deps", "-w", tmp_path, ROOT)
    (wheel,) = tmp_path.glob("geocolor-*.whl")
    site = tmp_path / "site"
    run("-m", "pip", "install", "--quiet", "--no-deps", "--target", site, wheel)
    assert (site / "geocolor" / "py.typed").exists()
    monkeypatch.setenv("PYTHONPATH", str(site))
    show = "import geocolor, importlib.metadata as m; print(geocolor.__file__, m.version('{}'))"
    place, version = run("-c", show.format("geocolor"), cwd=tmp_path).split()
    assert Path(place).is_relative_to(site)
    assert version == __version__
    suite = ("bench", "small", "--solvers", "dsatur", "--dry-run")
    assert "queen5_5" in run("-m", "geocolor", *suite, cwd=tmp_path)
    run("-m", "geocolor", "generate", "queen", "5", "5", "-o", "queen5.col", cwd=tmp_path)
    solve = ("solve", "queen5.col", "--solver", "smallest-last", "-o", "queen5.sol")
    run("-m", "geocolor", *solve, cwd=tmp_path)
    check = ("check", "queen5.col", "queen5.sol")
    assert "valid coloring" in run("-m", "geocolor", *check, cwd=tmp_path)
