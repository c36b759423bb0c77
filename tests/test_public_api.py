"""The public names and what they take are those that were recorded, or were changed on purpose.

``python tests/test_public_api.py`` records them anew.
"""

import enum
import inspect
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import geocolor

ROOT = Path(__file__).parents[1]
RECORD = Path(__file__).with_name("public_api.txt")


def signature(value: Any) -> str:
    try:
        text = str(inspect.signature(value))
    except ValueError:  # classes that take what their base in C takes
        return "(...)"
    return re.sub(r"<function (\w+) at 0x\w+>", r"\1", text)


def described(name: str, value: Any) -> list[str]:
    """List a function, or a class with its public methods and properties, a line each."""
    if isinstance(value, str):
        return [f"{name}: str"]
    if isinstance(value, type) and issubclass(value, enum.Enum):
        return [f"{name}: {', '.join(value.__members__)}"]
    if not isinstance(value, type):
        return [f"{name}{signature(value)}"]
    lines = [f"class {name}{signature(value)}"]
    for part, member in sorted(vars(value).items()):
        if part.startswith("_"):
            continue
        if isinstance(member, classmethod | staticmethod):
            lines.append(f"{name}.{part}{signature(member.__func__)}")
        elif inspect.isfunction(member):
            lines.append(f"{name}.{part}{signature(member)}")
        elif not inspect.ismemberdescriptor(member):  # fields are in the signature
            lines.append(f"{name}.{part}")
    return lines


def public_api() -> str:
    lines = [
        line
        for name in sorted(geocolor.__all__)
        for line in described(name, getattr(geocolor, name))
    ]
    return "\n".join(lines) + "\n"


def test_public_names_and_signatures_are_those_recorded() -> None:
    assert public_api() == RECORD.read_text(encoding="utf-8"), (
        "the public interface has changed; if that is meant, run python tests/test_public_api.py, "
        "and say it in CHANGELOG.md (CONTRIBUTING.md, Deprecation)"
    )


def test_every_public_name_is_in_the_reference() -> None:
    page = (ROOT / "docs" / "api.md").read_text(encoding="utf-8")
    on_page = set(re.findall(r"^\.\. auto\w+:: geocolor\.(\w+)$", page, flags=re.MULTILINE))
    elsewhere = {"__version__", "GeocolorError"}  # errors have a section of their own
    assert set(geocolor.__all__) - elsewhere - on_page == set()


@pytest.mark.parametrize(
    ("code", "absent"),
    [
        ("import geocolor", ("torch", "numpy", "numba", "scipy", "networkx", "ortools")),
        ("import geocolor; geocolor.solve, geocolor.read", ("torch", "ortools", "transformers")),
    ],
)
def test_importing_loads_nothing_before_it_is_used(code: str, absent: tuple[str, ...]) -> None:
    check = f"{code}\nimport sys\nprint([name for name in {absent} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", check], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


if __name__ == "__main__":
    RECORD.write_text(public_api(), encoding="utf-8")
