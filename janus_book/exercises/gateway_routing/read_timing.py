"""Read Server-Timing.

Write `milliseconds(header)`: a dictionary from each name in a `Server-Timing` header to its milliseconds, as a float.
An entry without `dur` has no milliseconds and is left out. The check gives you the header of a real answer, and others
that the standard allows.
"""

import httpx

from janus_book.exercise import Hint


# %% answer
def milliseconds(header):
    ### BEGIN SOLUTION
    found = {}
    for entry in header.split(","):
        name, *parameters = (part.strip() for part in entry.split(";"))
        for parameter in parameters:
            if parameter.startswith("dur="):
                found[name] = float(parameter.removeprefix("dur="))
    return found
    ### END SOLUTION


# %% check
def check(milliseconds):
    import janus_platform as janus

    body = {"model": "echo", "messages": [{"role": "user", "content": "Hello"}]}
    response = httpx.post(f"{janus.up().url}/v1/chat/completions", json=body, timeout=60)
    real = response.headers["server-timing"]
    for header, names, why in (
        (real, ["gateway", "implementation"], "It is the header of a real answer."),
        ("cache;dur=2", ["cache"], "A header may have only one entry."),
        ("db;desc=slow;dur=53.2,app;dur=47", ["db", "app"], "An entry may have other parameters than dur."),
        ("miss, db;dur=5", ["db"], "The entry miss has no dur."),
        ("hit;desc=disk, db ; dur=5", ["db"], "The entry hit has a desc and no dur."),
    ):
        try:
            found = milliseconds(header)
        except Exception as error:
            raise Hint(f"milliseconds raises {type(error).__name__} for {header!r}. {why}") from None
        if found is None:
            raise Hint("milliseconds returns nothing yet. Split at the comma first, then at the semicolon.")
        if not isinstance(found, dict):
            raise Hint(f"milliseconds gave {found!r}. Return a dictionary: which part is the name, which the value?")
        if list(found) != names or not all(isinstance(ms, float) for ms in found.values()):
            raise Hint(f"For {header!r} milliseconds gave {found!r}. {why} It should be {', '.join(names)}, as floats.")
        for name, ms in found.items():
            entry = next(entry for entry in header.split(",") if entry.strip().startswith(name))
            if ms != float(entry.partition("dur=")[2].partition(";")[0]):
                raise Hint(f"For {entry.strip()!r} milliseconds gave {ms!r}. Read everything after `dur=`.")
    return f"{real!r} is read."


# %% mistakes
MISTAKES = {
    "def milliseconds(header):\n    found = {}\n    for entry in header.split(','):\n"
    "        name, *rest = [part.strip() for part in entry.split(';')]\n"
    "        found[name] = float(dict(p.split('=') for p in rest)['dur'])\n    return found": "entry miss has no dur",
    "def milliseconds(header):\n    found = {}\n    for entry in header.split(','):\n"
    "        name, *rest = [part.strip() for part in entry.split(';')]\n"
    "        found[name] = float(dict(p.split('=') for p in rest).get('dur', 0))\n    return found": (
        "The entry miss has no dur"
    ),
    "def milliseconds(header):\n    return {p.split(';')[0].strip(): 0.0 for p in header.split(',')}": "after `dur=`",
    "def milliseconds(header):\n    return header.split(',')": "Return a dictionary",
    "def milliseconds(header):\n    return dict(p.strip().split(';dur=') for p in header.split(','))": "as floats",
    "def milliseconds(header):\n"
    "    return {n: float(d) for n, d in (p.strip().split(';dur=') for p in header.split(','))}": "other parameters",
}
