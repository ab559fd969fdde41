"""The inference service: the OpenAI wire format as the official client reads it, and an engine that only quotes."""

from __future__ import annotations

import asyncio
import json
import re
import subprocess
import sys
from collections.abc import Awaitable, Callable
from typing import Any

import httpx
import openai
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from janus_platform.clock import CallerClocks, ManualClock
from janus_platform.contract import load_contract
from janus_platform.services.inference import Pace, build
from janus_platform.services.inference.extractive import FINGERPRINT, NO_PASSAGES, NOT_COVERED, answer
from janus_platform.services.inference.prompt import Message, read_prompt
from janus_platform.services.inference.sentences import plain, sentences_of
from janus_platform.services.inference.tokens import count, tokens
from janus_platform.services.inference.words import stem, topic_stems
from janus_platform.services.service import ServiceContext

KEY = "cpk_local_test"
QUANTUM = """# Quantum entanglement

Quantum entanglement is a link between particles that share **one** quantum state, so that neither has one of its own.
It was first discussed by Albert Einstein, Boris Podolsky and Nathan Rosen in 1935. Schrödinger named it that year.

| entanglement | kind |
|---|---|
| photons | polarisation |

```python
print("entanglement in code is never quoted as a sentence.")
```

- [Home](/) | [Entanglement](/entanglement)

Measuring one particle fixes what a measurement of the other will show. This does not let anyone send a message faster
than light. [Entangled photons](https://physics.org/pairs) leave a nonlinear crystal in about 1 of 10 million cases."""
BREAD = """Bread rises because yeast turns sugar into carbon dioxide. A dough needs about 90 minutes at 24 °C to double.
Salt slows the yeast down. Knead the dough for 12 minutes before it rests."""


def prompt(question: str, *passages: str) -> list[Message]:
    blocks = "\n\n".join(
        f"[{n}] Page {n} — https://example.com/{n}\n{text}" for n, text in enumerate(passages, start=1)
    )
    return [
        Message("system", "Answer from the passages."),
        Message("user", f"Question: {question}\n\nPassages:\n{blocks}"),
    ]


def bare(text: str) -> str:
    """Markdown marks and white space evened out, so that a quotation can be found in its source."""
    return " ".join(re.sub(r"[*_`>#]", "", plain(text)).split())


# The service as the official client reads it.


class Service:
    def __init__(self, pace: Pace | None = None) -> None:
        self.clock = ManualClock()
        contract = load_contract()
        self.base_url = contract.services["inference"].origin + "/v1"
        context = ServiceContext(contract, CallerClocks(self.clock), clock=self.clock)
        self.app = build(context, keys=lambda key: key == KEY, pace=pace)

    def ask(self, question: Callable[[openai.AsyncOpenAI], Awaitable[Any]], key: str = KEY) -> Any:
        async def main() -> Any:
            http = openai.DefaultAsyncHttpxClient(transport=transport_module().ASGITransport(self.app))
            async with openai.AsyncOpenAI(
                api_key=key, base_url=self.base_url, max_retries=0, http_client=http
            ) as client:
                return await question(client)

        return asyncio.run(main())

    def post(self, body: Any, *, key: str = KEY) -> httpx.Response:
        async def main() -> httpx.Response:
            async with httpx.AsyncClient(transport=httpx.ASGITransport(self.app), base_url=self.base_url) as client:
                content = body if isinstance(body, bytes) else json.dumps(body).encode()
                headers = {"Authorization": f"Bearer {key}"} if key else {}
                return await client.post("/chat/completions", content=content, headers=headers)

        return asyncio.run(main())


def transport_module() -> Any:
    """The HTTP library that the installed openai client is built on: httpx, or its successor httpx2."""
    return sys.modules[openai.DefaultAsyncHttpxClient.__mro__[1].__module__.split(".")[0]]


@pytest.fixture
def service() -> Service:
    return Service()


def wire(messages: list[Message]) -> Any:
    return [{"role": m.role, "content": m.text} for m in messages]


ASKED = wire(prompt("Explain quantum entanglement", QUANTUM))


