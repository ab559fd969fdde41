"""Figures that a reader moves: each computes what the project does, and weighs little."""

from __future__ import annotations

import itertools
import json
import math
import random
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path
from typing import Any

import interactive_byte
import interactive_ranking
import interactive_score
import pytest
from interactive_score import PRESETS, Settings, constants, score_of
from interactives import INTERACTIVES

from janus_platform.attestation import EventLog, measure
from janus_platform.attestation.evidence import claims_of
from janus_platform.attestation.golden import Golden
from janus_platform.attestation.registers import Event
from janus_platform.attestation.token import sign
from janus_platform.clock import CallerClocks, ManualClock
from janus_platform.contract import RateLimit
from janus_platform.services.framework.rate_limit import SlidingWindow
from janus_platform.services.search.index import TextIndex
from janus_platform.services.search.query import parse_query
from tests.attestation.rig import CONTRACT, NOW, bench
from tests.benchmarks.ranking import bundled_documents
from tools.environment import ROOT

SCRIPTS = ROOT / "book" / "_static" / "interactive"
MOST_BYTES = 15_000


def in_javascript(script: str, program: str, given: Any) -> Any:
    """What `program`, a function of (module, given), returns in Node.js."""
    node = shutil.which("node")
    assert node, "Node.js is needed for the figures' tests"
    run = "const m = require(process.argv[1]); const given = JSON.parse(require('fs').readFileSync(0, 'utf8'));"
    done = subprocess.run(
        [node, "-e", f"{run} console.log(JSON.stringify(({program})(m, given)))", str(SCRIPTS / script)],
        input=json.dumps(given),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def random_settings(seed: int) -> Settings:
    draw = random.Random(seed)

    def by_ratio(low: float, high: float) -> float:
        return math.exp(draw.uniform(math.log(low), math.log(high)))

    return Settings(
        first=by_ratio(0.05, 20),
        thinks=draw.choice([0.0, draw.uniform(0, 10)]),
        gap=by_ratio(5, 1000),
        stall=draw.choice([0.0, draw.uniform(0, 20)]),
        words=draw.randint(13, 400),
        usd=by_ratio(1e-5, 0.1),
        right=draw.randint(0, 100),
    )


def test_the_script_scores_500_random_ways_to_answer_as_the_bench_does() -> None:
    ways = [*PRESETS.values(), *map(random_settings, range(500))]
    given = {"table": constants(), "ways": [vars(way) for way in ways]}
    computed = in_javascript("score.js", "(m, given) => given.ways.map(way => m.score(way, given.table))", given)
    for way, scores in zip(ways, computed, strict=True):
        expected = score_of(way)
        assert scores["composite"] == pytest.approx(expected.composite, abs=0.01), way
        assert scores["parts"] == pytest.approx(expected.categories, abs=0.01), way


def test_the_still_picture_holds_each_ways_composite() -> None:
    still = interactive_score.still()
    for name, way in PRESETS.items():
        assert f'<th scope="row">{name}</th>' in still
        assert f"<td>{score_of(way).composite:.1f}</td></tr>" in still


@pytest.mark.parametrize("name", INTERACTIVES)
def test_a_figure_is_small_and_asks_nothing_of_the_outside(name: str) -> None:
    script = (SCRIPTS / f"{name}.js").read_text("utf-8")
    assert len(script.encode()) <= MOST_BYTES
    assert not any(
        word in script for word in ("fetch(", "XMLHttpRequest", "import(", "http://", "https://", "innerHTML")
    )


def test_the_scripts_window_lets_through_what_the_platforms_does() -> None:
    draw, cases, expected = random.Random(7), [], []
    for _ in range(50):
        limit = RateLimit(requests=draw.randint(1, 20), per_seconds=draw.randint(1, 60))
        clock = ManualClock()
        window, times, verdicts = SlidingWindow(limit, CallerClocks(clock)), [], []
        for _ in range(60):
            clock.advance(draw.choice([0.0, draw.uniform(0, 5), draw.randint(0, limit.per_seconds)]))
            times.append(clock.now())
            verdict = window.take("reader")
            verdicts.append([verdict.allowed, verdict.remaining, verdict.wait_seconds])
        cases.append({"requests": limit.requests, "seconds": limit.per_seconds, "times": times})
        expected.append(verdicts)
    program = """(m, cases) => cases.map(one => {
        const window = new m.SlidingWindow(one);
        return one.times.map(at => { const v = window.take(at); return [v.allowed, v.remaining, v.wait]; });
    })"""
    assert in_javascript("limit.js", program, cases) == expected


@pytest.mark.parametrize("name", INTERACTIVES)
def test_a_still_figure_and_its_data_are_there_for_every_script(name: str) -> None:
    assert "<table" in INTERACTIVES[name].still() or "<svg" in INTERACTIVES[name].still()
    assert json.loads(json.dumps(INTERACTIVES[name].data()))


def test_the_scripts_bm25_is_the_search_services() -> None:
    documents = bundled_documents()
    positions = {document.url: position for position, document in enumerate(documents)}
    index, given = TextIndex(documents), interactive_ranking.data()
    program = """(m, given) => given.queries.map(query => Object.fromEntries(
        m.ranked(query, given, given.defaults).map(one => [one.page.url, one.words])))"""
    for query, scores in zip(given["queries"], in_javascript("ranking.js", program, given), strict=True):
        found = {hit.position: hit.score for hit in index.find(parse_query(query["query"]), len(documents))}
        assert scores == pytest.approx({url: found.get(positions[url], 0.0) for url in scores}, abs=1e-3), query[
            "query"
        ]
        # What the figure leaves out could not have been among the first.
        best = sorted(found, key=lambda position: -found[position])[:5]
        assert {documents[position].url for position in best} <= set(scores), query["query"]


def changed_evidence(name: str, evidence: dict[str, Any], original: EventLog) -> dict[str, Any]:
    """Evidence as somebody on the way to the verifier changes it."""
    if name == "log":
        return {**evidence, "event_logs": {"node-1": original.plain()}}
    if name == "token":
        return {**evidence, "token": evidence["token"][:-8] + "AAAAAAAA"}
    return evidence


def test_the_scripts_registers_and_checks_are_the_verifiers(tmp_path: Path) -> None:
    given = interactive_byte.data()
    saved = _log(tmp_path / "code", given["golden"])
    made, cases, expected = bench(tmp_path), [], []
    for change, tampering in itertools.product(
        ("nothing", "code", "host", "letters"), ("none", "log", "token", "replay")
    ):
        now = {"code": given["golden"]["code"], "hosts": list(given["golden"]["hosts"])}
        if change == "host":
            now["hosts"].append(given["host"])
        elif change != "nothing":
            now["code"] = now["code"].replace("3", "4") if change == "code" else now["code"] + '# é 漢 🙂 "\\\n'
        log = _log(tmp_path / "code", now)
        claims = claims_of("mine", made.nonce, {"node-1": log}, made.identity, CONTRACT, NOW)
        evidence = {"token": sign(claims, made.identity), "event_logs": {"node-1": log.plain()}}
        verifier = replace(made, nonce="0" * len(made.nonce)) if tampering == "replay" else made
        report = verifier.check(changed_evidence(tampering, evidence, saved), golden=Golden("mine", saved))
        cases.append({"now": now, "tampering": tampering})
        expected.append({"signed": log.registers(), "checks": [[one.check, one.result] for one in report.checks[:-1]]})
    program = "(m, given) => given.cases.map(one => m.verify(given.figure, one.now, one.tampering))"
    assert in_javascript("byte.js", program, {"figure": given, "cases": cases}) == expected


def _log(folder: Path, state: dict[str, Any]) -> EventLog:
    folder.mkdir(exist_ok=True)
    (folder / "answer.py").write_text(state["code"], encoding="utf-8")
    (folder / "answer.py").chmod(0o644)
    egress = [Event(measure.EGRESS, host, "allowed") for host in sorted(state["hosts"])]
    return EventLog(CONTRACT.attestation.registers, [*measure.code(folder), *interactive_byte.fixed_events(), *egress])
