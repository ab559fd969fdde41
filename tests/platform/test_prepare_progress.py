"""Progress of `janus prepare` where there is no terminal: a log keeps what a reader wants to know, and no more."""

from __future__ import annotations

import pytest

from janus_platform.cli.progress import shown


@pytest.fixture
def lines(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What a progress without a terminal says of a download of 5,000 pieces, then of one of unknown size."""
    monkeypatch.setattr("sys.stderr.isatty", lambda: False)
    said: list[str] = []
    with shown(said.append) as progress:
        for done in range(5_001):
            progress("fetching model", done, 5_000)
        progress("quantising", 0, 0)
    return said


def test_a_log_gets_a_line_for_every_tenth_of_the_way(lines: list[str]) -> None:
    assert [line for line in lines if "fetching" in line] == [f"  fetching model: {p} %" for p in range(0, 101, 10)]


def test_what_has_no_size_is_said_once(lines: list[str]) -> None:
    assert lines[-1] == "  quantising: 100 %"
