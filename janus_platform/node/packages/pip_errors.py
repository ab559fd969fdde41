"""What pip says when it fails, in a sentence that names the package and what to do.

pip has no codes for its errors: they are told by the words that its versions from 22.2 to 26 share.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator

_SHOWN = 300
_OFFLINE = ("Retrying (Retry(", "Max retries exceeded", "NewConnectionError", "Could not fetch URL")
_NO_NETWORK = (
    "{}: the index of this machine's pip cannot be reached. With a network, `pip download -r requirements.txt "
    "--only-binary=:all: -d wheels` fills the folder wheels/, from which it is installed without one."
)
_NO_WHEEL = (
    "{}: no wheel for this Python and machine is to be had. Look at name and version; what comes as source only is not "
    "built here, since building runs its code: `pip wheel NAME -w wheels` builds a wheel into the folder."
)
_NOT_LOCKED = (
    "{} is needed too, and has no version and hash in requirements.txt. Lock all of them: `uv pip compile "
    "--generate-hashes`."
)
# What pip says; whether the subject stands in the rest of the line, in the first indented line or in all of them.
_REASONS = (
    ("No module named pip", "", f"the platform's Python has no pip: `{sys.executable} -m ensurepip` brings it."),
    ("no such option", "", f"pip is too old, 22.2 is needed: `{sys.executable} -m pip install --upgrade pip`."),
    ("No space left on device", "", "the disk is full."),
    ("File too large", "", "one file is larger than all packages together may be. Ask for less."),
    (
        "DO NOT MATCH THE HASHES",
        "first",
        "{}: its file does not have the hash in requirements.txt. Find out why, then update the hashes.",
    ),
    ("Hashes are required", "first", _NOT_LOCKED),
    ("versions pinned with ==", "first", _NOT_LOCKED),
    ("The conflict is caused by:", "all", "{}: they cannot be installed together. Loosen a version."),
    ("No matching distribution found for ", "rest", _NO_WHEEL),
)


def explain(output: str) -> str:
    """What went wrong, as far as pip's output says it."""
    for words, where, sentence in _REASONS:
        if words in output:
            rest = output.partition(words)[2]
            offline = sentence is _NO_WHEEL and any(word in output for word in _OFFLINE)
            return (_NO_NETWORK if offline else sentence).format(_subject(rest, where)[:_SHOWN])
    lines = output.strip().splitlines()
    return f"pip failed: {lines[-1].removeprefix('ERROR: ')[:_SHOWN] if lines else 'it said nothing'}"


def _subject(rest: str, where: str) -> str:
    if where == "rest":
        return _without_origin(rest.partition("\n")[0])
    indented = list(_indented(rest))
    return "; ".join(indented if where == "all" else indented[:1])


def _indented(text: str) -> Iterator[str]:
    """The lines of the first block that stands four spaces in."""
    begun = False
    for line in text.splitlines():
        if line.startswith("    ") and line[4:5].strip():
            begun = True
            yield _without_origin(line.strip())
        elif begun:
            return


def _without_origin(line: str) -> str:
    """Without where pip read it, and the hash: a file that the submitter has never seen."""
    for origin in (" (from ", " from ", " --hash", ":"):
        line = line.partition(origin)[0]
    return line
