"""The bundled web as a reader of it sees it: pages, links, robots, documents, text."""

from __future__ import annotations

import json
import re
from collections import Counter
from html.parser import HTMLParser
from urllib.parse import urljoin, urlsplit

import pytest
import robots as robotspy

from janus_platform.contract import load_contract
from janus_platform.corpus import Corpus, Document, Page, Redirect, article_text, load_corpus

MINIMUM_PAGES = 48
MINIMUM_WORDS = 300
TOPICS = {  # what a page on the topic mentions at least three times -> how many such pages there must be
    r"entangle": 5,
    r"handshake": 4,
    r"\bjanus\b": 5,
    r"\bchutes\b": 3,
    r"\bbittensor\b": 3,
    r"\bhttp\b": 4,
    r"server-sent|\bsse\b|\bdata: ": 2,
    r"attestation": 4,
    r"\bbm25\b|\bembedding|\bretriev": 5,
    r"\bpython\b": 6,
}


@pytest.fixture(scope="module")
def corpus() -> Corpus:
    return load_corpus()


class _Links(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found += [value for name, value in attrs if name in ("href", "src") and value]


def decoded(page: Page) -> str:
    """The page as text, by the charset in its head, as a browser would find it."""
    charset = re.search(rb"charset=[\"']?([a-z0-9-]+)", page.html)
    assert charset, page.url
    return page.html.decode(charset.group(1).decode())


def words(page: Page) -> int:
    return sum(len(section.text.split()) for section in article_text(page))


def test_the_corpus_has_enough_pages_of_enough_words(corpus: Corpus) -> None:
    assert len(corpus.pages) >= MINIMUM_PAGES
    assert [(page.url, words(page)) for page in corpus.pages if words(page) < MINIMUM_WORDS] == []


def test_the_pages_that_the_specification_fetches_exist(corpus: Corpus) -> None:
    for url in ("https://example.com/article", "https://physics.org/quantum"):
        assert isinstance(corpus.lookup(url), Page)


@pytest.mark.parametrize(("topic", "least"), list(TOPICS.items()))
def test_every_topic_has_its_pages(corpus: Corpus, topic: str, least: int) -> None:
    pages = [page.url for page in corpus.pages if len(re.findall(topic, page.article.lower())) >= 3]
    assert len(pages) >= least


def test_the_example_search_has_three_good_pages_on_several_hosts(corpus: Corpus) -> None:
    about = [page for page in corpus.pages if page.article.lower().count("entangle") >= 5]
    assert len(about) >= 3
    assert len({page.host for page in about}) >= 2


def test_pages_are_sorted_by_url_and_their_titles_are_unique(corpus: Corpus) -> None:
    urls = [page.url for page in corpus.pages]
    assert urls == sorted(urls)
    assert Counter(page.title for page in corpus.pages).most_common(1)[0][1] == 1


def test_no_host_of_the_corpus_is_a_host_of_the_platform(corpus: Corpus) -> None:
    assert not set(corpus.hosts) & set(load_contract().egress.allowed_hosts)


def test_every_link_into_the_corpus_leads_somewhere(corpus: Corpus) -> None:
    dead = []
    for page in corpus.pages:
        parser = _Links()
        parser.feed(decoded(page))
        assert len(parser.found) > 5, page.url
        for link in parser.found:
            target = urljoin(page.url, link)
            if urlsplit(target).hostname in corpus.hosts and corpus.lookup(target) is None:
                dead.append((page.url, link))
    assert dead == []


def test_every_redirect_ends_at_a_page_or_document(corpus: Corpus) -> None:
    start = corpus.lookup("https://example.com/magazine/entanglement")
    hops = 0
    while isinstance(start, Redirect):
        start, hops = corpus.lookup(start.location), hops + 1
    assert hops == 2
    assert isinstance(start, Page)
    elsewhere = corpus.lookup("https://example.com/physics")
    assert isinstance(elsewhere, Redirect)
    assert (elsewhere.location, elsewhere.status) == ("https://physics.org/quantum", 302)


def test_every_page_carries_the_clutter_of_a_real_page(corpus: Corpus) -> None:
    for page in corpus.pages:
        html = decoded(page)
        assert html.lower().startswith("<!doctype html>"), page.url
        for part in ("<nav", "<footer", "<style", "<aside", "<button"):
            assert part in html, (page.url, part)
        assert page.article.strip().splitlines()[0] in html


def test_layouts_differ_from_site_to_site(corpus: Corpus) -> None:
    shells = {page.host: decoded(page).replace(page.article.strip(), "") for page in corpus.pages}
    assert len(set(shells.values())) == len(corpus.hosts) >= 10


def test_the_page_in_an_old_charset_decodes_by_its_declaration(corpus: Corpus) -> None:
    page = corpus.lookup("https://encyclopedia.example/wiki/french-revolution")
    assert isinstance(page, Page)
    assert page.content_type == "text/html"
    assert "Révolution française" in decoded(page)
    with pytest.raises(UnicodeDecodeError):
        page.html.decode("utf-8")


@pytest.mark.parametrize(
    ("url", "content_type", "start"),
    [
        ("https://example.com/recipes/loaf.txt", "text/plain; charset=utf-8", b"A PLAIN LOAF"),
        ("https://example.com/papers/growth.pdf", "application/pdf", b"%PDF-1.4"),
        ("https://example.com/images/dot.png", "image/png", b"\x89PNG\r\n\x1a\n"),
        ("https://physics.org/data/correlation.json", "application/json", b"{"),
        ("https://physics.org/images/spin-pair.svg", "image/svg+xml", b"<svg"),
        ("https://physics.org/robots.txt", "text/plain; charset=utf-8", b"# Everyone"),
    ],
)
def test_documents_have_their_bytes_and_type(corpus: Corpus, url: str, content_type: str, start: bytes) -> None:
    document = corpus.lookup(url)
    assert isinstance(document, Document)
    assert document.content_type == content_type
    assert document.body.startswith(start)


def test_the_pdf_points_at_its_own_cross_reference_table(corpus: Corpus) -> None:
    document = corpus.lookup("https://example.com/papers/growth.pdf")
    assert isinstance(document, Document)
    match = re.search(rb"startxref\n(\d+)\n%%EOF", document.body)
    assert match and document.body[int(match.group(1)) :].startswith(b"xref")


def test_the_data_file_agrees_with_the_formula_on_its_page(corpus: Corpus) -> None:
    document = corpus.lookup("https://physics.org/data/correlation.json")
    assert isinstance(document, Document)
    rows = {row["theta"]: row["quantum"] for row in json.loads(document.body)["rows"]}
    assert (rows[0], rows[60], rows[90], rows[180]) == (-1, -0.5, 0, 1)


@pytest.mark.parametrize(
    "url",
    [
        "https://PHYSICS.org/quantum",
        "http://physics.org/quantum",
        "https://physics.org:443/quantum",
        "http://physics.org:80/quantum",
        "https://physics.org/quantum/",
        "https://physics.org/quantum?utm=1",
        "https://physics.org/quantum#summary",
        "https://physics.org./quantum",
        "https://physics.org/%71uantum",
    ],
)
def test_a_page_is_found_however_its_address_is_written(corpus: Corpus, url: str) -> None:
    found = corpus.lookup(url)
    assert isinstance(found, Page)
    assert found.url == "https://physics.org/quantum"


@pytest.mark.parametrize(
    "url",
    [
        "https://physics.org:8443/quantum",
        "https://physics.org/Quantum",
        "ftp://physics.org/quantum",
        "quantum",
        "",
        "https://user@physics.org/quantum",
        "https://physics.org/../example.com/article",
        "https://physics.org:x/",
        "https://physics.org/site.toml",
        "https://physics.org/_layout.html",
        "https://physics.org/quantum.html",
        "https://physics.org/%2e%2e/%2e%2e/contract.toml",
        "https://[bad/quantum",
        "https://unknown.example/",
    ],
)
def test_nothing_is_found_where_nothing_stands(corpus: Corpus, url: str) -> None:
    assert corpus.lookup(url) is None


@pytest.mark.parametrize(
    ("agent", "url", "allowed"),
    [
        ("JanusBot", "https://physics.org/quantum", True),
        ("JanusBot", "https://example.com/article", True),
        ("JanusBot", "https://example.com/private/drafts", False),
        ("AnyBot", "https://example.com/private/drafts", False),
        ("JanusBot", "https://networking.example.org/notes/ports.txt", True),
        ("JanusBot", "https://networking.example.org/notes/other.txt", False),
        ("GreedyBot", "https://networking.example.org/tcp/handshake", False),
        ("JanusBot", "https://bittensor.example/yuma-consensus", False),
        ("AnyBot", "https://bittensor.example/yuma-consensus", True),
        ("JanusBot", "https://http.example/samples/problem.json", True),
        ("JanusBot", "https://http.example/samples/problem.json.bak", False),
    ],
)
def test_robots_files_allow_and_forbid(corpus: Corpus, agent: str, url: str, allowed: bool) -> None:
    rules = corpus.robots(urlsplit(url).hostname or "")
    assert rules is not None
    parser = robotspy.RobotsParser.from_string(rules)
    assert parser.can_fetch(agent, url) is allowed


def test_robots_of_an_unknown_host_are_none(corpus: Corpus) -> None:
    assert corpus.robots("unknown.example") is None
    assert corpus.robots("Physics.org") == corpus.robots("physics.org")


def test_article_text_keeps_prose_tables_and_code_and_drops_the_clutter(corpus: Corpus) -> None:
    page = corpus.lookup("https://networking.example.org/tcp/handshake")
    assert isinstance(page, Page)
    sections = article_text(page)
    assert sections[0].heading == page.title
    everything = "\n".join(section.text for section in sections)
    assert "1 | client | SYN | 1000 | none | client: SYN-SENT" in everything
    assert "$ tcpdump -n 'tcp[tcpflags] & tcp-syn != 0'\n12:00:00.000 IP" in everything
    assert "Cookies?" not in everything and "Packet of the month" not in everything
    assert not re.search(r"</?(p|td|tr|code|h\d)\b", everything)


def test_facts_of_the_services_page_agree_with_the_contract(corpus: Corpus) -> None:
    contract = load_contract()
    page = corpus.lookup("https://docs.janus.example/services")
    assert isinstance(page, Page)
    table = article_text(page)[0].text
    for name, unit in (("web_proxy", "requests"), ("search", "searches"), ("vector_index", "queries")):
        service = contract.services[name]
        assert service.rate_limit is not None
        assert f"{service.host} | {service.method} {service.path}" in table
        assert f"{service.rate_limit.requests} {unit}/minute" in table
    assert all(host in table for host in contract.egress.allowed_hosts)


def test_weights_of_the_benchmark_page_agree_with_the_contract(corpus: Corpus) -> None:
    page = corpus.lookup("https://docs.janus.example/benchmark")
    assert isinstance(page, Page)
    text = "\n".join(section.text for section in article_text(page))
    for category, weight in load_contract().bench.weights.items():
        assert f"{category.capitalize()} | {weight:.0%}".replace("%", " %") in text
