"""A published run is signed, says where it came from, and a change of it is found where it was made."""

from __future__ import annotations

import json
import stat
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import janus_bench
from janus_bench.errors import BenchError
from janus_bench.leaderboard import publication, signing
from janus_bench.leaderboard.local import Leaderboard
from janus_bench.leaderboard.publish import check_publication, publish
from janus_bench.report.report import Report
from janus_bench.run import target_info
from janus_bench.suites.loader import load_suite
from janus_bench.wire.target import parse_target
from tests.bench.answers import Implementation
from tests.bench.ground_truth import serving
from tests.bench.pages import pages

SUITE = "cost"
EVIDENCE = {"evidence": "eyJ", "simulated": True}


@pytest.fixture
def published() -> Report:
    """A small run, published."""
    with serving(Implementation(load_suite(SUITE))) as server:
        report = janus_bench.run(server.url, SUITE, progress=False)
    publish(report, name="mine")
    return report


def place(report: Report) -> Path:
    assert report.folder is not None
    return report.folder


def problems(report: Report) -> tuple[str, ...]:
    found = check_publication(place(report))
    assert found is not None
    return found.problems


def test_a_published_run_holds_and_says_by_whose_key(published: Report) -> None:
    found = check_publication(place(published))
    assert found is not None and found.signed and found.problems == ()
    assert "your own" in found.line()
    said = json.loads((place(published) / publication.FILE).read_text())
    document = published.to_dict()
    assert (said["suite"], said["scoring"], said["runner"]) == tuple(
        document[k] for k in ("suite", "scoring", "runner")
    )
    assert said["evidence"] is None
    assert Leaderboard().statement(published.id) == said


def test_the_key_is_for_its_owner_alone_and_stays_the_same(published: Report) -> None:
    assert stat.S_IMODE(signing.key_file().stat().st_mode) == 0o600
    assert signing.sign(b"x")[0] == signing.own_public_key()


def changed(name: str, change: Callable[[Any], Any]) -> Callable[[Path], None]:
    def do(folder: Path) -> None:
        content = json.loads((folder / name).read_text())
        (folder / name).write_text(json.dumps(change(content), indent=2) + "\n")

    return do


def flip_a_byte(folder: Path) -> None:
    data = bytearray((folder / "records.jsonl").read_bytes())
    at = data.index(b"\n") + 20
    data[at] ^= 1
    (folder / "records.jsonl").write_bytes(data)


def cut(folder: Path) -> None:
    lines = (folder / "records.jsonl").read_bytes().splitlines(keepends=True)
    (folder / "records.jsonl").write_bytes(b"".join(lines[:-1]))


def add(folder: Path) -> None:
    with (folder / "records.jsonl").open("ab") as file:
        file.write(b"{}\n")


CHANGES = {
    "the field `composite` was changed": changed("report.json", lambda report: report | {"composite": 99.9}),
    "the field `extra` was added": changed("report.json", lambda report: report | {"extra": 1}),
    "the field `notes` was removed": changed(
        "report.json", lambda report: {name: value for name, value in report.items() if name != "notes"}
    ),
    "line 2, which begins at byte": flip_a_byte,
    "1 line(s) missing from byte": cut,
    "1 line(s) added from byte": add,
    "it is not what key": changed(publication.FILE, lambda said: said | {"implementation": "another"}),
    "it cannot be read whole": lambda folder: (folder / "records.jsonl").unlink(),
}


@pytest.mark.parametrize("why", CHANGES)
def test_a_change_is_found_and_told_where_it_was_made(published: Report, why: str) -> None:
    CHANGES[why](place(published))
    found = problems(published)
    assert len(found) == 1 and why in found[0], found


def test_a_report_that_is_only_spelled_otherwise_still_holds(published: Report) -> None:
    path = place(published) / "report.json"
    path.write_text(json.dumps(json.loads(path.read_text()), sort_keys=True))
    assert problems(published) == ()


def test_another_key_over_a_changed_statement_is_not_ones_own(published: Report, own_home: Path) -> None:
    signing.key_file().unlink()
    forged = publication.state(published.to_dict(), None, implementation="x", hotkey=None, published="", evidence=None)
    found = publication.check(forged, place(published))
    assert found.problems == () and "your own" in found.by
    signing.key_file().unlink()
    signing.sign(b"")
    assert "your own" not in publication.check(forged, place(published)).by


def test_a_statement_whose_file_is_lost_is_read_from_the_leaderboard(published: Report) -> None:
    (place(published) / publication.FILE).unlink()
    assert problems(published) == ()


def test_a_run_that_was_not_published_says_so() -> None:
    with serving(Implementation(load_suite(SUITE))) as server:
        report = janus_bench.run(server.url, SUITE, progress=False)
    assert check_publication(place(report)) is None


def test_without_the_extra_a_run_is_published_unsigned_and_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "cryptography", None)
    with serving(Implementation(load_suite(SUITE))) as server:
        report = janus_bench.run(server.url, SUITE, progress=False)
    publish(report, name="mine")
    found = check_publication(place(report))
    assert found is not None and not found.signed and found.problems == ()
    assert "pip install cryptography" in found.line()
    changed("report.json", lambda document: document | {"composite": 1})(place(report))
    assert "`composite`" in problems(report)[0]


def test_a_key_that_is_damaged_is_told_with_a_remedy(own_home: Path) -> None:
    own_home.mkdir()
    signing.key_file().write_text("no key")
    with pytest.raises(BenchError, match="Move it away"):
        signing.sign(b"x")


@pytest.mark.parametrize(
    ("told", "shown"),
    [
        ({"limits": "contract"}, "on"),
        ({"limits": "off"}, "off"),
        ({"status": "ok"}, "not reported"),
        ({"limits": ["off"]}, "not reported"),
        ([], "not reported"),
    ],
)
def test_rate_limits_are_what_the_target_says_of_them(told: Any, shown: str) -> None:
    with pages({"/health": told}) as url:
        assert target_info.rate_limits(parse_target(url)) == shown


def test_a_target_without_such_pages_or_none_at_all_reports_nothing() -> None:
    with pages({}) as url:
        target = parse_target(url)
        assert target_info.rate_limits(target) == "not reported"
        assert target_info.evidence_of(target, "mine", "0" * 64) is None
    assert target_info.rate_limits(target) == "not reported"


def test_evidence_is_asked_for_by_a_hash_of_the_records_and_kept() -> None:
    with serving(Implementation(load_suite(SUITE))) as server:
        report = janus_bench.run(server.url, SUITE, progress=False)
    nonce = publication._hash((place(report) / "records.jsonl").read_bytes())
    with pages({f"/v1/implementations/mine/evidence?nonce={nonce}": EVIDENCE}) as url:
        report.to_dict()["target"]["url"] = f"{url}/v1/chat/completions"
        publish(report, name="mine")
    assert json.loads((place(report) / publication.FILE).read_text())["evidence"] == EVIDENCE
