"""What an answer cost, and how far a bill is believed.

A bill is the target's own word. What was seen is not: the bench counts the tokens itself and knows what a common model
asks for them. So a bill below that list price is flagged and gains nothing, one below the price of the cheapest model
there is counts as none, and one above is taken as reported: unseen thinking has its price.
"""

from __future__ import annotations

from typing import NamedTuple

from janus_bench.constants import Table
from janus_bench.scoring.metrics import count_seen, count_tokens
from janus_bench.wire.chat import Answer

REPORTED, BELOW_LIST, NO_MODEL = "reported", "below list price", "no model"
UNREPORTED, IMPLAUSIBLE = "not reported", "implausible"


class Bill(NamedTuple):
    """What an answer is taken to have cost in US dollars, None where that is not known, and how its bill was read."""

    usd: float | None
    reading: str


def bill(answer: Answer, table: Table) -> Bill:
    """Read the bill of an answer; sandbox time comes on top of what the models cost.

    Without `cost_usd`, tokens of `usage` have the list price, those of the answer at least as many as were seen. A
    declared zero is believed where no model read anything, and what was said is counted and short enough to have needed
    none.
    """
    usage, prices = answer.usage, table["cost"]
    seen = count_seen(answer)
    at_list = seen * prices["usd_per_million_output_tokens"] / 1e6
    billed = usage.get("cost_usd")
    if billed is None:
        if "completion_tokens" not in usage or "prompt_tokens" not in usage:
            return Bill(None, UNREPORTED)
        billed = usage["prompt_tokens"] * prices["usd_per_million_input_tokens"] / 1e6
        billed += usage["completion_tokens"] * prices["usd_per_million_output_tokens"] / 1e6
    sandbox = usage.get("sandbox_seconds", 0.0) * float(prices["usd_per_sandbox_second"])
    if not billed and _needed_no_model(answer, seen, table):
        return Bill(sandbox, NO_MODEL)
    if billed + sandbox < seen * prices["least_usd_per_million_tokens"] / 1e6:
        return Bill(None, IMPLAUSIBLE)
    return Bill(max(billed, at_list) + sandbox, REPORTED if billed >= at_list else BELOW_LIST)


def _needed_no_model(answer: Answer, seen: int, table: Table) -> bool:
    """Whether nothing was read, what was said is counted, and all that was seen is short."""
    declared = answer.usage.get("completion_tokens", 0.0) * table["tokens"]["tolerance"]
    short = seen <= table["cost"]["most_tokens_without_a_model"]
    return bool(short and not answer.usage.get("prompt_tokens") and declared >= count_tokens(answer.text))


def usd(answer: Answer, table: Table) -> float | None:
    """What an answer is taken to have cost in US dollars; None where it is not known."""
    return bill(answer, table).usd