def test_the_official_client_gets_a_completion(service: Service) -> None:
    completion = service.ask(lambda c: c.chat.completions.create(model="gpt-4o-mini", messages=ASKED))
    choice = completion.choices[0]
    assert choice.finish_reason == "stop"
    assert choice.message.role == "assistant"
    assert choice.message.content.startswith("Quantum entanglement is a link between particles")
    assert completion.system_fingerprint == FINGERPRINT
    assert completion.usage.completion_tokens == count(choice.message.content)
    assert completion.usage.total_tokens == completion.usage.prompt_tokens + completion.usage.completion_tokens
    assert completion.usage.cost_usd > 0


def test_the_official_client_gets_a_stream_of_one_token_a_chunk(service: Service) -> None:
    async def collect(client: openai.AsyncOpenAI) -> list[Any]:
        stream = await client.chat.completions.create(
            model="gpt-4o", messages=ASKED, stream=True, stream_options={"include_usage": True}
        )
        return [chunk async for chunk in stream]

    chunks = service.ask(collect)
    whole = service.ask(lambda c: c.chat.completions.create(model="gpt-4o", messages=ASKED))
    pieces = [c.choices[0].delta.content for c in chunks if c.choices and c.choices[0].delta.content]
    assert "".join(pieces) == whole.choices[0].message.content
    assert chunks[0].choices[0].delta.role == "assistant"
    *_, finish, usage = chunks
    assert [c.choices[0].finish_reason for c in chunks[:-2]] == [None] * (len(chunks) - 2)
    assert finish.choices[0].finish_reason == "stop"
    assert usage.choices == []
    assert usage.usage.completion_tokens == len(pieces) == whole.usage.completion_tokens
    assert len({c.id for c in chunks}) == 1


def test_the_stream_ends_with_done_and_has_no_usage_unless_asked(service: Service) -> None:
    response = service.post({"model": "gpt-4o", "messages": ASKED, "stream": True})
    assert response.headers["content-type"].startswith("text/event-stream")
    events = response.text.split("\n\n")
    assert events[-2:] == ["data: [DONE]", ""]
    assert all(event.startswith("data: ") for event in events[:-1])
    assert "usage" not in response.text


def test_tokens_come_at_the_set_pace_counted_from_the_start() -> None:
    service = Service(Pace(first_token_seconds=0.5, tokens_per_second=10))
    arrived: list[float] = []

    async def collect(client: openai.AsyncOpenAI) -> None:
        async with client.chat.completions.with_streaming_response.create(
            model="gpt-4o", messages=ASKED, stream=True
        ) as stream:
            async for line in stream.iter_lines():
                if '"content":' in line:
                    arrived.append(service.clock.now())

    service.ask(collect)
    # The in-process transport hands the stream over at its end, so the whole of it is timed.
    assert service.clock.now() == pytest.approx(0.5 + (len(arrived) - 1) / 10)
    assert len(arrived) > 50


def test_every_token_is_sent_when_it_is_due_however_late_the_one_before_was() -> None:
    class Late(ManualClock):
        async def sleep(self, seconds: float) -> None:
            waits.append(seconds)
            await super().sleep(seconds + 0.04)  # every sleep oversleeps

    waits: list[float] = []
    service = Service(Pace(first_token_seconds=0.1, tokens_per_second=10))
    late = Late()
    context = ServiceContext(load_contract(), CallerClocks(late), clock=late)
    service.app = build(context, keys=lambda key: True, pace=Pace(0.1, 10))
    completion = service.post({"model": "gpt-4o", "messages": ASKED, "stream": True})
    sent = completion.text.count('"content":')
    assert late.now() == pytest.approx(0.1 + (sent - 1) / 10 + 0.04)
    assert waits[1] == pytest.approx(0.06)


def test_max_tokens_cuts_the_answer_and_says_length(service: Service) -> None:
    for name in ("max_tokens", "max_completion_tokens"):
        body = service.post({"model": "gpt-4o", "messages": ASKED, name: 2}).json()
        assert body["choices"][0]["message"]["content"] == "Quantum entangle"
        assert body["choices"][0]["finish_reason"] == "length"
        assert body["usage"]["completion_tokens"] == 2


