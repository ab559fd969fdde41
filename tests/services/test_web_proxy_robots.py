"""The Web Proxy and robots.txt (RFC 9309): how its rules are read, and that no spelling of a path gets around them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from janus_platform.services.web_proxy.app import build
from janus_platform.services.web_proxy.robots import MAX_ROBOTS_BYTES, read_robots
from janus_platform.services.web_proxy.web import Reply
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
        # A group is for all agents named before it; groups of one agent add up; rules before any agent are nobody's.
        ("Disallow: /a\nUser-agent: *\nDisallow: /b", "/a", None),
        ("User-agent: Other\nUser-agent: JanusBot\nDisallow: /a", "/a", "Disallow: /a"),
        ("User-agent: JanusBot\nDisallow: /a\n\nUser-agent: JanusBot\nDisallow: /b", "/a", "Disallow: /a"),
        ("User-agent: JanusBot\nSitemap: https://x.example/\n\nDisallow: /a", "/a", "Disallow: /a"),
        ("User-agent: JanusBot\nDisallow:\n\nUser-agent: *\nDisallow: /", "/a", None),
        ("User-agent: *\nDisallow: /\nUser-agent: JanusBot", "/a", None),
        ("User-agent: JanusBotNews\nDisallow: /", "/a", None),
        ("User-agent: JanusBot/2.0 (+https://x.example)\nDisallow: /a", "/a", "Disallow: /a"),
        # Keys in any case, comments, blanks, and slips that site owners make.
        ("USER-AGENT:JANUSBOT#me\n  dIsAlLoW :  /a  # not this", "/a", "Disallow: /a"),
        ("useragent: *\ndissallow: /a", "/a", "Disallow: /a"),
        ("user-agent *\ndisallow /a", "/a", "Disallow: /a"),
        ("User-agent: *\n# Disallow: /\nDisallow: /q#x", "/q", "Disallow: /q"),
        # The longest rule decides, and of two equally long ones the allowing one (2.2.2).
        ("User-agent: *\nDisallow: /\nAllow: /", "/a", None),
        ("User-agent: *\nAllow: /page\nDisallow: /*.htm", "/page.htm", "Disallow: /*.htm"),
        ("User-agent: *\nAllow: /$\nDisallow: /", "/", None),
        ("User-agent: *\nAllow: /$\nDisallow: /", "/a", "Disallow: /"),
        ("User-agent: *\nDisallow: /x\nAllow: /x/", "/x/y", None),
        # A rule is a prefix, in the letters' own case, with `*` and a last `$` (2.2.3).
        ("User-agent: *\nDisallow: /fish", "/fishheads?x=1", "Disallow: /fish"),
        ("User-agent: *\nDisallow: /fish/", "/fish", None),
        ("User-agent: *\nDisallow: /Fish", "/fish", None),
        ("User-agent: *\nDisallow: private", "/private", None),
        ("User-agent: *\nDisallow: *", "/a", "Disallow: *"),
        ("User-agent: *\nDisallow: /*.php$", "/a.php?x", None),
        ("User-agent: *\nDisallow: /*.php$", "/a.php.php", "Disallow: /*.php$"),
        ("User-agent: *\nDisallow: /a*b*c$", "/abc", "Disallow: /a*b*c$"),
        ("User-agent: *\nDisallow: /ab*b$", "/ab", None),
        ("User-agent: *\nDisallow: /*?", "/a?b", "Disallow: /*?"),
        ("User-agent: *\nDisallow: /*[x]", "/ax", None),
        ("User-agent: *\nDisallow: /a$b", "/a$b", "Disallow: /a$b"),
        # One character, whatever its spelling; but an escaped `/`, `*` or `$` is not the plain one (2.2.2).
        ("User-agent: *\nDisallow: /ツ", "/%e3%83%84", "Disallow: /ツ"),
        ("User-agent: *\nDisallow: /%7ejoe", "/~joe", "Disallow: /%7ejoe"),
        ("User-agent: *\nDisallow: /b%61z", "/baz", "Disallow: /b%61z"),
        ("User-agent: *\nDisallow: /a/b", "/a%2Fb", None),
        ("User-agent: *\nDisallow: /file%2A", "/file*", "Disallow: /file%2A"),
        ("User-agent: *\nDisallow: /file%2A", "/filex", None),
    ],
)
def test_robots_rules_are_read_as_rfc_9309_says(robots: str, path: str, rule: str | None) -> None:
    assert read_robots(200, robots.encode(), "JanusBot").refusal(path) == rule


@pytest.mark.parametrize(
    "body",
    [
        b"disallow:" + b" " * 500_000 + b"x y",
        b"user-agent: " + b"a" * 500_000 + b"]",
        b"User-agent: a\nDisallow: /x\n" * 18_000,
        b"User-agent: *\nDisallow: /" + b"*a" * 250_000 + b"b",
        b"User-agent: *\n" + b"Disallow: /*a*a*a*a$\n" * 24_000,
        b"\r" * 512_000,
        bytes(range(256)) * 2_000,
    ],
)
def test_a_hostile_robots_txt_is_looked_at_a_fixed_number_of_times(body: bytes) -> None:
    # A parser that goes back in such a file needs minutes; the suite's own time limit would end it.
    read_robots(200, body, "JanusBot").refusal("/" + "a" * 2_000)


@given(st.text(alphabet="UuserAagent-:*Dislow /ab$%2Fé#\n\r\t", max_size=200), st.text(max_size=40))
def test_no_robots_txt_and_no_path_make_the_reader_fail(robots: str, path: str) -> None:
    refusal = read_robots(200, robots.encode(), "JanusBot").refusal("/" + path)
    assert refusal is None or refusal.startswith("Disallow: ")


def test_only_so_much_of_robots_txt_is_read_and_kept() -> None:
    body = b"User-agent: *\n" + b"#" * MAX_ROBOTS_BYTES + b"\nDisallow: /"
    assert read_robots(200, body, "JanusBot").refusal("/") is None
    made = context()
    robots = Reply(200, "text/plain", b"User-agent: *\nDisallow: /x\n" + b"#" * 500_000)
    origins = [f"https://s{i}.example.net" for i in range(10)]
    web = FakeWeb({f"{origin}/robots.txt": robots for origin in origins})
    app = build(made, web, InProcess())
    for origin in [*origins, origins[-1], origins[0]]:
        assert fetch(origin + "/x", app).status_code == 403
    # The latest is remembered; the first had to make room.
    assert web.asked.count(f"{origins[-1]}/robots.txt") == 1
    assert web.asked.count(f"{origins[0]}/robots.txt") == 2


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
