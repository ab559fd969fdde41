"""One request's record: raw stamps and everything that came back, as a line of `records.jsonl` and as an object.

The line holds what scores are made of, so a run can be scored again without the target. Stamps are nanoseconds of one
monotonic clock with an arbitrary start; only their differences mean anything.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any

from janus_bench.checks.verdict import Judgement, Verdict
from janus_bench.wire.chat import Answer, Delta


@dataclass(frozen=True)
class Timing:
    """Figures of one request. Waits and gaps in milliseconds; None where there was nothing to measure.

    `gaps_ms` lie between chunks; `token_gaps_ms` between tokens, where the chunks carry counts of them. `told_tokens`
    is what `usage` says, `token_source` how that compares with `tokens`, the bench's own count.
    """

    connect_ms: float
    first_token_ms: float | None
    first_reasoning_ms: float | None
    first_content_ms: float | None
    total_ms: float
    gaps_ms: tuple[float, ...]
    token_gaps_ms: tuple[float, ...]
    tokens: int
    told_tokens: int | None
    token_source: str
    tokens_per_second: float | None


@dataclass
class Record:
    """One request. `answer` and `timing` are None and `error` is set where it failed; `score` is 0 to 1.

    `stamped_by` says whose stamps the reads carry, "kernel" or "reader"; with the kernel's, `late_ns` is how long the
    latest read was in coming. `thinking` says of each piece of reasoning how far it is the answer's own, beside the
    others of its run (reading.py); `tries` how often it was asked, since a 429 is asked again; `expected`
    what was to be answered, where that is exact.
    """

    item: str
    category: str
    repeat: int
    started_ns: int = 0
    connected_ns: int = 0
    sent_ns: int = 0
    stamped_by: str = ""
    late_ns: int = 0
    answer: Answer | None = None
    error: str = ""
    error_detail: str = ""
    timing: Timing | None = None
    verdicts: list[tuple[str, Verdict]] = field(default_factory=list)
    score: float = 0.0
    wants_artifact: bool = False
    shows_picture: bool = False
    chance: float = 0.0
    drawn: bool = True
    judgement: Judgement | None = None
    unjudged: bool = False
    thinking: tuple[float, ...] | None = None
    tries: int = 1
    expected: str = ""

    @property
    def ok(self) -> bool:
        """Whether a usable answer came back; it may still be wrong."""
        return self.answer is not None

    @property
    def first_token_ms(self) -> float | None:
        """Milliseconds from the request's last written byte to the first output of any kind."""
        return self.timing.first_token_ms if self.timing else None

    @property
    def first_reasoning_ms(self) -> float | None:
        """The same to the first `reasoning_content`."""
        return self.timing.first_reasoning_ms if self.timing else None

    @property
    def first_content_ms(self) -> float | None:
        """The same to the first `content`."""
        return self.timing.first_content_ms if self.timing else None

    @property
    def total_ms(self) -> float | None:
        """The same to the last output."""
        return self.timing.total_ms if self.timing else None

    @property
    def gaps_ms(self) -> tuple[float, ...]:
        """Milliseconds between one chunk of output and the next."""
        return self.timing.gaps_ms if self.timing else ()

    @property
    def tokens_per_second(self) -> float | None:
        """Those after the first chunk over the time from it to the last; None where it could not be measured."""
        return self.timing.tokens_per_second if self.timing else None

    @property
    def text(self) -> str:
        """The answer's text; empty where the request failed."""
        return self.answer.text if self.answer else ""

    @property
    def reasoning(self) -> str:
        """The thinking that was shown."""
        return self.answer.reasoning if self.answer else ""

    def to_json(self) -> dict[str, Any]:
        """The raw record: no scores and nothing that can be computed from the rest."""
        line: dict[str, Any] = {"item": self.item, "category": self.category, "repeat": self.repeat}
        line |= {"started_ns": self.started_ns, "connected_ns": self.connected_ns, "sent_ns": self.sent_ns}
        line |= {"stamped_by": self.stamped_by, "late_ns": self.late_ns}
        line["tries"] = self.tries
        line["error"] = {"kind": self.error, "detail": self.error_detail} if self.error else None
        if self.answer is None:
            return line | {"answer": None}
        answer = asdict(self.answer)
        answer["deltas"] = [[delta.kind, delta.at_ns, delta.text] for delta in self.answer.deltas]
        return line | {"answer": answer}

    @classmethod
    def from_json(cls, line: dict[str, Any]) -> Record:
        """The record of a line; timing, verdicts and score are for grading to add. Raises KeyError, TypeError."""
        answer, error = line["answer"], line["error"] or {}
        if answer is not None:
            counts = [(at_ns, tokens) for at_ns, tokens in answer.get("token_counts", [])]
            deltas = [Delta(*delta) for delta in answer["deltas"]]
            answer = Answer(**{**answer, "deltas": deltas, "token_counts": counts})
        return cls(
            item=line["item"],
            category=line["category"],
            repeat=line["repeat"],
            started_ns=line["started_ns"],
            connected_ns=line["connected_ns"],
            sent_ns=line["sent_ns"],
            stamped_by=line.get("stamped_by", ""),
            late_ns=line.get("late_ns", 0),
            tries=line.get("tries", 1),
            answer=answer,
            error=error.get("kind", ""),
            error_detail=error.get("detail", ""),
        )
