"""The live engine, against a real server on loopback that answers as Brave's API does."""

from __future__ import annotations

import asyncio
import json
import logging
import re
from collections.abc import Awaitable, Callable
from typing import Any

import httpx
import pytest
from aiohttp import web
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from janus_platform.corpus import load_corpus
from janus_platform.services.search.app import build, engine_named
from janus_platform.services.search.brave import BraveSearch, plain_text
from janus_platform.services.search.local import LocalSearch
from tests.services.asgi import CONTRACT, client, context

SERVICE = CONTRACT.search
LIVE = SERVICE.live
KEY = "BSA-a-key-that-nobody-may-see"
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

ANSWER = {
    "type": "search",
    "query": {"original": "quantm entanglement", "altered": "quantum entanglement"},
    "web": {
        "type": "search",
        "results": [
            {
                "title": "Quantum <strong>entanglement</strong> &amp; locality",
                "url": "https://encyclopedia.example/wiki/quantum-entanglement",
                "description": "<strong>Entanglement</strong> is Einstein&#x27;s\n &quot;spooky&quot; act; a &lt; b.",
                "age": "2 days ago",
            },
            {"title": "No description", "url": "http://physics.example/"},
        ],
    },
}


def ask_brave(handler: Handler, *, key: str | None = KEY, **live: Any) -> httpx.Response:
    """One search through the service, its engine set on a server that answers with `handler`."""

    async def asked() -> httpx.Response:
        app = web.Application()
        app.router.add_get("/res/v1/web/search", handler)
        runner = web.AppRunner(app, shutdown_timeout=0.1)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        host, port = runner.addresses[0][:2]
        engine = BraveSearch(replace(LIVE, url=f"http://{host}:{port}/res/v1/web/search", **live), key)
        try:
            async with client(build(context(), engine), SERVICE.origin) as opened:
                return await opened.post(SERVICE.url, json={"query": "quantm entanglement", "num_results": 7})
        finally:
            await engine.close()
            await runner.cleanup()

    return asyncio.run(asked())


def answering(body: Any, status: int = 200, **headers: str) -> Handler:
    async def handler(_: web.Request) -> web.StreamResponse:
        text = body if isinstance(body, str) else json.dumps(body)
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return web.Response(text=text, status=status, headers=named, content_type="application/json")

    return handler


def slug(answer: httpx.Response) -> str:
    """The stable last part of a problem's type."""
    return re.split("[:/#]", answer.json()["type"])[-1]


def test_braves_answer_has_the_shape_of_the_local_one() -> None:
    answer = ask_brave(answering(ANSWER))
    assert answer.status_code == 200
    assert answer.json() == {
        "results": [
            {
                "title": "Quantum entanglement & locality",
                "url": "https://encyclopedia.example/wiki/quantum-entanglement",
                "snippet": 'Entanglement is Einstein\'s "spooky" act; a < b.',
            },
            {"title": "No description", "url": "http://physics.example/", "snippet": ""},
        ],
        "corrected_query": "quantum entanglement",
    }


def test_brave_is_asked_as_its_documentation_says() -> None:
    seen: dict[str, Any] = {}

    async def handler(request: web.Request) -> web.StreamResponse:
        seen.update(request.query, token=request.headers["X-Subscription-Token"], accept=request.headers["Accept"])
        return web.json_response(ANSWER)

    ask_brave(handler)
    assert seen["q"] == "quantm entanglement"
    assert (seen["count"], seen["text_decorations"]) == ("7", "false")
    assert (seen["token"], seen["accept"]) == (KEY, "application/json")


def test_no_more_results_come_back_than_were_asked_for() -> None:
    many = [{"title": str(i), "url": f"https://{i}.example/", "description": ""} for i in range(20)]
    assert len(ask_brave(answering({"web": {"results": many}})).json()["results"]) == 7


@pytest.mark.parametrize("body", [{}, {"web": None}, {"web": {"results": []}}, {"web": {"results": "none"}}])
def test_nothing_found_is_an_empty_list(body: dict[str, Any]) -> None:
    answer = ask_brave(answering(body))
    assert (answer.status_code, answer.json()) == (200, {"results": []})


