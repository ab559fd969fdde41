"""The Web Proxy: what comes back from a page, in which character set, and what it refuses to answer with."""

from __future__ import annotations

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from janus_platform.corpus import load_corpus
from janus_platform.services.framework.problem import type_uri
from janus_platform.services.web_proxy.app import LocalWeb, build
from janus_platform.services.web_proxy.charset import decode
from janus_platform.services.web_proxy.converter import WorkerConverter
from tests.services.asgi import ask, client, context
from tests.services.web_proxy_rig import LOCAL, PAGE, SERVICE, fetch, fetch_from, html


def test_the_specifications_example_comes_back_as_markdown() -> None:
    body = fetch("https://example.com/article").json()
    assert body["title"] == "Ninety years of entanglement: from a thought experiment to a satellite"
    assert body["content"].startswith("# Ninety years of entanglement")
    assert (body["url"], body["status"]) == ("https://example.com/article", 200)
    assert "| Year | Who and where |" in body["content"]
    assert "](https://physics.org/bell-inequality)" in body["content"]


@pytest.mark.parametrize(
    "clutter", ["cookies", "Sign in", "Advertisement", "Most read", "Comments (2)", "Skip to content", "<"]
)
def test_what_surrounds_the_article_is_gone(clutter: str) -> None:
    assert clutter not in fetch("https://example.com/article").json()["content"]


def test_every_allowed_page_of_the_corpus_becomes_markdown_under_its_title() -> None:
    async def fetched() -> list[tuple[str, str]]:
        async with client(LOCAL, SERVICE.origin) as opened:
            bodies = [(page, await opened.get("/fetch", params={"url": page.url})) for page in load_corpus().pages]
        return [(page.title, answer.json()["title"]) for page, answer in bodies if answer.status_code == 200]

    titles = asyncio.run(fetched())
    assert len(titles) >= 40
    assert all(shown.startswith(title) for title, shown in titles)


def test_the_real_worker_converts_like_the_function() -> None:
    async def converted() -> str:
        worker = WorkerConverter()
        try:
            async with client(build(context(), LocalWeb(load_corpus()), worker), SERVICE.origin) as opened:
                first = await opened.get("/fetch", params={"url": "https://physics.org/quantum"})
                again = await opened.get("/fetch", params={"url": "https://physics.org/quantum"})
        finally:
            await worker.close()
        assert first.json() == again.json()
        return first.json()["content"]

    assert asyncio.run(converted()) == fetch("https://physics.org/quantum").json()["content"]


def test_plain_text_and_json_pass_through() -> None:
    assert fetch("https://physics.org/data/correlation.json").json()["content"].lstrip().startswith(("{", "["))
    assert fetch("https://example.com/recipes/loaf.txt").status_code == 200


@pytest.mark.parametrize("url", ["https://example.com/papers/growth.pdf", "https://example.com/images/dot.png"])
def test_documents_that_are_no_text_are_refused_by_type(url: str) -> None:
    assert fetch(url).status_code == 415


@pytest.mark.parametrize(
    ("path", "status", "slug"),
    [
        ("/large", 413, "page-too-large"),
        ("/bomb", 413, "page-too-large"),
        ("/deep", 502, "not-convertible"),
        ("/empty", 502, "not-convertible"),
        ("/disguised", 415, "unsupported-type"),
        ("/untyped", 415, "unsupported-type"),
        ("/loop", 502, "too-many-redirects"),
        ("/inside", 403, "address-refused"),
        ("/mail", 502, "bad-redirect"),
        ("/nothing", 502, "upstream-status"),
    ],
)
def test_the_odd_site_shows_each_refusal_without_a_network(path: str, status: int, slug: str) -> None:
    answer = fetch("https://odd.example" + path)
    assert (answer.status_code, answer.json()["type"]) == (status, type_uri(slug))


def test_the_odd_site_lists_its_pages_and_its_dangerous_links_come_out_as_text() -> None:
    assert "/links" in fetch("https://odd.example/").json()["content"]
    content = fetch("https://odd.example/links").json()["content"]
    assert "[A link](https://odd.example/), a script," in content
    assert "](javascript" not in content.replace("\n", "")
    assert content.count("](") == 1


def test_a_missing_page_says_what_the_upstream_answered() -> None:
    answer = fetch("https://example.com/nothing-here")
    assert (answer.status_code, answer.json()["upstream_status"]) == (502, 404)


