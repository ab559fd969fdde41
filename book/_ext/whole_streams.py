"""Joins what a cell printed exactly as it was printed, where a kernel sent it in pieces.

MyST-NB (1.4, `nb_merge_streams`) ends every piece with a line break. A kernel sends what is there every 0.2 s, so a
line that was on its way then came out as two, on another page with each build.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from myst_nb.core import render
from sphinx.application import Sphinx

Outputs = list[Any]


def joined(outputs: Outputs) -> Outputs:
    """The outputs with all pieces of one stream in the place of its first, character by character."""
    kept: Outputs = []
    streams: dict[str, Any] = {}
    for output in outputs:
        if output["output_type"] != "stream":
            kept.append(output)
        elif output["name"] in streams:
            streams[output["name"]]["text"] += output["text"]
        else:
            streams[output["name"]] = output
            kept.append(output)
    return kept


def joining_first(merge: Callable[[Outputs], Outputs]) -> Callable[[Outputs], Outputs]:
    """MyST-NB's `merge`, given whole streams."""
    return lambda outputs: merge(joined(outputs))


def setup(app: Sphinx) -> dict[str, Any]:
    """Puts `joined` before MyST-NB's own merging."""
    merge = render.coalesce_streams
    if merge.__module__ != __name__:  # a process may build more than one book
        render.coalesce_streams = joining_first(merge)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
