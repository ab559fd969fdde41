"""The Web Proxy on the real web, played by a server with odd habits behind a name server with odd answers."""

from __future__ import annotations

import gzip
import zlib

import pytest

from janus_platform.egress.ca import LocalCA
from tests.services.web_proxy_odd_server import ORIGIN, Answer, dripping, endless, fetch_live, redirect, response
from tests.services.web_proxy_rig import SERVICE

LIMIT = SERVICE.max_page_bytes
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n"
CHUNKED = HEAD + b"Transfer-Encoding: chunked\r\n\r\n"
GZIPPED = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Encoding: gzip\r\n\r\n"
EMPTY_BLOCK = b"\x00\x00\x00\xff\xff"  # stored, and not the last one (RFC 1951, 3.2.4)
TEXT = b"<p>Hi</p>"
RAW_DEFLATE = zlib.compressobj(wbits=-15)


def packed(body: bytes) -> bytes:
    """gzip without the time of day: a test is named by its bytes, and every process must give it the same name."""
    return gzip.compress(body, mtime=0)


EMPTY_MEMBER = packed(b"")


def encoded(body: bytes, *encodings: str) -> bytes:
    return response(body, *(f"Content-Encoding: {encoding}" for encoding in encodings))


def test_a_live_page_arrives_with_title_address_status_and_type() -> None:
    page = response(b"<title>T</title><h1>H</h1><p>Hi <a href='x'>x</a></p>", kind="text/html; charset=utf-8")
    assert fetch_live({"/page": page}).answer.json() == {
        "content": f"# H\n\nHi [x]({ORIGIN}/x)",
        "title": "T",
        "url": f"{ORIGIN}/page",
        "status": 200,
        "content_type": "text/html; charset=utf-8",
    }


def test_the_proxy_names_itself_and_carries_nothing_from_one_request_to_the_next() -> None:
    page = response(TEXT, "Set-Cookie: track=1")
    requests = fetch_live({"/page": page}, "/page", "/page").server.asked
    assert [request.split()[1] for request in requests] == ["/robots.txt", "/page", "/page"]
    for request in requests:
        assert f"User-Agent: {SERVICE.user_agent}/1.0" in request
        assert not {"cookie", "authorization", "referer", "traceparent"} & {
            line.partition(":")[0].lower() for line in request.split("\r\n")
        }


@pytest.mark.parametrize(
    "answer",
    [
        encoded(packed(TEXT), "gzip"),
        encoded(packed(TEXT), "x-gzip"),
        encoded(packed(TEXT), "identity", "GZIP"),
        encoded(zlib.compress(TEXT), "deflate"),
        encoded(RAW_DEFLATE.compress(TEXT) + RAW_DEFLATE.flush(), "deflate"),
        encoded(packed(TEXT[:4]) + packed(TEXT[4:]), "gzip"),
        encoded(packed(TEXT) + b"\0\0garbage", "gzip"),
        HEAD + b"\r\n" + TEXT,
        CHUNKED + b"9;note=x\r\n" + TEXT + b"\r\n0\r\n\r\n",
    ],
)
def test_a_page_arrives_whole_however_it_is_sent(answer: bytes) -> None:
    assert fetch_live({"/page": answer}).answer.json()["content"] == "Hi"


@pytest.mark.parametrize(
    "answer",
    [
        encoded(b"not gzip", "gzip"),
        encoded(packed(TEXT)[:-9], "gzip"),
        encoded(b"\x1f", "gzip"),
        encoded(packed(TEXT) + packed(TEXT)[:15], "gzip"),
        encoded(zlib.compress(TEXT)[:-5], "deflate"),
        encoded(packed(packed(TEXT)), "gzip, gzip"),
        encoded(packed(packed(TEXT)), "gzip", "gzip"),
        encoded(b"x", "br"),
        encoded(b"x", "zstd"),
        encoded(EMPTY_MEMBER * 1_000, "gzip"),
        endless(GZIPPED, EMPTY_MEMBER * 1_000),
        endless(GZIPPED + EMPTY_MEMBER[:10], EMPTY_BLOCK * 10_000),
        b"HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\nshort",
        CHUNKED + b"5\r\nshort",
        CHUNKED + b"zz\r\nnot hexadecimal\r\n",
        b"garbage\r\n\r\n",
        b"",
        endless(b"HTTP/1.1 200 OK\r\n", b"X-Header: " + b"x" * 60_000 + b"\r\n"),
    ],
)
def test_an_answer_that_is_damaged_is_an_error_and_no_shorter_page(answer: Answer) -> None:
    fetched = fetch_live({"/page": answer})
    assert (fetched.answer.status_code, fetched.slug) == (502, "unreachable")