def test_stop_ends_the_answer_before_the_text(service: Service) -> None:
    body = service.post({"model": "gpt-4o", "messages": ASKED, "stop": ["between", "never there"]}).json()
    assert body["choices"][0]["message"]["content"] == "Quantum entanglement is a link "
    assert body["choices"][0]["finish_reason"] == "stop"


def test_sampling_parameters_are_accepted_and_change_nothing(service: Service) -> None:
    first = service.post({"model": "gpt-4o", "messages": ASKED}).json()
    second = service.post({"model": "o1", "messages": ASKED, "temperature": 2, "seed": 7, "top_p": 0.1}).json()
    assert first["choices"] == second["choices"]


def test_models_are_the_contracts_names_and_say_which_engine_serves_them(service: Service) -> None:
    models = service.ask(lambda c: c.models.list()).data
    assert [m.id for m in models] == ["gpt-4o", "gpt-4o-mini", "o1", "o1-mini", "Llama", "Mistral", "Qwen", "DeepSeek"]
    assert {m.engine for m in models} == {FINGERPRINT}


@pytest.mark.parametrize("key", ["", "wrong"])
def test_a_missing_or_wrong_key_is_401_in_openais_shape(service: Service, key: str) -> None:
    response = service.post({"model": "gpt-4o", "messages": ASKED}, key=key)
    assert response.status_code == 401
    assert set(response.json()["error"]) == {"message", "type", "param", "code"}
    assert "CHUTES_API_KEY" in response.json()["error"]["message"]
    with pytest.raises(openai.AuthenticationError):
        service.ask(lambda c: c.models.list(), key="wrong")


def test_an_unknown_model_is_404_and_the_known_ones_are_named(service: Service) -> None:
    with pytest.raises(openai.NotFoundError) as caught:
        service.ask(lambda c: c.chat.completions.create(model="gpt-9", messages=ASKED))
    assert caught.value.code == "model_not_found"
    assert "gpt-4o-mini" in caught.value.message


USER = {"role": "user", "content": "Hello"}


@pytest.mark.parametrize(
    ("change", "param"),
    [
        ({"n": 2}, "n"),
        ({"messages": []}, "messages"),
        ({"messages": "Hello"}, "messages"),
        ({"messages": ["Hello"]}, "messages[0]"),
        ({"messages": [{"role": "wizard", "content": "x"}]}, "messages[0].role"),
        ({"messages": [USER, {"role": "user", "content": 7}]}, "messages[1].content"),
        ({"messages": [{"role": "user", "content": [{"type": "image_url"}]}]}, "messages[0].content[0]"),
        ({"messages": [{"role": "user", "content": "\ud800"}]}, "messages[0].content"),
        ({"messages": [{"role": "system", "content": "x"}]}, "messages"),
        ({"messages": None}, "messages"),
        ({"stream": "yes"}, "stream"),
        ({"stream_options": [1]}, "stream_options"),
        ({"max_tokens": 0}, "max_tokens"),
        ({"max_tokens": True}, "max_tokens"),
        ({"stop": [""]}, "stop"),
        ({"tools": [{"type": "function"}]}, "tools"),
        ({"response_format": {"type": "json_object"}}, "response_format"),
    ],
)
def test_a_bad_field_is_named_in_openais_shape(service: Service, change: dict[str, Any], param: str) -> None:
    response = service.post({"model": "gpt-4o", "messages": [USER], **change})
    assert response.status_code == 422, response.text
    assert response.json()["error"]["param"] == param


@pytest.mark.parametrize(
    ("body", "status"), [(b"{", 400), (b"[]", 400), (b"[" * 100_000, 400), (b" " * 2_000_001, 413)]
)
def test_a_body_that_cannot_be_read_is_answered_in_openais_shape(service: Service, body: bytes, status: int) -> None:
    response = service.post(body)
    assert response.status_code == status
    assert response.json()["error"]["message"]


def test_content_may_be_parts_of_text(service: Service) -> None:
    parts = [{"type": "text", "text": part} for part in ASKED[1]["content"].split("\n\n", 1)]
    body = service.post({"model": "gpt-4o", "messages": [{"role": "user", "content": parts}]}).json()
    assert "Quantum entanglement is a link" in body["choices"][0]["message"]["content"]


