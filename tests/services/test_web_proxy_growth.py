"""Eight times as much hostile text takes the web proxy about eight times as long, up to the largest page it reads."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import cache

import pytest

from janus_platform.services.framework.invisible import without_invisible
from janus_platform.services.web_proxy.charset import decode
from janus_platform.services.web_proxy.clean import clean
from janus_platform.services.web_proxy.markdown import NotConvertibleError, to_markdown
from tests.services.web_proxy_rig import PAGE, SERVICE

LIMIT = SERVICE.max_page_bytes
# Linear work grows eightfold with eight times the text, quadratic work 64-fold.
TIMES, MOST_GROWTH = 8, 24
# What takes less than this is not work worth measuring.
LEAST_SECONDS = 0.01

# The beginning, what is repeated, and the end. An `@` is the number of the repetition.
PAGES = [
    ("", "<!-- ", ""),
    ("", "<!--", "-->"),
    ("", "<script>", ""),
    ("", "<style></styl", ""),
    ("", "<title>", ""),
    ("<p>", "<", ""),
    ("<p>", "&", ""),
    ("<p>", "&#1", ""),
    ("<p ", "a='", ">"),
    ("<p style='", ";  display ", "'>x"),
    ("<p style='font-size:0", "0.", "'>x"),
    ("<p class='", "cookie-", "'>x"),
    ("<div class='brush:", " ", "'><pre>x"),
    ("<pre class='", "highlight-", "'>x"),
    ("<p>", "\\", ""),
    ("<p>", " ", "x"),
    ("<p>x", "\u00a0", "x"),
    ("<p>", "*_", ""),
    ("<p>", "~", ""),
    ("<p>", "x](", ""),
    ("<p>", "[", ""),
    ("<p>", "` `` ", ""),
    ("<p>", "<a href=x>y</a>", ""),
    ("<p>", "<a href='javascript:x'>y</a>", ""),
    ("", "<h1><a href='#'>#</a>", ""),
    ("", "<h1>x<p>y", ""),
    ("", "<h2>x</h2>", ""),
    ("", "<p>x", ""),
    ("", "<li>x", ""),
    ("<ol>", "<li value=5>x", ""),
    ("<ul>", "x<ul></ul>", ""),
    ("<dl>", "<dt>a<dd>b", ""),
    ("<table>", "<tr><td>1<td>x", ""),
    ("<table><tr>", "<td>x", ""),
    ("<table class=highlight>", "<tr><td class=gutter><td class=code>x", ""),
    ("", "<table><tr><td class=linenos>1<td><pre>x</pre></table>", ""),
    ("", "<nav>x</nav>", ""),
    ("", "<aside><p>x</p></aside>", ""),
    ("", "<article>x</article>", ""),
    ("<main>", "<div class=cookie>x</div>", ""),
    ("<form>", "<button>x</button>", ""),
    ("<h1>", "<button>x</button>", ""),
    ("", "<svg><title>x</title></svg>", ""),
    ("", "<math><annotation encoding=tex>x</annotation></math>", ""),
    ("", "<blockquote>x</blockquote>", ""),
    ("", "<pre>x</pre>", ""),
    ("<pre>", "```\n", ""),
    ("", "<img data-src=x src=y alt=*>", ""),
    ("", "<base href=x@>", "<a href=y>z</a>"),
]
MARKDOWNS = [
    ("", "`", "x"),
    ("", "` `` ``` ", ""),
    ("", "`[x](javascript:1)", ""),
    ("", " ", "x```"),
    ("- ", " ", "x```"),
    ("", "- ", "x```"),
    ("", "1. > ", "x~~~"),
    ("# T", " ", "[#](x)y"),
    ("", "[", ""),
    ("", "](", ""),
    ("", "](javascript:", ""),
    ("", "[a](javascript:b)", ""),
    ("", "]( \n", ""),
    ("", "<a", ""),
    ("", "<!--", ""),
    ("", "<http:", ""),
    ("[", "a", "]:javascript:x"),
    ("", "[a]:  \n", ""),
    ("", "\\", ""),
]


def grows(work: Callable[[str], object], shape: tuple[str, str, str]) -> float:
    """How much longer `work` takes for TIMES as much text: up to the limit, up to a quarter of it for elements."""
    start, repeated, end = shape
    size = LIMIT // 4 if ">" in repeated else LIMIT

    def seconds(size: int) -> float:
        text = start + "".join(repeated.replace("@", str(i)) for i in range(size // len(repeated))) + end
        started = time.process_time()
        work(text)
        return max(time.process_time() - started, LEAST_SECONDS)

    # Once more where something disturbed it.
    growth = seconds(size) / seconds(size // TIMES)
    return growth if growth < MOST_GROWTH else seconds(size) / seconds(size // TIMES)


def converted(html: str) -> object:
    try:
        return to_markdown(html, PAGE)
    except NotConvertibleError:
        return None


@pytest.mark.parametrize("shape", PAGES, ids=repr)
def test_no_page_takes_the_conversion_more_than_its_share(shape: tuple[str, str, str]) -> None:
    assert grows(converted, shape) < MOST_GROWTH


@pytest.mark.parametrize("shape", MARKDOWNS, ids=repr)
def test_no_markdown_takes_the_cleaning_more_than_its_share(shape: tuple[str, str, str]) -> None:
    assert grows(clean, shape) < MOST_GROWTH


@pytest.mark.parametrize("sign", ["\u200b", "\u200da", "\U0001f3f4\U000e0061", "\u4e00\ufe00", "\ufe0f\u200d", "a\n"])
def test_no_text_takes_longer_than_its_share_to_be_seen_through(sign: str) -> None:
    assert grows(without_invisible, ("", sign, "")) < MOST_GROWTH


@pytest.mark.parametrize("charset", ["utf-8", "gb18030", "shift_jis", "iso-2022-jp", "euc-jp", "big5", "euc-kr", ""])
@pytest.mark.parametrize("repeated", ["<!-- ", "<meta ", "é", "\x1b$B", "charset="])
def test_no_bytes_take_the_decoder_more_than_their_share(charset: str, repeated: str) -> None:
    kind = f"text/html; charset={charset}" if charset else "text/html"
    assert grows(lambda text: decode(text.encode("utf-8"), kind), ("", repeated, "")) < MOST_GROWTH


@pytest.mark.parametrize("shape", ["<div>", "<blockquote>", "<ul><li>", "<span>", "<b>", "<table><tr><td>", "<dl><dd>"])
def test_a_page_that_is_nested_without_end_is_refused_at_once(shape: str) -> None:
    started = time.process_time()
    with pytest.raises(NotConvertibleError, match="nested too deep"):
        to_markdown(shape * (LIMIT // len(shape)), PAGE)
    assert time.process_time() - started < 2 * seconds_of_a_plain_page()


@cache
def seconds_of_a_plain_page() -> float:
    """The processor time that a page of the same size without nesting takes."""
    started = time.process_time()
    to_markdown("<p>x</p>" * (LIMIT // 8), PAGE)
    return time.process_time() - started