def test_a_page_of_exactly_the_limit_passes_and_one_byte_more_does_not() -> None:
    pages = {path: response(b"x" * (LIMIT + more), kind="text/plain") for path, more in (("/fits", 0), ("/over", 1))}
    fetched = fetch_live(pages, "/fits", "/over")
    assert [answer.status_code for answer in fetched.answers] == [200, 413]
    assert len(fetched.answers[0].json()["content"]) == LIMIT


@pytest.mark.parametrize(
    "answer",
    [
        encoded(packed(b"0" * 50_000_000), "gzip"),
        encoded(zlib.compress(b"0" * 50_000_000), "deflate"),
        encoded(packed(b"0" * 300_000) * 10, "gzip"),
        endless(HEAD + b"\r\n", b"x" * 65_536),
        endless(CHUNKED, b"1000\r\n" + b"x" * 4_096 + b"\r\n"),
        endless(HEAD + b"Content-Length: 99999999999\r\n\r\n", b"x" * 65_536),
    ],
)
def test_what_unfolds_or_goes_on_beyond_the_limit_is_refused_while_it_is_read(answer: Answer) -> None:
    fetched = fetch_live({"/page": answer})
    assert (fetched.answer.status_code, fetched.slug) == (413, "page-too-large")
    assert fetched.answer.json()["limit_bytes"] == LIMIT


SLOW = dripping(HEAD + b"\r\n", b"x")
HANGING = dripping(b"", b"")


@pytest.mark.parametrize(
    "answers",
    [
        {"/page": HANGING},
        {"/page": dripping(b"HTTP/1.1 200 OK\r\n", b"X: y\r\n")},
        {"/page": dripping(b"", b"HTTP/1.1 100 Continue\r\n\r\n")},
        {"/page": SLOW},
        {"/robots.txt": SLOW, "/page": response(TEXT)},
        {"/page": redirect("/next"), "/next": SLOW},
        {"/page": response(b"", status="200 OK").replace(b"Length: 0", b"Length: 9")[:-2]},
    ],
)
def test_one_time_limit_holds_for_the_whole_fetch_however_slow_its_parts(answers: dict[str, Answer]) -> None:
    held = {
        path: dripping(answer, b"") if isinstance(answer, bytes) and b"Length: 9" in answer else answer
        for path, answer in answers.items()
    }
    fetched = fetch_live(held, timeout_seconds=0.5)
    assert (fetched.answer.status_code, fetched.slug) == (504, "upstream-timeout")
    assert "0.5 s" in fetched.answer.json()["detail"]


@pytest.mark.parametrize("status", ["301 Moved", "302 Found", "303 See Other", "307 Temporary", "308 Permanent"])
@pytest.mark.parametrize(
    ("location", "path"),
    [
        ("/b", "/b"),
        ("b?c=d#e", "/b?c=d"),
        ("//odd.example.net/b", "/b"),
        (f"{ORIGIN}/b", "/b"),
        ("/ü", "/%C3%BC"),
        ("./x/../b", "/b"),
        ("?b", "/page?b"),
    ],
)
def test_redirects_of_every_kind_are_followed(status: str, location: str, path: str) -> None:
    fetched = fetch_live({"/page": redirect(location, status), path: response(TEXT)})
    assert fetched.answer.json()["url"] == ORIGIN + path


def test_the_body_of_a_redirect_is_not_read() -> None:
    moved = endless(b"HTTP/1.1 302 Found\r\nLocation: /b\r\nContent-Encoding: gzip\r\n\r\n", b"x" * 65_536)
    assert fetch_live({"/page": moved, "/b": response(TEXT)}).answer.json()["content"] == "Hi"


