"""The loader refuses a broken corpus and says which file is to blame."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from janus_platform.corpus import Corpus, CorpusError, Page, Section, article_text, load_corpus

SITE = """
name = "Test site"
published = 2026-01-01
footer = "The end. <CC BY 4.0>"
navigation = [{ title = "One", to = "/one" }]
redirects = [{ from = "/old", to = "/one" }]
documents = [{ path = "/data/a.txt", type = "text/plain" }]
"""
LAYOUT = """<!doctype html><html><head><meta charset="$charset"><title>$title</title></head>
<body><nav>$navigation</nav>$article<aside>$related</aside><footer>$footer $$5</footer></body></html>"""

Edit = Callable[[Path], object]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A sound corpus of one site, for a test to break."""
    site = tmp_path / "site.example"
    (site / "data").mkdir(parents=True)
    (site / "site.toml").write_text(SITE)
    (site / "_layout.html").write_text(LAYOUT)
    (site / "one.html").write_text('<h1>One &amp; only</h1><p>First. <a href="/two">next</a></p>')
    (site / "two.html").write_text('<h1>Two</h1><p>Second. <a href="https://elsewhere.test/x">source</a></p>')
    (site / "data" / "a.txt").write_text("a")
    return tmp_path


def load(root: Path) -> Corpus:
    return load_corpus.__wrapped__(root)


def replace(name: str, old: str, new: str) -> Edit:
    def edit(site: Path) -> None:
        text = (site / name).read_text()
        assert old in text
        (site / name).write_text(text.replace(old, new))

    return edit


def test_a_sound_site_loads_with_layout_titles_and_related_links(root: Path) -> None:
    page = load(root).lookup("https://site.example/one")
    assert isinstance(page, Page)
    html = page.html.decode()
    assert page.title == "One & only"
    assert "<title>One &amp; only</title>" in html
    assert '<aside><li><a href="/two">Two</a></li></aside>' in html
    assert "The end. &lt;CC BY 4.0&gt; $5" in html


@pytest.mark.parametrize(
    ("edit", "file", "fault"),
    [
        (lambda site: (site / "site.toml").unlink(), "site.example/site.toml", "missing"),
        (lambda site: (site / "_layout.html").unlink(), "site.example/_layout.html", "missing"),
        (replace("site.toml", "name =", "name"), "site.example/site.toml", "not valid TOML"),
        (replace("site.toml", 'footer = "The end. <CC BY 4.0>"', ""), "site.example/site.toml", "lacks footer"),
        (replace("site.toml", "redirects", "redirect"), "site.example/site.toml", "unknown key redirect"),
        (replace("_layout.html", "$article", "$artcle"), "site.example/_layout.html", "artcle"),
        (replace("_layout.html", "$$5", "$5"), "site.example/_layout.html", "placeholder"),
        (replace("one.html", "h1>", "h2>"), "site.example/one.html", "exactly one <h1>"),
        (replace("two.html", "Two", "One &amp; only"), "site.example/two.html", "also that of"),
        (replace("one.html", "/two", "/three"), "site.example/one.html", "leads to nothing"),
        (replace("site.toml", 'to = "/one" }]\ndoc', 'to = "/none" }]\ndoc'), "site.example/site.toml", "nothing"),
        (replace("site.toml", '"/old"', '"/two"'), "site.example/site.toml", "stands for two things"),
        (replace("site.toml", "/data/a.txt", "/data/../../secret"), "site.example/site.toml", "absolute path"),
        (replace("site.toml", "/data/a.txt", "/data/b.txt"), "site.example/site.toml", "no file"),
        (
            replace("site.toml", 'to = "/one" }]\ndoc', 'to = "/one", status = 200 }]\ndoc'),
            "site.example/site.toml",
            "not a redirect status",
        ),
        (lambda site: (site / "stray.css").write_text("p{}"), "site.example/stray.css", "list it as a document"),
        (lambda site: (site / "one.html").write_bytes(b"<h1>\xff</h1>"), "site.example/one.html", "not UTF-8"),
    ],
)
def test_a_fault_is_reported_with_the_name_of_its_file(root: Path, edit: Edit, file: str, fault: str) -> None:
    edit(root / "site.example")
    with pytest.raises(CorpusError) as caught:
        load(root)
    assert caught.value.file == file
    assert fault in caught.value.fault


def test_a_folder_that_is_no_host_name_is_refused(root: Path) -> None:
    (root / "Not A Host").mkdir()
    with pytest.raises(CorpusError, match="not a lower-case host name"):
        load(root)


def test_article_text_folds_whitespace_but_not_in_code(root: Path) -> None:
    article = """<h1>T</h1><p>a\n   <b>b</b>&nbsp;&lt;c&gt;</p><script>x()</script><h2>Empty</h2>
    <h2>Code</h2><ul><li>one</li><li>two</li></ul>
    <pre><code class="language-python">if a &lt; b:\n    go()\n</code></pre><p>end</p>"""
    page = Page("https://x.example/", "x.example", "/", "T", b"", article, "text/html")
    assert article_text(page) == [
        Section("T", "a b <c>"),
        Section("Code", "one\ntwo\nif a < b:\n    go()\nend"),
    ]


def test_the_corpus_needs_only_the_standard_library() -> None:
    code = (
        "import sys; before = set(sys.modules); from janus_platform.corpus import load_corpus; load_corpus();"
        "new = {m.partition('.')[0] for m in set(sys.modules) - before};"
        "print(sorted(new - set(sys.stdlib_module_names) - {'janus_platform'}))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout.strip() == "[]"
