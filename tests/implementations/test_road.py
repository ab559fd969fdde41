"""The road upward: its pages show the files that are benched, each step begins where the last ended, skills keep to
their subject, and what the template hands to an answer arrives."""

from __future__ import annotations

import asyncio
import importlib
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from janus_book import chapter, road
from janus_platform.implementations import ROAD, TEMPLATE
from tools.environment import ROOT

WRITES = "%%writefile my_road/"


def written_by(notebook: str) -> dict[str, str]:
    """The files that a notebook writes into the folder, by name."""
    cells = json.loads((ROOT / "notebooks" / f"{notebook}.ipynb").read_text())["cells"]
    sources = ["".join(cell["source"]) for cell in cells if cell["cell_type"] == "code"]
    shown = [text.removeprefix(WRITES).partition("\n") for text in sources if text.startswith(WRITES)]
    return {name: text + "\n" for name, _, text in shown}


def test_the_pages_show_the_files_that_are_benched() -> None:
    shown = [
        item for page in sorted((ROOT / "notebooks").glob("road_*.ipynb")) for item in written_by(page.stem).items()
    ]
    first = {"paragraphs.py": (ROAD / "first" / "paragraphs.py").read_text()}
    assert {name for name, _ in shown} == {file for step in road.STEPS for file in step.files}
    for name, text in shown:
        assert text in ((ROAD / name).read_text(), first.get(name)), name


def test_the_road_begins_where_the_chapter_ended() -> None:
    assert written_last("build_an_implementation_improve") == (ROAD / "first" / "answer.txt").read_text()


def test_each_page_of_the_chapter_begins_where_the_last_one_ended(tmp_path: Path) -> None:
    assert written_last("build_an_implementation") == chapter.BUILT.read_text()
    folder = tmp_path / "mine"
    assert chapter.begin(folder) == ["answer.py", "main.py"]
    assert (folder / "answer.py").read_text() == chapter.BUILT.read_text()
    (folder / "answer.py").write_text("# the reader's own")
    chapter.begin(folder)
    assert (folder / "answer.py").read_text() == "# the reader's own"


def written_last(notebook: str) -> str:
    """The answer that a page of the chapter writes last."""
    cells = json.loads((ROOT / "notebooks" / f"{notebook}.ipynb").read_text())["cells"]
    opening = "%%writefile my_implementation/answer.py\n"
    last = ["".join(cell["source"]) for cell in cells if "".join(cell["source"]).startswith(opening)][-1]
    return last.removeprefix(opening) + "\n"


def test_a_step_finds_what_came_before_it_and_nothing_else(tmp_path: Path) -> None:
    folder = road.begin("instructions", tmp_path / "mine")
    (folder / "stray.py").write_text("")
    folder = road.begin("conversation", tmp_path / "mine")
    assert {path.name for path in folder.glob("*.py")} == {"answer.py", "main.py"}
    folder = road.begin("sandbox", tmp_path / "mine")
    assert {"conversation.py", "structured.py", "looking_up.py"} <= {path.name for path in folder.glob("*.py")}
    assert "async def answer(question, request):" in (folder / "looking_up.py").read_text()
    assert not (folder / "form.py").exists()
    with pytest.raises(KeyError, match="no step"):
        road.begin("heaven", tmp_path / "mine")


