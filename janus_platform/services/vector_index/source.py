"""The `source` filter of a query: a host, or the beginning of a URL.

docs.python.org                               everything on this host, or on one below it
https://docs.python.org/3/library/asyncio     every source that begins so
networking.example.org/tcp/                   the same, without the scheme
"""

from __future__ import annotations

import re
from collections.abc import Callable

from janus_platform.services.framework.problem import invalid_field

_SHAPE = re.compile(r"(?:(?i:https?)://)?(?P<host>[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?)(?P<rest>[/?#]\S*)?")
Matches = Callable[[str], bool]


def source_filter(text: str) -> Matches:
    """Whether a chunk's source matches `text`. Raises Problem 422 when it is neither a host nor a URL's beginning."""
    found = _SHAPE.fullmatch(text)
    if found is None:
        raise invalid_field(
            "source",
            "`source` is a host such as docs.python.org, or the beginning of a URL such as "
            "https://docs.python.org/3/library/asyncio. Send one of these, or leave it out.",
        )
    host, rest = found["host"].lower(), found["rest"] or ""
    if rest in ("", "/"):
        return lambda source: _host_of(source) == host or _host_of(source).endswith("." + host)
    return lambda source: source.partition("://")[2].startswith(host + rest)


def _host_of(source: str) -> str:
    return re.split("[/?#]", source.partition("://")[2], maxsplit=1)[0]
