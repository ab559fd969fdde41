"""`make links`: dead addresses are named with their page, and only public ones are asked."""

from __future__ import annotations

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from janus_platform.contract import load_contract
from tests.book.test_build import COMMAND, make_small_book, write_notebook, write_page
from tools import book
from tools.terminal import StepError


class _Site(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        """Answer with the status that the path ends in."""
        self.send_response(int(self.path.rpartition("/")[2]))
        self.end_headers()

    do_HEAD = do_GET

    def log_message(self, format: str, *args: object) -> None:
        """Nothing."""


def test_dead_links_are_named_with_their_page_and_own_and_reserved_hosts_are_not_asked(tmp_path: Path) -> None:
    root = make_small_book(tmp_path)
    config = root / "_config.yml"
    config.write_text(config.read_text("utf-8").replace(r"127\.|", ""), encoding="utf-8")
    write_notebook(root, "raise SystemExit('a link check runs no notebook')")
    with ThreadingHTTPServer(("127.0.0.1", 0), _Site) as httpd:
        threading.Thread(target=httpd.serve_forever, daemon=True).start()
        site = f"http://127.0.0.1:{httpd.server_address[1]}"
        links = [f"{site}/200", f"{site}/403", f"{site}/410", "https://docs.example.com/x", "http://localhost:1/"]
        links += ["https://api.chutes.ai/v1/models"]
        links += [] if load_contract().is_published else [load_contract().repository]
        write_page(root, "# A page\n\n" + "\n".join(f"[{link[-9:]}]({link})" for link in links) + f"\n`{site}/500`\n")
        with pytest.raises(StepError, match="1 links lead nowhere") as caught:
            book.check_links(root, COMMAND)
        httpd.shutdown()
    assert f"{site}/410  in book/index.md" in caught.value.output
    assert len(caught.value.output.splitlines()) == 1
