"""The `contract` directive: the whole of contract.toml as tables, written at build time."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import msgspec
from docutils import nodes
from facts import as_prose
from sphinx.util.docutils import SphinxDirective

from janus_platform.conformance.fields import leaves
from janus_platform.contract import Contract, DocumentedElsewhere, InferenceService, Parameter, Service, load_contract


class ContractTables(SphinxDirective):
    """```{contract} NAME```: one part of the contract. NAME is services, limits, rooms, bench or elsewhere."""

    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        """The rows as MyST tables; an unknown part is an error at this line."""
        part = self.arguments[0]
        if part not in PARTS:
            raise self.error(f"contract has no part {part!r}: {', '.join(PARTS)}")
        return self.parse_text_to_nodes(PARTS[part](load_contract()), allow_section_headings=True)


def services(contract: Contract) -> str:
    """One section a service: endpoint, request, response, limits."""
    return "\n\n".join(_service(service) for service in contract.services.values())


def limits(contract: Contract) -> str:
    """What the gateway and an implementation are held to."""
    rows = [
        (f"{room}: {name.removesuffix('_bytes').removesuffix('_seconds').replace('_', ' ')}", as_prose(value, name))
        for room, entry in (("gateway", contract.gateway), ("implementation", contract.implementation))
        for name, value in msgspec.structs.asdict(entry).items()
    ]
    return table(("what", "value"), rows)


def bench(contract: Contract) -> str:
    """The weights of the composite, and the suites."""
    weights = [(name, as_prose(weight, f"weights.{name}")) for name, weight in contract.bench.weights.items()]
    suites = [
        (
            f"`{s.name}`",
            s.kind,
            as_prose(s.duration_seconds, "duration_seconds") if s.duration_seconds else "not stated",
        )
        for s in contract.bench.suites
    ]
    return table(("score", "weight"), weights) + "\n\n" + table(("suite", "kind", "duration"), suites)


def rooms(contract: Contract) -> str:
    """Everything that no other part shows, by path: the wire, egress, request flow, keys, evidence, monitoring."""
    shown = ("services.", "gateway.", "implementation.", "bench.", "security.documented_elsewhere")
    rows = [
        (f"`{path}`", as_prose(value, path))
        for path, value in leaves(contract).items()
        if not path.startswith(shown) and not path.endswith(".since")
    ]
    return table(("entry", "value"), rows)


def elsewhere(contract: Contract) -> str:
    """What other public sources say today, where it differs."""
    found: Mapping[str, tuple[DocumentedElsewhere, ...]] = {
        **{f"services.{name}": service.documented_elsewhere for name, service in contract.services.items()},
        "security": contract.security.documented_elsewhere,
    }
    rows = [
        (
            f"`{room}.{entry.field}`",
            entry.note,
            f"[{entry.source.removeprefix('https://')}]({entry.source})",
            str(entry.dated),
        )
        for room, entries in found.items()
        for entry in entries
    ]
    return table(("entry", "what differs", "source", "read on"), rows)


PARTS = {"services": services, "limits": limits, "rooms": rooms, "bench": bench, "elsewhere": elsewhere}


def table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    """A Markdown table; a bar in a cell is escaped."""
    lines = [head, ("---",) * len(head), *rows]
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines)


def _service(service: Service) -> str:
    facts = [
        ("endpoint", f"`{service.method} {service.url}`"),
        ("rate limit", as_prose(service.rate_limit, "rate_limit") if service.rate_limit else "none stated"),
        *((label, as_prose(value, name)) for label, name, value in _bounds(service)),
        ("features", "; ".join(service.features)),
        ("since", f"contract {service.since}"),
    ]
    parts = [
        f"## {service.title}",
        service.summary,
        table(("what", "value"), facts),
        table(("parameter", "type", "required", "default", "bounds"), (_parameter(p) for p in service.parameters)),
        table(
            ("response field", "type", "fields of an item"),
            (
                (f"`{f.name}`", f.type, ", ".join(f"`{item.name}`" for item in f.items) or "–")
                for f in service.response_fields
            ),
        ),
    ]
    if isinstance(service, InferenceService):
        rows = ((name, ", ".join(models)) for name, models in service.model_families.items())
        parts.append(table(("model family", "models"), rows))
    return "\n\n".join(parts)


def _bounds(service: Service) -> list[tuple[str, str, object]]:
    named = {
        "max_page_bytes": "max page size",
        "languages": "languages",
        "max_timeout_seconds": "max timeout",
        "max_memory_bytes": "max memory",
        "network_access": "network access",
    }
    return [(label, name, getattr(service, name)) for name, label in named.items() if hasattr(service, name)]


def _parameter(parameter: Parameter) -> tuple[str, ...]:
    bounds = [f"at least {parameter.minimum}"] if parameter.minimum is not None else []
    bounds += [f"at most {parameter.maximum}"] if parameter.maximum is not None else []
    bounds += [f"one of {', '.join(parameter.enum)}"] if parameter.enum else []
    default = "–" if parameter.default is None else f"`{parameter.default}`"
    return f"`{parameter.name}`", parameter.type, as_prose(parameter.required, ""), default, ", ".join(bounds) or "–"
