"""What to do about a package that an implementation imports and this machine does not have."""

from __future__ import annotations

import re
import sys

# Python's and Node's own words.
_MISSING = re.compile(r"No module named '([\w.]{1,100})'|Cannot find (?:module|package) '([^'\n]{1,100})'")
# Made for another way of running a submission than this platform's.
UNUSED = (
    "Dockerfile", "requirements.txt", "requirements.lock", "pyproject.toml", "uv.lock", "poetry.lock", "Pipfile",
    "setup.py", "environment.yml", "package.json",
)  # fmt: skip
NOT_USED = (
    "no image is built and no package installed; the program runs with the Python and the packages of the platform"
)


def remedy(printed: str) -> str:
    """A sentence on the last missing package that `printed` names; empty where it names none."""
    every = list(_MISSING.finditer(printed))
    if not every:
        return ""
    found = every[-1]
    if module := found[1]:
        top = module.partition(".")[0]
        return (
            f"Nothing of a requirements.txt or a Dockerfile is installed here. Install the package that holds {top} "
            f"for the platform's Python (`{sys.executable} -m pip install {top}`), or put it into the folder."
        )
    return f"No package.json is installed here. Put the files of {found[2]} into the folder, outside node_modules."
