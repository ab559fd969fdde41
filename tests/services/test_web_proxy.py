"""The Web Proxy: what comes back from a page, and everything it refuses to fetch, follow or convert."""

from __future__ import annotations

import asyncio
import gzip
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from aiohttp.abc import AbstractResolver, ResolveResult
from hypothesis import given
from hypothesis import strategies as st

from janus_platform.corpus import load_corpus
from janus_platform.services.problem import Problem
from janus_platform.services.web_proxy import LiveWeb, LocalWeb, build, decode
from janus_platform.services.web_proxy_converter import WorkerConverter
from janus_platform.services.web_proxy_guard import Target, check_url, is_public
from janus_platform.services.web_proxy_markdown import NotConvertible, clean, to_markdown
from janus_platform.services.web_proxy_robots import read_robots
from janus_platform.services.web_proxy_web import AddressRefused, Reply, guarded_socket
from tests.services.asgi import CONTRACT, ask, client, context

SERVICE = CONTRACT.services["web_proxy"]
PAGE = "https://site.example.net/page"


class InProcess:
    """The same conversion without the worker, for tests that are not about it."""

    async def convert(self, html: str, base_url: str) -> tuple[str, str]:
        article = to_markdown(html, base_url)
        return article.markdown, article.title

    async def warm(self) -> None: ...

    async def close(self) -> None: ...


class FakeWeb:
    """A web of prepared replies that remembers what it was asked for."""

    name = "fake"

    def __init__(self, replies: dict[str, Reply]) -> None:
        self.replies, self.asked = replies, []

    async def get(self, target: Target, max_bytes: int) -> Reply:
        self.asked.append(target.url)
        return self.replies.get(target.url, Reply(404))

    async def close(self) -> None: ...

    def health(self) -> dict[str, Any]:
        return {"web": self.name}


LOCAL = build(context(), LocalWeb(load_corpus()), InProcess())


def fetch(url: str, app: Any = LOCAL):
    return ask(app, "GET", SERVICE.url, params={"url": url})


def fetch_from(replies: dict[str, Reply], url: str = PAGE):
    return fetch(url, build(context(), FakeWeb(replies), InProcess()))


def html(body: str, **options: Any) -> Reply:
    return Reply(200, "text/html; charset=utf-8", body.encode(), **options)


# The specification's example


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


# What kinds of answers there are


def test_plain_text_and_json_pass_through() -> None:
    assert fetch("https://physics.org/data/correlation.json").json()["content"].lstrip().startswith(("{", "["))
    assert fetch("https://example.com/recipes/loaf.txt").status_code == 200


@pytest.mark.parametrize("url", ["https://example.com/papers/growth.pdf", "https://example.com/images/dot.png"])
def test_documents_that_are_no_text_are_refused_by_type(url: str) -> None:
    assert fetch(url).status_code == 415


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


# robots.txt


def test_robots_txt_is_obeyed_and_the_rule_named() -> None:
    answer = fetch("https://example.com/private/drafts")
    assert (answer.status_code, answer.json()["rule"]) == (403, "Disallow: /private/")


@pytest.mark.parametrize(
    "path", ["/x/../private/a", "/%70rivate/a", "//private/a", "/./private/a", "/x/%2e%2e/private/a"]
)
def test_no_spelling_of_a_forbidden_path_gets_around_its_rule(path: str) -> None:
    robots = Reply(200, "text/plain", b"User-agent: *\nDisallow: /private/\n")
    replies = {"https://site.example.net/robots.txt": robots}
    assert fetch_from(replies, "https://site.example.net" + path).json()["type"].endswith("robots-disallowed")


@pytest.mark.parametrize(
    ("robots", "path", "rule"),
    [
        ("User-agent: *\nDisallow: /", "/a", "Disallow: /"),
        ("User-agent: *\nDisallow: /a\nAllow: /a/b", "/a/b/c", None),
        ("User-agent: *\nDisallow: /\n\nUser-agent: JanusBot\nDisallow: /x", "/a", None),
        ("User-agent: janusbot\r\nDisallow: /a\r\n", "/a/b", "Disallow: /a"),
        ("User-agent: *\rDisallow: /*.pdf$", "/a.pdf", "Disallow: /*.pdf$"),
        ("User-agent: Other\nDisallow: /", "/a", None),
        ("\ufeffUser-agent: *\nDisallow: /a", "/a", "Disallow: /a"),
        ("no robots file at all", "/a", None),
    ],
)
def test_robots_rules_are_read_as_rfc_9309_says(robots: str, path: str, rule: str | None) -> None:
    assert read_robots(200, robots.encode()).refusal("https://site.example.net" + path) == rule


