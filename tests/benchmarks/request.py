"""`python -m tests.benchmarks.request --keep book/request.json`: record the request that the book's figure plays.

The question of the book's first page, asked of a platform of its own: when each piece of the answer came, and the spans
of its trace. Another question comes before it, since the first request of all starts the implementation's process.
"""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path
from typing import Any

import httpx

import janus_platform as janus

FIRST, QUESTION = "What is a nonce?", "Explain quantum entanglement"


def _ask(platform: Any, question: str) -> dict[str, Any]:
    body = {"model": "janus", "stream": True, "messages": [{"role": "user", "content": question}]}
    pieces: list[list[Any]] = []
    started = time.time_ns()
    with httpx.stream("POST", f"{platform.url}/v1/chat/completions", json=body, timeout=60) as response:
        response.raise_for_status()
        for line in response.iter_lines():
            came = time.time_ns()
            if not line.startswith("data: {"):
                continue
            for choice in json.loads(line.removeprefix("data: ")).get("choices", ()):
                for field, kind in (("reasoning_content", "reasoning"), ("content", "content")):
                    if text := choice["delta"].get(field):
                        pieces.append([round((came - started) / 1e6, 2), kind, text])
        request_id = response.headers["x-request-id"]
    trace = platform.trace(request_id).raw
    spans = [
        [span["name"], round((span["start_ns"] - started) / 1e6, 2), round((span["end_ns"] - started) / 1e6, 2)]
        for span in trace["spans"]
    ]
    return {"question": question, "pieces": pieces, "spans": spans}


def main() -> None:
    """Ask both, keep the second."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--keep", type=Path, required=True, help="write the events where the book's figure reads them")
    arguments = parser.parse_args()
    platform = janus.up()
    try:
        _ask(platform, FIRST)
        recorded = _ask(platform, QUESTION)
    finally:
        platform.down()
    arguments.keep.write_text(json.dumps(recorded, ensure_ascii=False, separators=(",", ":")) + "\n", encoding="utf-8")
    print(f"{len(recorded['spans'])} spans, {len(recorded['pieces'])} pieces in {recorded['pieces'][-1][0]:.0f} ms")


if __name__ == "__main__":
    main()
