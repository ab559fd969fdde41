"""The directive `configuration`: the environment variables and the limits, each from its one table in the code.

```{configuration} variables
```{configuration} limits
"""

from __future__ import annotations

from typing import Any

from contract_table import table
from docutils import nodes
from facts import as_prose
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

from janus_platform.conformance.fields import leaves
from janus_platform.contract import CONTRACT_FILE, Contract, load_contract
from janus_platform.contract import environment as configuration

# Rows of other tables.
_ELSEWHERE = ("parameters.", ".models.", "rate_limit.")
_UNITS = ("_bytes", "_seconds", "_tokens", "_pixels")
_COUNTS = ("max_", "processes", "entries", "running", "waiting", "cores", "retries", "kept_", "min_samples")
_PARTS = {
    "platform": "The platform",
    "traces": "Traces to a collector",
    "bench": "The bench",
    "implementation": "Set for an implementation",
    "sandbox": "Set for a program in the code sandbox",
    "make": "Building the book",
}


class ConfigurationReference(SphinxDirective):
    """```{configuration} variables``` or ```{configuration} limits```."""

    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        """The tables; an unknown part is an error at this line."""
        parts = {"variables": variables, "limits": limits}
        if self.arguments[0] not in parts:
            raise self.error(f"configuration has no part {self.arguments[0]!r}: {', '.join(parts)}")
        for path in (str(configuration.__file__), str(CONTRACT_FILE)):
            self.env.note_dependency(path)
        return self.parse_text_to_nodes(parts[self.arguments[0]](load_contract()), allow_section_headings=True)


def variables(contract: Contract) -> str:
    """One table for each part that reads variables."""
    found = configuration.variables(contract)
    texts = []
    for part, title in _PARTS.items():
        rows = [
            (f"`{v.name}`", v.default, v.meaning + (" *A key: never printed or logged.*" if v.secret else ""))
            for v in found
            if v.part == part
        ]
        texts.append(f"### {title}\n\n" + table(("variable", "without it", "what it does"), rows))
    return "\n\n".join(texts)


def limits(contract: Contract) -> str:
    """Every size, time and count that the contract limits, by its path in contract.toml."""
    rows = [(f"`{path}`", _shown(path, value)) for path, value in limited(contract).items()]
    rates = [
        (f"`services.{s.name}.rate_limit`", as_prose(s.rate_limit, "rate_limit"))
        for s in contract.services.values()
        if s.rate_limit
    ]
    rates.append(("`attestation.rate_limit`", as_prose(contract.attestation.rate_limit, "rate_limit")))
    return table(("limit", "value"), [*rates, *rows])


def _shown(path: str, value: float) -> str:
    return as_prose(value, path) if path.endswith(("_bytes", "_seconds")) else f"{value:,}"


def limited(contract: Contract) -> dict[str, Any]:
    """The leaves of the contract that bound something, without those of parameters and models."""
    return {path: value for path, value in leaves(contract).items() if _bounds(path, value)}


def _bounds(path: str, value: Any) -> bool:
    name = path.rpartition(".")[2]
    if isinstance(value, bool) or not isinstance(value, int | float) or any(part in path for part in _ELSEWHERE):
        return False
    return name.endswith(_UNITS) or name.startswith(_COUNTS) or name in _COUNTS


def setup(app: Sphinx) -> dict[str, Any]:
    """Registers the directive."""
    app.add_directive("configuration", ConfigurationReference)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
