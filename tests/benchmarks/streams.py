"""`python -m tests.benchmarks.streams --keep book/streams.json`: record the streams that the book plays.

The same answer, sent in five ways by a server of known times, and read by the bench's own client: its stamps are kept.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import time
from pathlib import Path
from typing import Any

from janus_bench.wire.chat import read_answer
from janus_bench.wire.client import exchange
from janus_bench.wire.target import parse_target
from tests.bench.ground_truth import Reply, chunk, event, serving, stream

ANSWER = (
    "A stream is not only about when an answer ends. The first words tell you that somebody is there, and the next "
    "ones let you begin to read. From then on you read at your own pace, and as long as there is always a little more "
    "than you have read, you do not notice the machine at all. You notice it when you have to wait."
)
QUESTION = "What does a stream have to do with reading?"
THINKING = "The question is about reading a stream, so the answer has to say what a reader notices while waiting. "
FILLER = "Let me think about that for a moment. "
WORD = 0.045  # seconds between two words of the steady stream: 22 words a second, a fast hosted model


def words(text: str) -> list[str]:
    """The words with the spaces behind them, so that put together they are the text."""
    return text.replace(" ", " \0").split("\0")


def usage() -> dict[str, Any]:
    """The same bill for each: a hosted model's."""
    return {"prompt_tokens": 20, "completion_tokens": 80, "total_tokens": 100, "cost_usd": 0.0005}


def steady() -> Reply:
    """A fast model that shows a line of thinking and then speaks evenly."""
    return stream(words(ANSWER), reasoning=words(THINKING), first=0.3, gap=WORD, usage=usage())


def slow() -> Reply:
    """A slow model: nearly two seconds to the first word, then less than four words a second."""
    return stream(words(ANSWER), reasoning=words(THINKING), first=1.8, gap=0.28, usage=usage())


def buffered() -> Reply:
    """The steady model behind a proxy that hands on nothing before the end."""
    whole = b"".join(data for _, data in steady().steps)
    return Reply([(0.3 + WORD * len(words(THINKING) + words(ANSWER)), whole)])


def stalled() -> Reply:
    """The steady model, which falls silent for seven seconds in the middle."""
    steps = list(steady().steps)
    middle = len(words(THINKING)) + len(words(ANSWER)) // 2
    steps[middle] = (7.0, steps[middle][1])
    return Reply(steps)


def dripping() -> Reply:
    """Ten seconds of filler that looks like thinking, a word now and then; the answer comes after it."""
    filler = [
        (0.3 if n == 0 else 0.45, event(chunk(reasoning_content=word))) for n, word in enumerate(words(FILLER * 3))
    ]
    return Reply([*filler, *stream(words(ANSWER), reasoning=(), first=WORD, gap=WORD, usage=usage()).steps])


STREAMS = {"steady": steady, "slow": slow, "buffered": buffered, "stalled": stalled, "dripping": dripping}


async def _record(url: str) -> dict[str, Any]:
    target = parse_target(url)

    async def one(name: str) -> dict[str, Any]:
        body = json.dumps({"model": name, "stream": True, "messages": [{"role": "user", "content": QUESTION}]}).encode()
        response = await exchange(target, body, timeout=60, clock=time.perf_counter_ns)
        answer = read_answer(response)
        pieces = [[round((d.at_ns - response.sent_ns) / 1e6, 1), d.kind, d.text] for d in answer.deltas]
        return {"name": name, "usage": answer.usage, "pieces": pieces}

    return {"question": QUESTION, "streams": list(await asyncio.gather(*map(one, STREAMS)))}


def main() -> None:
    """Record all five at once and write what was read, each piece with its milliseconds."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--keep", type=Path, required=True, help="write the stamps where the book's figure reads them")
    arguments = parser.parse_args()
    with serving(lambda request: STREAMS[request["model"]]()) as truth:
        recorded = asyncio.run(_record(truth.url))
    arguments.keep.write_text(json.dumps(recorded, indent=None, separators=(",", ":")) + "\n", encoding="utf-8")
    for one in recorded["streams"]:
        print(f"{one['name']:>9}: {len(one['pieces'])} pieces in {one['pieces'][-1][0] / 1000:.1f} s")


if __name__ == "__main__":
    main()
