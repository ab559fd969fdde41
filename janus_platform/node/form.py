"""The submission form, checked before anything is copied or run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from janus_platform.node.registry import NAME
from janus_platform.node.trial import Check

MAX_FORM_CHARACTERS = 2_000


def check_form(
    path: Path, name: str, entry: str, command: Sequence[str], form: Mapping[str, str], reserved: set[str]
) -> list[Check]:
    """Name, folder, what to run, and the texts of the form. `reserved` holds the names that nobody may take."""
    checks = [_name_check(name, reserved), _folder_check(path)]
    if command:
        usable = all(isinstance(part, str) and part for part in command)
        checks.append(_check("command", usable, "every part of the command must be a non-empty text"))
    else:
        found = _is_plain_relative(entry) and (path / entry).is_file()
        checks.append(_check("entry point exists", found, f"there is no file {str(entry)[:80]} in {path}"))
    long = [field for field, text in form.items() if not isinstance(text, str) or len(text) > MAX_FORM_CHARACTERS]
    detail = f"{', '.join(long)}: a text of at most {MAX_FORM_CHARACTERS:,} characters is expected"
    checks.append(_check("submission form", not long, detail))
    return checks


def _check(check: str, good: bool, blame: str) -> Check:
    return Check(check, "passed") if good else Check(check, "failed", blame)


def _name_check(name: str, reserved: set[str]) -> Check:
    if not isinstance(name, str) or not NAME.fullmatch(name):
        detail = "a name has 1 to 63 lower-case letters, digits and hyphens, and does not start with a hyphen"
        return Check("name", "failed", detail)
    return _check("name", name not in reserved, f"{name} is reserved; choose another name")


def _folder_check(path: Path) -> Check:
    return _check("folder exists", path.is_absolute() and path.is_dir(), f"{path} is not a folder (give its full path)")


def _is_plain_relative(entry: str) -> bool:
    parts = Path(entry).parts if isinstance(entry, str) else ()
    return bool(parts) and not Path(entry).is_absolute() and ".." not in parts
