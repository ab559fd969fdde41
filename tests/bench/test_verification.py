"""A report is what follows from its records, or it is not published: not by hand, not by a board, not by a bomb."""

from __future__ import annotations

import base64
import json
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import janus_bench
from janus_bench.api import rescore
from janus_bench.errors import BenchError
from janus_bench.leaderboard import publication, verification
from janus_bench.leaderboard.local import Leaderboard
from janus_bench.leaderboard.publish import check_publication, publish
from janus_bench.report.report import Report
from janus_bench.suites.loader import load_suite
from tests.bench.answers import Implementation
from tests.bench.ground_truth import serving

SUITE = "cost"
SEED = 0
Change = Callable[[dict[str, Any]], object]
Lines = list[dict[str, Any]]


@pytest.fixture
def report() -> Report:
    """A small run."""
    with serving(Implementation(load_suite(SUITE), SEED)) as server:
        return janus_bench.run(server.url, SUITE, progress=False, seed=SEED)


def place(report: Report) -> Path:
    assert report.folder is not None
    return report.folder


def stored(report: Report) -> Report:
    return Report(json.loads((place(report) / "report.json").read_text()), folder=place(report))


BY_HAND: dict[str, tuple[str, Change]] = {
    "composite": ("composite", lambda document: document.update(composite=99.99)),
    "scores": ("scores", lambda document: document["scores"].update(speed=50.125)),
    "intervals": ("intervals", lambda document: document["intervals"].update(composite=[99.0, 100.0])),
    "an item's score": ("items", lambda document: document["items"][0].update(score=0.123)),
    "requests": ("requests", lambda document: document["requests"].update(right_enough=1_000)),
    "errors": ("errors", lambda document: document.update(errors={"made_up": 1})),
    "timing": ("timing", lambda document: document["timing"]["first_token_ms"].update(p50=0.001)),
    "cost": ("cost", lambda document: document["cost"].update(usd=0.0)),
    "models seen": ("target", lambda document: document["target"].update(models_seen=["another"])),
    "suite hash": ("another version", lambda document: document["suite"].update(hash="0" * 64)),
    "scoring hash": ("different constants", lambda document: document["scoring"].update(hash="0" * 64)),
    "another seed": ("composite", lambda document: document["settings"].update(seed=SEED + 1)),
    "more repeats": ("answers are missing", lambda document: document["settings"].update(repeats=2)),
    "a field of one's own": ("medal", lambda document: document.update(medal="gold")),
    "a seed that is none": ("settings", lambda document: document["settings"].update(seed="0")),
    "no settings": ("not a run", lambda document: document.pop("settings")),
    "a note taken away": ("notes", lambda document: document.update(notes=[])),
}


@pytest.mark.parametrize("what", BY_HAND)
def test_a_report_changed_by_hand_is_not_published_and_says_where(report: Report, what: str) -> None:
    why, change = BY_HAND[what]
    path = place(report) / "report.json"
    document = json.loads(path.read_text())
    change(document)
    path.write_text(json.dumps(document))
    with pytest.raises(BenchError, match=why):
        publish(stored(report), name="mine")
    assert Leaderboard().standings() == []
    assert not (place(report) / publication.FILE).exists()


def test_a_report_changed_in_memory_is_not_published_either(report: Report) -> None:
    report.to_dict()["composite"] = 99.99
    with pytest.raises(BenchError, match=r"99\.99"):
        publish(report, name="mine")


def test_a_report_whose_records_are_gone_is_not_published(report: Report) -> None:
    (place(report) / "records.jsonl").unlink()
    with pytest.raises(BenchError, match="missing"):
        publish(report, name="mine")
    with pytest.raises(BenchError, match="missing"):
        publish(Report(report.to_dict()), name="mine")


def test_what_was_signed_before_records_were_read_is_shown_as_what_it_is(report: Report) -> None:
    """A statement over a report that says too much, by the very key that signs here."""
    document = report.to_dict() | {"composite": 99.99}
    (place(report) / "report.json").write_text(json.dumps(document))
    lines = place(report) / "records.jsonl"
    said = publication.state(document, lines, implementation="x", hotkey=None, published="", evidence=None)
    (place(report) / publication.FILE).write_text(json.dumps(said))
    found = check_publication(place(report))
    assert found is not None and found.signed
    assert "99.99" in found.problems[0] and "NOT hold" in found.line()


def test_a_published_run_says_what_was_checked_and_what_not(report: Report) -> None:
    publish(report, name="mine")
    found = check_publication(place(report))
    assert found is not None and found.follows and "the runner's word" in found.line()


def changed(report: Report, change: Callable[[Lines], Lines]) -> None:
    path = place(report) / "records.jsonl"
    lines = change([json.loads(line) for line in path.read_text().splitlines()])
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))


def with_first(change: Change) -> Callable[[Lines], Lines]:
    def do(lines: Lines) -> Lines:
        change(lines[0])
        return lines

    return do


def backwards(line: dict[str, Any]) -> None:
    line["answer"]["deltas"][0][1] += 10**9


def shift(line: dict[str, Any]) -> None:
    for delta in line["answer"]["deltas"]:
        delta[1] -= 10**9 * 3600


