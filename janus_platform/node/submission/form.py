"""The submission form, checked before anything is copied, run or asked.

A workshop's reader may leave out all but name and folder: then the form is incomplete, and reads "not given".
"""

from __future__ import annotations

import re
import shlex
import unicodedata
from collections.abc import Callable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from urllib.parse import urlsplit

from janus_platform.contract import Submission
from janus_platform.node.registry import NAME
from janus_platform.node.submission.checks import Check, verdict
from janus_platform.node.submission.hotkey import check_hotkey
from janus_platform.node.submission.janus_toml import DEFAULT_ENTRY, FILE, JanusTomlError, read_command
from janus_platform.node.submission.licences import checked_licence
from janus_platform.node.submission.submitted_code import is_utf8, shown

# Takes a field's text, returns praise, raises ValueError with what to do.
Judge = Callable[[str, Submission], str]

_HOST = re.compile(r"([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z][a-z0-9-]{0,61}")
# Files made for another way of running a submission than this platform's, and what stands in their place.
_NO_IMAGE = "no image is built; the program runs on this machine, with the packages of requirements.txt"
_NO_PYTHON = "Python packages are installed only from requirements.txt and from the folder wheels/"
_NO_NODE = "no Node.js package is installed; whatever the program needs must be in the folder, outside node_modules"
UNUSED = {
    "Dockerfile": _NO_IMAGE,
    **dict.fromkeys(
        (
            "requirements.lock", "pyproject.toml", "uv.lock", "poetry.lock", "Pipfile", "setup.py", "environment.yml",
        ),
        _NO_PYTHON,
    ),
    "package.json": _NO_NODE,
}  # fmt: skip
# Line ends and tabs may stand in a text; other controls, and what turns the writing direction, could redraw a terminal.
_MAY_STAND = "\n\t"
_DIRECTIONS = "\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"


@dataclass(frozen=True)
class Form:
    """The form's texts; an empty one means "not given"."""

    hotkey: str = ""
    source: str = ""
    license: str = ""
    description: str = ""
    changelog: str = ""
    contact: str = ""

    @classmethod
    def of(cls, texts: Mapping[str, str | None]) -> Form:
        """The form with these texts, without the spaces around them."""
        return cls(**{name: text.strip() for name, text in texts.items() if text is not None})

    def normal(self) -> Form:
        """The form with its licence in SPDX's own spelling. Raises ValueError for one that is none."""
        return replace(self, license=self.license and checked_licence(self.license))

    def plain(self) -> dict[str, str]:
        """The form as plain data."""
        return asdict(self)


def check_name(name: str, reserved: AbstractSet[str]) -> Check:
    """Whether an implementation may be called that. `reserved` holds the names that nobody may take."""
    if not isinstance(name, str) or not NAME.fullmatch(name):
        detail = "a name has 1 to 63 lower-case letters, digits and hyphens, and does not start with a hyphen"
        return Check("name", "failed", detail)
    return verdict("name", name not in reserved, "", f"{name} is reserved; choose another name")


def check_folder(path: Path, entry: str, command: Sequence[str]) -> list[Check]:
    """Whether there is a folder, and in it what is to be run."""
    if not is_utf8(path):
        return [Check("folder exists", "failed", f"the name of {shown(path)} is not UTF-8. Rename it.")]
    folder = path.is_absolute() and path.is_dir()
    checks = [verdict("folder exists", folder, "", f"{path} is not a folder (give its full path)")]
    checks += [
        Check(f"{name} (not used here)", "not checked", why)
        for name, why in UNUSED.items()
        if folder and (path / name).is_file()
    ]
    if command:
        usable = all(isinstance(part, str) and part for part in command)
        return [*checks, verdict("command", usable, "", "every part of the command must be a non-empty text")]
    if folder and entry == DEFAULT_ENTRY and (path / FILE).is_file():
        return [*checks, _declared(path)]
    exists = _is_plain_relative(entry) and (path / entry).is_file()
    return [*checks, verdict("entry point exists", exists, "", f"there is no file {str(entry)[:80]} in {path}")]


def _declared(path: Path) -> Check:
    try:
        return Check(FILE, "passed", f"runs {shlex.join(read_command(path) or ())[:200]}")
    except JanusTomlError as error:
        return Check(FILE, "failed", str(error))


def check_form(form: Form, rules: Submission) -> list[Check]:
    """A line for each field. Those of `form` that are given are passed or failed, the others not given."""
    texts = form.plain()
    judged = [_judged(check, field, texts[field], rules, judge) for check, field, judge in _FIELDS]
    return [*judged, *_optional(form, rules)]


def _judged(check: str, field: str, text: str, rules: Submission, judge: Judge) -> Check:
    if not text:
        return Check(check, "not given", f"the competition asks for it: --{field}")
    try:
        return Check(check, "passed", judge(text, rules))
    except ValueError as error:
        return Check(check, "failed", f"{field}: {error}")


def _optional(form: Form, rules: Submission) -> Iterator[Check]:
    for check, text, most in (
        ("changelog", form.changelog, rules.changelog_most),
        ("contact", form.contact, rules.contact_most),
    ):
        if text:
            good = len(text) <= most and not odd_characters(text)
            yield verdict(check, good, "", f"{check}: up to {most:,} characters, none of them a control character")


def _hotkey(text: str, rules: Submission) -> str:
    check_hotkey(text, rules)
    return "well-formed SS58 with its checksum; whether it is registered was not checked"


def _source(text: str, rules: Submission) -> str:
    wrong = "give the https address of the public repository, such as https://github.com/you/implementation"
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError:
        raise ValueError(wrong) from None
    plain = text.isascii() and not re.search(r"[\x00-\x20\x7f\\]", text) and len(text) <= rules.source_most
    if not plain or parts.scheme != "https" or "@" in parts.netloc or port == 0:
        raise ValueError(wrong)
    if not _HOST.fullmatch(parts.hostname or "") or not parts.path.strip("/"):
        raise ValueError(f"{wrong}: a host with a dot, and a path on it")
    return "an https address; whether it answers was not checked"


def _licence(text: str, _: Submission) -> str:
    return f"{checked_licence(text)} is OSI-approved; whether the source carries it was not checked"


def _description(text: str, rules: Submission) -> str:
    if odd := odd_characters(text):
        raise ValueError(f"it holds {odd[0]!a}, which is not a printable character; leave it out")
    least, most = rules.description_least, rules.description_most
    if not least <= len(text) <= most:
        raise ValueError(
            f"it has {len(text):,} characters; use {least} to {most} to say what the implementation does and how"
        )
    return f"{len(text)} characters"


_FIELDS: tuple[tuple[str, str, Judge], ...] = (
    ("hotkey is valid", "hotkey", _hotkey),
    ("source is given", "source", _source),
    ("licence is valid", "license", _licence),
    ("description", "description", _description),
)


def odd_characters(text: str) -> list[str]:
    """The characters of `text` that do not print, or turn the direction in which it is written."""
    controls = (c for c in text if unicodedata.category(c) in ("Cc", "Cs") and c not in _MAY_STAND)
    return [*controls, *(c for c in text if c in _DIRECTIONS)]


def _is_plain_relative(entry: str) -> bool:
    parts = Path(entry).parts if isinstance(entry, str) else ()
    return bool(parts) and not Path(entry).is_absolute() and ".." not in parts
