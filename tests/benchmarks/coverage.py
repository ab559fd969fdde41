"""When the default engine answers and when it refuses, on the labelled questions.

Run as `python -m tests.benchmarks.coverage`. The passages are those that the baseline finds on a running platform.
`--fit` chooses the constants of `inference/local/coverage.py` on the half that is for fitting; without it the figures
of both halves are told, and which questions go wrong. With `--words` the sentence encoder is left out.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import math
import sys
from dataclasses import dataclass
from pathlib import Path

from janus_platform.services.inference.local import coverage
from janus_platform.services.inference.local.answered import best_answered
from janus_platform.services.inference.local.meaning import Encode
from janus_platform.services.inference.local.prompt import Passage
from janus_platform.services.inference.local.question import Question
from janus_platform.services.inference.local.ranking import Evidence, Ranking
from janus_platform.services.inference.sentence_vectors import SentenceVectors
from janus_platform.services.vector_index.prepare import model_folder
from tests.answers.labelled import FIT, REPORT, Labelled, covered, details, follow_ups, uncovered

RESEARCH = Path(__file__).parents[2] / "janus_platform" / "implementations" / "research"
Found = dict[str, list[dict[str, str]]]


@dataclass(frozen=True)
class Case:
    """A labelled question with what speaks for an answer to it.

    `is_asked` says that a page asks the same and answers it.
    """

    labelled: Labelled
    evidence: Evidence
    is_asked: bool = False

    @property
    def strength(self) -> float:
        """How far it is above the least that an answer needs."""
        return math.inf if self.is_asked else coverage.strength(self.evidence)


async def gathered(labelled: list[Labelled]) -> list[tuple[Labelled, str, list[Passage]]]:
    """Each question as the baseline reads it, with the passages that it finds."""
    import janus_platform as janus

    janus.up(limits="off")
    sys.path.insert(0, str(RESEARCH))
    from finding import Finding, Findings  # type: ignore[import-not-found]
    from questions import read_question  # type: ignore[import-not-found]
    from services import Services  # type: ignore[import-not-found]

    services, found = Services(), []
    finding = Finding(services)
    for one in labelled:
        asked = [{"role": "user", "content": text} for text in (*one.asked, one.question)]
        question, findings = read_question(asked), Findings()
        if question.is_small_talk:
            found.append((one, "", []))
            continue
        async for _ in finding.gather(question, findings):
            pass
        passages = [Passage(p.text, n, p.title) for n, p in enumerate(findings.passages, 1)]
        found.append((one, question.spoken(), passages))
    await services.aclose()
    return found


def cases_of(found: list[tuple[Labelled, str, list[Passage]]], encode: Encode | None) -> list[Case]:
    """The evidence for each question; none of it where nothing was found."""
    nothing = Evidence(0.0, 0.0, None if encode is None else 0.0, 1.0)
    cases = []
    for one, text, passages in found:
        question = Question(text)
        ranking = Ranking(question, passages, encode)
        is_asked = bool(best_answered(question, passages, ranking, encode))
        cases.append(Case(one, ranking.evidence if passages else nothing, is_asked))
    return cases


def rates(cases: list[Case], least: float | None = None) -> tuple[float, float]:
    """The share of covered questions that are refused, and of uncovered ones that are answered."""
    answered = [case.strength >= (0.0 if least is None else least) for case in cases]
    told = list(zip(cases, answered, strict=True))
    refused = [not a for case, a in told if case.labelled.is_covered]
    wrong = [a for case, a in told if not case.labelled.is_covered]
    return sum(refused) / max(1, len(refused)), sum(wrong) / max(1, len(wrong))


def fit(cases: list[Case], *, words: bool) -> None:
    """Print the constants: logistic regression, both kinds with equal weight, and the least that errs evenly."""
    import numpy as np

    cases = [case for case in cases if not case.is_asked]
    names = ["passage", "sentence", "missing", *([] if words else ["meaning"])]
    rows = np.array([[getattr(case.evidence, name) or 0.0 for name in names] + [1.0] for case in cases])
    covered_ones = np.array([case.labelled.is_covered for case in cases])
    weights = np.where(covered_ones, 0.5 / covered_ones.mean(), 0.5 / (1 - covered_ones.mean()))
    found = np.zeros(rows.shape[1])
    for _ in range(4_000):
        told = 1 / (1 + np.exp(-rows @ found))
        found -= 0.5 * (rows.T @ ((told - covered_ones) * weights) / len(rows) + 0.002 * np.r_[found[:-1], 0])
    values = rows[:, :-1] @ found[:-1]
    for least in np.arange(values.min(), values.max(), 0.1):
        refused, wrong = (values[covered_ones] < least).mean(), (values[~covered_ones] >= least).mean()
        if max(refused, wrong) < 0.2:
            print(f"least {least:.2f}: {refused:.1%} refused, {wrong:.1%} answered")
    print(dict(zip(names, found.round(2).tolist(), strict=False)))


def main() -> None:
    """Gather, measure, and say which questions go wrong."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--fit", action="store_true")
    parser.add_argument("--words", action="store_true")
    parser.add_argument("--kept", type=Path, help="a file to keep the passages in, or to read them from")
    arguments = parser.parse_args()
    encode = None if arguments.words else SentenceVectors(model_folder())
    every = [one for half in (FIT, REPORT) for read in (covered, uncovered, follow_ups, details) for one in read(half)]
    if arguments.kept and arguments.kept.is_file():
        by_question = {(one.question, one.asked): one for one in every}
        found = [
            (by_question[q, tuple(asked)], text, [Passage(**p) for p in passages])
            for q, asked, text, passages in json.loads(arguments.kept.read_text())
        ]
    else:
        found = asyncio.run(gathered(every))
        if arguments.kept:
            rows = [(one.question, one.asked, text, [vars(p) for p in ps]) for one, text, ps in found]
            arguments.kept.write_text(json.dumps(rows))
    cases = cases_of(found, encode)
    if arguments.fit:
        fit([case for case in cases if case.labelled.half == FIT], words=arguments.words)
        return
    for half in (FIT, REPORT):
        mine = [case for case in cases if case.labelled.half == half]
        refused, wrong = rates(mine)
        count = sum(case.labelled.is_covered for case in mine)
        print(
            f"{half}: {refused:.1%} of {count} covered refused, {wrong:.1%} of {len(mine) - count} uncovered answered"
        )
    for case in cases:
        if (case.strength >= 0) != case.labelled.is_covered:
            what = "refused" if case.labelled.is_covered else "answered"
            print(f"  {what}: {case.labelled.question!r} {case.evidence} {case.strength:.2f}")


if __name__ == "__main__":
    main()