def test_health_names_the_engine(service: Service) -> None:
    async def main() -> httpx.Response:
        async with httpx.AsyncClient(
            transport=httpx.ASGITransport(service.app), base_url="https://api.chutes.ai"
        ) as client:
            return await client.get("/health")

    health = asyncio.run(main()).json()
    assert (health["status"], health["engine"]) == ("ok", FINGERPRINT)


# The engine.


def test_an_answer_quotes_the_sentence_that_fits_and_cites_its_passage() -> None:
    said = answer(prompt("How long does dough need to rise?", QUANTUM, BREAD))
    assert said.startswith("A dough needs about 90 minutes at 24 °C to double. [2]")
    assert "[1]" not in said


@pytest.mark.parametrize(
    ("question", "first"),
    [
        ("When was entanglement first discussed?", "Rosen in 1935. [1]"),
        ("Who first discussed entanglement?", "Rosen in 1935. [1]"),
        ("Can entanglement send a message faster than light?", "faster than light. [1]"),
        ("How many minutes do I knead dough?", "Knead the dough for 12 minutes before it rests. [2]"),
    ],
)
def test_a_direct_question_is_answered_in_the_first_paragraph(question: str, first: str) -> None:
    assert first in answer(prompt(question, QUANTUM, BREAD)).split("\n\n")[0]


def test_a_sentence_that_leans_on_the_one_before_brings_it_along() -> None:
    opening = answer(prompt("When was entanglement first discussed?", QUANTUM)).split("\n\n")[0]
    assert opening.index("Quantum entanglement is a link") < opening.index("It was first discussed")


@pytest.mark.parametrize(
    "question",
    [
        "What is the capital of Mongolia?",
        "How does photosynthesis work?",
        "Explain the French revolution",
        "Plot a neuron",
    ],
)
def test_what_the_passages_do_not_cover_is_said_to_be_not_covered(question: str) -> None:
    assert answer(prompt(question, QUANTUM, BREAD)) == " ".join(NOT_COVERED)


def test_what_is_asked_to_be_done_need_not_stand_in_a_passage() -> None:
    said = answer(prompt("Please explain entanglement and plot it, with an example", QUANTUM))
    assert said.startswith("Quantum entanglement is a link")


def test_a_name_that_no_passage_mentions_is_pointed_out_first() -> None:
    said = answer(prompt("How does Bittensor use quantum entanglement?", QUANTUM))
    assert said.startswith("The given passages say nothing about Bittensor.\n\n")


def test_headings_tables_code_and_navigation_are_not_quoted() -> None:
    texts = " ".join(s.text for s in sentences_of(QUANTUM, 0))
    assert "never quoted" not in texts and "polarisation" not in texts and "Home" not in texts and "#" not in texts
    assert "share one quantum state" in texts and "Entangled photons leave" in texts


def test_repetition_is_said_once() -> None:
    said = answer(prompt("What is yeast for in bread?", BREAD, BREAD))
    assert said.count("Bread rises because yeast") == 1


def test_without_passages_it_says_what_it_is_and_how_to_give_them() -> None:
    assert answer([Message("user", "What is the capital of France?")]) == NO_PASSAGES
    assert "Passages:" in NO_PASSAGES and FINGERPRINT in NO_PASSAGES


def test_the_example_of_how_to_give_passages_works() -> None:
    shown = NO_PASSAGES.split("\n\n", 1)[1].replace(
        "The text of the page, in Markdown.",
        "A three-way handshake is an exchange of three segments that opens a connection.",
    )
    assert answer([Message("user", shown)]).startswith("A three-way handshake is an exchange")


def test_any_long_text_is_a_passage_and_an_instruction_a_question() -> None:
    said = answer([Message("user", f"Summarize this: {QUANTUM}")])
    assert "Quantum entanglement is a link" in said and "[1]" not in said
    asked = read_prompt([Message("user", f"{QUANTUM}\n\nWho named entanglement?")])
    assert asked.question == "Who named entanglement?" and len(asked.passages) == 1
    earlier = [Message("user", QUANTUM), Message("assistant", "Noted."), Message("user", "Who named entanglement?")]
    assert "Schrödinger named it" in answer(earlier)


