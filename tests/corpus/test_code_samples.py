"""The Python that the pages show runs, and prints the numbers that the pages state."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from html import unescape

import pytest

from janus_platform.corpus import Page, load_corpus

# A sample that talks to the network, or needs a key or a file from elsewhere, cannot run on its own.
NEEDS_MORE = re.compile(r"\b(httpx|openai|socket|joserfc|CHUTES_API_KEY)\b")
SAMPLE = re.compile(r'<code class="language-python">(.*?)</code>', re.DOTALL)
RUNNER = """
import contextlib, io, json, sys
outputs = {}
for url, code in json.load(sys.stdin).items():
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        exec(compile(code, url, "exec"), {"__name__": "sample"})
    outputs[url] = out.getvalue()
print(json.dumps(outputs))
"""
STATED = {
    "https://bittensor.example/keys": "True",
    "https://bittensor.example/yuma-consensus": "0.5 0.455",
    "https://docs.janus.example/benchmark": "76.55",
    "https://example.com/growth": "1628.89\n37.9\n14.2",
    "https://http.example/rate-limits": "6.0",
    "https://http.example/server-sent-events": "['a\\nb', 'c']",
    "https://networking.example.org/tcp/congestion-control": "17.8\n1.78",
    "https://networking.example.org/tcp/sequence-numbers": "True",
    "https://physics.org/tides": "0.46",
    "https://python.example/numpy": "240.4 51.0",
    "https://python.example/subprocess": "-9",
    "https://retrieval.example/bm25": "5.9",
    "https://retrieval.example/evaluation": "0.985",
    "https://retrieval.example/hybrid-and-chunking": "['B', 'A', 'D', 'C', 'E']",
    "https://retrieval.example/vector-search": "42",
}


def samples(page: Page) -> str:
    """All Python of a page that can run on its own, as one program."""
    blocks = [unescape(block) for block in SAMPLE.findall(page.article)]
    return "" if any(NEEDS_MORE.search(block) for block in blocks) else "\n".join(blocks)


@pytest.fixture(scope="module")
def outputs(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    programs = {page.url: code for page in load_corpus().pages if (code := samples(page))}
    done = subprocess.run(
        [sys.executable, "-c", RUNNER],
        input=json.dumps(programs),
        capture_output=True,
        text=True,
        timeout=120,
        cwd=tmp_path_factory.mktemp("samples"),
        env={"MPLBACKEND": "Agg", "PATH": "/usr/bin:/bin"},
    )
    assert done.returncode == 0, done.stderr
    return dict(json.loads(done.stdout))


def test_most_pages_with_python_have_samples_that_run(outputs: dict[str, str]) -> None:
    assert len(outputs) >= 25


@pytest.mark.parametrize(("url", "stated"), list(STATED.items()))
def test_a_sample_prints_what_its_page_states(outputs: dict[str, str], url: str, stated: str) -> None:
    assert stated in outputs[url]


def test_a_simulated_bell_test_breaks_the_local_bound(outputs: dict[str, str]) -> None:
    assert 2.78 < float(outputs["https://physics.org/bell-inequality"]) < 2.88


def test_samples_are_valid_python_even_where_they_cannot_run() -> None:
    for page in load_corpus().pages:
        for block in SAMPLE.findall(page.article):
            compile(unescape(block), page.url, "exec")
