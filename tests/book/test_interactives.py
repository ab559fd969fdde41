"""Figures that a reader moves: each computes what the project computes, weighs little, and stands still without a script."""

from __future__ import annotations

import json
import math
import random
import shutil
import subprocess
from typing import Any

import interactive_score
import pytest
from interactive_score import PRESETS, Settings, constants, score_of
from interactives import INTERACTIVES

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
