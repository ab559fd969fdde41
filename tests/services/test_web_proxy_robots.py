"""The Web Proxy and robots.txt (RFC 9309): how its rules are read, and that no spelling of a path gets around them."""

from __future__ import annotations

import pytest

from janus_platform.services.web_proxy import build
from janus_platform.services.web_proxy_robots import read_robots
from janus_platform.services.web_proxy_web import Reply
from tests.services.asgi import context
from tests.services.web_proxy_rig import PAGE, FakeWeb, InProcess, fetch, fetch_from, html


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
    assert read_robots(200, robots.encode(), "JanusBot").refusal(path) == rule


def test_a_server_error_for_robots_txt_forbids_and_a_missing_one_allows() -> None:
    assert read_robots(503, b"", "JanusBot").refusal("/")
    assert read_robots(404, b"User-agent: *\nDisallow: /", "JanusBot").refusal("/") is None


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