RECORDS: dict[str, tuple[str, Callable[[Lines], Lines]]] = {
    "an item left out": ("missing", lambda lines: lines[1:]),
    "an item twice": ("twice", lambda lines: [*lines, lines[0]]),
    "one in another's place": ("missing", lambda lines: [*lines[1:], lines[1]]),
    "an item of another suite": ("missing", with_first(lambda line: line.update(item="coding-x"))),
    "another category": ("malformed", with_first(lambda line: line.update(category="coding"))),
    "neither answer nor error": ("malformed", with_first(lambda line: line.update(answer=None))),
    "sent before it began": ("order", with_first(lambda line: line.update(sent_ns=0))),
    "stamps that run backwards": ("order", with_first(backwards)),
    "stamps below nothing": ("order", with_first(shift)),
    "a stamp that is none": ("order", with_first(lambda line: line.update(started_ns=1.5))),
    "a stamp without end": ("order", with_first(lambda line: line.update(started_ns=-(10**400)))),
    "a usage that is none": ("amount", with_first(lambda line: line["answer"].update(usage={"cost_usd": -1}))),
    "a usage of NaN": (
        "amount|no JSON",
        with_first(lambda line: line["answer"].update(usage={"cost_usd": float("nan")})),
    ),
    "a text that is none": ("malformed", with_first(lambda line: line["answer"].update(model=7))),
    "a tool call of another kind": (
        "not a run|malformed",
        with_first(lambda line: line["answer"].update(tool_calls=[7])),
    ),
    "a list for a record": ("read", lambda lines: [[], *lines[1:]]),  # type: ignore[list-item]
}


@pytest.mark.parametrize("what", RECORDS)
def test_records_that_are_not_those_of_a_whole_run_are_refused(report: Report, what: str) -> None:
    why, change = RECORDS[what]
    changed(report, change)
    with pytest.raises(BenchError, match=why):
        publish(stored(report), name="mine")
    lines = (place(report) / "records.jsonl").read_bytes()
    with pytest.raises(BenchError, match=why):
        verification.received(verification.compact(report.to_dict(), lines), load_suite(SUITE))


def test_a_board_works_out_from_records_what_the_report_says_and_takes_no_score(report: Report) -> None:
    lines = (place(report) / "records.jsonl").read_bytes()
    sent = verification.compact(report.to_dict() | {"composite": 100.0}, lines)
    assert "composite" not in json.dumps(sent) and "scores" not in sent["report"]
    found = verification.received(sent, load_suite(SUITE))
    assert found["composite"] == pytest.approx(rescore(report.id).composite, abs=1e-3)
    assert found["scores"] == report.scores


def test_wrong_answers_stay_wrong_whatever_a_record_says_of_them(report: Report) -> None:
    def wrong(lines: Lines) -> Lines:
        for line in lines:
            line |= {"score": 1.0, "verdicts": [["exact", {"score": 1.0, "why": "right"}]]}
            line["answer"]["deltas"] = [["content", line["sent_ns"] + 1, "I do not know."]]
        return lines

    changed(report, wrong)
    lines = (place(report) / "records.jsonl").read_bytes()
    found = verification.received(verification.compact(report.to_dict(), lines), load_suite(SUITE))
    assert found["composite"] == 0


def packed(raw: bytes) -> str:
    return base64.b64encode(zlib.compress(raw, 9)).decode()


HOSTILE: dict[str, Any] = {
    "a bomb": packed(b"\n" * (verification.MAX_RECORDS_BYTES + 1)),
    "cut off": packed(b"{}\n" * 1000)[:-8],
    "with more behind it": base64.b64encode(zlib.compress(b"") + b"x").decode(),
    "no Base64": "ü" * 100,
    "not compressed": base64.b64encode(b"{}").decode(),
    "deep": packed(b"[" * 1_000_000),
    "no UTF-8": packed(b"\xff\xfe"),
    "a number": 7,
    "nothing": None,
    "a line of nothing": packed(b"null\n"),
    "a million lines": packed(b"{}\n" * 1_000_000),
}


@pytest.mark.parametrize("what", HOSTILE)
def test_hostile_records_are_refused_within_a_bound(report: Report, what: str) -> None:
    sent = verification.compact(report.to_dict(), b"") | {"records": HOSTILE[what]}
    with pytest.raises(BenchError, match="read"):
        verification.received(sent, load_suite(SUITE))


@pytest.mark.parametrize("told", [None, [], {}, {"id": 1}, {"settings": []}, {"suite": {"name": "../../etc/passwd"}}])
def test_a_hostile_report_is_refused(report: Report, told: Any) -> None:
    lines = (place(report) / "records.jsonl").read_bytes()
    sent = verification.compact(report.to_dict(), lines)
    whole = sent | {"report": {**sent["report"], **told} if isinstance(told, dict) and told else told}
    if told == {"id": 1}:
        assert verification.received(whole, load_suite(SUITE))["id"] == "1"  # the board looks at ids
        return
    with pytest.raises(BenchError):
        verification.received(whole, load_suite(SUITE))


def test_records_that_are_too_large_for_a_board_are_not_sent(report: Report) -> None:
    with pytest.raises(BenchError, match="bytes"):
        verification.compact(report.to_dict(), b" " * (verification.MAX_RECORDS_BYTES + 1))
