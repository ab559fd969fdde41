"""Suites by name: the two that are bundled, their categories, the public benchmarks, and suite files.

The full suite is a file a category; the quick suite is those of its items that say `quick = true`, all of them drawn by
the seed, and a few of the others, which the seed chooses: no question stands twice, and no answer is worth learning by
heart.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

from janus_bench.errors import SuiteError
from janus_bench.suites.files import SUFFIXES, read_file
from janus_bench.suites.filling import is_seeded
from janus_bench.suites.model import CATEGORIES, Suite, without_lost_twins
from janus_bench.suites.problems import problems
from janus_bench.suites.public import BENCHMARKS, load_public

BUNDLED = ("quick", "full")
_FOLDER = Path(__file__).parent / "full"
# How many of a category's fixed questions the quick suite asks. The more it asks of a pool, the more often an answer
# learned from another seed comes up again.
_SAMPLED = {"knowledge": 6, "research": 5, "streaming": 1}
_DESCRIPTIONS = {
    "quick": "A fair first look, within five minutes on the local platform: the short questions of every category.",
    "full": "Every question of every category, sized for two hours against a live target.",
}


def load_suite(name: str) -> Suite:
    """A suite by name or path. Raises SuiteError.

    `quick`, `full`, a category of the quick suite (`coding`) or of the full one (`full/coding`), a public benchmark
    (public.py), or the path of a suite file.
    """
    if name in BUNDLED:
        return _bundled(name)
    if name in CATEGORIES:
        return _bundled("quick").only(name)
    if name.removeprefix("full/") in CATEGORIES:
        return _bundled("full").only(name.removeprefix("full/"))
    if name in BENCHMARKS:
        return load_public(name)
    if name.endswith(SUFFIXES):
        return read_suite(Path(name))
    known = ", ".join((*BUNDLED, *CATEGORIES, *BENCHMARKS))
    raise SuiteError(f"there is no suite {name!r}", f"Known: {known}; or give the path of a {_or(SUFFIXES)} file.")


@cache
def _bundled(name: str) -> Suite:
    if name == "quick":
        # an item with a twin needs it beside it
        chosen = [raw for raw in _bundled("full").raw_items if raw.get("quick") or _may_be_chosen(raw)]
        return Suite(name, _DESCRIPTIONS[name], without_lost_twins(chosen), _SAMPLED)
    # They are checked by the tests: to check them again would want what pictures need for suites without any.
    parts = [read_file(_FOLDER / f"{category}.toml")[2] for category in CATEGORIES]
    return Suite(name, _DESCRIPTIONS[name], tuple(raw for part in parts for raw in part))


def _may_be_chosen(raw: dict[str, Any]) -> bool:
    return raw["category"] in _SAMPLED and not is_seeded(raw) and not raw.get("twin")


def read_suite(path: Path) -> Suite:
    """Read and check a suite file. Raises SuiteError with the first problem; `problems` lists them all."""
    name, description, raw_items = read_file(path)
    issues = problems(raw_items)
    if issues:
        raise SuiteError(f"{path.name}: {issues[0]}", f"`janus-bench validate {path}` lists every problem.")
    return Suite(name, description, tuple(raw_items))


def _or(names: tuple[str, ...]) -> str:
    return f"{', '.join(names[:-1])} or {names[-1]}"
