"""The baseline looks things up in the documented order, says what it does, and never breaks its stream."""

from __future__ import annotations

import asyncio
import base64
import json
from typing import Any

import httpx
import pytest

from tests.implementations.rig import PAGE, PNG, Answer, FakeServices, ask, served

SEARCH, PROXY, SANDBOX, INFERENCE = "search.janus.rodeo", "proxy.janus.rodeo", "sandbox.janus.rodeo", "api.chutes.ai"
VECTOR = "vector.janus.rodeo"
QUESTION = "Explain quantum entanglement"
PLOT = "Explain quantum entanglement and plot the correlation against the angle"


def answer_to(*said: Any, fake: FakeServices | None = None, headers: dict[str, str] | None = None) -> Answer:
    async def run() -> Answer:
        async with served(fake or FakeServices()) as client:
            return await ask(client, *said, headers=headers)

    return asyncio.run(run())


def test_the_services_are_called_in_the_documented_order() -> None:
    fake = FakeServices()
    answer_to(PLOT, fake=fake)
    assert fake.hosts == [SEARCH, PROXY, INFERENCE, SANDBOX]


def test_reasoning_comes_first_and_content_passes_token_by_token() -> None:
    answer = answer_to(QUESTION)
    kinds = [next(iter(set(c["choices"][0]["delta"]) - {"role"}), None) for c in answer.chunks]
    first_content = kinds.index("content")
    assert set(kinds[:first_content]) == {"reasoning_content"}
    assert "reasoning_content" not in kinds[first_content:]
    assert answer.pieces[:3] == ["Two particles", " share one state", ". [1]"]
    assert "Searching for “quantum entanglement”" in answer.reasoning
    assert "Reading https://physics.org/quantum" in answer.reasoning


def test_the_last_chunk_carries_finish_reason_and_the_whole_usage() -> None:
    answer = answer_to(PLOT)
    assert answer.ended
    assert [c["choices"][0]["finish_reason"] for c in answer.chunks][-2:] == [None, "stop"]
    assert (answer.usage["prompt_tokens"], answer.usage["completion_tokens"]) == (40, 3)
    assert answer.usage["cost_usd"] == 0.002 and answer.usage["sandbox_seconds"] >= 0


def test_the_answer_names_the_cited_page_as_its_source() -> None:
    assert answer_to(QUESTION).content.endswith("\n\nSources:\n- [Quantum entanglement](https://physics.org/quantum)")


def test_the_prompt_holds_the_question_the_page_and_the_other_snippets() -> None:
    fake = FakeServices()
    answer_to(QUESTION, fake=fake)
    sent = fake.sent(INFERENCE)
    prompt = sent["messages"][-1]["content"]
    assert sent["model"] == "gpt-4o-mini" and sent["stream"] is True
    assert prompt.startswith(
        "Question: Explain quantum entanglement\n\nPassages:\n[1] Quantum entanglement — https://physics.org/quantum\n"
    )
    assert "share one state. See the paradox." in prompt
    assert "\n\n[2] Bread — https://example.com/bread\nAbout bread." in prompt


def test_a_long_page_is_cut_to_what_the_question_is_about() -> None:
    filler = "\n\n".join(f"Paragraph {n} speaks of baking bread at length. " * 8 for n in range(60))
    fake = FakeServices(page=f"{filler}\n\nEntanglement is a quantum correlation.\n\n{filler}")
    answer_to(QUESTION, fake=fake)
    prompt = fake.sent(INFERENCE)["messages"][-1]["content"]
    assert "Entanglement is a quantum correlation." in prompt and len(prompt) < 7_000


def test_half_sentences_of_a_snippet_are_not_put_before_the_model() -> None:
    snippet = "…for the prize. Aspect measured pairs of photons. The result was clear. It was then that…"
    found = [{"title": t, "url": f"https://physics.org/{t}", "snippet": snippet} for t in "ab"]
    fake = FakeServices(overrides={SEARCH: httpx.Response(200, json={"results": found})})
    answer_to(QUESTION, fake=fake)
    prompt = fake.sent(INFERENCE)["messages"][-1]["content"]
    assert prompt.endswith("\nAspect measured pairs of photons. The result was clear.")


def test_a_plot_comes_back_as_an_artifact() -> None:
    fake = FakeServices()
    answer = answer_to(PLOT, fake=fake)
    (artifact,) = answer.artifacts
    assert (artifact["type"], artifact["name"]) == ("image/png", "plot.png")
    assert base64.b64decode(artifact["data"]) == PNG
    assert "-cos(x)" in fake.sent(SANDBOX)["code"] and "E(θ) = −cos θ" in answer.content


def test_a_function_alone_is_drawn_without_a_search() -> None:
    fake = FakeServices()
    answer = answer_to("Plot sin(x)/x from 0 to 4pi", fake=fake)
    assert fake.hosts == [SANDBOX] and len(answer.artifacts) == 1
    assert "sin(x) / x" in fake.sent(SANDBOX)["code"] and "12.566" in fake.sent(SANDBOX)["code"]