def test_results_without_a_web_address_are_left_out() -> None:
    addresses = [
        "javascript:alert(1)",
        "data:text/html,x",
        "//no-scheme",
        "https://",
        "https://[",
        7,
        None,
        "https://a b/",
    ]
    results = [{"title": "t", "url": url, "description": "d"} for url in [*addresses, "https://good.example/"]]
    answer = ask_brave(answering({"web": {"results": [*results, "text", None]}}))
    assert [result["url"] for result in answer.json()["results"]] == ["https://good.example/"]


@pytest.mark.parametrize(
    ("status", "code"),
    [(401, "UNAUTHORIZED"), (403, "FORBIDDEN"), (422, "SUBSCRIPTION_TOKEN_INVALID")],
)
def test_a_refused_key_is_said_by_its_variables_name(status: int, code: str) -> None:
    answer = ask_brave(answering({"type": "ErrorResponse", "error": {"code": code, "detail": KEY}}, status))
    assert (answer.status_code, slug(answer)) == (502, "upstream-key-refused")
    assert LIVE.key_variable in answer.json()["detail"]
    assert KEY not in answer.text


def test_a_refused_query_is_the_callers_to_change() -> None:
    error = {"code": "VALIDATION", "detail": "Unable to validate\nrequest parameter(s)"}
    answer = ask_brave(answering({"error": error}, 422))
    assert (answer.status_code, answer.json()["field"]) == (422, "query")
    assert "Unable to validate request parameter(s)" in answer.json()["detail"]


@pytest.mark.parametrize(
    ("headers", "wait"),
    [
        ({"Retry_After": "17"}, 17),
        ({"X_RateLimit_Reset": "1, 1419704", "X_RateLimit_Remaining": "0, 900"}, 1),
        ({"X_RateLimit_Reset": "1, 1419704", "X_RateLimit_Remaining": "0, 0"}, 1_419_704),
        ({"X_RateLimit_Reset": "3, 1419704"}, 3),
        ({"Retry_After": "soon", "X_RateLimit_Reset": "-4"}, 1),
        ({}, 1),
    ],
)
def test_a_spent_quota_says_when_to_come_back(headers: dict[str, str], wait: int) -> None:
    answer = ask_brave(answering({"error": {"code": "RATE_LIMITED"}}, 429, **headers))
    assert (answer.status_code, answer.headers["retry-after"]) == (429, str(wait))
    assert answer.json()["retry_after_seconds"] == wait


@pytest.mark.parametrize("body", ["", "{", "[]", "[" * 50_000, "<html>", '"text"', "\ufeff{}x"])
def test_an_answer_that_is_no_json_object_is_a_failure_of_brave(body: str) -> None:
    answer = ask_brave(answering(body))
    assert (answer.status_code, slug(answer)) == (502, "upstream-failed")


@pytest.mark.parametrize("status", [204, 302, 404, 500, 503])
def test_any_other_status_is_a_failure_of_brave(status: int) -> None:
    answer = ask_brave(answering("oops", status, Location="http://127.0.0.1:1/elsewhere"))
    assert (answer.status_code, answer.json()["upstream_status"]) == (502, status)


def test_an_answer_over_the_bound_is_not_read_to_its_end() -> None:
    answer = ask_brave(answering("x" * 200_000), max_answer_bytes=100_000)
    assert answer.status_code == 502
    assert "100,000 bytes" in answer.json()["detail"]


def test_a_compressed_bomb_is_counted_as_it_unfolds() -> None:
    async def handler(request: web.Request) -> web.StreamResponse:
        response = web.Response(body=b" " * 20_000_000, content_type="application/json")
        response.enable_compression(web.ContentCoding.gzip)
        return response

    assert ask_brave(handler).status_code == 502


def test_a_server_that_does_not_answer_is_left_after_the_time_out() -> None:
    async def handler(_: web.Request) -> web.StreamResponse:
        await asyncio.Event().wait()
        raise AssertionError

    answer = ask_brave(handler, timeout_seconds=1)
    assert (answer.status_code, slug(answer)) == (504, "upstream-timeout")


