"""The pins: complete, exact, within pyproject.toml's ranges, and free of where they were taken from."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tools.environment import PINS, ROOT, TEST_PINS

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
# The systems and Pythons that the project is for.
ENVIRONMENTS = [
    {"sys_platform": system, "platform_system": name, "python_version": version, "python_full_version": f"{version}.9"}
    for system, name in (("linux", "Linux"), ("darwin", "Darwin"))
    for version in ("3.11", "3.12", "3.13")
]


def lines(file: Path) -> list[str]:
    return [line for line in file.read_text("utf-8").splitlines() if line and not line.startswith("#")]


def pins(*files: Path) -> list[Requirement]:
    return [Requirement(line) for file in files for line in lines(file) if not line.startswith(".")]


def wanted(*extras: str) -> list[Requirement]:
    """What pyproject.toml asks for, with these extras."""
    texts = [*PROJECT["dependencies"], *(t for extra in extras for t in PROJECT["optional-dependencies"][extra])]
    return [Requirement(text) for text in texts]


def unmet(requirements: list[Requirement], pinned: list[Requirement], environment: dict[str, str]) -> list[str]:
    """The requirements that no pin, or more than one, answers in that environment."""
    found = []
    for requirement in requirements:
        if requirement.marker and not requirement.marker.evaluate(environment):
            continue
        name = canonicalize_name(requirement.name)
        versions = [
            next(iter(pin.specifier)).version
            for pin in pinned
            if canonicalize_name(pin.name) == name and (pin.marker is None or pin.marker.evaluate(environment))
        ]
        if len(versions) != 1 or versions[0] not in requirement.specifier:
            found.append(f"{requirement}: pinned {versions or 'nowhere'}; run python3 make.py requirements")
    return found


@pytest.mark.parametrize("environment", ENVIRONMENTS, ids=lambda e: f"{e['sys_platform']}-{e['python_version']}")
def test_every_requirement_is_pinned_within_its_range(environment: dict[str, str]) -> None:
    assert unmet(wanted("platform", "book", "lab"), pins(PINS), environment) == []
    assert unmet(wanted("platform", "book", "lab", "test"), pins(PINS, TEST_PINS), environment) == []


def test_a_range_that_moved_on_is_found() -> None:
    moved = [Requirement("typer>=99")]
    assert unmet(moved, pins(PINS), ENVIRONMENTS[0])


@pytest.mark.parametrize("file", [PINS, TEST_PINS], ids=lambda file: file.name)
def test_every_line_is_one_exact_version(file: Path) -> None:
    for pin in pins(file):
        assert [s.operator for s in pin.specifier] == ["=="], pin
        assert "*" not in str(pin.specifier)
        assert pin.url is None


@pytest.mark.parametrize("file", [PINS, TEST_PINS], ids=lambda file: file.name)
def test_no_line_says_where_packages_come_from(file: Path) -> None:
    text = file.read_text("utf-8")
    for forbidden in ("--", "://", "@ "):
        assert forbidden not in "\n".join(lines(file))
    assert "--hash" not in text
    assert "index-url" not in text
    assert "python3 make.py requirements" in text, "the head says how the file is made"


def test_requirements_end_with_the_project_and_its_extras() -> None:
    assert lines(PINS)[-1] == ".[platform,book,lab]"
    assert sum(line.startswith(".") for line in lines(PINS)) == 1
