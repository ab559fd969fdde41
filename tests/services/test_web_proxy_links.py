"""No page becomes Markdown that renders to a link which runs something: hostile addresses in every place for one."""

from __future__ import annotations

import html as entities
import re
from collections.abc import Iterator

from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from janus_platform.services.web_proxy.markdown import NotConvertibleError, to_markdown
from tests.services.test_web_proxy_markdown import UNSAFE
from tests.services.web_proxy_rig import PAGE

UNSAFE_URLS = [
    *(url.replace("'", "") for url in UNSAFE),
    "javascript&NewLine;:x",
    "jav&#x09;ascript:x",
    "&#0000106avascript:x",
    "javascript&#58x",
    "\u00a0javascript:x",
    "javascript\u200b:x",
    "view-source:x",
    "intent:x",
    "about:blank",
    "ws://x/",
    "feed:javascript:x",
    "filesystem:http://x/y",
    "ms-word:ofe|u|x",
    "data:image/svg+xml;base64,PHN2Zz4=",
    "JaVaScRiPt&#58;x",
    "java&#10;script:x",
    "javascript\\:x",
    "java\\script:x",
    "unknown:x",
    "x-y+z.1:x",
]


# What the worker's Markdown becomes on a reader's page, told by a parser of its own.
RENDERER = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])
RENDERER.validateLink = lambda _: True  # type: ignore[method-assign]
RENDERER.normalizeLink = lambda url: url  # type: ignore[method-assign]


def destinations(text: str) -> Iterator[str]:
    """Every address that a rendered page would link to or load, and every piece of raw HTML."""
    waiting = list(RENDERER.parse(text))
    while waiting:
        token = waiting.pop()
        waiting += token.children or []
        yield from (str(token.attrs[name]) for name in ("href", "src") if name in token.attrs)
        if token.type in ("html_inline", "html_block"):
            yield "html:" + token.content


LINKS = [
    "<a href='{u}'>label</a>",
    '<a href="{u}" title="t"><b>label</b></a>',
    "<img src='{u}' alt='label'>",
    "<img srcset='{u} 2x' alt='label'>",
    "<img data-src='{u}' alt='label'>",
    "<a href='{u}'><img src='{u}' alt=label></a>",
    "<svg><a href='{u}' xlink:href='{u}'>label</a></svg>",
    "<form action={u}>label<button formaction={u}>go</button></form>",
    "<area href='{u}'>",
    "<iframe src='{u}'>label</iframe>",
    "<video src='{u}' poster='{u}'></video>",
    "<embed src='{u}'>",
    "<object data='{u}'>label</object>",
    "<blockquote cite='{u}'>label</blockquote>",
    "<base href='{u}'><a href='x'>label</a>",
    "<math href='{u}'>label</math>",
    "<picture><source srcset='{u}'><img src='{u}' alt=label></picture>",
    "[label]({u})",
    "![label]({u})",
    "&#91;label]&#40;{u})",
    "&lt;{u}&gt;",
    "[label]: {u}",
    "[label]:<br>{u}",
    "[label](&lt;{u}&gt;)",
    "&lt;a href='{u}'&gt;label&lt;/a&gt;",
    "<a href={u}>label",
    "<A HREF\n=\n'{u}'>label</A>",
    "<a href='{u}' href='x'>label</a>",
]
BOXES = [
    "{}",
    "<p>{}</p>",
    "<ul><li>{}</li></ul>",
    "<blockquote>{}</blockquote>",
    "<h2>{}</h2>",
    "<b>{}</b>",
    "<figure>{}</figure>",
    "<table><tr><th>h</th></tr><tr><td>{}</td></tr></table>",
    "<dl><dt>t</dt><dd>{}</dd></dl>",
    "<del>{}</del>",
    "<div>x {} y</div>",
    "<ol><li><p>{}</p></li></ol>",
    "<details><summary>{}</summary></details>",
    "<article>{}</article>",
    "<label>{}</label>",
]


@given(
    link=st.sampled_from(LINKS), url=st.sampled_from(UNSAFE_URLS), boxes=st.lists(st.sampled_from(BOXES), max_size=3)
)
def test_no_page_becomes_markdown_that_renders_to_a_link_that_runs_something(
    link: str, url: str, boxes: list[str]
) -> None:
    body = link.replace("{u}", url)
    for box in boxes:
        body = box.replace("{}", body)
    try:
        text = to_markdown(f"<body>{body}</body>", PAGE).markdown
    except NotConvertibleError:
        return
    for destination in destinations(text):
        assert re.match(r"https?://|mailto:|(?![a-z][a-z0-9+.-]*:)", entities.unescape(destination), re.IGNORECASE), (
            text
        )
