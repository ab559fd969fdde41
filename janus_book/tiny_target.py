"""`serving`: a chat endpoint made of one generator, for lessons that need a target whose every word is known.

The generator is called with the text of the last user message and yields, in the order in which it wants to send them:
text (a piece of `content`), a number (seconds to wait), or a dictionary, which goes into a chunk as it stands:
`{"usage": {...}}`, or `{"delta": {"reasoning_content": "..."}}`. `finish_reason` and `[DONE]` are added.

What it does not do: check requests, limit anything, or stop a generator that never ends. It listens on loopback alone.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Piece = str | float | dict[str, Any]
Answer = Callable[[str], Iterable[Piece]]


@contextmanager
def serving(answer: Answer, model: str = "tiny") -> Iterator[str]:
    """Serve `answer` under `POST /v1/chat/completions` while this lasts; yields the base address."""
    handler = type("Handler", (_Handler,), {"answer": staticmethod(answer), "model": model})
    with _Server(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}"
        finally:
            server.shutdown()
            thread.join()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False  # a generator that never ends must not keep the lesson
    request_queue_size = 128


class _Handler(BaseHTTPRequestHandler):
    answer: Answer
    model: str
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # each piece leaves when it is written

    def do_POST(self) -> None:
        """Answer a chat request, streamed or whole."""
        body = json.loads(self.rfile.read(int(self.headers["content-length"])))
        pieces = type(self).answer(_last_text(body["messages"]))
        if body.get("stream"):
            self._stream(pieces)
        else:
            self._whole(pieces)

    def log_message(self, format: str, *args: Any) -> None:
        """Nothing: the lesson's output is the lesson's."""

    def _stream(self, pieces: Iterable[Piece]) -> None:
        self._head("text/event-stream", ("transfer-encoding", "chunked"))
        for piece in pieces:
            if isinstance(piece, (int, float)):
                time.sleep(piece)
            else:
                self._event(_chunk(self.model, piece))
        self._event({**_chunk(self.model, {}), "choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]})
        self._chunk(b"data: [DONE]\n\n")
        self.wfile.write(b"0\r\n\r\n")

    def _whole(self, pieces: Iterable[Piece]) -> None:
        text = "".join(piece for piece in pieces if isinstance(piece, str))
        choice = {"index": 0, "message": {"role": "assistant", "content": text}, "finish_reason": "stop"}
        body = json.dumps({"object": "chat.completion", "model": self.model, "choices": [choice]}).encode()
        self._head("application/json", ("content-length", str(len(body))))
        self.wfile.write(body)

    def _head(self, media_type: str, *headers: tuple[str, str]) -> None:
        self.send_response(200)
        for name, value in (("content-type", media_type), *headers):
            self.send_header(name, value)
        self.end_headers()

    def _event(self, chunk: dict[str, Any]) -> None:
        self._chunk(b"data: " + json.dumps(chunk).encode() + b"\n\n")

    def _chunk(self, data: bytes) -> None:
        self.wfile.write(b"%x\r\n%b\r\n" % (len(data), data))


def _chunk(model: str, piece: str | dict[str, Any]) -> dict[str, Any]:
    more = {"delta": {"content": piece}} if isinstance(piece, str) else dict(piece)
    choice = {"index": 0, "delta": more.pop("delta", {}), "finish_reason": None}
    return {"object": "chat.completion.chunk", "model": model, "choices": [choice], **more}


def _last_text(messages: list[dict[str, Any]]) -> str:
    content = next(message["content"] for message in reversed(messages) if message["role"] == "user")
    if isinstance(content, str):
        return content
    return "\n".join(part["text"] for part in content if part.get("type") == "text")
