"""The directive `cli`: every command, argument and option of `janus` or `janus-bench`, from what `--help` is made of.

```{cli} janus
```
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from contract_table import table
from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective
from typer.main import get_command

_NONE = "–"


class CliReference(SphinxDirective):
    """```{cli} PROGRAM```: one section a command."""

    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        """The sections; an unknown program is an error at this line."""
        if self.arguments[0] not in PROGRAMS:
            raise self.error(f"no program {self.arguments[0]!r}; the programs are {', '.join(PROGRAMS)}")
        for module in Path(__file__).parents[2].glob(f"{PROGRAMS[self.arguments[0]]}/cli*.py"):
            self.env.note_dependency(str(module))
        return self.parse_text_to_nodes("\n\n".join(reference(self.arguments[0])), allow_section_headings=True)


PROGRAMS = {"janus": "janus_platform", "janus-bench": "janus_bench"}


def program(name: str) -> Any:
    """The program as Click sees it: `commands`, each with `params` and `help`."""
    if name == "janus":
        from janus_platform.cli.main import app
    else:
        from janus_bench.cli import app
    return get_command(app)


def reference(name: str) -> Iterator[str]:
    """The whole program as Markdown."""
    found = program(name)
    yield f"## `{name}`"
    yield as_markdown(found.help)
    if found.epilog:
        yield as_markdown(found.epilog)
    for word, command in commands_of(found):
        yield f"### `{name} {word}`"
        yield as_markdown(command.help)
        yield f"```text\n{usage(name, word, command)}\n```"
        if rows := list(map(_row, command.params)):
            yield table(("name", "takes", "default", "what"), rows)


def commands_of(group: Any, before: str = "", *, hidden: bool = False) -> Iterator[tuple[str, Any]]:
    """Every command by its words, such as `classroom cards`; those of a group inside the group follow it.

    `hidden`: older names of a command as well.
    """
    for word, command in group.commands.items():
        if hidden or not command.hidden:
            yield f"{before}{word}", command
            if hasattr(command, "commands"):
                yield from commands_of(command, f"{before}{word} ", hidden=hidden)


def usage(name: str, word: str, command: Any) -> str:
    """The one-line usage, such as `janus logs [OPTIONS] [NAME]`."""
    options = "[OPTIONS]" if any(map(is_option, command.params)) else ""
    arguments = [_argument(each) for each in command.params if not is_option(each)]
    return " ".join(part for part in (name, word, options, *arguments) if part)


def as_markdown(text: str) -> str:
    """Help text with its options and variables as code: two hyphens would become a dash."""
    parts = text.split("`")
    parts[::2] = [re.sub(r"(?<![\w-])(--[a-z][\w-]*|\$[A-Z][A-Z0-9_]+)", r"`\1`", part) for part in parts[::2]]
    return "`".join(parts)


def is_option(parameter: Any) -> bool:
    """Whether it begins with a hyphen; else it is an argument."""
    return str(parameter.opts[0]).startswith("-")


def _argument(parameter: Any) -> str:
    name = str(parameter.name).upper()
    return name if parameter.required else f"[{name}]"


def _row(parameter: Any) -> tuple[str, ...]:
    option = is_option(parameter)
    written = ", ".join(f"`{each}`" for each in [*parameter.opts, *parameter.secondary_opts])
    name = written if option else f"`{_argument(parameter)}`"
    takes = "nothing" if option and parameter.is_flag else _kind(parameter)
    default = parameter.default
    shown = _NONE if default in (None, False, (), "") or callable(default) else f"`{default}`"
    return name, takes + (", required" if parameter.required else ""), shown, as_markdown(parameter.help or _NONE)


def _kind(parameter: Any) -> str:
    annotation = getattr(parameter.type_descriptor, "annotation", str)
    kind = {"int": "a number", "float": "a number", "Path": "a path"}.get(getattr(annotation, "__name__", ""), "text")
    bounds = [f"from {parameter.min}"] if getattr(parameter, "min", None) is not None else []
    bounds += [f"to {parameter.max}"] if getattr(parameter, "max", None) is not None else []
    repeated = ", repeatable" if parameter.multiple else ""
    return " ".join([kind, *bounds]) + repeated


def setup(app: Sphinx) -> dict[str, Any]:
    """Registers the directive."""
    app.add_directive("cli", CliReference)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
