"""A knock at the egress proxy's door: one CONNECT, as this process's variables lead to it, and what it says."""

from __future__ import annotations

import base64
import os
import socket
from urllib.parse import unquote, urlsplit

SECONDS = 10.0
_LONGEST = 8_192


def knock(target: str, *, proxy_url: str | None = None) -> str:
    """The proxy's answer to `CONNECT target`: status and reason, such as `403 host is not on the allow-list`.

    The target is sent as it is, however wrong. Raises OSError when nobody answers, KeyError when no proxy is set.
    """
    proxy = urlsplit(proxy_url or os.environ["HTTPS_PROXY"])
    who = f"{unquote(proxy.username or '')}:{unquote(proxy.password or '')}"
    proof = base64.b64encode(who.encode()).decode()
    head = f"CONNECT {target} HTTP/1.1\r\nProxy-Authorization: Basic {proof}\r\n\r\n"
    with socket.create_connection((proxy.hostname or "", proxy.port or 80), SECONDS) as connection:
        connection.sendall(head.encode())
        answer = b""
        while b"\r\n" not in answer and len(answer) < _LONGEST and (part := connection.recv(_LONGEST)):
            answer += part
    return answer.partition(b"\r\n")[0].partition(b" ")[2].decode("latin-1")
