"""The bundled local web: the sites that the web proxy, the search API and the vector index serve.

`load_corpus()` reads everything below `sites/` once; `Corpus.lookup(url)` answers what a web server would answer;
`article_text(page)` gives a page's plain text by heading. Standard library only; it imports nothing of the platform.
"""

from __future__ import annotations

from janus_platform.corpus.library import Corpus, load_corpus
from janus_platform.corpus.pages import CorpusError, Document, Page, Redirect
from janus_platform.corpus.sections import Section, article_text

__all__ = ["Corpus", "CorpusError", "Document", "Page", "Redirect", "Section", "article_text", "load_corpus"]
