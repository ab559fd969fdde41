"""What an attacker runs, inside the walls or as a joined client: standard library only, no import of the project.

`wire` and `tunnel` speak to the egress proxy that `env` names, byte by byte; `attempt` says what came of an action.
"""

import base64
import socket
import ssl
from urllib.parse import urlsplit

PATIENCE = 20.0


def attempt(action):
    """`reached …` when the action returns, `blocked: NAME` when it raises."""
    try:
        return f"reached {action()!r}"
    except (OSError, ValueError, UnicodeError, SystemError) as error:
        return f"blocked: {type(error).__name__}"


def proxy_of(env):
    """The proxy's address, and the header that proves the caller."""
    parts = urlsplit(env["HTTPS_PROXY"])
    proof = base64.b64encode(f"{parts.username}:{parts.password}".encode()).decode()
    return (parts.hostname, parts.port), f"Proxy-Authorization: Basic {proof}"


def head_of(connection):
    """The status of an answer; 0 when the other side closed instead."""
    received = b""
    while b"\r\n" not in received:
        try:
            part = connection.recv(65_536)
        except ConnectionResetError:
            part = b""
        if not part:
            return 0
        received += part
    return int(received.split(b" ", 2)[1])


def wire(env, sent):
    """The status that the proxy answers to these characters, `{proof}` standing for a valid Proxy-Authorization."""
    address, proof = proxy_of(env)
    with socket.create_connection(address, PATIENCE) as connection:
        connection.sendall(sent.replace("{proof}", proof).encode("latin-1"))
        return head_of(connection)


def tunnel(env, host, name, sent):
    """The status inside a tunnel to `host` whose TLS asks for `name` (None: for no name); 0 when the TLS fails."""
    address, proof = proxy_of(env)
    context = ssl.create_default_context(cafile=env["SSL_CERT_FILE"])
    context.check_hostname = False
    with socket.create_connection(address, PATIENCE) as connection:
        connection.sendall(f"CONNECT {host}:443 HTTP/1.1\r\n{proof}\r\n\r\n".encode())
        if head_of(connection) != 200:
            raise AssertionError("the tunnel itself was refused")
        try:
            with context.wrap_socket(connection, server_hostname=name) as secured:
                secured.sendall(sent.encode("latin-1"))
                return head_of(secured)
        except (ssl.SSLError, ConnectionError):
            return 0


def hold_tunnels(env, host, count):
    """The statuses of so many CONNECTs to `host`, each of which stays open until the last is answered."""
    address, proof = proxy_of(env)
    held = [socket.create_connection(address, PATIENCE) for _ in range(count)]
    statuses = []
    for connection in held:
        connection.sendall(f"CONNECT {host}:443 HTTP/1.1\r\n{proof}\r\n\r\n".encode())
        statuses.append(head_of(connection))
    for connection in held:
        connection.close()
    return statuses
