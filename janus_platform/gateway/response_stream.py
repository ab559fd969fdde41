"""The client's side of one request: what it is sent, when it has been silent for too long, and whether it has left.

The answer's head is held back until there is something to say, so that a failure before that still becomes a status.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator, MutableMapping
from contextlib import contextmanager
from typing import Any

from janus_platform.clock import Clock
from janus_platform.gateway.errors import ClientDisconnectedError, ResponseError
from janus_platform.gateway.timeouts import Ticker

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Headers = list[tuple[bytes, bytes]]

# One line of the event that follows it. An empty line of its own would end an event: decoders that keep an id from one
# event to the next (openai for Python does) take that for an event without data, and fail.
PING = b": ping\n"
# An implementation that has not even answered by then is waited for with pings: what is between it and the client would
# take the connection for dead. From here on a failure can no longer be a status, so it is not done at once.
SILENT_SECONDS = 10.0


class Client:
    """One request's client. `started` means that the head is out, `answered` some content, `complete` the whole answer.

    `sent` counts the bytes of content.
    """

    def __init__(self, receive: Receive, send: Send, clock: Clock, *, ping_seconds: float) -> None:
        self._receive, self._send, self._clock, self._ping_seconds = receive, send, clock, ping_seconds
        self._head: Callable[[], Message] | None = None
        self._early: Callable[[], Headers] | None = None
        self._pinging: asyncio.Task[None] | None = None
        self._streams = self._closed = False
        self._sending = self.sent = 0
        self._last_sent = self._deadline = 0.0
        self._reason: Exception | None = None
        self.started = self.answered = self.complete = False

    @contextmanager
    def attended(self, ticker: Ticker, seconds: float, too_late: Callable[[float], ResponseError]) -> Iterator[None]:
        """While this lasts, ClientDisconnectedError or `too_late(seconds)` interrupts the current task where it waits.

        Raises the one that came first. Nothing is interrupted any more once the answer is complete.
        """
        loop = asyncio.get_running_loop()  # Looked up once: each time costs a system call (`getpid`).
        task = asyncio.current_task(loop)
        assert task is not None
        self._task, self._too_late, self._seconds = task, too_late, seconds
        self._cancelling = task.cancelling()
        self._begun = self._clock.now()
        self._deadline = self._begun + seconds
        leaving = loop.create_task(self._until_left())
        ticker.add(self)
        try:
            yield
        except asyncio.CancelledError:
            if self._reason is None or task.uncancel() > self._cancelling:
                raise
            raise self._reason from None
        finally:
            self._closed = True
            ticker.discard(self)
            leaving.cancel()
            if self._pinging is not None:
                self._pinging.cancel()

    def will_stream(self, headers: Callable[[], Headers]) -> None:
        """Let the head of a stream go out with pings while the implementation says nothing for SILENT_SECONDS."""
        self._early = headers

    def open(self, status: int, headers: Callable[[], Headers], *, streams: bool) -> None:
        """Have the head ready; it goes out, with what `headers` returns by then, before the first content or ping."""
        self._early = None
        if self.started:  # Early, with pings alone.
            return
        self._head = lambda: {"type": "http.response.start", "status": status, "headers": headers()}
        self._streams, self._last_sent = streams, self._clock.now()

    async def write(self, content: bytes, *, last: bool = False) -> None:
        """Send content, as one HTTP chunk where the answer streams; wait while the client does not read."""
        self.answered = True
        await self._write(content, last)

    async def _write(self, content: bytes, last: bool) -> None:
        self._last_sent = self._clock.now()
        self._sending += 1
        if self._head is not None:
            head, self._head, self.started = self._head, None, True
            await self._send(head())
        await self._send({"type": "http.response.body", "body": content, "more_body": not last})
        self._sending -= 1
        self.sent += len(content)
        self.complete = last

    @property
    def stuck(self) -> bool:
        """Whether the client was not reading when it was interrupted; one more message would wait for ever."""
        return self._sending > 0

    def tick(self, now: float) -> None:
        """Look at the time: interrupt what takes too long, and fill the silence of a stream with a comment."""
        if now >= self._deadline:
            self._interrupt(self._too_late(self._seconds))
        elif self._early is not None and now - self._begun >= SILENT_SECONDS:
            self.open(200, self._early, streams=True)
            self._pinging = asyncio.ensure_future(self._write(PING, last=False))
        elif self._streams and not self._sending and now - self._last_sent >= self._ping_seconds:
            self._pinging = asyncio.ensure_future(self._write(PING, last=False))

    async def _until_left(self) -> None:
        while (await self._receive())["type"] != "http.disconnect":
            pass
        self._interrupt(ClientDisconnectedError())

    def _interrupt(self, reason: Exception) -> None:
        # A server also says "disconnect" once the answer is out.
        if not (self._closed or self.complete or self._reason):
            self._reason = reason
            self._task.cancel()
