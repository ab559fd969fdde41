"""The command `janus-bench`: what it prints where, and how it exits."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import jsonschema
import pytest

import janus_bench
from janus_bench import api
from janus_bench.errors import BenchError
from janus_bench.leaderboard.local import Leaderboard
from janus_bench.report.document import SCHEMA_FILE
from janus_bench.suites.loader import load_suite
from tests.bench.answers import Echo, Implementation
from tests.bench.ground_truth import Reply, refused_port, serving

SCHEMA = json.loads(SCHEMA_FILE.read_text())


def command(*arguments: str, **settings) -> subprocess.CompletedProcess[str]:  # type: ignore[no-untyped-def]
    return subprocess.run(
        [sys.executable, "-m", "janus_bench.cli", *arguments], capture_output=True, text=True, check=False, **settings
    )


def test_the_command_prints_the_report_alone_on_stdout_and_publishes() -> None:
    with serving(Implementation(load_suite("quick"))) as server:
        done = command(
            "run",
            "--target",
            server.url,
            "--suite",
            "quick",
            "--json",
            "--seed",
            "0",
            "--publish",
            "--fail-under",
            "50",
        )
    assert done.returncode == 0, done.stderr
    document = json.loads(done.stdout)
    jsonschema.Draft202012Validator(SCHEMA).validate(document)
    assert "honest is #1" in done.stderr
    assert Leaderboard().leader() == "honest"
    assert document["id"] in command("list", "--json").stdout
    assert json.loads(command("show", "last", "--json").stdout) == document
    shown = command("leaderboard").stdout
    assert "honest" in shown
    assert "…" not in shown
    assert json.loads(command("leaderboard", "--publish", "last", "--json").stdout)[0]["rank"] == 1
    assert "already published, as honest" in command("leaderboard", "--publish", "last", "--name", "other").stderr


def test_a_composite_below_the_bar_exits_with_one() -> None:
    with serving(Echo(load_suite("chat"))) as server:
        done = command("run", "--target", server.url, "--suite", "chat", "--fail-under", "50")
    assert done.returncode == 1
    assert "is below 50" in done.stderr
    assert "composite" in done.stdout


def test_a_failure_exits_with_three_and_one_message_without_a_traceback() -> None:
    done = command("run", "--target", f"http://localhost:{refused_port()}", "--json")
    assert (done.returncode, done.stdout) == (3, "")
    assert done.stderr.count("\n") == 1
    assert "connection_refused" in done.stderr
    assert command("show", "nothing").returncode == 3
    assert command("run").returncode == 2


def test_the_validate_command_lists_problems(tmp_path: Path) -> None:
    good, bad = tmp_path / "good.jsonl", tmp_path / "bad.jsonl"
    good.write_text('{"id": "a", "category": "chat", "prompt": "6 * 7?", "checks": [{"kind": "number", "value": 42}]}')
    bad.write_text('{"id": "a", "category": "chat", "prompt": "6 * 7?"}')
    assert command("validate", str(good)).returncode == 0
    done = command("validate", str(bad))
    assert done.returncode == 1
    assert "checks: needs at least one" in done.stdout


def test_ctrl_c_keeps_what_is_done(own_home: Path) -> None:
    class Stuck(Implementation):
        """Answers two questions, then never ends."""

        def reply(self, item):  # type: ignore[no-untyped-def]
            whole = super().reply(item)
            return whole if len(server.requests) <= 3 else Reply(whole.steps[:1], hang=True)

    arguments = [sys.executable, "-m", "janus_bench.cli", "run", "--suite", "chat", "--concurrency", "1", "--json"]
    arguments += ["--seed", "0"]  # the questions that Stuck knows: it would answer others to their end
    with serving(Stuck(load_suite("chat"))) as server:
        with subprocess.Popen(
            [*arguments, "--target", server.url], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        ) as child:
            records = own_home / "runs"
            while not (records.exists() and any(_lines(path) == 2 for path in records.glob("*/records.jsonl"))):
                assert child.poll() is None, child.communicate()
                os.sched_yield()
            child.send_signal(signal.SIGINT)
            out, _ = child.communicate()
    document = json.loads(out)
    jsonschema.Draft202012Validator(SCHEMA).validate(document)
    assert child.returncode == 130
    requests = document["requests"]
    assert (document["complete"], requests["done"], requests["planned"]) == (False, 2, load_suite("chat").size)
    assert "Stopped early" in document["notes"][0]
    with pytest.raises(BenchError, match="stopped early"):
        janus_bench.publish(api.load(document["id"]), name="mine")


def _lines(path: Path) -> int:
    return path.read_text().count("\n")


def test_runs_are_rescored_and_compared_from_the_command_line() -> None:
    with serving(Implementation(load_suite("chat"))) as server:
        first = janus_bench.run(server.url, "chat", progress=False)
    with serving(Echo(load_suite("chat"))) as server:
        second = janus_bench.run(server.url, "chat", progress=False)
    done = command("rescore", first.id, "--json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["same"] is True
    differences = json.loads(command("compare", first.id, second.id, "--json").stdout)
    assert differences[0]["name"] == "composite"
    assert differences[0]["effect"] < 0
    assert "composite" in command("compare", first.id, second.id).stdout
    unlike = command("compare", first.id, "nothing")
    assert (unlike.returncode, unlike.stdout) == (3, "")
