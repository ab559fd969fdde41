"""The learner's side of the tunnel: TLS, the fingerprint on the card, CONNECT; then one of the classroom's channels."""

from __future__ import annotations

import asyncio
import base64
import hmac
import http.client
import socket
import ssl
from collections.abc import Callable
from pathlib import Path
from typing import Any

from janus_platform.classroom.certificate import client_context
from janus_platform.classroom.ticket import Ticket, fingerprint
from janus_platform.errors import NotRunningError, PlatformError
from janus_platform.runtime.control_client import ControlClient

# A crowded classroom lets in one after the other; a network in between that swallows everything looks the same.
CONNECT_SECONDS = 60.0
RETRY_SECONDS = (0.1, 0.3, 1.0, 3.0)
# Trials wait for one another: a whole class may submit in the same minute.
ANSWER_SECONDS = 600.0
MAX_ANSWER_BYTES = 4_096


class ClassroomUnreachableError(PlatformError):
    """The classroom cannot be entered; the message says why and what to do."""

    def __init__(self, ticket: Ticket, reason: str) -> None:
        super().__init__(
            f"The classroom at {ticket.address} cannot be entered: {reason}. "
            "Ask the teacher; for a platform of your own: `janus leave`, then `janus up`."
        )


async def open_channel(ticket: Ticket, channel: str) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """A connection to the classroom's `channel` (gateway, control or egress). Raises ClassroomUnreachableError."""
    try:
        async with asyncio.timeout(CONNECT_SECONDS):
            return await _with_retries(ticket, channel)
    except (OSError, TimeoutError, EOFError, asyncio.LimitOverrunError) as error:
        raise ClassroomUnreachableError(ticket, _reason(error)) from None


async def _with_retries(ticket: Ticket, channel: str) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """The same, tried again where a crowded server closed at once: nothing has been asked for yet."""
    for seconds in RETRY_SECONDS:
        try:
            return await _connected(ticket, channel)
        except (ConnectionResetError, BrokenPipeError, EOFError, ssl.SSLError):
            await asyncio.sleep(seconds)
    return await _connected(ticket, channel)


async def _connected(ticket: Ticket, channel: str) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    reader, writer = await asyncio.open_connection(
        ticket.host, ticket.port, ssl=client_context(), ssl_handshake_timeout=CONNECT_SECONDS
    )
    try:
        _check_certificate(ticket, writer.get_extra_info("ssl_object").getpeercert(True))
        writer.write(_connect_request(ticket, channel))
        _check_answer(ticket, await reader.readuntil(b"\r\n\r\n"))
    except BaseException:
        writer.transport.abort()
        raise
    return reader, writer


class ClassroomClient(ControlClient):
    """The classroom's control API, asked as the ticket's learner.

    It raises ClassroomUnreachableError where a ControlClient raises NotRunningError.
    """

    def __init__(self, ticket: Ticket) -> None:
        super().__init__(Path())
        self._ticket = ticket

    def ask(self, method: str, path: str, body: dict[str, Any] | None = None) -> Any:
        """The JSON answer to a request for `path`, its query included. Raises RequestRefusedError."""
        return self._translated(lambda: self._request(method, path, body))

    def without_limits(self) -> Any:
        """A lease while which the learner's rate limits are off."""
        return self._translated(self.limits_off)

    def _translated(self, ask: Callable[[], Any]) -> Any:
        try:
            return ask()
        except NotRunningError:
            raise ClassroomUnreachableError(self._ticket, "it has ended, or the network is gone") from None

    def _connection(self, timeout: float | None) -> http.client.HTTPConnection:
        return _ClassroomConnection(self._ticket)


class _ClassroomConnection(http.client.HTTPConnection):
    def __init__(self, ticket: Ticket) -> None:
        super().__init__("room")
        self._ticket = ticket

    def connect(self) -> None:
        ticket = self._ticket
        try:
            plain = socket.create_connection((ticket.host, ticket.port), timeout=CONNECT_SECONDS)
            self.sock = client_context().wrap_socket(plain)
            _check_certificate(ticket, self.sock.getpeercert(True))
            self.sock.sendall(_connect_request(ticket, "control"))
            received = b""
            while not received.endswith(b"\r\n\r\n") and len(received) < MAX_ANSWER_BYTES:
                part = self.sock.recv(1)  # Not a byte more: what follows belongs to the channel.
                if not part:
                    raise EOFError
                received += part
            _check_answer(ticket, received)
            self.sock.settimeout(ANSWER_SECONDS)
        except (OSError, EOFError) as error:
            self.close()
            raise ClassroomUnreachableError(ticket, _reason(error)) from None
        except PlatformError:
            self.close()
            raise


def _connect_request(ticket: Ticket, channel: str) -> bytes:
    credentials = base64.b64encode(f"{ticket.learner}:{ticket.secret}".encode()).decode()
    return (
        f"CONNECT {channel}:80 HTTP/1.1\r\nHost: {channel}:80\r\nProxy-Authorization: Basic {credentials}\r\n\r\n"
    ).encode()


def _check_certificate(ticket: Ticket, certificate: bytes | None) -> None:
    if not hmac.compare_digest(fingerprint(certificate or b""), ticket.fingerprint):
        raise ClassroomUnreachableError(ticket, "the machine there is not the one on your card (another certificate)")


def _check_answer(ticket: Ticket, head: bytes) -> None:
    status, _, reason = head.split(b"\r\n")[0].decode("latin-1").partition(" ")[2].partition(" ")
    if status != "200":
        shown = reason[:200] if reason.isprintable() else "refused"
        raise ClassroomUnreachableError(ticket, f"{shown} ({status[:3]})")


def _reason(error: BaseException) -> str:
    if isinstance(error, TimeoutError):
        return f"no answer within {CONNECT_SECONDS:g} s (another network, or a firewall)"
    if isinstance(error, ConnectionRefusedError):
        return "nobody listens there"
    return getattr(error, "strerror", None) or "the connection ended"
