"""The control API's client: HTTP over a Unix socket, by the standard library alone, so that joining is quick."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import re
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import quote

from janus_platform.errors import NotRunningError, PlatformError, RequestRefusedError

TIMEOUT_SECONDS = 90.0
# A submission is tried out before it is accepted: start-up and a few short chats.
SUBMIT_SECONDS = 240.0
_NAME = re.compile(r"[A-Za-z0-9._-]+")
_ENDING = 503
_GONE = (FileNotFoundError, ConnectionError, http.client.BadStatusLine, http.client.IncompleteRead)


class _UnixConnection(http.client.HTTPConnection):
    def __init__(self, path: Path, timeout: float | None) -> None:
        super().__init__("localhost", timeout=timeout)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(str(self._path))


class ControlClient:
    """A client of the platform at the socket `path`. Every method raises NotRunningError when nothing answers."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def get(self, path: str, /, *names: str, **query: str | None) -> Any:
        """The JSON answer to GET of `path`/`names`. Raises RequestRefusedError with the platform's own words."""
        query_string = "&".join(
            f"{key}={quote(value, errors='surrogateescape')}" for key, value in query.items() if value is not None
        )
        return self._request("GET", _below(path, names) + (f"?{query_string}" if query_string else ""))

    def post(self, path: str, /, **body: Any) -> Any:
        """The JSON answer to POST of `body`. Raises RequestRefusedError with the platform's own words."""
        return self._request("POST", path, body)

    def submit(self, *, progress: Callable[[str], None] | None = None, **body: Any) -> dict[str, Any]:
        """What became of a submission. Raises RequestRefusedError, with the checklist where it got so far.

        `progress` gets a line for each package that is installed for it.
        """
        connection, response = self._send(
            "POST", "/implementations", body, timeout=SUBMIT_SECONDS, accept="application/x-ndjson"
        )
        with contextlib.closing(connection):
            if response.getheader("content-type") != "application/x-ndjson":  # a classroom's answer
                return dict(_answer(response.status, _read(response.read)))
            while line := _read(response.readline):
                said = json.loads(line) if line.endswith(b"\n") else {}
                if "answer" in said:
                    return dict(_answer(said["status"], json.dumps(said["answer"]).encode()))
                if progress is not None and said.get("progress"):
                    progress(str(said["progress"]))
        raise NotRunningError

    def evidence(self, name: str, nonce: str) -> dict[str, Any]:
        """The evidence of an implementation. Raises RequestRefusedError with the reason why there is none."""
        return dict(self.get("/implementations", name, "evidence", nonce=nonce))

    def delete(self, path: str, /, *names: str) -> Any:
        """The JSON answer to DELETE. Raises RequestRefusedError with the platform's own words."""
        return self._request("DELETE", _below(path, names))

    def lease(self, caller: str) -> Lease:
        """Become a user of the platform until the lease is closed or this process ends."""
        return self._hold("/lease", caller=caller)

    def limits_off(self) -> Lease:
        """Turn the rate limits off until the lease is closed or this process ends."""
        return self._hold("/limits-off")

    def _connection(self, timeout: float | None) -> http.client.HTTPConnection:
        """A connection that is opened by its first request."""
        return _UnixConnection(self.path, timeout)

    def _hold(self, path: str, **body: Any) -> Lease:
        connection, response = self._send("POST", path, body, timeout=TIMEOUT_SECONDS)
        try:
            first_line = _read(response.readline)
            if response.status != 200:
                raise _refused(response.status, first_line)
            if not first_line.endswith(b"\n"):
                # Where the platform died while writing, `readline` returns what came until then.
                raise NotRunningError
            return Lease(json.loads(first_line), connection)
        except BaseException:
            connection.close()
            raise

    def _request(
        self, method: str, path: str, body: dict[str, Any] | None = None, *, timeout: float = TIMEOUT_SECONDS
    ) -> Any:
        connection, response = self._send(method, path, body, timeout=timeout)
        with contextlib.closing(connection):
            content = _read(response.read)
        return _answer(response.status, content)

    def _send(
        self, method: str, path: str, body: dict[str, Any] | None, *, timeout: float | None, accept: str = "*/*"
    ) -> tuple[http.client.HTTPConnection, http.client.HTTPResponse]:
        connection = self._connection(timeout)
        try:
            content = None if body is None else json.dumps(body)
            connection.request(method, path, content, {"Content-Type": "application/json", "Accept": accept})
            return connection, connection.getresponse()
        except _GONE:
            connection.close()
            raise NotRunningError from None
        except TimeoutError:
            connection.close()
            raise _silent() from None


class Lease:
    """One user's hold on the platform; `welcome` is what the platform said when it was taken."""

    def __init__(self, welcome: dict[str, Any], connection: http.client.HTTPConnection) -> None:
        self.welcome = welcome
        self._connection = connection
        self._owner = os.getpid()
        self._ended = False
        connection.sock.setblocking(False)

    def alive(self) -> bool:
        """Whether the platform still holds the other end."""
        held = self._connection.sock
        try:
            while not self._ended and held is not None:
                # After the welcome's own line end, the platform says nothing until it says that this was all.
                received = held.recv(64)
                self._ended = not received or received.strip(b"\r\n") != b""
        except BlockingIOError:
            return True
        except OSError:
            self._ended = True
        return False

    def close(self) -> None:
        """Give the lease back; in a forked child, only let go of the parent's."""
        held = self._connection.sock
        if held is not None and os.getpid() == self._owner:
            # A forked child may hold the same socket: closing ours alone would not end it.
            with contextlib.suppress(OSError):
                held.shutdown(socket.SHUT_RDWR)
        self._connection.close()


def _below(path: str, names: tuple[str, ...]) -> str:
    for name in names:
        if not _NAME.fullmatch(name):
            raise PlatformError(f"{name!a} is not a name: letters, digits, '-', '_' and '.' only.")
    return "/".join((path, *names))


def _read(read: Callable[[], bytes]) -> bytes:
    try:
        return read()
    except _GONE:
        raise NotRunningError from None
    except TimeoutError:
        raise _silent() from None


def _answer(status: int, content: bytes) -> Any:
    """What an answer holds. Raises RequestRefusedError, or NotRunningError, for one that refuses."""
    if status >= 400:
        raise _refused(status, content)
    return json.loads(content)


def _silent() -> PlatformError:
    return PlatformError("The platform did not answer in time. See `janus logs`.")


def _refused(status: int, content: bytes) -> PlatformError:
    if status == _ENDING:
        return NotRunningError()
    try:
        answer = json.loads(content)
        return RequestRefusedError(status, answer["detail"], answer.get("checks", ()))
    except (ValueError, KeyError, TypeError):
        return RequestRefusedError(status, f"The platform answered {status}. See `janus logs`.")
