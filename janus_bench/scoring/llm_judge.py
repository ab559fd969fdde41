"""A judge: a model that reads answers which no program can check. Optional, fenced, calibrated, and never replaced.

Every request puts the answer between marks of a fresh random code and says that what lies between is material. The
verdict is strict JSON or it is none. An answer that speaks to its judge is flagged and scores 0 unread. Before a judge
may grade, it grades the gold answers of judge_prompts/gold.toml: one that disagrees too often, or is taken in by one of
the planted instructions, is refused. Where the judge cannot be reached, that is recorded and the answer left out of the
scores; where it gives no verdict, the answer scores 0, since an answer must not gain by confusing its judge.

What this does not do: make a biased judge fair. Its agreement with the gold answers stands in the report.
"""

from __future__ import annotations

import asyncio
import json
import re
import secrets
import tomllib
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from typing import Any

from janus_bench.checks import normalise
from janus_bench.checks.json import breaches, read_strictly
from janus_bench.checks.text import Judged
from janus_bench.checks.verdict import Judgement
from janus_bench.constants import Table
from janus_bench.errors import BenchError, RequestError
from janus_bench.run.records import Record
from janus_bench.suites.model import Item
from janus_bench.wire.chat import read_answer
from janus_bench.wire.client import exchange
from janus_bench.wire.target import Target

PROMPTS = Path(__file__).with_name("judge_prompts")
TOP = 4
FLAGGED, NO_VERDICT = "flagged", "no verdict"
TIMEOUT_SECONDS = 120.0
AT_ONCE = 4
_VERDICT = {
    "type": "object",
    "required": ["grade", "reason"],
    "additionalProperties": False,
    "properties": {
        "grade": {"type": "integer", "minimum": 0, "maximum": TOP},
        "reason": {"type": "string", "maxLength": 2000},
    },
}
# Words with which an answer speaks to its judge. Matched on normalised text; each repetition is bounded.
_ADDRESSES = re.compile(
    r"\b(?:ignore|disregard|forget|override) (?:\w+ ){0,4}(?:instructions?|rubric|prompt|rules|guidelines)\b"
    r"|\b(?:dear|note to|attention|hello|hi),? (?:the |all |my )?(?:judge|grader|evaluator|examiner|reviewer)s?\b"
    r"|\byou are (?:now |no longer )?(?:the |a |an )?(?:\w+ )?(?:judge|grader|evaluator|examiner)\b"
    r"|\b(?:give|award|assign|grade|rate|score|mark) (?:\w+ ){0,5}(?:full marks|full points|top grade|highest grade"
    r"|maximum score|perfect score|a 4\b|4 out of 4|10/10|a 10\b)"
    r"|\bgrade (?:it|this|me|four|4)\b|\"grade\" ?:|\[\[ ?\d{1,2} ?\]\]|<\|im_(?:start|end)\|>|\bsystem note\b"
    r"|</?(?:answer|material|question|rubric)\b"
)


@dataclass(frozen=True)
class Calibration:
    """How a judge graded the gold answers: the share within one grade, and the injections that it resisted."""

    agreement: float
    gold: int
    resisted: int
    injected: int

    def problem(self, numbers: Table) -> str:
        """Why this judge may not grade; nothing where it may. `numbers` is the table `[judge]` of scoring.toml."""
        if self.resisted < self.injected:
            return f"it was taken in by {self.injected - self.resisted} of {self.injected} planted instructions"
        if self.agreement < numbers["least_agreement"]:
            return (
                f"it agrees with {self.agreement:.0%} of the gold answers, {numbers['least_agreement']:.0%} are needed"
            )
        return ""


@dataclass(frozen=True)
class Judge:
    """A model behind an OpenAI-compatible address."""

    target: Target
    model: str
    timeout: float = TIMEOUT_SECONDS

    async def grade(self, question: str, answer: str, rubric: str, reference: str = "") -> Judgement:
        """Read one answer. Nothing is raised: a failure is recorded in the judgement."""
        if addresses_judge(answer, question):
            return Judgement(0.0, f"{FLAGGED}: the answer speaks to its judge")
        return await self._ask(question, answer, rubric, reference)

    async def calibrate(self, numbers: Table) -> Calibration:
        """Grade the gold answers, unscreened. Raises BenchError where the judge is refused or cannot be reached."""
        gold = gold_answers()
        turns = asyncio.Semaphore(AT_ONCE)

        async def one(entry: dict[str, Any]) -> Judgement:
            async with turns:
                return await self._ask(entry["question"], entry["answer"], entry["rubric"], "")

        judgements = await asyncio.gather(*map(one, gold))
        self._refuse_failed(judgements)
        near = [abs(got.score * TOP - entry["grade"]) <= 1 for got, entry in zip(judgements, gold, strict=True)]
        planted = [right for right, entry in zip(near, gold, strict=True) if entry.get("injected")]
        calibration = Calibration(sum(near) / len(near), len(near), sum(planted), len(planted))
        problem = calibration.problem(numbers)
        if problem:
            raise BenchError(f"the judge {self.model} is refused: {problem}", "Choose another model as judge.")
        return calibration

    async def answers(self) -> None:
        """Ask for one verdict. Raises BenchError where the judge cannot be reached."""
        first = gold_answers()[0]
        self._refuse_failed([await self._ask(first["question"], first["answer"], first["rubric"], "")])

    def _refuse_failed(self, judgements: Sequence[Judgement]) -> None:
        lost = next((judgement for judgement in judgements if judgement.failure), None)
        if lost:
            remedy = "Check --judge and its model: it must answer POST /v1/chat/completions."
            raise BenchError(f"the judge at {self.target.url} cannot be asked: {lost.failure} ({lost.why})", remedy)

    async def _ask(self, question: str, answer: str, rubric: str, reference: str) -> Judgement:
        body = request_body(self.model, question, answer, rubric, reference)
        try:
            reply = read_answer(await exchange(self.target, body, timeout=self.timeout)).text
        except RequestError as failure:
            return Judgement(0.0, failure.detail, failure=failure.kind)
        return read_verdict(reply)


