"""Public benchmarks: the published formats, in samples written by hand, and a download that can be trusted."""

from __future__ import annotations

import csv
import gzip
import hashlib
import http.server
import io
import json
import tarfile
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from janus_bench.checks.verdict import Subject
from janus_bench.errors import SuiteError
from janus_bench.scoring.answer_score import Measured
from janus_bench.scoring.score import above_guessing
from janus_bench.suites import public
from janus_bench.suites.loader import load_suite
from janus_bench.suites.model import product

GSM8K = {"question": "Bo has 1,000 stones and buys 234 more. How many are there?", "answer": "1000+234\n#### 1,234"}
HUMAN_EVAL = {
    "task_id": "HumanEval/7",
    "prompt": 'from typing import List\n\n\ndef double(xs: List[int]) -> List[int]:\n    """Double each."""\n',
    "entry_point": "double",
    "test": "def check(candidate):\n    assert candidate([1, 2]) == [2, 4]\n    assert candidate([]) == []\n",
    "canonical_solution": "    return [2 * x for x in xs]\n",
}


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The user's own folder of benchmarks."""
    monkeypatch.setenv(public.DATA_VARIABLE, str(tmp_path))
    return tmp_path


def put(folder: Path, name: str, content: bytes) -> None:
    (folder / name).parent.mkdir(parents=True, exist_ok=True)
    (folder / name).write_bytes(content)


def scored(suite: str, answer: str) -> float:
    (item,) = load_suite(suite).items(0)
    return product(item.evaluate(Subject(item.prompt, answer)))


def table(*rows: list[str]) -> bytes:
    written = io.StringIO()
    csv.writer(written).writerows(rows)
    return written.getvalue().encode()


def test_gsm8k_is_read_as_published(data: Path) -> None:
    put(data, "gsm8k/test.jsonl", json.dumps(GSM8K).encode() + b"\n")
    assert scored("gsm8k", "1000 and 234 make it.\nAnswer: 1234") == 1
    assert scored("gsm8k", "Answer: 1235") == 0


@pytest.mark.parametrize(
    ("answer", "right"),
    [
        ("```python\ndef double(xs):\n    return [2 * x for x in xs]\n```", 1.0),
        ("def double(xs):\n    return [x + x for x in xs]", 1.0),
        ("```python\n    return [2 * x for x in xs]\n```", 1.0),
        ("```python\ndef double(xs):\n    return xs\n```", 0.0),
        ("```python\ndef check(candidate): pass\ndef double(xs): raise SystemExit(0)\n```", 0.0),
        ("```python\nimport os\nos._exit(0)\ndef double(xs): pass\n```", 0.0),
    ],
)
def test_humaneval_runs_its_own_test_on_whole_functions_and_on_bodies(data: Path, answer: str, right: float) -> None:
    put(data, "humaneval/HumanEval.jsonl.gz", gzip.compress(json.dumps(HUMAN_EVAL).encode()))
    assert scored("humaneval", answer) == right


def test_mmlu_is_read_from_its_tar_and_guessing_is_taken_off(data: Path) -> None:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as archive:
        content = table(["Which sea, Bo?", "red", "black, deep", "dead", "north", "B"])
        for name in ("data/test/high_school_geography_test.csv", "data/dev/high_school_geography_dev.csv"):
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            archive.addfile(entry, io.BytesIO(content))
    put(data, "mmlu/data.tar", packed.getvalue())
    (item,) = load_suite("mmlu").items(0)
    assert (item.id, item.chance) == ("mmlu-high-school-geography-0", 0.25)
    assert "B) black, deep" in item.prompt
    assert [scored("mmlu", said) for said in ("B", "(b)", "The answer is B.", "Answer: C", "A B C D", "")] == [
        1,
        1,
        1,
        0,
        0,
        0,
    ]
    rows = [Measured(f"i{n}", "knowledge", n < 1, n < 1, 0, 0, 0, None, chance=0.25) for n in range(4)]
    assert above_guessing(rows) == 0
    assert above_guessing(rows[:1]) == 1