def test_without_a_function_the_table_of_the_page_is_drawn() -> None:
    fake = FakeServices()
    answer = answer_to("Explain entanglement and draw a chart of it", fake=fake)
    assert "[-1.0, -0.707, 0.0, 0.707]" in fake.sent(SANDBOX)["code"]
    assert "correlation by angle" in answer.content


def test_where_there_is_nothing_to_draw_it_says_so() -> None:
    fake = FakeServices(page="No numbers here.")
    answer = answer_to("Explain photosynthesis and draw a chart of it", fake=fake)
    assert SANDBOX not in fake.hosts and answer.artifacts == []
    assert "neither a function nor a table" in answer.content and "Sources:" in answer.content


@pytest.mark.parametrize(
    "plot",
    ["plot __import__('os').system('id') x", "plot x.real + open('/etc/passwd')", "graph sin(x)); import os; (x"],
)
def test_nothing_but_arithmetic_reaches_the_sandbox(plot: str) -> None:
    fake = FakeServices(page="No table.")
    answer_to(plot, fake=fake)
    for request in fake.requests:
        if request.url.host == SANDBOX:
            code = request.content.decode()
            assert not any(word in code for word in ("__import__", "open(", "import os", "system", "real"))


def test_a_failing_drawing_becomes_a_sentence() -> None:
    failing = httpx.Response(200, json={"stdout": "", "stderr": "a\nMemoryError", "exit_code": 1})
    answer = answer_to(PLOT, fake=FakeServices(overrides={SANDBOX: failing}))
    assert "could not draw the plot: MemoryError" in answer.content
    assert "Two particles share one state" in answer.content and answer.ended


@pytest.mark.parametrize(
    ("question", "code"),
    [
        ("What is 17*23?", "print(17 * 23)"),
        ("what is 12 plus 30 times 2", "print(12 + 30 * 2)"),
        ("2^10 =", "print(2 ** 10)"),
    ],
)
def test_arithmetic_is_calculated_in_the_sandbox(question: str, code: str) -> None:
    fake = FakeServices(stdout="391\n")
    answer = answer_to(question, fake=fake)
    assert fake.hosts == [SANDBOX] and fake.sent(SANDBOX)["code"].strip() == code
    assert answer.content.endswith("= 391")


def test_asking_again_costs_no_search_and_no_fetch() -> None:
    fake = FakeServices()

    async def run() -> None:
        async with served(fake) as client:
            await asyncio.gather(*(ask(client, QUESTION) for _ in range(4)))
            await ask(client, QUESTION)

    asyncio.run(run())
    assert (fake.hosts.count(SEARCH), fake.hosts.count(PROXY), fake.hosts.count(INFERENCE)) == (1, 1, 5)


def test_a_failure_is_not_kept() -> None:
    fake = FakeServices(overrides={SEARCH: httpx.Response(503)})

    async def run() -> list[Answer]:
        async with served(fake) as client:
            first = await ask(client, QUESTION)
            fake.overrides.clear()
            return [first, await ask(client, QUESTION)]

    first, second = asyncio.run(run())
    assert "the Search API answered 503" in first.content and "share one state" in second.content


def limited(seconds: int) -> httpx.Response:
    return httpx.Response(429, headers={"retry-after": str(seconds)}, json={"title": "Too many requests"})


def test_on_429_from_the_web_proxy_it_answers_from_the_snippets_and_says_so() -> None:
    fake = FakeServices(overrides={PROXY: limited(12)})
    answer = answer_to(QUESTION, fake=fake)
    assert fake.hosts == [SEARCH, PROXY, INFERENCE]
    assert "rests on search snippets only" in answer.content and "12 s" in answer.content
    assert "[1] Quantum entanglement — https://physics.org/quantum\nAbout quantum entanglement." in str(
        fake.sent(INFERENCE)["messages"][-1]["content"]
    )
    assert "Two particles share one state" in answer.content and "Sources:" in answer.content


def test_on_429_from_search_it_says_so_and_names_no_source() -> None:
    answer = answer_to(QUESTION, fake=FakeServices(overrides={SEARCH: limited(30)}))
    assert "the Search API is at its rate limit, which frees up in 30 s" in answer.content
    assert "Sources:" not in answer.content and answer.ended


def test_a_forbidden_page_makes_it_read_the_next_one() -> None:
    def robots(request: httpx.Request) -> httpx.Response:
        if "physics" in str(request.url):
            return httpx.Response(403, json={"title": "Forbidden by robots.txt"})
        return httpx.Response(200, json={"content": PAGE})

    answer = answer_to(QUESTION, fake=FakeServices(overrides={PROXY: robots}))
    assert "Forbidden by robots.txt" in answer.reasoning and "Reading https://example.com/bread" in answer.reasoning
    assert "[Bread](https://example.com/bread)" in answer.content