@pytest.mark.parametrize(
    ("answer", "status"),
    [
        (response(TEXT, status="302 Found"), 302),
        (response(TEXT, "Location: /b", status="300 Choices"), 300),
        (response(TEXT, status="404 Not Found"), 404),
        (response(TEXT, status="503 Busy"), 503),
        (b"HTTP/1.1 304 Not Modified\r\n\r\n", 304),
    ],
)
def test_an_answer_without_a_page_says_what_the_server_said(answer: bytes, status: int) -> None:
    fetched = fetch_live({"/page": answer})
    assert (fetched.slug, fetched.answer.json()["upstream_status"]) == ("upstream-status", status)


def test_a_loop_of_redirects_ends_at_the_limit() -> None:
    fetched = fetch_live({"/page": redirect("/page")})
    assert fetched.slug == "too-many-redirects"
    assert fetched.server.paths.count("/page") == SERVICE.max_redirects + 1


@pytest.mark.parametrize(
    ("answers", "slug"),
    [
        ({"/robots.txt": response(b"", status="500 Oops")}, "robots-disallowed"),
        ({"/robots.txt": response(b"User-agent: *\nDisallow: /p")}, "robots-disallowed"),
        ({"/robots.txt": redirect("/r"), "/r": response(b"User-agent: *\nDisallow: /p")}, "robots-disallowed"),
        ({"/robots.txt": redirect("http://10.0.0.1/robots.txt")}, "address-refused"),
        ({"/robots.txt": redirect("file:///etc/passwd")}, "bad-redirect"),
    ],
)
def test_robots_txt_is_asked_first_and_keeps_the_page_from_being_asked(answers: dict[str, Answer], slug: str) -> None:
    fetched = fetch_live({"/page": response(TEXT), **answers})
    assert fetched.slug == slug
    assert "/page" not in fetched.server.paths


def test_a_robots_txt_that_redirects_for_ever_counts_as_missing() -> None:
    fetched = fetch_live({"/robots.txt": redirect("/robots.txt"), "/page": response(TEXT)})
    assert fetched.answer.status_code == 200


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b"%PDF-1.7 \xe2\xe3", "application/pdf"),
        (b"%PDF-1.7 \xe2\xe3", "text/html"),
        (b"\x89PNG\r\n\x1a\n\0\0\0", "text/plain"),
        (b"text\0\0\0\0", "text/html"),
        (b"x", "image/svg+xml2"),
        (b"x", "application/octet-stream"),
        (b"x", "multipart/mixed"),
        (b"x", "text/"),
        (b"x", ""),
        (b"x", "text/ÿ"),
    ],
)
def test_documents_that_are_no_text_are_refused_whatever_they_are_called(body: bytes, kind: str) -> None:
    fetched = fetch_live({"/page": response(body, kind=kind)})
    assert (fetched.answer.status_code, fetched.slug) == (415, "unsupported-type")


@pytest.mark.parametrize("kind", ["text/csv", "text/markdown", "application/json", "application/ld+json", "text/xml"])
def test_text_of_any_kind_passes_through(kind: str) -> None:
    answer = fetch_live({"/page": response(b'{"a": "<b>"}', kind=kind)}).answer.json()
    assert (answer["content"], answer["title"], answer["content_type"]) == ('{"a": "<b>"}', "", kind)


def test_a_name_that_leads_elsewhere_the_second_time_is_not_followed_there() -> None:
    fetched = fetch_live({"/page": response(TEXT)}, addresses=("127.0.0.1", "127.0.0.2"))
    assert (fetched.answer.status_code, fetched.slug) == (403, "address-refused")
    assert fetched.server.paths == ["/robots.txt"]


@pytest.mark.parametrize("address", ["127.0.0.2", "::1", "10.0.0.1", "169.254.169.254", "::ffff:127.0.0.1", "fd00::1"])
def test_a_name_that_leads_to_a_private_address_is_refused_when_connecting(address: str) -> None:
    fetched = fetch_live({"/page": response(TEXT)}, addresses=(address,))
    assert (fetched.answer.status_code, fetched.slug) == (403, "address-refused")
    assert fetched.server.asked == []


def test_a_certificate_that_nobody_vouches_for_is_refused() -> None:
    tls = LocalCA(["odd.example.net"]).server_context("odd.example.net")
    fetched = fetch_live({"/page": response(TEXT)}, tls=tls, origin="https://odd.example.net")
    assert (fetched.slug, fetched.server.asked) == ("unreachable", [])
    assert "certificate" in fetched.answer.json()["detail"]
