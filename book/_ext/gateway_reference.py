"""The directive `gateway`: the gateway's API, from the contract, the request checks and the errors in its code.

```{gateway} endpoints      methods and paths
```{gateway} request        each field of a chat request that is checked, with what it must be
```{gateway} wire           what a stream carries, the extensions to OpenAI's format among it
```{gateway} limits         what a client's HTTP may take, in size and time
```{gateway} silence        when a stream is filled with pings
```{gateway} errors         status and code of every error
```{gateway} metrics        what /metrics counts
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from contract_table import table
from docutils import nodes
from facts import as_prose
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

from janus_platform.contract import CONTRACT_FILE, Contract, load_contract
from janus_platform.gateway import errors as errors_module
from janus_platform.gateway import evidence
from janus_platform.gateway.chat import PING_SECONDS
from janus_platform.gateway.checks import Check
from janus_platform.gateway.errors import ResponseError
from janus_platform.gateway.messages import ROLES
from janus_platform.gateway.metrics import Metrics
from janus_platform.gateway.response_stream import SILENT_SECONDS
from janus_platform.gateway.validation import OPTIONAL
from janus_platform.http.body_budget import CALLER_BYTES, FREE_BYTES, TOTAL_BYTES
from janus_platform.http.protocol import BODY_SECONDS, HEAD_SECONDS, MAX_HEAD_BYTES

# One value of each JSON type, and what a message calls it.
_SAMPLES: tuple[tuple[str, Any], ...] = (("a string", "x"), ("true or false", True), ("a list", []), ("an object", {}))
_UNLIKELY = object()


class GatewayReference(SphinxDirective):
    """```{gateway} PART```."""

    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        """The table; an unknown part is an error at this line."""
        if self.arguments[0] not in PARTS:
            raise self.error(f"the gateway has no part {self.arguments[0]!r}: {', '.join(PARTS)}")
        for path in (*_sources(), CONTRACT_FILE):
            self.env.note_dependency(str(path))
        return self.parse_text_to_nodes(PARTS[self.arguments[0]](load_contract()))


def endpoints(contract: Contract) -> str:
    """Every method and path."""
    return table(("method", "path", "what"), routes(contract))


def routes(contract: Contract) -> list[tuple[str, str, str]]:
    """Method, path as code, and a sentence."""
    ours = contract.gateway
    return [
        (
            "POST",
            f"`{ours.chat_path}`",
            "A chat request, as OpenAI's clients send it; answered in one piece or as events.",
        ),
        ("GET", f"`{ours.models_path}`", "The available implementations, and the name that stands for the leader."),
        ("GET", f"`{ours.models_path}/{{name}}`", "One of them."),
        ("GET", f"`{contract.attestation.evidence_path}?nonce=…`", "Evidence of what an implementation is running."),
        ("GET", f"`{ours.traces_path}/{{request id}}`", "The trace of one answer, without content."),
        ("GET", f"`{ours.health_path}`", "Whether the gateway is up, the contract's version, the leader."),
        ("GET", f"`{ours.metrics_path}`", "Metrics for Prometheus."),
        ("GET", f"`{ours.page_path}`", "Janus Chat, a page for a browser."),
        ("GET", f"`{ours.web_path}/HOST/PATH`", "A page of the bundled web, which an answer may name as its source."),
        ("GET", f"`{ours.web_path}`", "The hosts of the bundled web."),
    ]


def request(_: Contract) -> str:
    """Each checked field; every other field passes through unchanged."""
    first = [
        ("`model`", "Required. The name of an implementation, or the name that stands for the leader."),
        ("`messages`", f"Required. A list of at least one message; roles: {', '.join(ROLES)}."),
    ]
    return table(
        ("field", "must be"), [*first, *((f"`{name}`", rule(name, check)) for name, check in OPTIONAL.items())]
    )


def rule(name: str, check: Check) -> str:
    """What a field must be, in the words of its own error message."""
    accepted = [kind for kind, sample in _SAMPLES if _message(check, name, sample) is None]
    said = [message for _, sample in _SAMPLES if (message := _message(check, name, sample))]
    said = [_message(check, name, _UNLIKELY) or "", *said]
    words = dict.fromkeys(m.removeprefix(f"{name} must ").rstrip(".") for m in said if m.startswith(f"{name} must "))
    texts = [word.removeprefix("be ") for word in words]
    taken = [kind for kind in accepted if kind.rpartition(" ")[2] not in " ".join(texts)]
    return "; or ".join([*dict.fromkeys(texts), *taken]) or "anything"


def _message(check: Check, name: str, value: Any) -> str | None:
    try:
        check(name, value)
    except ResponseError as error:
        return error.message
    return None


_USAGE = {
    "cost_usd": "What the answer cost, in US dollars.",
    "sandbox_seconds": "How long its programs ran in the code sandbox, in seconds.",
}


def wire(contract: Contract) -> str:
    """What an answer's stream carries, the extensions to OpenAI's format among it."""
    rows = [
        (f"`{contract.wire.reasoning_field}`", "in a message or a chunk's delta", "What the implementation thinks."),
        (f"`{contract.wire.content_field}`", "in a message or a chunk's delta", "The answer."),
        (
            f"`{contract.wire.artifacts_field}`",
            "on a chunk or an answer",
            "Files that belong to the answer, such as pictures.",
        ),
        (f"`{contract.wire.routing_field}`", "in a request", "The implementation to ask, whatever `model` says."),
        *((f"`{name}`", "in usage", _USAGE[name]) for name in contract.wire.usage_fields),
        (f"`{contract.wire.end_of_stream}`", "the last event", "The stream is whole."),
    ]
    timeout, body = contract.implementation.request_timeout_seconds, contract.gateway.max_body_bytes
    limits = f"A request may last {as_prose(timeout, 'x_seconds')} and have a body of {as_prose(body, 'x_bytes')}."
    return table(("field", "where", "what"), rows) + f"\n\n{limits}"


def limits(_: Contract) -> str:
    """What every HTTP server of the platform lets a client take."""
    rows = [
        ("a request's head", as_prose(MAX_HEAD_BYTES, "x_bytes"), as_prose(HEAD_SECONDS, "x_seconds")),
        ("its body", "the limit of the path", as_prose(BODY_SECONDS, "x_seconds")),
        ("all bodies of one address, together", as_prose(CALLER_BYTES, "x_bytes"), ""),
        ("all bodies, together", as_prose(TOTAL_BYTES, "x_bytes"), ""),
    ]
    small = as_prose(FREE_BYTES, "x_bytes")
    return table(("what", "size at most", "time at most"), rows) + f"\n\nBodies up to {small} are always accepted."


def silence(_: Contract) -> str:
    """When a comment fills the silence of a stream."""
    ping, early = as_prose(PING_SECONDS, "x_seconds"), as_prose(SILENT_SECONDS, "x_seconds")
    return (
        f"Once an implementation has begun to answer a streamed request, {ping} of silence brings a comment, `: ping`. "
        f"Before that, the gateway waits silently for {early}, so that a failure can still be a status. "
        "Then it sends the headers with status 200, followed by pings, and a failure becomes an event. A ping has no "
        "empty line of its own but is part of the event that follows, because some decoders would take the empty line "
        "for an event without data."
    )


def errors(_: Contract) -> str:
    """Every error that the gateway answers."""
    rows = sorted((status, f"`{code}`", meaning) for status, code, meaning in error_codes())
    return table(("status", "code", "when"), rows)


def error_codes() -> Iterator[tuple[str, str, str]]:
    """Status, code and meaning of each error that some function of the gateway makes."""
    found: dict[tuple[str, str], str] = {}
    for path in _sources():
        tree = ast.parse(path.read_text("utf-8"))
        for function in ast.walk(tree):
            if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef):
                for status, code in _made_in(function):
                    said = re.match(r"\d{3}: (.*?)\.?$", (ast.get_docstring(function) or "").split("\n")[0])
                    meaning = _MEANINGS.get(code) or (said[1] if said else "")
                    found[status, code] = found.get((status, code)) or meaning
    yield from ((status, code, meaning) for (status, code), meaning in found.items())
    yield from _NOT_OURS


# Codes whose function does not say when they come in its first line.
_MEANINGS = {
    "invalid_value": "a field is wrong; `param` names it, and the message says what it must be",
    "invalid_api_key": "the gateway requires a key, and this is not a valid one",
    "method_not_allowed": "the path needs a different method; `Allow` names it",
    "trace_not_found": "there is no trace of this request, or it is no longer kept",
    "missing_required_parameter": "a field is missing; `param` names it",
    "request_too_large": "the body is over the limit, or takes too long or too much memory to check",
    "busy": "other large requests are being checked; `Retry-After` says when to come back",
    "internal_error": "a fault of the gateway itself",
    "rate_limit_exceeded": "evidence was asked for too often",
    "nothing_measured": "no node of the implementation was measured",
    "no_evidence": "the evidence could not be made",
    "not_measurable": "the implementation's files cannot be read",
}


# What another than the gateway's functions decides: an implementation, and the server before the gateway.
_NOT_OURS = (
    (
        "4xx, 5xx",
        "upstream_error",
        "the implementation returned this error; its JSON is passed on in full, including its code",
    ),
    (
        "400, 408, 429, 431, 503",
        "malformed_request",
        "not an HTTP/1.1 request; not exactly one `Host`; headers too slow or too large; too many bodies in transit",
    ),
)


def _made_in(function: ast.FunctionDef | ast.AsyncFunctionDef) -> Iterator[tuple[str, str]]:
    for call in ast.walk(function):
        if not isinstance(call, ast.Call) or not isinstance(call.func, ast.Name):
            continue
        code = next(
            (k.value.value for k in call.keywords if k.arg == "code" and isinstance(k.value, ast.Constant)), None
        )
        if call.func.id == "invalid_field":
            yield "400", str(code or "invalid_value")
        elif call.args and isinstance(call.args[0], ast.Constant) and isinstance(call.args[0].value, int) and code:
            yield str(call.args[0].value), str(code)


def _sources() -> list[Path]:
    gateway = Path(str(errors_module.__file__)).parent
    return [*sorted(gateway.glob("*.py")), Path(str(evidence.__file__))]


def metrics(_: Contract) -> str:
    """Every series of `/metrics`, with its type and help."""
    page = Metrics(list).page().decode()
    kinds = dict(re.findall(r"^# TYPE (\S+) (\S+)$", page, re.M))
    rows = [(f"`{name}`", kinds[name], text) for name, text in re.findall(r"^# HELP (\S+) (.*)$", page, re.M)]
    return table(("name", "type", "what"), rows)


PARTS: Mapping[str, Callable[[Contract], str]] = {
    "endpoints": endpoints,
    "request": request,
    "wire": wire,
    "limits": limits,
    "silence": silence,
    "errors": errors,
    "metrics": metrics,
}


def setup(app: Sphinx) -> dict[str, Any]:
    """Registers the directive."""
    app.add_directive("gateway", GatewayReference)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
