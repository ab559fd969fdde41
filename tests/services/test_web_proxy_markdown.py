"""The Web Proxy's conversion to Markdown: what survives, and what is cleaned away."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from janus_platform.services.web_proxy.clean import clean
from janus_platform.services.web_proxy.markdown import NotConvertibleError, to_markdown
from tests.services.web_proxy_rig import PAGE


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
    "javascript:alert(1)",
    "JAVASCRIPT:alert(1)",
    " javascript:alert(1)",
    "java\tscript:alert(1)",
    "java\nscript:x",
    "&#106;avascript:alert(1)",
    "javascript&colon;alert(1)",
    "data:text/html,<script>x</script>",
    "vbscript:x",
    "blob:x",
    "file:///etc/passwd",
    "javascript:alert((1))",
    "\x01javascript:x",
]


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
        ("`` ` [x](javascript:1) `` `y`", "`` ` x `` `y`"),
        ("`a``b`c", "`a``b`c"),
        ("a < b and [c]", "a < b and [c]"),
        ("<[img src=x onerror=y](javascript:x)>", "\\<img src=x onerror=y>"),
        ("[r]:\njavascript:x", "[r] :\njavascript:x"),
        ("> [a](\n> javascript:x)", "> [a] (\n> javascript:x)"),
        ("- ```html\n  <b>[x](/y)</b>\n  ```\n- <b>", "- ```html\n  <b>[x](/y)</b>\n  ```\n- \\<b>"),
        ("> ~~~\n> <b>\n> ~~~", "> ~~~\n> <b>\n> ~~~"),
        ("long\u00adword", "longword"),
    ],
)
def test_markdown_is_cleaned_of_what_text_may_smuggle_in(given_text: str, cleaned: str) -> None:
    assert clean(given_text) == cleaned


@pytest.mark.parametrize(
    ("body", "language"),
    [
        ('<pre class="language-js"><code>x</code></pre>', "js"),
        ('<pre><code class="hljs language-go">x</code></pre>', "go"),
        ('<pre><code class="lang-sh">x</code></pre>', "sh"),
        ('<div class="highlight-python"><div class="highlight"><pre><span></span>x</pre></div></div>', "python"),
        ('<div class="highlight-default"><div class="highlight"><pre>x</pre></div></div>', ""),
        ('<div class="highlight highlight-source-rust"><pre>x</pre></div>', "rust"),
        ('<div class="language-ruby highlighter-rouge"><div><pre class="highlight">x</pre></div></div>', "ruby"),
        ('<div class="language-yaml"><button title="Copy">Copy</button><pre><code>x</code></pre></div>', "yaml"),
        ('<pre lang="c++"><code>x</code></pre>', "c++"),
        ("<pre data-lang=toml><code>x</code></pre>", "toml"),
        ('<pre><code data-lang="bash">x</code></pre>', "bash"),
        ('<pre class="brush: java; gutter: true">x</pre>', "java"),
        ('<div class="highlight-text"><pre><code class="language-sql">x</code></pre></div>', "sql"),
        ("<pre>x</pre>", ""),
        ('<table><tr><td class="linenos"><pre>1\n2</pre></td><td><pre lang="sh">x</pre></td></tr></table>', "sh"),
    ],
)
def test_code_is_fenced_with_the_language_that_the_site_wrote_somewhere(body: str, language: str) -> None:
    text = markdown(body)
    assert [line for line in text.split("\n") if line not in ("Copy", "")] == [f"```{language}", "x", "```"]


def test_only_the_article_remains_of_a_page_of_boxes() -> None:
    text = markdown(
        "<!-- <article>old</article> --><script>var a = '<main>no</main>'</script><style>p{}</style>"
        '<div class="navbar"><a href="/">Home</a></div><div id="sidebar">Side</div><div role="search">Find</div>'
        '<h1>T</h1><p>Body</p><p hidden>no</p><p style="display:none">no</p>'
        '<div class="site-footer">Foot</div><div id="footer">Foot</div><footer>Foot</footer>'
    )
    assert text == "# T\n\nBody"


@pytest.mark.parametrize(
    ("base", "href", "absolute"),
    [
        ("", "../c?d=1#e", "https://site.example.net/c?d=1#e"),
        ("", "//other.example/x", "https://other.example/x"),
        ("", "?q=1", "https://site.example.net/a/b?q=1"),
        ("", "#part", "https://site.example.net/a/b#part"),
        ("", "a b.html", "https://site.example.net/a/a%20b.html"),
        ("", "x_(y)", "https://site.example.net/a/x_(y)"),
        ("", "mailto:x@example.net", "mailto:x@example.net"),
        ('<base href="https://cdn.example/d/">', "x", "https://cdn.example/d/x"),
        ('<base href="/d/">', "x", "https://site.example.net/d/x"),
    ],
)
def test_links_and_pictures_become_absolute(base: str, href: str, absolute: str) -> None:
    made = to_markdown(
        f'<head>{base}</head><a href="{href}">l</a> <img src="{href}" alt="p">', "https://site.example.net/a/b"
    )
    assert made.markdown == f"[l]({absolute}) ![p]({absolute})"


def test_a_picture_that_is_also_a_link_stays_both() -> None:
    shown = markdown('<a href="/big"><img src="s.png" alt="sea"></a>')
    assert shown == "[![sea](https://site.example.net/a/s.png)](https://site.example.net/big)"


def test_a_picture_that_a_script_would_load_is_found() -> None:
    shown = markdown('<img data-src="late.png" src="data:image/gif;base64,R0" alt="sea">')
    assert shown == "![sea](https://site.example.net/a/late.png)"


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
    with pytest.raises(NotConvertibleError):
        to_markdown(body, PAGE)