def test_truthfulqa_mixes_its_options_the_same_way_each_time(data: Path) -> None:
    heads = ["Type", "Category", "Question", "Best Answer", "Correct Answers", "Incorrect Answers", "Source"]
    rows = [["a", "b", f"Question {place}?", "True.", "True.", "False one.; False two.", ""] for place in range(20)]
    put(data, "truthfulqa/TruthfulQA.csv", table(heads, *rows))
    items = load_suite("truthfulqa").items(0)
    letters = [getattr(item.checks[0], "answer", "") for item in items]
    assert set(letters) == {"A", "B", "C"}
    assert items == load_suite("truthfulqa").items(5)
    assert all(f"{letter}) True." in item.prompt for letter, item in zip(letters, items, strict=True))


def test_mt_bench_wants_a_judge_and_scores_nothing_without(data: Path) -> None:
    question = {"question_id": 81, "category": "writing", "turns": ["Write a line about tides.", "Shorter."]}
    put(data, "mt-bench/question.jsonl", json.dumps(question).encode())
    (item,) = load_suite("mt-bench").items(0)
    assert item.wants_judge
    assert scored("mt-bench", "The tide comes and goes.") == 0


@pytest.mark.parametrize(
    ("name", "file", "content"),
    [
        ("gsm8k", "test.jsonl", b'{"question": "Q?", "answer": "no mark"}'),
        ("gsm8k", "test.jsonl", b"[1]"),
        ("humaneval", "HumanEval.jsonl", b'{"task_id": "x"}'),
        ("humaneval", "HumanEval.jsonl.gz", b"not gzip"),
        ("mmlu", "data.tar", b"not a tar"),
        ("truthfulqa", "TruthfulQA.csv", b"Question,Other\r\nq,a\r\n"),
        ("mt-bench", "question.jsonl", b'{"question_id": 1, "turns": []}'),
    ],
)
def test_a_file_that_is_not_as_published_is_told(data: Path, name: str, file: str, content: bytes) -> None:
    put(data, f"{name}/{file}", content)
    with pytest.raises(SuiteError, match="as published"):
        load_suite(name)


@pytest.fixture
def mirror() -> Iterator[str]:
    """A server that hands out one sample of GSM8K."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200 if self.path == "/test.jsonl" else 404)
            self.end_headers()
            self.wfile.write(json.dumps(GSM8K).encode())

        def log_message(self, *_: object) -> None:
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    server.server_close()
    thread.join()


def test_a_download_says_its_licence_and_size_first_and_is_kept(mirror: str, own_home: Path) -> None:
    digest = hashlib.sha256(json.dumps(GSM8K).encode()).hexdigest()
    benchmark = replace(public.BENCHMARKS["gsm8k"], url=f"{mirror}/test.jsonl", sha256=digest)
    said: list[str] = []
    path = public.fetch(benchmark, say=said.append)
    assert "Licence: MIT. At most 2 MB from http" in said[1]
    assert digest in said[2]
    assert path.is_relative_to(own_home)
    assert load_suite("gsm8k").size == 1  # no network: from what was kept


def test_another_file_than_pinned_or_none_at_all_is_refused_and_leaves_nothing(mirror: str, own_home: Path) -> None:
    for url, pin, why in ((f"{mirror}/test.jsonl", "0" * 64, "SHA-256"), (f"{mirror}/gone", "", "Not Found")):
        with pytest.raises(SuiteError, match=why):
            public.fetch(replace(public.BENCHMARKS["gsm8k"], url=url, sha256=pin), say=lambda line: None)
    assert [path for path in own_home.rglob("*") if path.is_file()] == []


def test_a_download_larger_than_told_is_cut(mirror: str, own_home: Path) -> None:
    small = replace(public.BENCHMARKS["gsm8k"], url=f"{mirror}/test.jsonl", sha256="", megabytes=0.00001)
    with pytest.raises(SuiteError, match="larger"):
        public.fetch(small, say=lambda line: None)


def test_without_a_copy_and_without_a_download_it_says_where_to_put_one(
    mirror: str, own_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    gone = replace(public.BENCHMARKS["mmlu"], url=f"{mirror}/gone")
    monkeypatch.setitem(public.BENCHMARKS, "mmlu", gone)
    with pytest.raises(SuiteError, match=public.DATA_VARIABLE):
        load_suite("mmlu")
