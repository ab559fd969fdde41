"""The directives `openapi` and `problem`: the services' reference, written from their OpenAPI documents at build time.

    ```{openapi} search          one service: endpoints, parameters, answers, errors, limits, a request that runs
    ```{problem} rate-limited    one kind of problem: its status, which services answer it, and when

A name that no service has fails the build.
"""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterable, Iterator
from typing import Any

from contract_table import table
from docutils import nodes
from facts import as_prose
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

from janus_platform.contract import CONTRACT_FILE, Contract, Service, load_contract
from janus_platform.services.framework import problem
from janus_platform.services.framework.openapi import HEALTH_PATH, PATH, document, documented_kinds

Json = dict[str, Any]
_NONE = "–"


class OpenapiReference(SphinxDirective):
    """```{openapi} NAME```: the section of one service."""

    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        """The section; an unknown service is an error at this line."""
        services = load_contract().services
        if self.arguments[0] not in services:
            raise self.error(f"no service {self.arguments[0]!r}; the services are {', '.join(services)}")
        self.env.note_dependency(str(CONTRACT_FILE))
        text = section(load_contract(), services[self.arguments[0]])
        return self.parse_text_to_nodes(text, allow_section_headings=True)


class ProblemReference(SphinxDirective):
    """```{problem} SLUG```: what stands below the heading of one kind of problem."""

    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        """Two sentences; a kind that no service answers is an error at this line."""
        text = kind_of_problem(load_contract(), self.arguments[0])
        if not text:
            raise self.error(f"no service answers a problem {self.arguments[0]!r}")
        self.env.note_dependency(str(CONTRACT_FILE))
        return self.parse_text_to_nodes(text)


def section(contract: Contract, service: Service) -> str:
    """One service as Markdown, from its OpenAPI document."""
    described = document(contract, service)
    limit = as_prose(service.rate_limit, "rate_limit") if service.rate_limit else "none stated, none kept"
    shape = {"problem": "problem details (RFC 9457)", "openai": 'OpenAI\'s shape, `{"error": {…}}`'}
    facts = [
        ("host", f"`{service.host}`"),
        ("rate limit of a caller", " ".join([limit, *changed(contract, f"services.{service.name}.rate_limit")])),
        ("errors", shape[service.error_shape]),
        ("describes itself at", f"`GET {PATH}`, `GET {HEALTH_PATH}`"),
    ]
    parts = [f"## {service.title}", service.summary, table(("what", "value"), facts)]
    for path, method, operation in _operations(described):
        parts += _operation(contract, service, path, method, operation)
    return "\n\n".join(parts)


def kind_of_problem(contract: Contract, slug: str) -> str:
    """One kind of problem as Markdown; empty when no service answers it."""
    speaking = [service for service in contract.services.values() if service.error_shape == "problem"]
    found = {s.title: documented_kinds(s)[slug] for s in speaking if slug in documented_kinds(s)}
    anywhere = [kind for kind in problem.OF_ROUTING if kind.slug == slug]
    if not found and not anywhere:
        return ""
    kind = [*found.values(), *anywhere][0]
    who = "every service" if anywhere or len(found) == len(speaking) else ", ".join(found)
    meanings = list(dict.fromkeys(other.summary for other in [*found.values(), *anywhere]))
    return f"Status {kind.status}, from {who}. {' '.join(meanings)}"


def _operations(described: Json) -> Iterator[tuple[str, str, Json]]:
    for path, item in described["paths"].items():
        if path not in (PATH, HEALTH_PATH):
            for method, operation in item.items():
                yield path, method.upper(), operation


def _operation(contract: Contract, service: Service, path: str, method: str, operation: Json) -> Iterator[str]:
    yield f"### `{method} {path}`"
    if operation["summary"] != service.summary:
        yield operation["summary"]
    yield f"```bash\n{curl(service, path, method, operation)}\n```"
    parameters = list(_parameters(operation))
    if parameters:
        yield "**Parameters**" + (" (JSON body)" if "requestBody" in operation else " (query)")
        rows = ((*_parameter(*each), each[0]) for each in parameters)
        yield table(("name", "type", "default", "bounds", "what"), _marked(contract, service, "parameters", rows))
    for kind, media in operation["responses"]["200"]["content"].items():
        if fields := list(_fields(media["schema"])):
            yield f"**Answer** (`{kind}`)"
            rows = ((*each, each[0].strip("`")) for each in fields)
            yield table(("field", "type", "what"), _marked(contract, service, "response_fields", rows))
        else:
            yield f"**Answer** (`{kind}`), where `stream` is true" if "stream" in kind else f"**Answer** (`{kind}`)"
    yield "**Errors**"
    yield table(("status", "kind", "when"), _errors(service, operation))