def test_a_host_that_is_not_in_the_local_web_is_named_with_those_that_are() -> None:
    answer = fetch("https://nowhere.example.org/")
    assert answer.status_code == 502
    assert "physics.org" in answer.json()["detail"]


def test_a_page_over_the_limit_is_refused() -> None:
    answer = fetch_from({PAGE: html("<p>x</p>", truncated=True)})
    assert (answer.status_code, answer.json()["limit_bytes"]) == (413, SERVICE.max_page_bytes)


@pytest.mark.parametrize(
    "url", ["", " ", "x", "example.com/article", "https://", "https:///x", "http://a b.example/", "a" * 3_000]
)
def test_what_is_no_url_is_refused_by_name(url: str) -> None:
    answer = fetch(url)
    assert (answer.status_code, answer.json()["field"]) == (422, "url")


def test_the_url_is_required() -> None:
    assert ask(LOCAL, "GET", SERVICE.url).status_code == 422


@given(
    st.text(max_size=60)
    | st.text(max_size=30).map("https://".__add__)
    | st.text(max_size=30).map("https://example.com/".__add__)
)
def test_no_url_makes_the_proxy_fail(url: str) -> None:
    assert fetch(url).status_code in (200, 403, 415, 422, 502)


@pytest.mark.parametrize(
    ("body", "content_type", "text"),
    [
        ("é".encode(), "text/html", "é"),
        (b"\xe9", "text/html; charset=ISO-8859-1", "é"),
        (b"\x93", 'text/html; charset="latin1"', "“"),
        (b'<meta charset="windows-1251">\xe9', "text/html", '<meta charset="windows-1251">й'),
        (b"\xff\xfe\xe9\x00", "text/html; charset=utf-8", "é"),
        ("é".encode() * 3 + b"\xff", "text/html", "ééé\ufffd"),
        ("é".encode(), "text/html; charset=punycode", "é"),
        ("é".encode(), "text/html; charset=no-such-thing", "é"),
        (b'<meta charset="utf-16">x', "text/html", '<meta charset="utf-16">x'),
        (b"\xef\xbb\xbf\xc3\xa9", "text/html; charset=windows-1251", "é"),
        (b"\xfe\xff\x00\xe9", "text/html", "é"),
        (b"\xe9\x00", "text/plain; charset=UTF-16LE", "é"),
        (b"caf\xe9", "text/html", "café"),
        (b"\x93quoted\x94", "text/plain", "“quoted”"),
        (b"\x82\xa0", "text/html; charset=Shift_JIS", "あ"),
        (b'\x1b$B$"\x1b(B', "text/html; charset=iso-2022-jp", "あ"),
        (b"\xc4\xe3", "text/html; charset=gb2312", "你"),
        (b"\xd0", "text/html; charset='iso-8859-9'", "Ğ"),
        (b"\x93", "text/html; charset=latin-1", "“"),
        (b"\xc4\xe3", "text/html; charset=cp936", "你"),
        ("é".encode(), "text/html; charset=iso-2022-kr", "é"),
        ("é".encode(), "text/html; charset=x-user-defined", "é"),
        (b"\xe9", "text/html;CHARSET=windows-1251 ; x=y", "й"),
        (b'<?xml version="1.0" encoding="koi8-r"?>\xc1', "application/xml", '<?xml version="1.0" encoding="koi8-r"?>а'),
        (
            b"<meta http-equiv=Content-Type content='text/html; charset=windows-1251'>\xe9",
            "text/html",
            "<meta http-equiv=Content-Type content='text/html; charset=windows-1251'>й",
        ),
        (b"<!-- <meta charset=windows-1251> -->" + "é".encode(), "text/html", "<!-- <meta charset=windows-1251> -->é"),
        (b"<meta charset=no-such>" + "é".encode(), "text/html", "<meta charset=no-such>é"),
        (" " * 2_000 + "<meta charset=windows-1251>é", "text/html", " " * 2_000 + "<meta charset=windows-1251>é"),
    ],
)
def test_the_character_set_is_found_as_browsers_find_it(body: bytes | str, content_type: str, text: str) -> None:
    assert decode(body.encode() if isinstance(body, str) else body, content_type) == text


@given(st.binary(max_size=200), st.text(max_size=40))
def test_any_bytes_can_be_decoded(body: bytes, content_type: str) -> None:
    decode(body, content_type).encode()


def test_health_names_the_web_it_fetches_from() -> None:
    body = ask(LOCAL, "GET", SERVICE.origin + "/health").json()
    assert (body["web"], body["pages"]) == ("corpus", len(load_corpus().pages))
