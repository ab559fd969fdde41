"""A real HTTPS server with one file, for the tests of model files: ranges, entity tags, and what servers do wrong."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from janus_platform.egress.ca import LocalCA


@dataclass
class Served:
    """What the server has and how it behaves; `asked` holds each `Range` ("" without one), `sent` the statuses."""

    content: bytes
    etag: str = '"one"'
    breaks_after: int | None = None  # Bytes after which the connection ends, once.
    waits_after: int | None = None  # Bytes after which the server says nothing any more until `go_on` is set.
    drips: bool = False  # Sends its first block a byte at a time, until `go_on` is set.
    ranges: bool = True
    status: int = 200
    redirect: str = ""
    headers: dict[str, str] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    sent: list[int] = field(default_factory=list)
    waiting: threading.Event = field(default_factory=threading.Event)
    go_on: threading.Event = field(default_factory=threading.Event)
    address: str = ""


def _handler(served: Served) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            served.asked.append(self.headers.get("Range", ""))
            if served.redirect and self.path == "/model.gguf":
                return self._head(302, b"", {"Location": served.redirect})
            if served.status != 200:
                return self._head(served.status, b"", {})
            begin = self._begin()
            body = served.content[begin:]
            headers = {"ETag": served.etag, **served.headers}
            if begin:
                headers["Content-Range"] = f"bytes {begin}-{len(served.content) - 1}/{len(served.content)}"
            self._head(206 if begin else 200, body, headers)
            if served.waits_after is not None:
                self.wfile.write(body[: served.waits_after])
                served.waiting.set()
                served.go_on.wait(30)
                body = body[served.waits_after :]
            while served.drips and not served.go_on.wait(0.02):
                self.wfile.write(body[:1])
                body = body[1:]
            if served.breaks_after is not None:
                body, served.breaks_after = body[: served.breaks_after], None
            self.wfile.write(body)

        def _begin(self) -> int:
            asked = self.headers.get("Range", "")
            if not asked or not served.ranges or self.headers.get("If-Range") != served.etag:
                return 0
            return int(asked.removeprefix("bytes=").removesuffix("-"))

        def _head(self, status: int, body: bytes, headers: dict[str, str]) -> None:
            served.sent.append(status)
            self.send_response(status)
            for name, value in ({"Content-Length": str(len(body))} | headers).items():
                self.send_header(name, value)
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            pass

    return Handler


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that leaves is what some of these tests are about."""


@contextmanager
def https_server(folder: Path, trust: Callable[[str, str], None], served: Served) -> Iterator[Served]:
    """Serve it at `served.address`; `trust` gets the name and value of the variable by which OpenSSL trusts it."""
    ca = LocalCA(["localhost"])
    (folder / "ca.pem").write_bytes(ca.pem)
    trust("SSL_CERT_FILE", str(folder / "ca.pem"))
    trust("no_proxy", "localhost")
    server = _Server(("127.0.0.1", 0), _handler(served))
    server.socket = ca.server_context("localhost").wrap_socket(server.socket, server_side=True)
    served.address = f"https://localhost:{server.server_port}/model.gguf"
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield served
    finally:
        served.go_on.set()
        server.shutdown()
        thread.join()
        server.server_close()
