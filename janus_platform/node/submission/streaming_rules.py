"""The streaming rules of the competition, applied to one recorded answer.

Tokens flow continuously, not in batches; thinking goes to a field of its own; the last chunk carries `finish_reason`.
"""

from __future__ import annotations

import re
import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from janus_platform.contract import Wire
from janus_platform.node.submission.checks import Check, verdict

# Chunks of about a sentence are batches of tokens.
BATCH_WORDS = 16
# After so much silence, so many chunks at such a rate were held back: no model writes as fast.
SILENCE_SECONDS = 1.0
BURST_CHUNKS = 8
BURST_PER_SECOND = 2_000.0
_THINKING = re.compile(r"<\s*/?\s*(think|thinking|reasoning|thought)\s*>", re.IGNORECASE)


@dataclass(frozen=True)
class Streamed:
    """One answer: the first choice of each chunk, with the seconds from the question until it came.

    `ended` says whether the last event was the end marker.
    """

    choices: Sequence[tuple[float, dict[str, Any]]]
    ended: bool

    def texts(self, field: str) -> list[tuple[float, str]]:
        """What that field of each delta said, and when; without those that said nothing."""
        deltas = [(at, choice["delta"]) for at, choice in self.choices if isinstance(choice.get("delta"), dict)]
        return [(at, delta[field]) for at, delta in deltas if isinstance(delta.get(field), str) and delta[field]]


def came_at_once(streamed: Streamed, wire: Wire) -> bool:
    """Whether all that was said and thought came in one burst, after a long silence."""
    times = sorted(at for field in (wire.content_field, wire.reasoning_field) for at, _ in streamed.texts(field))
    if len(times) < BURST_CHUNKS or times[0] < SILENCE_SECONDS:
        return False
    return (len(times) - 1) > BURST_PER_SECOND * (times[-1] - times[0])


def check_stream(check: str, streamed: Streamed, wire: Wire) -> list[Check]:
    """The verdict on each rule; `check` names the one that anything was said at all."""
    content, reasoning = streamed.texts(wire.content_field), streamed.texts(wire.reasoning_field)
    return [
        verdict(check, bool(content), f"{len(content)} chunks of content", "no delta.content was sent"),
        _continuous(content, came_at_once(streamed, wire)),
        _thinking(content, reasoning, wire.reasoning_field),
        _finished(streamed),
        verdict("stream ends with its marker", streamed.ended, "", f"the last event is not data: {wire.end_of_stream}"),
    ]


def _continuous(content: list[tuple[float, str]], at_once: bool) -> Check:
    check, words = "tokens flow continuously", [len(text.split()) for _, text in content]
    if len(content) == 1 and words[0] > 1:
        return Check(check, "failed", f"{words[0]} words came in one chunk; send each token as you have it")
    if len(content) < 2:
        return Check(check, "not checked", f"{len(content)} chunks; the answer is too short to tell")
    if (usual := statistics.median(words)) >= BATCH_WORDS:
        return Check(
            check, "failed", f"half of the chunks hold {usual:g} words and more; send each token as you have it"
        )
    first, last = content[0][0], content[-1][0]
    if at_once:
        return Check(
            check,
            "failed",
            f"{len(content)} chunks came within {max(1, (last - first) * 1000):.0f} ms after {first:.1f} s of silence; "
            "send each token as you have it",
        )
    return Check(check, "passed", f"{len(content)} chunks, the first after {first:.2f} s, the last after {last:.2f} s")


def _thinking(content: list[tuple[float, str]], reasoning: list[tuple[float, str]], field: str) -> Check:
    check = f"thinking goes to {field}"
    if tag := _THINKING.search("".join(text for _, text in content)):
        return Check(check, "failed", f"the content holds a {tag[0]} tag; send that text as delta.{field}")
    if not reasoning:
        return Check(check, "not checked", "none was sent")
    return Check(check, "passed", f"{len(reasoning)} chunks")


def _finished(streamed: Streamed) -> Check:
    check = "last chunk carries finish_reason"
    reasons = [isinstance(choice.get("finish_reason"), str) for _, choice in streamed.choices]
    if not any(reasons):
        return Check(check, "failed", 'no chunk has one; send "stop" with the last one')
    after = len(reasons) - 1 - reasons.index(True)
    return verdict(check, after == 0, "", f"{after} chunks came after the one that has it; send it with the last")
