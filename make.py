#!/usr/bin/env python3
"""The one entry to everything: `python3 make.py help`. `make TARGET` only hands on to this file.

This file is the doorkeeper: it must parse on any Python, so that an old one gets a sentence and not a SyntaxError.
The work stands in tools/, which needs nothing but Python 3.11's standard library.
"""

import os
import subprocess
import sys

OLDEST = (3, 11)


def newer_python():
    """The first Python on PATH that is new enough, or None."""
    for minor in range(14, OLDEST[1] - 1, -1):
        for folder in os.environ.get("PATH", "").split(os.pathsep):
            candidate = os.path.join(folder, "python3.%d" % minor)
            if os.access(candidate, os.X_OK) and answers(candidate):
                return candidate
    return None


def answers(python):
    """True when that Python starts (a version manager's placeholder may be there and not run)."""
    try:
        with open(os.devnull, "w") as nowhere:
            return subprocess.call([python, "-c", ""], stdout=nowhere, stderr=nowhere) == 0
    except OSError:
        return False


def main():
    """Run the target on a Python that is new enough; returns the exit code."""
    if sys.version_info < OLDEST:
        newer = newer_python()
        if newer:
            return subprocess.call([newer, os.path.abspath(__file__)] + sys.argv[1:])
        sys.stderr.write(
            "Python %d.%d is too old: this project needs Python %d.%d or newer, and none was found on PATH.\n"
            "Install one (Debian, Ubuntu: sudo apt-get install python3.11 or newer; macOS: brew install python)\n"
            "and run it on this file: python3.11 make.py %s\n"
            % (sys.version_info[0], sys.version_info[1], OLDEST[0], OLDEST[1], " ".join(sys.argv[1:]) or "help")
        )
        return 2
    sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
    from tools.targets import run

    return run(sys.argv[1:])


if __name__ == "__main__":
    sys.exit(main())