def test_a_server_that_cannot_be_reached_is_a_failure_of_brave() -> None:
    async def asked() -> httpx.Response:
        engine = BraveSearch(replace(LIVE, url="http://127.0.0.1:1/"), KEY)
        async with client(build(context(), engine), SERVICE.origin) as opened:
            answer = await opened.post(SERVICE.url, json={"query": "moon"})
        await engine.close()
        return answer

    assert asyncio.run(asked()).status_code == 502


@pytest.mark.parametrize("key", [None, "", "  ", "with space", "line\nbreak", "schlüssel"])
def test_without_a_usable_key_every_search_and_the_health_say_which_variable_to_set(key: str | None) -> None:
    answer = ask_brave(answering(ANSWER), key=key)
    assert (answer.status_code, answer.json()["variable"]) == (503, "BRAVE_API_KEY")
    assert "BRAVE_API_KEY" in answer.json()["detail"]
    health = BraveSearch(LIVE, key).health()
    assert health["ready"] is False
    assert "BRAVE_API_KEY" in health["notice"]


def test_a_query_without_a_word_never_reaches_brave() -> None:
    async def asked() -> httpx.Response:
        async with client(build(context(), BraveSearch(LIVE, KEY)), SERVICE.origin) as opened:
            return await opened.post(SERVICE.url, json={"query": "!!!"})

    assert asyncio.run(asked()).status_code == 422


@pytest.mark.parametrize("handler", [answering(ANSWER), answering("{", 200), answering({}, 401), answering({}, 500)])
def test_neither_key_nor_query_is_logged(handler: Handler, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        ask_brave(handler)
    ours = [record for record in caplog.records if not record.name.startswith("aiohttp.access")]
    assert ours
    assert all(word not in record.getMessage() for record in ours for word in (KEY, "quantm"))


def test_the_choice_of_the_web_chooses_the_engine() -> None:
    corpus = load_corpus()
    assert isinstance(engine_named("corpus", corpus, CONTRACT, {LIVE.key_variable: KEY}), LocalSearch)
    live = engine_named("live", corpus, CONTRACT, {LIVE.key_variable: KEY})
    assert live.health() == {"engine": "brave", "ready": True}
    assert engine_named("live", corpus, CONTRACT, {}).health()["ready"] is False


@pytest.mark.parametrize(
    ("marked", "plain"),
    [
        ("<strong>Moon</strong> &amp; tides", "Moon & tides"),
        ("Einstein&#39;s &quot;spooky&quot;&nbsp;action", 'Einstein\'s "spooky" action'),
        ("use the &lt;strong&gt; tag", "use the <strong> tag"),
        ("a < b and c > d", "a < b and c > d"),
        ("List<String> stays", "List<String> stays"),
        ("line\nbreak\x00\u202e", "line break"),
        ("lone \ud800 surrogate", "lone ? surrogate"),
    ],
)
def test_display_text_becomes_plain_text(marked: str, plain: str) -> None:
    assert plain_text(marked) == plain


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20),
    lambda part: (
        st.lists(part)
        | st.dictionaries(
            st.sampled_from(["web", "results", "title", "url", "description", "query", "altered", "error"]), part
        )
    ),
    max_leaves=12,
)


@given(JSON, st.sampled_from([200, 401, 422, 429, 500]))
def test_no_answer_of_brave_can_break_the_service(body: Any, status: int) -> None:
    engine = BraveSearch(LIVE, KEY)

    async def canned(query: str, num_results: int) -> tuple[int, dict[str, str], bytes]:
        return status, {}, json.dumps(body).encode()

    engine._ask = canned  # type: ignore[method-assign]

    async def asked() -> httpx.Response:
        async with client(build(context(), engine), SERVICE.origin) as opened:
            return await opened.post(SERVICE.url, json={"query": "moon"})

    answer = asyncio.run(asked())
    assert answer.status_code in (200, 422, 429, 502)
    if answer.status_code == 200:
        assert all(set(result) == {"title", "url", "snippet"} for result in answer.json()["results"])