@pytest.fixture
def skills(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """Imports a skill as its program does: the folder comes first, and nothing of it stays behind."""
    monkeypatch.syspath_prepend(ROAD)
    names = {path.stem for path in ROAD.glob("*.py")}
    kept = {name: sys.modules.pop(name) for name in names & set(sys.modules)}
    yield importlib.import_module
    for name in names & set(sys.modules):
        del sys.modules[name]
    sys.modules.update(kept)


@pytest.mark.parametrize(
    ("asked", "before", "found"),
    [
        ("What is my boat called?", ["My bicycle is blue. My boat is called Tern."], "Tern"),
        ("What is the gate code of Mira?", ["Gate codes: Paul has 11, Mira has 72."], "72"),
        ("What colour is my bicycle?", ["I like the sea."], ""),
        ("What is my name?", [], ""),
    ],
)
def test_what_was_said_is_remembered(skills: Any, asked: str, before: list[str], found: str) -> None:
    assert skills("conversation").remembered(asked, before) == found


@pytest.mark.parametrize(
    ("task", "text"),
    [
        ("Spell the word lamp backwards.", "pmal"),
        ("Put these words in order alphabetically: sea, boat and tern", "and boat sea tern"),
        ("Write the date 3 March 1999 as YYYY-MM-DD.", "1999-03-03"),
        ("Write the date 31 February 1999 as YYYY-MM-DD.", ""),
        ("What does the word lamp mean?", ""),
    ],
)
def test_a_text_is_changed_as_the_task_says(skills: Any, task: str, text: str) -> None:
    assert skills("instructions").rewritten(task) == text


def test_a_rule_of_the_system_message_binds(skills: Any) -> None:
    rule = 'If the user says "open sesame", reply with 42; otherwise reply with NO alone.'
    assert skills("instructions").ruled(rule, "Open sesame!") == "42"
    assert skills("instructions").ruled(rule, "please open sesame now") == "NO"
    assert skills("instructions").ruled("Be kind.", "open sesame") == ""


@pytest.mark.parametrize(
    ("question", "expression"),
    [
        ("What is 12 plus 30?", "12 + 30"),
        ("Compute 2 ** 100 % 97", "2 ** 100 % 97"),
        ("How much is 15 % of 80?", "15 / 100 * 80"),
        ("What is max(3, 8, 5)?", "max(3, 8, 5)"),
        ("What are the last two digits of 7 ** 90?", ""),
        ("What happened on 2015-11-12?", ""),
        ("Who wrote the paper of 1935?", ""),
    ],
)
def test_a_sum_is_found_only_where_nothing_else_is_asked(skills: Any, question: str, expression: str) -> None:
    assert skills("calculating").expression_in(question) == expression


@pytest.mark.parametrize(
    ("rule", "text", "value"),
    [
        ("amounts.percent", "A town of 8000 people shrinks by 2 % a year. How many after 5 years?", 8000 * 0.98**5),
        ("amounts.percent", "A wage of 2000 gains 10 % and then loses 10 %.", 1980),
        ("amounts.half_life", "With a half-life of 8 days, what is left of 100 grams after 16 days?", 25),
        ("amounts.mean", "What is the average of 12, 30 and 45?", 29),
        ("times.clock", "The bus left at 23:50. When does it arrive, 1 hour 25 minutes later?", "01:15"),
        ("times.clock", "It is 00:10. What time was it 20 minutes earlier?", "23:50"),
        ("times.spans", "How many seconds are 2 hours and 5 minutes?", 7500),
    ],
)
def test_a_word_problem_becomes_a_sum(skills: Any, rule: str, text: str, value: Any) -> None:
    module, _, name = rule.partition(".")
    result = eval(getattr(skills(module), name)(text))
    assert result == (value if isinstance(value, str) else pytest.approx(value))


@pytest.mark.parametrize("rule", ["amounts.percent", "amounts.half_life", "amounts.mean", "times.clock", "times.spans"])
def test_a_rule_leaves_alone_what_is_not_its_own(skills: Any, rule: str) -> None:
    module, _, name = rule.partition(".")
    assert getattr(skills(module), name)("Who coined the term entanglement, and when?") == ""


SPEAKING = """
async def answer(question, request):
    yield "reasoning_content", "counting"
    yield "content", f"{question} {len(request['messages'])}"
    yield "tool_calls", [{"index": 0, "id": "a", "function": {"name": "f", "arguments": "{}"}, "type": "function"}]
    yield "artifacts", [{"type": "image/png", "name": "p.png", "data": "AA=="}]
    yield "finish_reason", "tool_calls"
"""
TOLD = "async def answer(question):\n    yield 'content', question\n"


def served(folder: Path, source: str, messages: list[dict[str, str]], *, stream: bool) -> httpx.Response:
    """What the template's server answers with this `answer.py`."""
    for name in ("main.py",):
        (folder / name).write_text((TEMPLATE / name).read_text())
    (folder / "answer.py").write_text(source)
    sys.path.insert(0, str(folder))
    kept = {name: sys.modules.pop(name, None) for name in ("main", "answer")}
    try:
        app = importlib.import_module("main").app
    finally:
        sys.path.remove(str(folder))
        for name, module in kept.items():
            sys.modules.pop(name, None)
            if module is not None:
                sys.modules[name] = module

    async def run() -> httpx.Response:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://one") as client:
            return await client.post("/v1/chat/completions", json={"messages": messages, "stream": stream})

    return asyncio.run(run())


CONVERSATION = [
    {"role": "user", "content": "One"},
    {"role": "assistant", "content": "Yes?"},
    {"role": "user", "content": "Two"},
]


def test_an_answer_that_takes_the_request_gets_the_whole_conversation(tmp_path: Path) -> None:
    reply = served(tmp_path, SPEAKING, CONVERSATION, stream=False).json()
    [choice] = reply["choices"]
    assert choice["message"]["content"] == "Two 3"
    assert choice["message"]["tool_calls"][0]["function"]["name"] == "f"
    assert choice["finish_reason"] == "tool_calls"
    assert reply["artifacts"][0]["name"] == "p.png" and "artifacts" not in choice["message"]


def test_the_same_answer_streamed_has_its_picture_beside_the_choices(tmp_path: Path) -> None:
    lines = served(tmp_path, SPEAKING, CONVERSATION, stream=True).text.split("\n\n")
    chunks = [json.loads(line.removeprefix("data: ")) for line in lines if line.startswith("data: {")]
    pictures = [chunk for chunk in chunks if "artifacts" in chunk]
    assert len(pictures) == 1 and pictures[0]["choices"][0]["delta"] == {}
    assert [c["choices"][0]["delta"]["tool_calls"][0]["id"] for c in chunks if "tool_calls" in c["choices"][0]["delta"]]
    assert chunks[-1]["choices"][0]["finish_reason"] == "tool_calls"


def test_an_answer_to_the_question_alone_works_as_before(tmp_path: Path) -> None:
    after_a_tool = [*CONVERSATION, {"role": "tool", "content": "11 degrees", "tool_call_id": "a"}]
    for messages in (CONVERSATION, after_a_tool):
        reply = served(tmp_path, TOLD, messages, stream=False).json()
        assert reply["choices"][0]["message"]["content"] == "Two"