def test_a_server_error_for_robots_txt_forbids_and_a_missing_one_allows() -> None:
    assert read_robots(503, b"").refusal(PAGE)
    assert read_robots(404, b"User-agent: *\nDisallow: /").refusal(PAGE) is None


def test_robots_txt_is_asked_for_once_a_day() -> None:
    made = context()
    web = FakeWeb({PAGE: html("<p>Text</p>")})
    app = build(made, web, InProcess())
    robots_url = "https://site.example.net/robots.txt"
    for _ in range(3):
        fetch(PAGE, app)
    assert web.asked.count(robots_url) == 1
    made.clock.advance(86_400)
    fetch(PAGE, app)
    assert web.asked.count(robots_url) == 2


# Redirects


def test_redirects_are_followed_and_the_final_address_is_reported() -> None:
    assert fetch("https://example.com/magazine/entanglement").json()["url"] == "https://example.com/article"


def test_more_than_five_redirects_are_too_many() -> None:
    chain = {f"https://site.example.net/{i}": Reply(302, location=f"/{i + 1}") for i in range(9)}
    end = {"https://site.example.net/5": html("<p>End</p>")}
    assert fetch_from(chain | end, "https://site.example.net/0").status_code == 200
    assert fetch_from(chain, "https://site.example.net/0").json()["type"].endswith("too-many-redirects")


@pytest.mark.parametrize(
    ("location", "status"),
    [
        ("http://127.0.0.1/", 403),
        ("http://169.254.169.254/latest/meta-data/", 403),
        ("//localhost/", 403),
        ("file:///etc/passwd", 502),
        ("https://site.example.net:8443/", 502),
        ("http://[::1", 502),
        ("https://site.example.net/forbidden", 403),
    ],
)
def test_each_redirect_is_judged_again(location: str, status: int) -> None:
    robots = Reply(200, "text/plain", b"User-agent: *\nDisallow: /forbidden\n")
    web = FakeWeb({PAGE: Reply(302, location=location), "https://site.example.net/robots.txt": robots})
    assert fetch(PAGE, build(context(), web, InProcess())).status_code == status
    assert all(url.startswith("https://site.example.net/") for url in web.asked)


# Server-side request forgery

HOSTILE = [
    "http://127.0.0.1/", "http://127.1/", "http://127.0.1/", "http://2130706433/", "http://0x7f000001/",
    "http://0177.0.0.1/", "http://0x7f.0.0.1/", "http://017700000001/", "http://127.0.0.1./", "http://0/", "http://0.0.0.0/",
    "http://10.0.0.1/", "http://172.16.0.1/", "http://172.31.255.255/", "http://192.168.1.1/", "http://100.64.0.1/",
    "http://100.100.100.200/", "http://169.254.169.254/latest/meta-data/", "http://2852039166/", "http://0xa9fea9fe/",
    "http://0251.0376.0251.0376/", "http://168.63.129.16/", "http://192.0.0.192/", "http://198.18.0.1/", "http://224.0.0.1/",
    "http://255.255.255.255/", "http://240.0.0.1/", "http://[::1]/", "http://[::]/", "http://[::ffff:127.0.0.1]/",
    "http://[::ffff:7f00:1]/", "http://[::127.0.0.1]/", "http://[64:ff9b::7f00:1]/", "http://[2002:7f00:1::]/",
    "http://[2001:0:7f00:1::]/", "http://[fe80::1]/", "http://[fe80::1%25eth0]/", "http://[fc00::1]/",
    "http://[fd00:ec2::254]/", "http://[ff02::1]/", "http://[2001:db8::1]/", "http://localhost/", "http://LOCALHOST/",
    "http://localhost./", "http://a.localhost/", "http://metadata.google.internal/", "http://metadata/", "http://printer.local/",
    "http://router.lan/", "http://router.home.arpa/", "http://\uff11\uff12\uff17.0.0.1/", "http://127\u30020\u30020\u30021/",
    "http://\u24d5ocalhost.local/", "http://user@127.0.0.1/", "http://example.com@127.0.0.1/", "http://127.0.0.1#@example.com/",
    "http://example.com\\@127.0.0.1/", "http://127.0.0.1:22/", "http://example.com:8080/", "http://example.com:0/",
    "http://example.com:99999/", "file:///etc/passwd", "ftp://example.com/", "gopher://127.0.0.1/", "data:text/html,x",
    "javascript:alert(1)", "//127.0.0.1/", "http:127.0.0.1", "http:///127.0.0.1/", "http://[::1", "http://%31%32%37.0.0.1/",
    "http://127.0.0.1%00.example.com/", "http://exa mple.com/", "http://example.com\r\nHost: x/", "http://1.2.3.4.5/",
    "http://1.2.3/", "http://0x/", "http://example.0x7f/", "http://-example-/", "http://.example.com/", "http://a..example.com/",
]  # fmt: skip


