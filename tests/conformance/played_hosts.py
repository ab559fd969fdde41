"""Local TLS servers that play the specification's hosts: as the contract has them, or with something changed."""

from __future__ import annotations

import contextlib
import copy
import json
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from janus_platform.conformance.live import LiveOptions
from janus_platform.contract import Contract, Service
from janus_platform.egress.ca import LocalCA
from janus_platform.services.framework.openapi import document

Json = dict[str, Any]
_VALUES: dict[str, Any] = {"string": "a", "integer": 1, "number": 0.5, "boolean": True, "array": [], "object": {}}
Respond = Callable[[str, str, Json], tuple[int, bytes] | None]


@dataclass
class Played:
    """One host: what it serves, and the requests that it got."""

    document: Json | None
    answer: Json
    models: list[Json]
    headers: dict[str, str]
    respond: Respond = lambda method, path, headers: None
    seen: list[tuple[str, str, Json]] = field(default_factory=list)


def as_specified(contract: Contract, service: Service) -> Played:
    """The host as the contract has it."""
    answer = {f.name: _value(f) for f in service.endpoints[0].response_fields if not f.optional}
    limit = service.rate_limit
    headers = {"RateLimit-Policy": f'"caller";q={limit.requests};w={limit.per_seconds}'} if limit else {}
    listed = [
        {
            "id": model.name,
            "family": model.family,
            "kind": model.kind,
            "engine": model.engine,
            "context_length": model.context_tokens,
            "features": list(model.features),
            "pricing": {
                "per_million_prompt_tokens": model.prompt_usd_per_million,
                "per_million_completion_tokens": model.completion_usd_per_million,
            },
        }
        for model in getattr(service, "models", ())
    ]
    described = json.loads(json.dumps(document(contract, service)))
    return Played(copy.deepcopy(described), answer, listed, headers)


def _value(field: Any) -> Any:
    if field.items:
        return [{item.name: _value(item) for item in field.items}]
    return _VALUES[field.type]


@contextlib.contextmanager
def serving(contract: Contract, hosts: dict[str, Played], folder: Path) -> Iterator[LiveOptions]:
    """The options that lead a live check to servers for `hosts`; hosts that are not played refuse the connection."""
    ca = LocalCA(contract.egress.allowed_hosts)
    (folder / "ca.pem").write_bytes(ca.pem)
    connect = dict.fromkeys(contract.egress.allowed_hosts, ("127.0.0.1", 1))
    with contextlib.ExitStack() as stack:
        for host, played in hosts.items():
            connect[host] = ("127.0.0.1", stack.enter_context(_server(played, ca, host)))
        yield LiveOptions(connect=connect, ca=folder / "ca.pem", environment={})


@contextlib.contextmanager
def _server(played: Played, ca: LocalCA, host: str) -> Iterator[int]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _handle(self) -> None:
            length = int(self.headers.get("Content-Length", 0))
            self.rfile.read(length)
            headers = {name.lower(): value for name, value in self.headers.items()}
            played.seen.append((self.command, self.path, headers))
            status, body = played.respond(self.command, self.path, headers) or _served(played, self.path)
            self.send_response(status)
            for name, value in {**played.headers, "Content-Length": str(len(body))}.items():
                self.send_header(name, value)
            self.end_headers()
            with contextlib.suppress(OSError):
                self.wfile.write(body)

        do_GET = do_POST = _handle

        def log_message(self, *_: Any) -> None:
            """The test's own output stays clean."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    server.socket = ca.server_context(host).wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield server.server_address[1]
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def _served(played: Played, path: str) -> tuple[int, bytes]:
    if path == "/openapi.json":
        return (404, b"{}") if played.document is None else (200, json.dumps(played.document).encode())
    if path == "/v1/models":
        return 200, json.dumps({"object": "list", "data": played.models}).encode()
    return 200, json.dumps(played.answer).encode()
