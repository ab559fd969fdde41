"""What the baseline leaves to programs, tools, pictures and meaning, where looking a thing up is not the way."""

from __future__ import annotations

import asyncio
import base64
import json
from typing import Any

import httpx
import pytest

from tests.implementations.rig import PNG, Answer, FakeServices, ask, served

SEARCH, PROXY, SANDBOX, INFERENCE = "search.janus.rodeo", "proxy.janus.rodeo", "sandbox.janus.rodeo", "api.chutes.ai"
VECTOR = "vector.janus.rodeo"
QUESTION = "Explain quantum entanglement"


def answer_to(question: str, fake: FakeServices) -> Answer:
    async def run() -> Answer:
        async with served(fake) as client:
            return await ask(client, question)

    return asyncio.run(run())


@pytest.mark.parametrize(
    ("question", "content"),
    [
        ("What is 48 times 50 minus 86? End with a line 'Answer: <number>'.", "48 * 50 - 86 = 9\n\nAnswer: 9"),
        ("336 + 455? Reply with the number only.", "9"),
        ("What is the remainder when 29 is divided by 20?", "29 % 20 = 9"),
        ("What is 15 % of 60?", "15 / 100 * 60 = 9"),
    ],
)
def test_a_calculation_keeps_to_the_form_that_is_wanted(question: str, content: str) -> None:
    fake = FakeServices(stdout="9\n")
    assert answer_to(question, fake=fake).content == content
    assert fake.hosts == [SANDBOX]


def test_what_no_model_said_is_counted_as_well() -> None:
    answer = answer_to("What is 48 times 50?", fake=FakeServices(stdout="9\n"))
    assert (answer.content, answer.usage["completion_tokens"]) == ("48 * 50 = 9", 5)


def test_decimals_are_those_that_are_wanted() -> None:
    fake = FakeServices(stdout="0.33\n")
    answer_to("What is 1 / 3, to two decimals?".replace(", to", "? Give the result to"), fake=fake)
    assert fake.sent(SANDBOX)["code"] == "print(format(1 / 3, '.2f'))\n"


@pytest.mark.parametrize(
    ("question", "code"),
    [
        ("Run Python: what is sum(i for i in range(1, 9))?", "import math\nprint(sum((i for i in range(1, 9))))\n"),
        ("What does this print?\n```python\nfor i in range(2):\n    print(i)\n```",
         "import math\nfor i in range(2):\n    print(i)\n"),
        ("Evaluate `max(3, 4) - 1` for me", "import math\nprint(max(3, 4) - 1)\n"),
    ],
)  # fmt: skip
def test_a_program_that_is_asked_for_runs_in_the_sandbox_and_nowhere_else(question: str, code: str) -> None:
    fake = FakeServices(stdout="140\n")
    assert answer_to(question, fake=fake).content == "The program printed 140"
    assert fake.hosts == [SANDBOX] and fake.sent(SANDBOX)["code"] == code


def test_wishes_for_the_form_are_not_searched_for_but_reach_the_model() -> None:
    fake = FakeServices()
    answer_to("Who proposed entanglement? Name your source with its URL. Reply in one sentence.", fake=fake)
    assert fake.sent(SEARCH)["query"] == "Who proposed entanglement"
    assert "Name your source with its URL. Reply in one sentence." in fake.sent(INFERENCE)["messages"][0]["content"]


def test_the_value_at_a_place_is_told_beside_the_plot() -> None:
    stdout = f"PNG:{base64.b64encode(PNG).decode()}\nPOINT:-0.70710678118654757\n"
    fake = FakeServices(stdout=stdout)
    answer = answer_to(
        "Plot cos(x) from 0 to 180 degrees and say its value at 135 degrees, to two decimals.", fake=fake
    )
    assert answer.artifacts and "At 135 degrees, y = -0.71." in answer.content
    assert "np.radians(at)" in fake.sent(SANDBOX)["code"]


TOOLS = [{"type": "function", "function": {"name": "look", "parameters": {"type": "object"}}}]
CALLS = [
    {"index": 0, "id": "c1", "type": "function", "function": {"name": "look", "arguments": '{"at":'}},
    {"index": 0, "function": {"arguments": '"it"}'}},
]


