"""The process in which large input is worked on, one job at a time, until its standard input ends.

A job is a frame: its head's length and its body's (four bytes each, big-endian), the head, a pickle of the function's
name and its options, and the body as it came. The answer is a frame whose head is JSON. A pickle goes in one direction
only, from the platform to here: what comes back was made from a stranger's bytes.
"""

from __future__ import annotations

import contextlib
import importlib
import json
import pickle
import struct
import sys
from typing import IO, Any

LENGTHS = struct.Struct(">II")
# 10 MB of JSON take up to 700 MB as Python's objects.
MAX_MEMORY_BYTES = 1_500_000_000


def main() -> None:
    """Answer jobs from standard input on standard output."""
    _limit_memory()
    jobs, answers = sys.stdin.buffer, sys.stdout.buffer
    while (job := _read(jobs)) is not None:
        answers.write(_answer(*job))
        answers.flush()


def frame(head: bytes, body: bytes = b"") -> bytes:
    """A head and a body as they go over the pipe."""
    return LENGTHS.pack(len(head), len(body)) + head + body


def _read(stream: IO[bytes]) -> tuple[bytes, bytes] | None:
    lengths = stream.read(LENGTHS.size)
    if len(lengths) < LENGTHS.size:
        return None
    head, body = LENGTHS.unpack(lengths)
    return stream.read(head), stream.read(body)


def _answer(head: bytes, body: bytes) -> bytes:
    try:
        name, options = pickle.loads(head)
        module, _, function = name.partition(":")
        said, made = getattr(importlib.import_module(module), function)(body, **options)
        return frame(json.dumps({"answer": said}).encode(), made)
    except Exception as error:  # Its message may hold what was asked; its type says enough for a log.
        return frame(json.dumps({"failure": type(error).__name__}).encode())


def _limit_memory() -> None:
    # Missing on Windows, and macOS refuses the call; the time limit still holds there.
    with contextlib.suppress(ImportError, ValueError, OSError):
        import resource

        resource.setrlimit(resource.RLIMIT_DATA, (MAX_MEMORY_BYTES, MAX_MEMORY_BYTES))


def read_answer(head: bytes) -> Any:
    """What a function said. Raises RuntimeError with the type of its error where it failed."""
    answer = json.loads(head)
    if "failure" in answer:
        raise RuntimeError(str(answer["failure"])[:100])
    return answer["answer"]


if __name__ == "__main__":
    main()
