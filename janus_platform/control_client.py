"""The way to a running platform: HTTP over its control socket, by the standard library alone, so joining is quick."""

from __future__ import annotations

import contextlib
import http.client
import json
import socket
from pathlib import Path
from typing import Any
from urllib.parse import quote

from janus_platform.errors import NotRunning, PlatformError, RequestRefused

# A submission is tried out before it is accepted: start-up and two short chats.
TIMEOUT_SECONDS = 90.0


class _UnixConnection(http.client.HTTPConnection):
    def __init__(self, path: Path, timeout: float | None) -> None:
        super().__init__("localhost", timeout=timeout)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(str(self._path))


class ControlClient:
    """Asks the platform behind `path`. Every method raises NotRunning when nothing answers there."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def get(self, path: str, /, **query: str | None) -> Any:
        """The JSON answer to GET. Raises RequestRefused with the platform's own words."""
        asked = "&".join(f"{key}={quote(value)}" for key, value in query.items() if value is not None)
        return self._request("GET", f"{path}?{asked}" if asked else path)

    def post(self, path: str, /, **body: Any) -> Any:
        """The JSON answer to POST of `body`. Raises RequestRefused with the platform's own words."""
        return self._request("POST", path, body)

    def delete(self, path: str) -> Any:
        """The JSON answer to DELETE. Raises RequestRefused with the platform's own words."""
        return self._request("DELETE", path)

    def lease(self, **body: Any) -> Lease:
        """Become a user of the platform until the lease is closed or this process ends."""
        connection, response = self._send("POST", "/lease", body, timeout=TIMEOUT_SECONDS)
        first_line = response.readline()
        if response.status != 200:
            raise _refused(response.status, first_line)
        connection.sock.settimeout(None)
        return Lease(json.loads(first_line), connection)

    def _request(self, method: str, path: str, body: dict[str, Any] | None = None) -> Any:
        connection, response = self._send(method, path, body, timeout=TIMEOUT_SECONDS)
        with contextlib.closing(connection):
            content = response.read()
        if response.status >= 400:
            raise _refused(response.status, content)
        return json.loads(content)

    def _send(
        self, method: str, path: str, body: dict[str, Any] | None, *, timeout: float | None
    ) -> tuple[_UnixConnection, http.client.HTTPResponse]:
        connection = _UnixConnection(self._path, timeout)
        try:
            content = None if body is None else json.dumps(body)
            connection.request(method, path, content, {"Content-Type": "application/json"})
            return connection, connection.getresponse()
        except (FileNotFoundError, ConnectionRefusedError, ConnectionResetError, http.client.BadStatusLine):
            connection.close()
            raise NotRunning from None
        except TimeoutError:
            connection.close()
            raise PlatformError(f"The platform did not answer in {timeout:.0f} s. See `janus logs`.") from None


class Lease:
    """One user's hold on the platform; `welcome` is what the platform said when it was taken."""

    def __init__(self, welcome: dict[str, Any], connection: _UnixConnection) -> None:
        self.welcome = welcome
        self._connection = connection

    def alive(self) -> bool:
        """Whether the platform still holds the other end."""
        held = self._connection.sock
        if held is None:
            return False
        try:
            held.setblocking(False)
            return held.recv(1, socket.MSG_PEEK) != b""
        except BlockingIOError:
            return True
        except OSError:
            return False

    def close(self) -> None:
        """Give the lease back."""
        self._connection.close()


def _refused(status: int, content: bytes) -> RequestRefused:
    try:
        message = json.loads(content)["detail"]
    except (ValueError, KeyError, TypeError):
        message = f"The platform answered {status}. See `janus logs`."
    return RequestRefused(status, message)