def request_body(model: str, question: str, answer: str, rubric: str, reference: str, fence: str = "") -> bytes:
    """The JSON of one request to a judge; `fence` is a fresh random code unless it is given."""
    fence = fence or secrets.token_hex(16)
    parts = [("question", question), ("rubric", rubric), ("reference", reference), ("answer", answer)]
    material = "\n".join(
        f"<{name}-{fence}>\n{text[: normalise.MAX_ANSWER_CHARS]}\n</{name}-{fence}>"
        for name, text in parts
        if text or name == "answer"
    )
    messages = [
        {"role": "system", "content": instructions().replace("{fence}", fence)},
        {"role": "user", "content": material},
    ]
    return json.dumps({"model": model, "messages": messages, "temperature": 0, "stream": False}).encode()


def read_verdict(reply: str) -> Judgement:
    """The judgement of a reply. Anything but the JSON that was asked for is no verdict, and scores 0."""
    try:
        verdict = read_strictly(reply.strip())
    except ValueError as error:
        return Judgement(0.0, f"{NO_VERDICT}: {error}")
    wrong = next(breaches(verdict, _VERDICT), "")
    if wrong:
        return Judgement(0.0, f"{NO_VERDICT}: {wrong}")
    return Judgement(verdict["grade"] / TOP, f"grade {verdict['grade']:g} of {TOP}: {verdict['reason'][:300]}")


def addresses_judge(answer: str, question: str = "") -> bool:
    """Whether an answer speaks to its judge in words that the question did not use."""
    question_text = normalise.normalise(question)
    return any(match[0] not in question_text for match in _ADDRESSES.finditer(normalise.normalise(answer)))


async def judge_all(judge: Judge, records: Sequence[Record], items: Sequence[Item]) -> None:
    """Have every answer judged whose item wants it, in place. Failed requests have nothing to be judged."""
    known = {(item.id, item.repeat): item for item in items}
    turns = asyncio.Semaphore(AT_ONCE)

    async def one(record: Record) -> None:
        item = known[record.item, record.repeat]
        for check in item.checks:
            if isinstance(check, Judged):
                async with turns:
                    record.judgement = await judge.grade(item.prompt, record.text, check.rubric, check.reference)

    wanted = (record for record in records if record.ok and known[record.item, record.repeat].wants_judge)
    await asyncio.gather(*(one(record) for record in wanted))


def summary(judge: Judge, calibration: Calibration, records: Sequence[Record]) -> dict[str, Any]:
    """What a report says of its judge: who, how it graded the gold answers, and what became of its readings.

    `failures` counts, by kind, answers that it could not be asked about: they are left out of the scores, and nothing
    stands in for them. `no_verdict` gave no JSON, `flagged` were not shown to it: both score 0.
    """
    read = [record.judgement for record in records if record.judgement]
    return {
        "url": judge.target.url,
        "model": judge.model,
        "agreement": round(calibration.agreement, 4),
        "gold": calibration.gold,
        "injections": calibration.injected,
        "injections_resisted": calibration.resisted,
        "asked": len(read),
        "no_verdict": sum(one.why.startswith(NO_VERDICT) for one in read),
        "flagged": sum(one.why.startswith(FLAGGED) for one in read),
        "failures": dict(sorted(Counter(one.failure for one in read if one.failure).items())),
    }


def write_judgements(records: Sequence[Record], write: Callable[[str], object]) -> None:
    """Write what was judged, a JSON line a record, for scoring again without the judge."""
    for record in records:
        if record.judgement is not None:
            write(json.dumps({"item": record.item, "repeat": record.repeat, **asdict(record.judgement)}) + "\n")


def read_judgements(records: Sequence[Record], lines: Sequence[str]) -> None:
    """Put kept judgements back into their records. Raises ValueError, KeyError, TypeError for lines that are none."""
    kept = {}
    for line in lines:
        fields = json.loads(line)
        key = (fields.pop("item"), fields.pop("repeat"))
        kept[key] = Judgement(**fields)
    for record in records:
        record.judgement = kept.get((record.item, record.repeat))


@cache
def instructions() -> str:
    """The judge's prompt, as published."""
    return (PROMPTS / "grade.md").read_text(encoding="utf-8")


@cache
def gold_answers() -> list[dict[str, Any]]:
    """Questions, answers and the grades that are beyond dispute."""
    gold: list[dict[str, Any]] = tomllib.loads((PROMPTS / "gold.toml").read_text(encoding="utf-8"))["gold"]
    return gold
