"""What a cell printed stands on its page as it was printed, however the kernel sent it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import nbformat
from myst_nb.core.utils import coalesce_streams
from whole_streams import joined, joining_first

from tests.book.test_build import build, make_small_book, write_notebook


def stream(name: str, text: str) -> Any:
    return nbformat.from_dict({"output_type": "stream", "name": name, "text": text})


def test_a_line_that_came_in_two_pieces_is_one_line() -> None:
    (found,) = joined([stream("stdout", "401 "), stream("stdout", "no key\n  then this\n")])
    assert found["text"] == "401 no key\n  then this\n"


def test_streams_and_other_outputs_keep_their_places() -> None:
    shown = nbformat.from_dict({"output_type": "display_data", "data": {"text/plain": "x"}, "metadata": {}})
    found = joined([stream("stdout", "a"), shown, stream("stderr", "b"), stream("stdout", "c")])
    assert [output.get("text", "shown") for output in found] == ["ac", "shown", "b"]


def test_myst_nb_alone_would_break_the_line() -> None:
    """Once this fails, book/_ext/whole_streams.py can go."""
    assert coalesce_streams([stream("stdout", "401 "), stream("stdout", "no key\n")])[0]["text"] == "401\nno key\n"
    whole = joining_first(coalesce_streams)([stream("stdout", "401 "), stream("stdout", "no key\n")])
    assert whole[0]["text"] == "401 no key\n"


def test_a_page_shows_a_line_whole_that_the_kernel_flushed_in_the_middle(tmp_path: Path) -> None:
    root = make_small_book(tmp_path)
    write_notebook(root, "print('401', end=' ', flush=True)\nprint('no key')")
    build(root)
    assert "401 no key" in (root / "_build" / "html" / "notebooks" / "one.html").read_text("utf-8")