def with_tools(*messages: dict[str, Any], fake: FakeServices, **more: Any) -> dict[str, Any]:
    async def run() -> dict[str, Any]:
        async with served(fake) as client:
            body = {"messages": list(messages), "tools": TOOLS, **more}
            return (await client.post("/v1/chat/completions", json=body)).json()["choices"][0]

    return asyncio.run(run())


def test_a_tool_that_the_model_calls_is_handed_to_the_caller_whole() -> None:
    chunks = [{"choices": [{"delta": {"tool_calls": [call]}}]} for call in CALLS]
    body = "".join(f"data: {json.dumps(chunk)}\n\n" for chunk in chunks) + "data: [DONE]\n\n"
    fake = FakeServices(overrides={INFERENCE: httpx.Response(200, text=body)})
    choice = with_tools({"role": "user", "content": "Look at it"}, fake=fake)
    assert choice["finish_reason"] == "tool_calls"
    (call,) = choice["message"]["tool_calls"]
    assert (call["id"], call["function"]) == ("c1", {"name": "look", "arguments": '{"at":"it"}'})
    assert fake.hosts == [INFERENCE] and fake.sent(INFERENCE)["tools"] == TOOLS


def test_where_no_tool_fits_it_goes_its_own_way() -> None:
    fake = FakeServices(says=("The given passages", " do not cover this question."), stdout="9\n")
    assert with_tools({"role": "user", "content": "What is 4 + 5?"}, fake=fake)["message"]["content"] == "4 + 5 = 9"
    assert fake.hosts == [INFERENCE, SANDBOX]


def test_what_a_tool_returned_is_for_the_model_to_tell() -> None:
    fake = FakeServices(says=("It is", " 9 degrees."))
    messages = [
        {"role": "user", "content": "Look at it"},
        {"role": "assistant", "content": None, "tool_calls": [{"id": "c1", "type": "function", "function": {}}]},
        {"role": "tool", "tool_call_id": "c1", "content": "9"},
    ]
    assert with_tools(*messages, fake=fake)["message"]["content"] == "It is 9 degrees."
    assert fake.sent(INFERENCE)["messages"] == messages


def test_tools_that_are_forbidden_are_not_offered() -> None:
    fake = FakeServices(stdout="9\n")
    with_tools({"role": "user", "content": "What is 4 + 5?"}, fake=fake, tool_choice="none")
    assert fake.hosts == [SANDBOX]


def test_without_search_the_vector_index_answers() -> None:
    chunks = [{"content": "Two particles share one state.", "source": "https://physics.org/quantum", "score": 0.9}]
    limited = httpx.Response(429, headers={"retry-after": "7"})
    fake = FakeServices(chunks=chunks, overrides={SEARCH: limited})
    answer = answer_to(QUESTION, fake=fake)
    assert fake.hosts == [SEARCH, VECTOR, INFERENCE]
    assert answer.content.startswith("Note: the Search API is at its rate limit, which frees up in 7 s")
    assert answer.content.endswith("(https://physics.org/quantum)")


def test_what_search_does_not_cover_is_looked_for_by_meaning() -> None:
    chunks = [{"content": "Two particles share one state.", "source": "https://physics.org/quantum", "score": 0.9}]
    fake = FakeServices(says=("The given passages", " do not cover this question."), chunks=chunks)
    answer_to(QUESTION, fake=fake)
    assert fake.hosts[:5] == [SEARCH, PROXY, INFERENCE, VECTOR, INFERENCE]


def test_what_cannot_be_looked_up_is_left_to_the_model_and_said_to_be_its_own() -> None:
    def model(request: httpx.Request) -> httpx.Response:
        by_itself = "Passages:" not in request.content.decode()
        said = "def twice(n): return 2 * n" if by_itself else "The passages do not cover this question."
        body = {"choices": [{"index": 0, "delta": {"content": said}, "finish_reason": None}]}
        return httpx.Response(200, text=f"data: {json.dumps(body)}\n\ndata: [DONE]\n\n")

    answer = answer_to("Write a function twice(n).", fake=FakeServices(overrides={INFERENCE: model}))
    assert answer.content == "def twice(n): return 2 * n"
    assert "what it says is its own" in answer.reasoning
