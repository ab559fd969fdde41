"""The Web Proxy's conversion to Markdown: what survives, what is cleaned away, and the worker that does it."""

from __future__ import annotations

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from janus_platform.services.problem import Problem
from janus_platform.services.web_proxy_converter import WorkerConverter
from janus_platform.services.web_proxy_markdown import NotConvertible, clean, to_markdown
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
