"""`make bench ARGS=answers`: how many of the baseline's answers would be shown, and what it refuses.

A platform is started, everything in tests/answers is asked through its gateway, and each answer is judged by the rules
there. `--verbose` shows every answer that is not presentable with the reason, `--json` prints the same for a program.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from collections import defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from tests.answers.asking import platform
from tests.answers.judging import Outcome, Questioned, Refusals, question
from tests.answers.labelled import FIT, REPORT
from tests.answers.sheet import GOAL
from tests.benchmarks.figures import Figure, figure, show

MOST_WRONG = 5.0


def main() -> None:
    """Ask, judge, print a line a figure and the shares by kind, and keep the figures in `_build/bench/answers.json`."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=1, help="accepted, and ignored: an answer is the same each time")
    parser.add_argument("--verbose", action="store_true", help="show each answer that is not presentable, and why")
    parser.add_argument("--json", action="store_true", help="print one JSON document, and nothing else")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, platform(Path(folder)) as url:
        questioned = question(url, (FIT, REPORT))
    if options.json:
        print(json.dumps(document(questioned), indent=1, ensure_ascii=False))
        return
    show("answers", figures(questioned))
    outcomes = questioned.sheet()
    print("\nThe sheet by kind:")
    for kind, (right, of) in by_kind(outcomes).items():
        print(f"  {kind:<12} {right:3} of {of}")
    if options.verbose:
        for line in told(questioned):
            print(line)


def figures(questioned: Questioned) -> Iterator[Figure]:
    """Shares in per cent: what is presentable, and what was refused or answered wrongly."""
    yield figure("presentable answers of the sheet", [_share(questioned.sheet())], "%", GOAL, at_least=True)
    yield figure("facts of the book answered as they are", [_share(questioned.facts())], "%", 100, at_least=True)
    yield figure("suggested questions answered as promised", [_share(questioned.suggested())], "%", 100, at_least=True)
    for half in (FIT, REPORT):
        found = questioned.refusals(half)
        yield figure(f"{half} half: uncovered questions answered", [100 * found.answered_share], "%", MOST_WRONG)
        yield figure(f"{half} half: covered questions refused", [100 * found.refused_share], "%", MOST_WRONG)
        yield figure(f"{half} half: answered from another page", [100 * found.elsewhere_share], "%", MOST_WRONG)
        asked = questioned.details(half)
        yield figure(f"{half} half: details of pages refused", [100 * asked.refused_share], "%", MOST_WRONG)
        yield figure(f"{half} half: details answered from another page", [100 * asked.elsewhere_share], "%", MOST_WRONG)


def by_kind(outcomes: Sequence[Outcome]) -> dict[str, tuple[int, int]]:
    """For each kind, how many are presentable and how many there are."""
    counted: dict[str, list[bool]] = defaultdict(list)
    for one in outcomes:
        counted[one.entry.kind].append(not one.faults)
    return {kind: (sum(right), len(right)) for kind, right in counted.items()}


def told(questioned: Questioned) -> Iterator[str]:
    """Everything that went wrong, to read."""
    judged = {"sheet": questioned.sheet(), "facts": questioned.facts(), "suggested": questioned.suggested()}
    for name, outcomes in judged.items():
        for one in outcomes:
            if one.faults:
                yield f"\n{name} {one.told()}"
    for half in (FIT, REPORT):
        groups = {"labelled": questioned.refusals, "detail": questioned.details, "follow-up": questioned.follow_ups}
        for kind, found in ((name, of(half)) for name, of in groups.items()):
            yield from _wrong(f"{half} half, {kind}", found)


def _wrong(where: str, found: Refusals) -> Iterator[str]:
    for fault in ("refused", "answered", "elsewhere"):
        for one, answer in getattr(found, fault):
            asked, first = " → ".join((*one.asked, one.question)), answer.prose[:110].replace("\n", " ")
            yield f"\n{where}, wrongly {fault}: {asked}\n    {first}\n    {', '.join(answer.sources)}"


def document(questioned: Questioned) -> dict[str, Any]:
    """The same for a program: every answer with its faults, and what went wrong of the labelled questions."""
    outcomes = {"sheet": questioned.sheet(), "facts": questioned.facts(), "suggested": questioned.suggested()}
    return {
        "shares": {name: _share(found) for name, found in outcomes.items()},
        "kinds": by_kind(outcomes["sheet"]),
        **{name: [_as_table(one) for one in found] for name, found in outcomes.items()},
        "labelled": {half: _refused(questioned.refusals(half)) for half in (FIT, REPORT)},
        "details": {half: _refused(questioned.details(half)) for half in (FIT, REPORT)},
        "follow_ups": {half: _refused(questioned.follow_ups(half)) for half in (FIT, REPORT)},
    }


def _as_table(one: Outcome) -> dict[str, Any]:
    asked = [*one.entry.asked, one.entry.question]
    return {"kind": one.entry.kind, "asked": asked, "faults": one.faults, "answer": one.answer.text}


def _refused(found: Refusals) -> dict[str, Any]:
    wrong = {fault: getattr(found, fault) for fault in ("refused", "answered", "elsewhere")}
    told = {fault: [[one.question, answer.text] for one, answer in pairs] for fault, pairs in wrong.items()}
    return {"covered": found.covered, "uncovered": found.uncovered, **told}


def _share(outcomes: Sequence[Outcome]) -> float:
    return 100 * sum(not one.faults for one in outcomes) / len(outcomes)


if __name__ == "__main__":
    main()
