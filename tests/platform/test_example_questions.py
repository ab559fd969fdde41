"""Every question that a page gives as an example is answered as the page promises: the content, not the status."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from janus_bench.home import home
from tests.platform.conftest import Shell

ROOT = Path(__file__).parents[2]
CHAT_PAGE = ROOT / "janus_platform" / "gateway" / "chat_page" / "static" / "index.html"
_REQUEST = re.compile(
    r"""model["']?\s?[:=]\s?["'](?:janus|research)["'](?:(?!model)[^}])*?role["']?\s?:\s?["']user["'],\s*["']?content["']?\s?:"""
    r"""\s?["']([^"'\n]+)["']"""
)
_QUESTION = re.compile(r"""^question = "([A-Z][^"\n]+)"$""", re.M)
_EXAMPLE = re.compile(r'(?:data-picture="chat/([^"]+)" )?class="example">([^<]+)<')
DECLINES = re.compile(r"do not cover|found no page|cannot answer|this prompt has none", re.I)

# The questions and what their answers must say (alternatives: `|`). A page promises these.
ANSWERED = {
    "What causes tides?": ["Moon", "pull", "Sources:", "physics.org/tides"],
    "How do tides work?": ["Moon", "pull", "Sources:", "physics.org/tides"],
    "Explain tides": ["Moon", "tide", "Sources:"],
    "Explain quantum entanglement": ["entangle", "state", "Sources:", "quantum-entanglement"],
    "How does the TCP handshake work?": ["SYN, SYN-ACK, ACK", "Sources:", "[1] [How the TCP three-way handshake"],
    "Why does the water at the beach come and go twice a day?": ["Moon", "Sources:"],
    "Plot sin(x)/x from -20 to 20": ["sin(x) / x", "-20 to 20"],
    "Plot the correlation of two entangled spins against the angle": ["correlation|cos"],
    "What is 12 * 34?": ["408"],
    "What is 1234 * 5678?": ["7006652|7,006,652"],
    "How many requests per minute does the search API allow?": ["60", "Sources:"],
    "Which colours does this picture have?": ["orange", "blue", "640 × 400"],
    "Run `print(sum(n * n for n in range(10)))`": ["285"],
    "Hello": ["Hello! I answer questions"],
    "Hello?": ["Hello! I answer questions"],
    "hello": ["Hello! I answer questions"],
    "Say hello.": ["Hello! I answer questions"],
}
# What the chat page suggests, and the picture that it sends along.
SUGGESTED = {question: picture for picture, question in _EXAMPLE.findall(CHAT_PAGE.read_text())}
DRAWN = {"Plot sin(x)/x from -20 to 20", "Plot the correlation of two entangled spins against the angle"}
# The pages say of these that they cannot be answered.
REFUSED = {"What is the population of Ulaanbaatar?"}
# The same thing asked in other words: what makes the page's question answerable must not hang on its letters.
VARIANTS = [
    "Why do tides occur?",
    "What creates the tides?",
    "what is the cause of tides",
    "Where do tides come from?",
    "What produces tides?",
    "Why are there tides?",
]
NOT_IN_THE_CORPUS = ["What is the capital of Australia?", "What caused World War I?", "Why do cats purr?"]


def pages() -> Iterator[tuple[str, str]]:
    for path in (*sorted(ROOT.glob("book/**/*.md")), ROOT / "README.md"):
        yield path.name, path.read_text()
    for path in sorted(ROOT.glob("notebooks/*.ipynb")):
        cells = json.loads(path.read_text())["cells"]
        yield path.name, "\n".join("".join(cell["source"]) for cell in cells)


def examples() -> dict[str, str]:
    """Each question that a page asks the baseline, and the page."""
    found = {question: name for name, text in pages() for question in _REQUEST.findall(text) + _QUESTION.findall(text)}
    return found | dict.fromkeys(SUGGESTED, CHAT_PAGE.name)


def test_every_example_question_on_every_page_has_its_promise_here() -> None:
    found = examples()
    assert {"What causes tides?", "How do tides work?", "Explain quantum entanglement"} <= set(found)
    missing = {question: page for question, page in found.items() if question not in {*ANSWERED, *REFUSED}}
    assert missing == {}, "Say in ANSWERED or REFUSED what these pages promise."


def ask(url: str, question: str) -> tuple[str, int]:
    """The baseline's answer, and how many pictures came with it."""
    content: Any = question
    if picture := SUGGESTED.get(question):
        data = base64.b64encode((CHAT_PAGE.parent / picture).read_bytes()).decode()
        image = {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{data}"}}
        content = [{"type": "text", "text": question}, image]
    body = {"model": "research", "messages": [{"role": "user", "content": content}]}
    answer = httpx.post(f"{url}/v1/chat/completions", json=body, trust_env=False, timeout=120).json()
    return answer["choices"][0]["message"]["content"], len(answer.get("artifacts", []))


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A platform that has the embedding model where the machine has it, and no rate limits."""
    shell = Shell(tmp_path_factory.mktemp("examples") / "home")
    shell.home.mkdir()
    if (home() / "cache").is_dir():
        (shell.home / "cache").symlink_to(home() / "cache")
    done = shell.janus("up", "--detach", "--port", "0", "--limits", "off", "--json")
    assert done.returncode == 0, done.stderr
    yield str(shell.status()["gateway"]["url"])
    shell.janus("down")


@pytest.mark.parametrize("question", ANSWERED)
def test_an_example_is_answered_as_its_page_promises(url: str, question: str) -> None:
    content, pictures = ask(url, question)
    assert not DECLINES.search(content), content
    for words in ANSWERED[question]:
        assert any(word in content for word in words.split("|")), content
    assert pictures == (question in DRAWN)
    cited = [int(mark) for mark in re.findall(r"^- \[(\d+)\]", content.partition("Sources:")[2], re.M)]
    assert cited == list(range(1, len(cited) + 1))


@pytest.mark.parametrize("question", VARIANTS)
def test_the_same_question_in_other_words_is_answered_too(url: str, question: str) -> None:
    content, _ = ask(url, question)
    assert "Moon" in content and not DECLINES.search(content), content


@pytest.mark.parametrize("question", [*sorted(REFUSED), *NOT_IN_THE_CORPUS])
def test_what_the_corpus_does_not_hold_is_refused(url: str, question: str) -> None:
    assert DECLINES.search(ask(url, question)[0])