def test_a_reference_list_inside_a_passage_does_not_begin_a_new_one() -> None:
    text = BREAD + "\n[7] Another book — https://example.com/book\n" + QUANTUM
    assert [p.number for p in read_prompt(prompt("Yeast?", text)).passages] == [1]


def test_the_same_prompt_always_gets_the_same_answer() -> None:
    asked = prompt("Explain quantum entanglement", QUANTUM, BREAD, QUANTUM)
    assert len({answer(asked) for _ in range(5)}) == 1


@pytest.mark.parametrize(
    "forms",
    [("entanglement", "entangled", "entangle"), ("query", "queries"), ("stops", "stopped"), ("isolate", "isolation")],
)
def test_forms_of_a_word_have_one_stem(forms: tuple[str, ...]) -> None:
    assert len({stem(form) for form in forms}) == 1


def test_a_question_is_about_its_nouns_not_about_what_it_asks_to_be_done() -> None:
    assert topic_stems("Could you please explain how the TCP handshake works?") == [stem("tcp"), stem("handshake")]


NOUNS = ("yeast", "photon", "kernel", "river", "packet", "engine", "tide")
SENTENCES = st.builds(
    "{} {} the {} with **{}** and {} in {}.".format,
    st.sampled_from(["The old", "A new", "Each", "It says that the", "This"]),
    *[st.sampled_from(NOUNS) for _ in range(4)],
    st.integers(1000, 2030),
)
PARAGRAPHS = st.lists(SENTENCES, min_size=1, max_size=5).map(" ".join)
NOISE = st.sampled_from(
    ["# The engine and the tide", "| yeast | tide |", "```\nThe yeast is code in here, yes.\n```", "- [tide](/t)"]
)
PASSAGES = st.lists(st.one_of(PARAGRAPHS, NOISE, st.text(max_size=60)), min_size=1, max_size=8).map("\n\n".join)


@settings(max_examples=150, deadline=None)
@given(
    st.lists(PASSAGES, min_size=1, max_size=4),
    st.one_of(
        st.lists(st.sampled_from(NOUNS), min_size=1, max_size=3).map("What is the {}?".format), st.text(max_size=40)
    ),
)
def test_every_sentence_of_an_answer_stands_in_the_prompt_or_is_fixed(passages: list[str], question: str) -> None:
    asked = prompt(question, *passages)
    given_text = bare(asked[1].text)
    said = answer(asked)
    if said == NO_PASSAGES:
        return
    for part in re.split(r" \[\d+\](?:\s+|$)|\n\n", said):
        fixed = part in {"", " ".join(NOT_COVERED)} or part.startswith("The given passages say nothing about ")
        assert fixed or bare(part) in given_text, part


@given(st.text(max_size=300))
def test_tokens_joined_are_the_text(text: str) -> None:
    assert "".join(tokens(text)) == text
    assert count(text) == len(tokens(text))


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=400))
def test_no_prompt_makes_the_engine_fail(text: str) -> None:
    assert answer([Message("user", text)])
    assert answer([Message("user", f"Question: {text}\nPassages:\n[1] A — b\n{text}")])


@pytest.mark.parametrize(
    "hostile",
    ["[" * 50_000, "*a" * 50_000, "[a](" * 50_000, "`" * 50_000, "![" * 30_000, "<a" * 50_000, "A. " * 50_000,
     "question:\n" * 20_000, "[1] a — b\n" * 10_000, "(" * 50_000 + "?", "_a" * 50_000, ": " * 50_000,
     "<!--" * 30_000, '"' * 50_000 + "A"],
    ids=lambda text: text[:6],
)  # fmt: skip
def test_hostile_text_is_read_in_linear_time(hostile: str) -> None:
    code = (
        "import sys; from janus_platform.services.inference.extractive import answer\n"
        "from janus_platform.services.inference.prompt import Message\n"
        "text = sys.stdin.read(); answer([Message('user', text)])\n"
        "answer([Message('user', 'Question: yeast?\\nPassages:\\n[1] A — b\\n' + text)])\n"
    )
    subprocess.run([sys.executable, "-c", code], input=hostile, text=True, check=True, timeout=20)
