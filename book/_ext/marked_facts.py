"""Facts of the contract in notebooks and the README, where the book's roles do not run: written between two comments.

    It takes <!-- fact services.search.rate_limit -->20 requests/minute<!-- /fact --> of each caller.

No reader sees the comments. `make facts` writes what stands between them, from the contract; the build and a test find
a fact that is not marked, or whose mark is not up to date. Backticks and stars around the value stay.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from facts import MARKED, FactError, as_prose, look_up
from typed_facts import TypedFact, typed_facts

from janus_platform.contract import Contract

_WRAPPED = re.compile(r"(?P<before>[`*_]*)(?P<value>.*?)(?P<after>[`*_]*)", re.S)


def rewritten(text: str, contract: Contract) -> str:
    """The text with every marked fact as the contract has it. Raises FactError for a path that names nothing."""

    def fill(mark: re.Match[str]) -> str:
        wrapped = _WRAPPED.fullmatch(mark["value"])
        assert wrapped  # it matches anything
        value = as_prose(look_up(contract, mark["path"]), mark["path"])
        return f"<!-- fact {mark['path']} -->{wrapped['before']}{value}{wrapped['after']}<!-- /fact -->"

    return MARKED.sub(fill, text)


def trouble_in(text: str, contract: Contract) -> Iterator[TypedFact]:
    """What a text that roles do not run in types by hand, and the marks that name nothing or are out of date.

    `role` says what to write instead.
    """
    for fact in typed_facts(text, contract):
        role, paths = fact.role.split(" or ")[0], re.findall(r"`([^`]+)`", fact.role)
        path = f"services.{paths[0]}.host" if role.startswith("{host}") else paths[0]
        yield TypedFact(fact.line, fact.text, f"<!-- fact {path} -->{fact.text}<!-- /fact -->")
    for mark in MARKED.finditer(text):
        line = text.count("\n", 0, mark.start()) + 1
        try:
            right = rewritten(mark[0], contract)
        except FactError as error:
            yield TypedFact(line, mark[0], str(error))
        else:
            if right != mark[0]:
                yield TypedFact(line, mark[0], f"{right} (make facts does it)")
