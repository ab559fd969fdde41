"""Commands of `janus` and `janus-bench` in prose and in shell blocks: each must exist, with its options.

A block that no test can run (it needs a room, a key, minutes) is still read here: a renamed option turns it red.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache

from cli_reference import PROGRAMS, commands_of, program

Known = dict[str, dict[str, set[str]]]
_INLINE = re.compile(r"`(janus(?:-bench)?) ([^`]*)`")
_SHELL = re.compile(
    r"^(?P<indent>[ \t]*)(?P<mark>`{3,})(?:bash|sh|shell|console)\b[^\n]*\n(?P<body>.*?)^\s*(?P=mark)", re.M | re.S
)
_LINE = re.compile(
    r"(?:^|[|;&(]|\bthen\b|\$\()\s*(?:\$ )?(?:sudo )?(?:\S*/)?(?P<name>janus(?:-bench)?)(?: (?P<rest>[^|;&)#\n]*))?"
)
_OPTION = re.compile(r"(?<![\w-])--?[a-z][a-z-]*")


@cache
def known_commands() -> Known:
    """For each program, its commands with their options."""
    return {
        name: {
            word: {"--help", *(o for p in command.params for o in (*p.opts, *p.secondary_opts))}
            for word, command in commands_of(program(name), hidden=True)
        }
        for name in PROGRAMS
    }


def wrong_commands(text: str, known: Known | None = None) -> list[str]:
    """The commands in a Markdown text that do not exist or have no such option."""
    known = known or known_commands()
    return [f"{name} {rest}".strip() for name, rest in _commands(text) if not _exists(rest.split(), known[name])]


def _commands(text: str) -> Iterator[tuple[str, str]]:
    for match in _INLINE.finditer(text):
        yield match[1], match[2]
    for block in _SHELL.finditer(text):
        joined = re.sub(r"\s*\\\n\s*", " ", block["body"])
        for line in joined.splitlines():
            for match in _LINE.finditer(re.sub(r"(^|\s)#.*", "", line)):
                yield match["name"], match["rest"] or ""


def _exists(words: list[str], commands: dict[str, set[str]]) -> bool:
    if not words or words[0].startswith(("-", "…", "COMMAND", "$")):
        return True
    name = " ".join(words[:2]) if " ".join(words[:2]) in commands else words[0]
    return name in commands and set(_OPTION.findall(" ".join(words[1:]))) <= commands[name]