@pytest.mark.parametrize("url", HOSTILE)
def test_a_hostile_url_is_refused_before_anything_is_asked_for(url: str) -> None:
    with pytest.raises(Problem) as refused:
        check_url(url)
    assert refused.value.status in (403, 422)


@pytest.mark.parametrize(
    ("url", "normal"),
    [
        ("HTTPS://Example.COM:443", "https://example.com/"),
        ("http://example.com:443/a?b=c#d", "http://example.com:443/a?b=c"),
        ("https://bücher.example/ü?q=ß", "https://xn--bcher-kva.example/%C3%BC?q=%C3%9F"),
        ("https://example.com./a/./b/../c", "https://example.com/a/c"),
        ("http://93.184.216.34/", "http://93.184.216.34/"),
        ("http://[2606:2800:220:1:248:1893:25c8:1946]/", "http://[2606:2800:220:1:248:1893:25c8:1946]/"),
        ("https://example.com/a%2Fb%20c", "https://example.com/a%2Fb%20c"),
    ],
)
def test_a_public_url_is_put_in_its_normal_form(url: str, normal: str) -> None:
    assert check_url(url).url == normal


@given(st.ip_addresses())
def test_no_private_address_passes_for_public(address: Any) -> None:
    if is_public(str(address)):
        assert address.is_global
        assert not address.is_multicast


@pytest.mark.parametrize(
    "address", ["127.0.0.1", "10.1.2.3", "::1", "::ffff:10.0.0.1", "169.254.169.254", "fe80::1%eth0", "x"]
)
def test_no_socket_is_made_for_an_address_that_is_not_public(address: str) -> None:
    with pytest.raises(AddressRefused):
        guarded_socket((2, 1, 6, "", (address, 80)))


class Resolver(AbstractResolver):
    """Resolves every name to the same addresses."""

    def __init__(self, *addresses: str) -> None:
        self.addresses = addresses

    async def resolve(self, host: str, port: int = 0, family: Any = 0) -> list[ResolveResult]:
        made = {"hostname": host, "port": port, "family": 2, "proto": 6, "flags": 0}
        return [ResolveResult(host=address, **made) for address in self.addresses]

    async def close(self) -> None: ...


@pytest.mark.parametrize("addresses", [["127.0.0.1"], ["169.254.169.254"], ["10.0.0.1", "192.168.0.1"]])
def test_a_public_name_that_resolves_to_a_private_address_is_refused_when_connecting(addresses: list[str]) -> None:
    async def asked() -> Any:
        web = LiveWeb(Resolver(*addresses))
        async with client(build(context(), web, InProcess()), SERVICE.origin) as opened:
            answer = await opened.get("/fetch", params={"url": "http://rebound.example.com/"})
        await web.close()
        return answer

    answer = asyncio.run(asked())
    assert (answer.status_code, answer.json()["type"]) == (403, "urn:janus:problem:address-refused")


# The real web, played by a server on this machine


def live(monkeypatch: pytest.MonkeyPatch, answer: bytes, limit: int = 1_000, **options: Any) -> Reply:
    """What LiveWeb makes of `answer`, with the guard told that this machine is the public internet."""
    monkeypatch.setattr("janus_platform.services.web_proxy_web.is_public", lambda _: True)

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(answer)
        if answer:
            writer.close()
        else:
            await reader.read()

    async def fetched(port: int) -> Reply:
        web = LiveWeb(**options)
        try:
            return await web.get(Target("http", "127.0.0.1", port, "/"), limit)
        finally:
            await web.close()

    return asyncio.run(with_server(handle, fetched))


async def with_server(handle: Any, then: Callable[[int], Awaitable[Reply]]) -> Reply:
    server = await asyncio.start_server(handle, "127.0.0.1", 0)
    async with server:
        return await then(server.sockets[0].getsockname()[1])


def response(body: bytes, *headers: str, status: str = "200 OK") -> bytes:
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", "Content-Type: text/html", *headers]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def test_a_live_page_arrives_with_status_and_type(monkeypatch) -> None:
    assert live(monkeypatch, response(b"<p>Hi</p>")) == Reply(200, "text/html", b"<p>Hi</p>")