def curl(service: Service, path: str, method: str, operation: Json) -> str:
    """A command that sends the documented example, in a shell that `janus env` prepared."""
    words = [f"curl {service.origin}{path}"]
    if service.bearer_key:
        words.append('-H "Authorization: Bearer $CHUTES_API_KEY"')
    if method == "POST":
        example = operation["requestBody"]["content"]["application/json"].get("example", {})
        words.append(f"-d {shlex.quote(json.dumps(example, ensure_ascii=False))}")
    asked = {p["name"]: p["example"] for p in operation.get("parameters", []) if "example" in p}
    words += [f"-G --data-urlencode {shlex.quote(f'{name}={value}')}" for name, value in asked.items()]
    return " \\\n  ".join(words)


def _marked(
    contract: Contract, service: Service, group: str, rows: Iterable[tuple[str, ...]]
) -> Iterator[tuple[str, ...]]:
    """The rows without their last cell, the entry's name; what changed in the entry stands at the end of each."""
    for *cells, what, name in rows:
        paths = (f"services.{service.name}.{prefix}{group}.{name}" for prefix in ("", "extra_"))
        yield (*cells, " ".join([what, *(mark for path in paths for mark in changed(contract, path))]))


def changed(contract: Contract, path: str) -> list[str]:
    """The marks of the changes to a field, in italics."""
    return [f"*{change.mark()}*" for change in contract.changes if change.field == path]


def _parameters(operation: Json) -> Iterator[tuple[str, Json, bool]]:
    for entry in operation.get("parameters", []):
        yield entry["name"], entry["schema"], entry["required"]
    if "requestBody" in operation:
        schema = operation["requestBody"]["content"]["application/json"]["schema"]
        for name, each in schema["properties"].items():
            yield name, each, name in schema.get("required", [])


def _parameter(name: str, schema: Json, required: bool) -> tuple[str, ...]:
    default = f"`{json.dumps(schema['default'])}`" if "default" in schema else _NONE
    bounds = [
        f"{words} {schema[key]:,}"
        for key, words in (
            ("minimum", "at least"),
            ("maximum", "at most"),
            ("maxLength", "characters: at most"),
            ("maxItems", "entries: at most"),
        )
        if key in schema
    ]
    bounds += [f"one of {', '.join(f'`{value}`' for value in schema['enum'] if value)}"] if "enum" in schema else []
    what = _what(schema)
    return (
        f"`{name}`",
        _type(schema) + (", required" if required else ""),
        default,
        ", ".join(bounds) or _NONE,
        what or _NONE,
    )


def _fields(schema: Json, prefix: str = "") -> Iterator[tuple[str, ...]]:
    for name, each in schema.get("properties", {}).items():
        missing = "" if name in schema.get("required", []) else ", may be missing"
        yield f"`{prefix}{name}`", _type(each) + missing, _what(each) or _NONE
        yield from _fields(each.get("items", {}), f"{prefix}{name}[].")


def _what(schema: Json) -> str:
    """What an entry is for, and since when, where it extends the specification."""
    since = f"*Extension, new in {schema['x-since']}.*" if "x-since" in schema else ""
    return f"{schema.get('description', '')} {since}".strip()


def _type(schema: Json) -> str:
    kinds = schema.get("type", "any")
    return " or ".join(kind for kind in kinds if kind != "null") if isinstance(kinds, list) else str(kinds)


def _errors(service: Service, operation: Json) -> Iterator[tuple[str, ...]]:
    for status, answer in operation["responses"].items():
        if int(status) < 400:
            continue
        for line in answer["description"].split("\n\n"):
            slug, _, when = line.partition(": ")
            name = slug.strip("`")
            is_problem = service.error_shape == "problem"
            yield status, f"[{slug}](problems.md#{name})" if is_problem else f"`{name.replace('-', '_')}`", when


def setup(app: Sphinx) -> dict[str, Any]:
    """Registers the two directives."""
    app.add_directive("openapi", OpenapiReference)
    app.add_directive("problem", ProblemReference)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