def test_a_question_the_passages_do_not_cover_gets_no_sources() -> None:
    fake = FakeServices(says=("The given passages", " do not cover this question."))
    assert answer_to("Who won the 1954 final?", fake=fake).content == "The given passages do not cover this question."


def test_no_result_is_said_without_asking_the_model() -> None:
    fake = FakeServices(overrides={SEARCH: httpx.Response(200, json={"results": []})})
    answer = answer_to(QUESTION, fake=fake)
    assert fake.hosts == [SEARCH] and "found no page" in answer.content


@pytest.mark.parametrize(
    "bad",
    [
        httpx.Response(500),
        httpx.Response(200, text="<html>"),
        httpx.Response(200, json=[1]),
        httpx.Response(200, json={"results": "none"}),
    ],
)
def test_a_broken_search_becomes_a_sentence(bad: httpx.Response) -> None:
    answer = answer_to(QUESTION, fake=FakeServices(overrides={SEARCH: bad}))
    assert answer.content.startswith("I cannot answer this now: the Search API") and answer.ended


def test_an_unreachable_service_becomes_a_sentence() -> None:
    def refuse(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("refused", request=request)

    for host in (SEARCH, INFERENCE):
        answer = answer_to(QUESTION, fake=FakeServices(overrides={host: refuse}))
        assert "cannot be reached (ConnectError)" in answer.content and answer.ended


def test_a_model_that_breaks_off_becomes_a_sentence() -> None:
    broken = b'data: {"choices":[{"delta":{"content":"Two"}}]}\n\ndata: {"error": {"message": "x"}}\n\n'
    answer = answer_to(QUESTION, fake=FakeServices(overrides={INFERENCE: httpx.Response(200, content=broken)}))
    assert answer.content.startswith("Two\n\nThe answer breaks off here") and answer.ended


@pytest.mark.parametrize("hello", ["hello", "Hi there!", "Who are you?", "Hello! Please introduce yourself."])
def test_small_talk_costs_nothing(hello: str) -> None:
    fake = FakeServices()
    answer = answer_to(hello, fake=fake)
    assert fake.requests == [] and "looking them up" in answer.content and len(answer.pieces) > 10


@pytest.mark.parametrize(
    ("said", "query"),
    [
        ((QUESTION, "And who discovered it?"), "quantum entanglement: And who discovered it"),
        ((QUESTION, "why?"), "quantum entanglement: why"),
        ((QUESTION, "How does the TCP handshake work?"), "How does the TCP handshake work"),
        (([{"type": "text", "text": "What is TCP?"}],), "TCP"),
    ],
)
def test_a_short_follow_up_is_searched_with_what_came_before(said: tuple[Any, ...], query: str) -> None:
    fake = FakeServices()
    answer_to(*said, fake=fake)
    assert fake.sent(SEARCH)["query"] == query


def test_a_picture_in_the_question_is_put_before_the_model_and_nothing_is_searched() -> None:
    picture = [{"type": "text", "text": "What is this cat?"}, {"type": "image_url", "image_url": {"url": "data:,"}}]
    fake = FakeServices(says=("A grey", " cat."))
    assert answer_to(picture, fake=fake).content == "A grey cat."
    assert fake.hosts == [INFERENCE]
    assert fake.sent(INFERENCE)["messages"] == [{"role": "user", "content": picture}]


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


def test_the_trace_goes_on_to_every_service() -> None:
    given = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
    fake = FakeServices()
    answer_to(PLOT, fake=fake, headers={"traceparent": given})
    assert len(fake.requests) == 4 and {r.headers.get("traceparent") for r in fake.requests} == {given}


def test_the_key_goes_to_inference_and_nowhere_else(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CHUTES_API_KEY", "cpk_mine")
    fake = FakeServices()
    answer_to(PLOT, fake=fake)
    assert {r.url.host for r in fake.requests if "cpk_mine" in str(r.headers.raw)} == {INFERENCE}


def test_an_answer_that_is_not_streamed_is_the_same_answer() -> None:
    async def run() -> tuple[dict[str, Any], Answer]:
        async with served(FakeServices()) as client:
            body = {"model": "research", "messages": [{"role": "user", "content": PLOT}]}
            whole = (await client.post("/v1/chat/completions", json=body)).json()
            return whole, await ask(client, PLOT)

    whole, streamed = asyncio.run(run())
    message = whole["choices"][0]["message"]
    assert (message["content"], message["reasoning_content"]) == (streamed.content, streamed.reasoning)
    assert whole["artifacts"] == streamed.artifacts and whole["choices"][0]["finish_reason"] == "stop"


@pytest.mark.parametrize(
    "body", [b"", b"[]", b'{"messages": 5}', b'{"messages": []}', b'{"messages": [{"role": "user"}]}']
)
def test_an_unreadable_request_is_400(body: bytes) -> None:
    async def run() -> httpx.Response:
        async with served(FakeServices()) as client:
            return await client.post("/v1/chat/completions", content=body)

    response = asyncio.run(run())
    assert response.status_code == 400 and response.json()["error"]["message"]