def test_a_live_page_is_counted_while_it_is_read(monkeypatch) -> None:
    reply = live(monkeypatch, response(b"x" * 5_000), limit=1_000)
    assert (len(reply.body), reply.truncated) == (1_000, True)


def test_a_compressed_page_is_decoded(monkeypatch) -> None:
    assert live(monkeypatch, response(gzip.compress(b"<p>Hi</p>"), "Content-Encoding: gzip")).body == b"<p>Hi</p>"


def test_a_decompression_bomb_is_cut_at_the_limit(monkeypatch) -> None:
    bomb = gzip.compress(b"0" * 50_000_000)
    reply = live(monkeypatch, response(bomb, "Content-Encoding: gzip"), limit=1_000)
    assert (len(reply.body), reply.truncated) == (1_000, True)


@pytest.mark.parametrize(
    "answer",
    [
        response(b"not gzip", "Content-Encoding: gzip"),
        response(b"x", "Content-Encoding: br"),
        b"HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\nshort",
        b"garbage\r\n\r\n",
    ],
)
def test_a_damaged_answer_is_a_problem(monkeypatch, answer: bytes) -> None:
    with pytest.raises(Problem) as problem:
        live(monkeypatch, answer)
    assert problem.value.status == 502


def test_a_server_that_does_not_answer_runs_into_the_time_limit(monkeypatch) -> None:
    with pytest.raises(Problem) as problem:
        live(monkeypatch, b"", timeout_seconds=0.2)
    assert problem.value.status == 504


def test_a_live_redirect_is_handed_back_and_not_followed(monkeypatch) -> None:
    answer = response(b"", "Location: http://127.0.0.1/x", status="302 Found")
    assert live(monkeypatch, answer).location == "http://127.0.0.1/x"


def test_header_bytes_that_are_no_text_do_no_harm(monkeypatch) -> None:
    answer = b"HTTP/1.1 200 OK\r\nContent-Type: text/\xff\r\nContent-Length: 0\r\n\r\n"
    assert live(monkeypatch, answer).content_type.isascii()


# Conversion


def markdown(body: str) -> str:
    return to_markdown(f"<html><body>{body}</body></html>", "https://site.example.net/a/b").markdown


def test_structure_survives() -> None:
    text = markdown(
        '<h2>Code</h2><pre><code class="language-python">print("```")</code></pre>'
        "<table><tr><th>A</th><th>B</th></tr><tr><td>1</td><td>x|y</td></tr></table>"
        '<ol start="3"><li>three</li></ol><p>x<sup>2</sup> <img src="p.png" alt="plot"> <a href="../c">c</a></p>'
    )
    assert "## Code" in text
    assert '````python\nprint("```")\n````' in text
    assert "| A | B |\n| --- | --- |\n| 1 | x\\|y |" in text
    assert "3. three" in text
    assert "x^2^ ![plot](https://site.example.net/a/p.png) [c](https://site.example.net/c)" in text


UNSAFE = [
    "javascript:alert(1)", "JAVASCRIPT:alert(1)", " javascript:alert(1)", "java\tscript:alert(1)", "java\nscript:x",
    "&#106;avascript:alert(1)", "javascript&colon;alert(1)", "data:text/html,<script>x</script>", "vbscript:x",
    "blob:x", "file:///etc/passwd", "javascript:alert((1))", "\x01javascript:x",
]  # fmt: skip


@pytest.mark.parametrize("href", UNSAFE)
def test_links_that_run_something_are_removed_and_their_text_kept(href: str) -> None:
    text = markdown(f'<p>before <a href="{href}">label</a> after</p>')
    assert "label" in text
    assert "](" not in text
    assert "script:" not in text


@pytest.mark.parametrize(
    ("given_text", "cleaned"),
    [
        ("[a](javascript:x)", "a"),
        ("[![i](https://x.example/y.png)](javascript:x)", "![i](https://x.example/y.png)"),
        ("![a [b](javascript:x) c](https://x.example)", "![a b c](https://x.example)"),
        ("`[x](javascript:1)`", "`x`"),
        ("`<b>`", "`<b>`"),
        ("<script>x</script>", "\\<script>x\\</script>"),
        ("<javascript:x> <https://x.example>", "javascript:x <https://x.example>"),
        ("[r]: javascript:x", ""),
        ("[a](javascript:x", "[a] (javascript:x"),
        ("```\n[x](javascript:1)\n```\n[y](javascript:1)", "```\n[x](javascript:1)\n```\ny"),
        ("[w](https://x.example/a_(b))", "[w](https://x.example/a_(b))"),
        ("# T [#](https://x.example/#t)", "# T"),
        ("a < b and [c]", "a < b and [c]"),
    ],
)
def test_markdown_is_cleaned_of_what_text_may_smuggle_in(given_text: str, cleaned: str) -> None:
    assert clean(given_text) == cleaned


