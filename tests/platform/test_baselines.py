"""The three baselines, benched on a running platform: they stand apart, are signed with evidence, and #1 answers."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import httpx
import pytest

import janus_bench
from janus_bench.leaderboard.local import Leaderboard
from janus_bench.leaderboard.publish import check_publication
from tests.platform.conftest import Shell

BASELINES = ("echo", "direct", "research")


@pytest.fixture
def url(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> str:
    """A platform of its own, without rate limits; the bench keeps its runs in the same home."""
    monkeypatch.setenv("JANUS_HOME", str(shell.home))
    done = shell.janus("up", "--detach", "--port", "0", "--limits", "off", "--json")
    assert done.returncode == 0, done.stderr
    return str(shell.status()["gateway"]["url"])


def answered_by(url: str) -> str:
    body: dict[str, Any] = {"model": "janus", "messages": [{"role": "user", "content": "hello"}]}
    return str(httpx.post(f"{url}/v1/chat/completions", json=body, trust_env=False, timeout=60).json()["model"])


def test_the_baselines_stand_apart_on_the_leaderboard_and_the_gateway_follows_it(url: str) -> None:
    scores, folders = {}, dict[str, Path]()
    for name in BASELINES:
        report = janus_bench.run(url, "quick", name, progress=False)
        document = report.to_dict()
        assert document["errors"] == {} and document["target"]["limits"] == "off"
        janus_bench.publish(report)
        assert report.folder is not None
        scores[name], folders[name] = report.composite, report.folder
        assert answered_by(url) == "research"  # neither of the others has beaten it
    assert scores["echo"] < 1 < 3 * scores["direct"] < scores["research"], scores
    assert [row.implementation for row in Leaderboard().standings()] == ["research", "direct", "echo"]
    for name, folder in folders.items():
        found = check_publication(folder)
        assert found is not None and found.signed and found.problems == ()
        evidence = json.loads((folder / "publication.json").read_text())["evidence"]
        assert evidence["implementation"] == name
