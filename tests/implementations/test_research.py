"""The baseline looks things up in the documented order, says what it does, and never breaks its stream."""

from __future__ import annotations

import asyncio
import base64
from typing import Any

import httpx
import pytest

from tests.implementations.rig import PAGE, PNG, Answer, FakeServices, ask, served

SEARCH, PROXY, SANDBOX, INFERENCE = "search.janus.rodeo", "proxy.janus.rodeo", "sandbox.janus.rodeo", "api.chutes.ai"
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
    assert answer_to(QUESTION).content.endswith(
        "\n\nSources:\n- [1] [Quantum entanglement](https://physics.org/quantum)"
    )


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
    content = answer_to("Who won the 1954 final?", fake=fake).content
    assert content.startswith("I cannot answer this: none of the pages") and "Sources:" not in content


def test_no_result_is_said_without_asking_the_model() -> None:
    nothing = {
        SEARCH: httpx.Response(200, json={"results": []}),
        "vector.janus.rodeo": httpx.Response(200, json={"chunks": []}),
    }
    fake = FakeServices(overrides=nothing)
    answer = answer_to(QUESTION, fake=fake)
    assert fake.hosts == [SEARCH, "vector.janus.rodeo"] and "I cannot answer this" in answer.content


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


@pytest.mark.parametrize(
    ("said", "answered"),
    [
        ("hello", "looking them up"),
        ("Hi there!", "looking them up"),
        ("Who are you?", "a program, not a person"),
        ("Hello! Please introduce yourself.", "the baseline implementation"),
        ("how are you today?", "feel nothing"),
        ("Thanks, bye!", "Goodbye"),
        ("are you ChatGPT", "No:"),
        ("WHAT CAN YOU DO?", "I cannot chat freely"),
        ("What is the weather in Paris today?", "the weather"),
        ("Should I take aspirin for a headache?", "a doctor"),
        ("What's my name?", "nothing about you"),
    ],
)
def test_small_talk_costs_nothing_and_has_an_answer_of_its_own(said: str, answered: str) -> None:
    fake = FakeServices()
    answer = answer_to(said, fake=fake)
    assert fake.requests == [] and answered in answer.content and "Sources:" not in answer.content


@pytest.mark.parametrize(
    "asked", ["Thanks to whom was TCP made?", "How do you close a socket?", "What weather has Mars?"]
)
def test_what_only_sounds_like_small_talk_is_looked_up(asked: str) -> None:
    fake = FakeServices()
    answer_to(asked, fake=fake)
    assert SEARCH in fake.hosts


@pytest.mark.parametrize(
    ("said", "query"),
    [
        ((QUESTION, "And who discovered it?"), "who discovered quantum entanglement"),
        ((QUESTION, "why?"), "Why: quantum entanglement"),
        (("How do tides work?", "Why twice a day?"), "Why twice a day (tides)"),
        (("What is the proxy's limit?", "What about the sandbox?"), "the sandbox's limit"),
        (("What is Intel TDX?", "Thanks", "Who made it?"), "Who made Intel TDX"),
        (("What is BM25?", "Tell me more"), "BM25"),
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
    assert message["content"] == streamed.content
    assert "Searching for" in message["reasoning_content"] and "from memory" in streamed.reasoning
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
