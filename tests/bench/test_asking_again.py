"""429: the bench waits as it is told, asks again, and counts it."""

from __future__ import annotations

import datetime as dt

import pytest
from typer.testing import CliRunner

import janus_bench
from janus_bench.cli import app
from janus_bench.errors import BenchError
from janus_bench.suites.loader import load_suite
from janus_bench.wire.pause import retry_after_seconds
from tests.bench.answers import Implementation
from tests.bench.ground_truth import Reply, Request, plain, refused_port, serving

NOW = dt.datetime(2026, 11, 30, 12, 0, 0, tzinfo=dt.UTC)


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"retry-after": "3"}, 3),
        ({"retry-after": "0.25"}, 0.25),
        ({"retry-after-ms": "250", "retry-after": "1"}, 0.25),
        ({"retry-after": "Mon, 30 Nov 2026 12:00:05 GMT"}, 5),
        ({"retry-after": "Mon, 30 Nov 2026 11:00:00 GMT"}, 0),
        ({"retry-after": "-4"}, 0),
        ({"retry-after": "soon"}, None),
        ({"retry-after": "inf"}, None),
        ({"retry-after": "nan"}, None),
        ({}, None),
    ],
)
def test_the_told_wait_is_read_in_every_form(headers: dict[str, str], seconds: float | None) -> None:
    assert retry_after_seconds(headers, NOW) == seconds


def limited(after: str) -> Reply:
    body = b'{"error": {"message": "slow down"}}'
    head = f"HTTP/1.1 429 Too Many Requests\r\nRetry-After: {after}\r\nContent-Length: {len(body)}\r\n\r\n"
    return Reply([(0.0, head.encode() + body)], raw=True)


class Limited(Implementation):
    """Says 429 to every first try of a question."""

    after = "0.01"

    def __call__(self, request: Request) -> Reply:
        asked = str(request["messages"])
        self.known: set[str] = getattr(self, "known", set())
        if asked in self.known:
            return super().__call__(request)
        self.known.add(asked)
        return limited(self.after)


def test_a_limited_target_is_asked_again_and_loses_nothing_but_the_count() -> None:
    with serving(Limited(load_suite("chat"))) as server:
        report = janus_bench.run(server.url, "chat", progress=False, warmup=0)
    document = report.to_dict()
    assert document["errors"] == {}
    assert document["requests"]["asked_again"] == document["requests"]["planned"]
    assert any("429" in note for note in document["notes"])


def test_nobody_waits_for_tomorrow() -> None:
    with serving(lambda request: limited("86400")) as server:
        report = janus_bench.run(server.url, "chat", progress=False)
    document = report.to_dict()
    assert set(document["errors"]) == {"http_429"}
    assert document["requests"]["asked_again"] == 0


@pytest.mark.parametrize(
    ("reply", "reason"),
    [
        (
            plain("503 Service Unavailable", {"error": {"message": "out of order"}}),
            "http_503 (status 503: out of order)",
        ),
        (limited("86400"), "http_429 (status 429: slow down)"),
    ],
)
def test_a_run_in_which_nothing_was_answered_fails_and_says_why_in_one_line(reply: Reply, reason: str) -> None:
    with serving(lambda request: reply) as server:
        done = CliRunner().invoke(app, ["run", "--target", server.url, "--suite", "chat", "--publish"])
    assert done.exit_code == 3
    last = done.stderr.strip().splitlines()[-1]
    assert last.startswith("janus-bench: none of ")
    assert reason in last
    assert "Published" not in done.stderr


@pytest.mark.parametrize("suite", ["chat", "quick"])
def test_a_judge_that_is_not_there_is_named_before_anything_is_asked(suite: str) -> None:
    with serving(Implementation(load_suite(suite))) as server:
        with pytest.raises(BenchError, match=r"judge at .* cannot be asked: connection_refused"):
            janus_bench.run(server.url, suite, progress=False, judge_url=f"http://localhost:{refused_port()}")
        assert server.requests == []
