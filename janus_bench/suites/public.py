"""Public benchmarks as suites, by name."""

from __future__ import annotations

from janus_bench.suites.loader import Suite

BENCHMARKS: dict[str, str] = {}


def load_public(name: str) -> Suite:
    raise KeyError(name)
