"""The gateway, what it says on the wire, and what it promises of an implementation."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import httpx

from janus_platform.conformance.http_client import Answer, HttpClient, dig
from janus_platform.conformance.report import SKIPPED, Row, compare, unseen
from janus_platform.contract import Contract

HOW = "probe"
QUESTION = "What causes tides?"
NOBODY = "nobody-of-this-name"


class GatewayClient:
    """Asks the gateway at `url`; `key` where it asks for one."""

    def __init__(self, client: HttpClient, url: str, key: str | None) -> None:
        self._client, self.url = client, url.rstrip("/")
        self._headers = {"Authorization": f"Bearer {key}"} if key else {}

    def ask(self, method: str, path: str, body: Any = None) -> Answer:
        """The answer; `body` goes as JSON, bytes as they are. Raises UnreachableError."""
        content = body if isinstance(body, bytes | None) else json.dumps(body).encode()
        headers = {**self._headers, **({} if body is None else {"Content-Type": "application/json"})}
        request = httpx.Request(method, self.url + path, headers=headers, content=content)
        request.extensions["timeout"] = httpx.Timeout(60.0).as_dict()
        return self._client.send(request)


def gateway(client: GatewayClient, contract: Contract) -> Iterator[Row]:
    """Paths, default model, body limit; then a chat for everything on the wire."""
    ours = contract.gateway
    address = httpx.URL(client.url)
    yield compare("gateway.host", "status", ours.host, address.host)
    if address.port == ours.port:
        yield compare("gateway.port", "status", ours.port, address.port)
    else:
        yield unseen("gateway.port", "status", SKIPPED, f"This platform was started on port {address.port}.", ours.port)
    for name in ("health_path", "models_path", "metrics_path", "page_path", "web_path"):
        status = client.ask("GET", getattr(ours, name)).status
        yield compare(f"gateway.{name}", HOW, f"{getattr(ours, name)}: 200", f"{getattr(ours, name)}: {status}")
    names = [dig(each, "id") for each in client.ask("GET", ours.models_path).at("data") or []]
    yield compare("gateway.default_model", ours.models_path, ours.default_model, _if(ours.default_model, names))
    over = client.ask("POST", ours.chat_path, b" " * (ours.max_body_bytes + 1)).status
    at = client.ask("POST", ours.chat_path, b" " * ours.max_body_bytes).status
    found = f"413 beyond {ours.max_body_bytes}" if over == 413 and at != 413 else f"{over} beyond, {at} at it"
    yield compare("gateway.max_body_bytes", HOW, f"413 beyond {ours.max_body_bytes}", found)
    yield from wire(client, contract)


def _if(wanted: str, found: list[Any]) -> str:
    return wanted if wanted in found else f"not among {', '.join(map(str, found))}"


def wire(client: GatewayClient, contract: Contract) -> Iterator[Row]:
    """One streamed chat, one chat with the routing field."""
    ours, fields = contract.gateway, contract.wire
    ask = {"model": ours.default_model, "messages": [{"role": "user", "content": QUESTION}]}
    streamed = client.ask("POST", ours.chat_path, {**ask, "stream": True})
    yield compare("gateway.chat_path", HOW, "200", str(streamed.status))
    trace = f"{ours.traces_path}/{streamed.headers.get('x-request-id')}"
    yield compare("gateway.traces_path", HOW, "200", str(client.ask("GET", trace).status))
    lines = [line.removeprefix("data: ") for line in streamed.body.decode("utf-8", "replace").split("\n") if line]
    data = [line for line in lines if not line.startswith(":")]
    yield compare("wire.end_of_stream", "stream", fields.end_of_stream, data[-1] if data else None)
    chunks = [_parsed(line) for line in data[:-1]]
    deltas = [dig(chunk, "choices", 0, "delta") or {} for chunk in chunks]
    for name in ("reasoning_field", "content_field"):
        field = getattr(fields, name)
        yield compare(f"wire.{name}", "stream", True, any(field in delta for delta in deltas), "No chunk has it.")
    usage: dict[str, Any] = next((u for chunk in chunks if (u := dig(chunk, "usage"))), {})
    yield compare(
        "wire.usage_fields", "stream", list(fields.usage_fields), [f for f in fields.usage_fields if f in usage]
    )
    names = [dig(each, "id") for each in client.ask("GET", ours.models_path).at("data") or []]
    other = next((name for name in names if name != ours.default_model), ours.default_model)
    routed = client.ask("POST", ours.chat_path, {**ask, fields.routing_field: other})
    yield compare("wire.routing_field", HOW, str(other), str(routed.at("model")))
    refused = client.ask("POST", ours.chat_path, {**ask, fields.routing_field: NOBODY})
    found = f"{refused.status}, {refused.at('error', 'param')}"
    yield compare("wire.routing_field", "probe of an unknown name", f"404, {fields.routing_field}", found)


def _parsed(line: str) -> Any:
    try:
        return json.loads(line)
    except (ValueError, RecursionError):
        return None