PIECES = [*"[]()<>`!\\ \n~#:", "javascript:", "](", "https://x", "```", "a"]


@given(st.lists(st.sampled_from(PIECES), max_size=40))
def test_no_text_cleans_into_a_link_that_runs_something(parts: list[str]) -> None:
    cleaned, fenced = clean("".join(parts)), False
    for line in cleaned.split("\n"):
        if line.startswith(("```", "~~~")):
            fenced = True
        assert fenced or "](javascript:" not in line


@pytest.mark.parametrize("body", ["", "<script>x()</script>", "<div>" * 3_000 + "deep" + "</div>" * 3_000, "\0" * 500])
def test_a_page_without_readable_text_is_an_error_and_no_empty_success(body: str) -> None:
    with pytest.raises(NotConvertible):
        to_markdown(body, PAGE)


def test_a_page_that_takes_time_or_memory_without_end_is_given_up_and_the_next_one_converted() -> None:
    async def two() -> str:
        worker = WorkerConverter()
        try:
            with pytest.raises(Problem) as problem:
                await worker.convert("<blockquote>" * 900 + "x\n" * 10_000, PAGE)
            assert problem.value.slug == "not-convertible"
            return (await worker.convert("<p>next</p>", PAGE))[0]
        finally:
            await worker.close()

    assert asyncio.run(two()) == "next"


def test_the_time_limit_is_named_when_it_ends_a_conversion() -> None:
    async def detail() -> str:
        worker = WorkerConverter(limit_seconds=0.001)
        try:
            with pytest.raises(Problem) as problem:
                await worker.convert("<p>word</p>" * 90_000, PAGE)
            return problem.value.detail
        finally:
            await worker.close()

    assert "longer than 0.001 s" in asyncio.run(detail())


def test_a_caller_who_leaves_does_not_get_its_page_to_the_next_one() -> None:
    async def two() -> str:
        worker = WorkerConverter()
        try:
            await worker.warm()
            leaving = asyncio.create_task(worker.convert("<p>mine</p>" * 50_000, PAGE))
            await asyncio.sleep(0)
            await asyncio.sleep(0)
            leaving.cancel()
            await asyncio.gather(leaving, return_exceptions=True)
            return (await worker.convert("<p>yours</p>", PAGE))[0]
        finally:
            await worker.close()

    assert asyncio.run(two()) == "yours"


def test_the_worker_ends_with_the_service() -> None:
    async def pid() -> tuple[int, int | None]:
        worker = WorkerConverter()
        await worker.warm()
        child = worker._child
        assert child is not None
        await worker.close()
        return child.pid, child.exit_code

    assert asyncio.run(pid())[1] is not None


# Character sets


@pytest.mark.parametrize(
    ("body", "content_type", "text"),
    [
        ("é".encode(), "text/html", "é"),
        (b"\xe9", "text/html; charset=ISO-8859-1", "é"),
        (b"\x93", 'text/html; charset="latin1"', "“"),
        (b'<meta charset="windows-1251">\xe9', "text/html", '<meta charset="windows-1251">й'),
        (b"\xff\xfe\xe9\x00", "text/html; charset=utf-8", "é"),
        (b"\xff", "text/html", "\ufffd"),
        ("é".encode(), "text/html; charset=punycode", "é"),
        ("é".encode(), "text/html; charset=no-such-thing", "é"),
        (b'<meta charset="utf-16">x', "text/html", '<meta charset="utf-16">x'),
    ],
)
def test_the_character_set_is_found_as_browsers_find_it(body: bytes, content_type: str, text: str) -> None:
    assert decode(body, content_type) == text


@given(st.binary(max_size=200), st.text(max_size=40))
def test_any_bytes_can_be_decoded(body: bytes, content_type: str) -> None:
    decode(body, content_type).encode()


def test_health_names_the_web_it_fetches_from() -> None:
    body = ask(LOCAL, "GET", SERVICE.origin + "/health").json()
    assert (body["web"], body["pages"]) == ("local", len(load_corpus().pages))
