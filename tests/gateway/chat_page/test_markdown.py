"""The chat's Markdown: what each construct becomes, the same however it is cut into chunks, and always quick."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page

from tests.gateway.chat_page.rig import GatewayThread, Visit, visit
from tests.gateway.rig import DONE, PATIENCE, Exchange, chunk

# Draws `text` in pieces of `size` and returns the HTML, without what says where a link leads.
_DRAW = """(text, size) => {
    const box = document.createElement("div");
    const stream = new Markdown(box);
    for (let at = 0; at < text.length; at += size) {
        stream.append(text.slice(at, at + size));
        stream.render();
    }
    return box.innerHTML;
}"""
_NOISE = re.compile(r' (?:dir="auto"|title="[^"]*"|target="_blank"|rel="noopener noreferrer"|class="to-left")')
A = '<a href="https://a.example/">{}</a>'

CASES = {
    "Plain *em*, **strong**, ***both***, ~~gone~~, `co<de`": (
        "<p>Plain <em>em</em>, <strong>strong</strong>, <em><strong>both</strong></em>, <del>gone</del>, "
        "<code>co&lt;de</code></p>"
    ),
    "snake_case_name and 2*3*4 and * alone": "<p>snake_case_name and 2<em>3</em>4 and * alone</p>",
    "**open and *nested* in it**": "<p><strong>open and <em>nested</em> in it</strong></p>",
    "**never closed": "<p>**never closed</p>",
    r"\*not\* \`code\` \\": "<p>*not* `code` \\</p>",
    "``a ` b`` and ` alone": "<p><code>a ` b</code> and ` alone</p>",
    "a &amp; b &lt;i&gt; &bogus;": "<p>a &amp; b &lt;i&gt; &amp;bogus;</p>",
    "# One\n## Two ##\n####### no": "<h3>One</h3><h4>Two</h4><p>####### no</p>",
    "one\ntwo  \nthree\\\nfour<br>five": "<p>one\ntwo<br>three<br>four<br>five</p>",
    "- a\n- b\n  - c\n    1. d\n- e": "<ul><li>a</li><li>b<ul><li>c<ol><li>d</li></ol></li></ul></li><li>e</li></ul>",
    "3. c\n4. d": '<ol start="3"><li>c</li><li>d</li></ol>',
    "1. a\n\n   more\n\n2. b": "<ol><li>a<p>more</p></li><li>b</li></ol>",
    "- a\n\ntext": "<ul><li>a</li></ul><p>text</p>",
    "- a\nlazy\n* other": "<ul><li>a\nlazy</li></ul><ul><li>other</li></ul>",
    "1979 was a year\n1979. no list in a paragraph": "<p>1979 was a year\n1979. no list in a paragraph</p>",
    "> a\n> > b\n\nc": "<blockquote><p>a</p><blockquote><p>b</p></blockquote></blockquote><p>c</p>",
    "a\n\n---\n\nb": "<p>a</p><hr><p>b</p>",
    "[x](https://a.example) <https://a.example>": f"<p>{A.format('x')} {A.format('https://a.example')}</p>",
    "See https://a.example. (https://a.example)": (
        f"<p>See {A.format('https://a.example')}. ({A.format('https://a.example')})</p>"
    ),
    "www.a.example, me@a.example, ftp://a.example": "<p>www.a.example, me@a.example, ftp://a.example</p>",
    "[**b** [c]](https://a.example 'title')": f"<p>{A.format('<strong>b</strong> [c]')}</p>",
    "![a cat](https://a.example)": f"<p>{A.format('Picture: a cat')}</p>",
    "[x] and [y](nowhere) [](https://a.example)": f"<p>[x] and [y](nowhere) {A.format('https://a.example/')}</p>",
    "a | b\n--|:-:\n1 | 2 \\| 3\n\n4": (
        '<div class="table" tabindex="0" role="group" aria-label="Table"><table><thead><tr><th>a</th>'
        '<th class="to-center">b</th></tr></thead><tbody><tr><td>1</td><td class="to-center">2 | 3</td></tr></tbody>'
        "</table></div><p>4</p>"
    ),
}
MATH = {
    r"So $x^2$, \(y\) or \[z\].": r"<p>So <span{}>$x^2$</span>, <span{}>\(y\)</span> or <span{}>\[z\]</span>.</p>",
    "It costs $5 or $6, $ 7 $ and \\$8$.": "<p>It costs $5 or $6, $ 7 $ and $8$.</p>",
    "`$x$` and $y `z$`": "<p><code>$x$</code> and <span{}>$y `z$</span>`</p>",
    "so\n$$\na *b* c\n$$\nand $$d$$": "<p>so</p><div{}>$$\na *b* c\n$$</div><p>and <span{}>$$d$$</span></p>",
    "\\[\na\n\nb": "<p>[\na</p><p>b</p>",
    "- a\n\n  $$ b $$\n- c": "<ul><li>a<div{}>$$ b $$</div></li><li>c</li></ul>",
}
CODE = (
    "Before:\n```python\nif a < b:\n\n    # no heading\n```\nAfter\n\n- item\n  ```\n  in\n  ```\n\n~~~\nnever closed"
)
LONG = "\n\n".join(
    [*CASES, *MATH, CODE, "- x\n\n\n  y\n\n- z\n1. a\n1\n2", "\ttab\n-\ttab\n", "a | b\nno table\n\nx |\r\n-|\r\n1\r\n"]
)


@pytest.fixture(scope="module")
def page(browser: Browser, served: GatewayThread) -> Iterator[Page]:
    """The chat page, of which only the Markdown module is used."""
    with visit(browser, served.url) as seen:
        yield seen.page


def draw(page: Page, text: str, size: int = 1_000_000) -> str:
    """The HTML; a call that holds the page up for longer than PATIENCE is ended, and fails."""
    page.evaluate("async () => { window.Markdown = (await import('/chat/markdown.js')).MarkdownStream; }")
    call = {
        "expression": f"({_DRAW})(...{json.dumps([text, size])})",
        "returnByValue": True,
        "timeout": 1000 * PATIENCE,
    }
    session = page.context.new_cdp_session(page)
    answer = session.send("Runtime.evaluate", call)
    session.detach()
    return _NOISE.sub("", answer["result"]["value"]).replace('<ol start="1">', "<ol>")


@pytest.mark.parametrize("source", CASES)
def test_markdown_becomes(page: Page, source: str) -> None:
    assert draw(page, source) == CASES[source]


@pytest.mark.parametrize("source", MATH)
def test_formulas_are_found_and_prices_are_not(page: Page, source: str) -> None:
    # The stream has not ended: they are as they were written.
    assert draw(page, source) == MATH[source].replace("{}", ' class="math"')


def test_code_fences_keep_every_character_and_name_their_language(page: Page) -> None:
    drawn = draw(page, CODE)
    assert re.findall(r'aria-label="([^"]*)"', drawn) == ["Code, python", "Code", "Code"]
    assert re.findall(r"<pre[^>]*><code[^>]*>(.*?)</code>", drawn, re.S) == [
        "if a &lt; b:\n\n    # no heading",
        "in",
        "never closed",
    ]


@pytest.mark.parametrize("size", [1, 2, 3, 7, 100])
def test_markdown_is_the_same_however_it_arrives(page: Page, size: int) -> None:
    assert draw(page, LONG, size) == draw(page, LONG)


HOSTILE = {
    "brackets": "[" * 50_000,
    "link openings": "[a](" * 20_000,
    "link titles": '[a](b "' * 20_000,
    "nested links": "[" * 20_000 + "](https://a.example)" * 5_000,
    "stars": "*a **b " * 20_000,
    "star run": "*" * 100_000,
    "backticks": " ".join("`" * (n % 300 + 1) for n in range(1_000)),
    "code spans": "`a` " * 30_000,
    "quotes": "> " * 20_000 + "x",
    "lists": "- " * 20_000 + "x",
    "deep list": "\n".join("  " * n + "- x" for n in range(500)),
    "blank lines in a list": "- a" + "\n" * 100_000 + "  b",
    "rules": ("* " * 30_000) + "x",
    "table bars": "|" * 50_000 + "\n" + "|-" * 25_000,
    "divider": "a|b\n" + "-" * 100_000 + "|x",
    "hashes": "# " + "# " * 50_000 + "x",
    "spaces": "a" + " " * 100_000 + "b",
    "tags": "<" * 100_000,
    "addresses": "http://" * 15_000,
    "entities": "&" * 100_000,
    "backslashes": "\\" * 100_001,
    "punctuation after an address": "https://a.example" + ")" * 100_000 + "." * 100_000,
    "emphasis in emphasis": "*" * 50_000 + "a" + "*" * 50_000,
    "emphasis in emphasis, many paragraphs": ("*" * 4_000 + "a" + "*" * 4_000 + "\n\n") * 20,
    "addresses in quotation marks": 'https://a.example/"' * 8_000,
    "dollars": "$a " * 30_000,
    "dollar lines": "$$ a\n" * 20_000,
    "formulas": "$x$ and \\(y\\), " * 500,
    "quotations and lists": "> - " * 10_000 + "x",
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_markdown_takes_no_time_and_no_deep_tree(page: Page, name: str) -> None:
    # A quadratic reader would need minutes for these.
    drawn = draw(page, HOSTILE[name])
    deepest = depth = 0
    for closing, tag in re.findall(r"<(/?)([a-z0-9]+)", drawn):
        depth += 0 if tag in ("br", "hr", "img") else -1 if closing else 1
        deepest = max(deepest, depth)
    assert deepest < 60


def test_thousands_of_chunks_are_drawn_and_no_finished_block_twice(chat: Visit, served: GatewayThread) -> None:
    pieces = [f"word{n} " if n % 40 else f"\n\n## Part {n}\n\n- item **{n}**\n" for n in range(4_000)]
    rest = asyncio.Event()

    async def streams(exchange: Exchange) -> None:
        exchange.start_stream()
        for number, piece in enumerate(pieces):
            if number == 100:
                await rest.wait()
            exchange.chunk(chunk(content=piece))
        exchange.chunk(chunk("stop"))
        exchange.chunk(DONE)
        exchange.end()

    served.script = streams
    chat.page.fill("#question", "At length")
    chat.page.press("#question", "Enter")
    chat.page.get_by_text("word99").wait_for()
    chat.page.locator(".text h4").first.evaluate("(one) => { one.wasHere = true; }")
    served.release(rest)
    chat.finished()
    assert chat.page.locator(".text h4").count() == 100
    assert "word3999" in chat.text(".text")
    assert chat.page.locator(".text h4").first.evaluate("(one) => one.wasHere")
    chat.check_quiet()
