"""How much memory a model needs, and how much is free: a model that does not fit is not begun with."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import psutil

from janus_platform.services import ServiceError

# Python, llama.cpp and its buffers, measured with SmolLM2 135M: 230 MB beside file and cache.
PROGRAM_BYTES = 250_000_000
_GROUP = Path("/sys/fs/cgroup")
# Limit and use of a memory cgroup, version 2 and version 1, as a container sees its own.
_FILES = (("memory.max", "memory.current"), ("memory/memory.limit_in_bytes", "memory/memory.usage_in_bytes"))


class TooLargeError(ServiceError):
    """The model does not fit into the memory that is free; the message says what to do."""


@dataclass(frozen=True)
class Need:
    """Bytes that a model takes: its file, and for each slot the keys and values of its whole context."""

    file_bytes: int
    slot_bytes: int

    def total(self, slots: int) -> int:
        """Bytes with so many slots."""
        return self.file_bytes + PROGRAM_BYTES + slots * self.slot_bytes


def need_of(size: int, values: Mapping[str, object], context_tokens: int) -> Need:
    """What the head of a GGUF file (`values`) and its `size` in bytes say."""
    kind = values.get("general.architecture")

    def number(name: str, otherwise: int) -> int:
        value = values.get(f"{kind}.{name}")
        return value if isinstance(value, int) and value > 0 else otherwise

    heads = number("attention.head_count", 1)
    width = number("embedding_length", 0) // heads
    per_head = number("attention.key_length", width) + number("attention.value_length", width)
    # Two bytes a number (f16).
    per_token = 2 * number("block_count", 0) * number("attention.head_count_kv", heads) * per_head
    return Need(size, per_token * context_tokens)


def slots_that_fit(need: Need, most: int, free_bytes: int, name: str) -> int:
    """As many slots as fit into the memory, at most `most`. Raises TooLargeError where not one does."""
    for slots in range(most, 0, -1):
        if need.total(slots) <= free_bytes:
            return slots
    raise TooLargeError(
        f"{name} needs {need.total(1) / 1e9:.1f} GB of memory, and {max(0, free_bytes) / 1e9:.1f} GB are free. Take a "
        "smaller model (`janus model list`), or end other programs."
    )


def free_memory() -> int:
    """Bytes that can be had without swapping: of the machine, and of this process' cgroup where that is less."""
    free = int(psutil.virtual_memory().available)
    for limit_file, used_file in _FILES:
        with contextlib.suppress(OSError, ValueError):
            limit, used = (int((_GROUP / name).read_text("ascii")) for name in (limit_file, used_file))
            free = min(free, limit - used)
    return free


def threads() -> int:
    """Threads for llama.cpp: the cores that this process may use, one of which stays for the platform."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return max(1, cores - 1)
