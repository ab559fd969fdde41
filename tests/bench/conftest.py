"""Every test has a home of its own, and no key in its environment."""

from __future__ import annotations

from pathlib import Path

import pytest

from janus_bench.leaderboard import seeds


@pytest.fixture(autouse=True)
def known_seed(monkeypatch: pytest.MonkeyPatch) -> None:
    """A fresh seed is the one that the tests' implementations know the answers to; test_seeds.py undoes this."""
    monkeypatch.setattr(seeds, "fresh", lambda: 0)


@pytest.fixture(autouse=True)
def own_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A fresh `$JANUS_HOME`."""
    place = tmp_path / "home"
    monkeypatch.setenv("JANUS_HOME", str(place))
    monkeypatch.delenv("JANUS_BENCH_API_KEY", raising=False)
    return place
