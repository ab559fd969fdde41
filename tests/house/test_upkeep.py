"""Upkeep: links are asked, releases carry their tag's version, Binder gets few packages at the book's versions."""

from __future__ import annotations

import os
import subprocess
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from tools import links
from tools.environment import PINS, ROOT
from tools.pins import BINDER_PINS
from tools.release import check_tag
from tools.terminal import StepFailed, Terminal


class _Site(BaseHTTPRequestHandler):
    asked: list[str] = []  # noqa: RUF012

    def do_GET(self) -> None:
        """Answers with the status that the path ends in."""
        self.asked.append(self.path)
        self.send_response(int(self.path.rpartition("/")[2]))
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        """Nothing."""


@pytest.fixture
def site() -> Iterator[str]:
    _Site.asked.clear()
    with ThreadingHTTPServer(("127.0.0.1", 0), _Site) as httpd:
        thread = threading.Thread(target=httpd.serve_forever, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{httpd.server_address[1]}"
        httpd.shutdown()
        thread.join()


def test_a_link_answers_is_refused_to_programs_or_is_gone(site: str) -> None:
    assert links.answer(f"{site}/200") == ""
    assert links.answer(f"{site}/403") == ""
    assert links.answer(f"{site}/404") == "404"
    assert _Site.asked.count("/404") == links.TRIES
    assert links.answer("http://127.0.0.1:1/") == "ConnectionRefusedError"


def test_dead_links_are_named_with_their_page(site: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    page = tmp_path / "book" / "page.md"
    page.parent.mkdir()
    page.write_text(f"[here]({site}/200), [gone]({site}/410). `{site}/500`\n", encoding="utf-8")
    (tmp_path / "janus_platform" / "contract").mkdir(parents=True)
    (tmp_path / "janus_platform" / "contract" / "contract.toml").write_bytes(
        (ROOT / "janus_platform" / "contract" / "contract.toml").read_bytes()
    )
    monkeypatch.setattr(links, "is_public", lambda address, own: True)
    with pytest.raises(StepFailed, match="1 links lead nowhere") as caught:
        links.check(Terminal(), tmp_path)
    assert caught.value.output == f" 410  {site}/410  in book/page.md"


@pytest.mark.parametrize(
    ("address", "public"),
    [
        ("https://www.rfc-editor.org/rfc/rfc9457", True),
        ("https://search.janus.rodeo/search", False),
        ("http://localhost:8000", False),
        ("https://docs.example.com/x", False),
        ("https://github.com/OWNER/another", False),
    ],
)
def test_only_public_addresses_are_asked(address: str, public: bool) -> None:
    assert links.is_public(address, links.own_hosts(ROOT)) is public


def test_addresses_in_code_are_not_links() -> None:
    found = links.addresses(ROOT)
    assert any(address.startswith("https://keepachangelog.com/") for address in found)
    assert not any("platform.url" in address for address in found)


def test_a_release_needs_the_tag_of_its_version() -> None:
    check_tag(None)
    with pytest.raises(StepFailed, match=r"the tag v9\.9\.9 is not v"):
        check_tag("v9.9.9")


def test_binder_gets_the_platform_alone_at_the_versions_of_the_book() -> None:
    pinned = _pins(PINS)
    few = _pins(BINDER_PINS)
    assert few <= pinned
    assert len(few) < len(pinned) / 2
    assert not any(line.startswith(("sphinx", "jupyterlab==")) for line in few)
    assert BINDER_PINS.read_text("utf-8").endswith("\n.[platform]\n"), "Binder installs from the repository's root"


def test_binder_post_build_is_a_program_that_bash_can_read() -> None:
    script = ROOT / "binder" / "postBuild"
    assert os.access(script, os.X_OK)
    subprocess.run(["bash", "-n", script], check=True)
    assert script.read_text("utf-8").startswith("#!/bin/bash\n")


def _pins(file: Path) -> set[str]:
    """The pins without their markers, which differ: what is needed always is then needed on some systems only."""
    return {line.partition(" ;")[0] for line in file.read_text("utf-8").splitlines() if "==" in line}
