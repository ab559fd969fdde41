"""Every way out through the egress proxy that the tests try: as characters for the proxy, and inside a tunnel.

Each is tried from inside an isolated implementation and by a joined client; the proxy answers with the status and logs
the reason. What is tried around the proxy stands in attacks_around.py.
"""

from __future__ import annotations

from dataclasses import dataclass

from janus_platform.contract import load_contract

EGRESS = load_contract().egress
HOST, OTHER = EGRESS.allowed_hosts[4], EGRESS.allowed_hosts[1]
LISTED, PORT = "host is not on the allow-list", "port is not allowed"
NO_CONNECT, NO_TOKEN, BAD_TLS = "not a CONNECT request", "no valid caller token", "TLS handshake failed"
ANOTHER, MALFORMED = "request names another host", "malformed request in the tunnel"


@dataclass(frozen=True)
class Wire:
    """Characters for the proxy, the status of its answer, and the reason that it logs."""

    name: str
    sent: str
    status: int
    reason: str


@dataclass(frozen=True)
class Tunnel:
    """A request inside a tunnel to HOST: the name that its TLS asks for, its characters, the status, the reason."""

    name: str
    sni: str | None
    sent: str
    status: int
    reason: str


def _connect(name: str, target: str, reason: str = LISTED) -> Wire:
    return Wire(name, f"CONNECT {target} HTTP/1.1\r\nHost: {target}\r\n{{proof}}\r\n\r\n", 403, reason)


def _head(name: str, line: str, status: int, reason: str, *, target: str = f"{HOST}:443") -> Wire:
    return Wire(name, f"CONNECT {target} HTTP/1.1\r\n{{proof}}\r\n{line}\r\n\r\n", status, reason)


WIRE = (
    _connect("a host that is not on the list", "evil.example:443"),
    _connect("the same in capitals", "EVIL.EXAMPLE:443"),
    _connect("an IPv4 address", "93.184.216.34:443"),
    _connect("an IPv6 address", "[2606:2800:220:1::1]:443"),
    _connect("an IPv4 address in IPv6 clothes", "[::ffff:127.0.0.1]:443"),
    _connect("an address as one number", "2130706433:443"),
    _connect("an address in hexadecimal", "0x7f000001:443"),
    _connect("the cloud's metadata service", "169.254.169.254:443"),
    _connect("the gateway on the host", "localhost:8000"),
    _connect("the proxy itself", "127.0.0.1:443"),
    _connect("another port of a listed host", f"{HOST}:22", PORT),
    _connect("the plain-text port", f"{HOST}:80", PORT),
    _connect("a port with a leading zero", f"{HOST}:0443", PORT),
    _connect("a port beyond 65535", f"{HOST}:65979", PORT),
    _connect("no port", HOST),
    _connect("a trailing dot", f"{HOST}.:443"),
    _connect("two trailing dots", f"{HOST}..:443"),
    _connect("a listed name as a prefix", f"{HOST}.evil.example:443"),
    _connect("a listed name as a suffix", f"evil-{HOST}:443"),
    _connect("a name below a listed one", f"x.{HOST}:443"),
    _connect("the parent of the listed names", "janus.rodeo:443"),
    _connect("a wildcard", "*.janus.rodeo:443"),
    _connect("a look-alike in punycode", "xn--pi-7kc.chutes.ai:443"),
    _connect("a look-alike digit", "ap1.chutes.ai:443"),
    Wire(
        "a look-alike letter (Cyrillic а)",
        "CONNECT \xd0\xb0pi.chutes.ai:443 HTTP/1.1\r\n{proof}\r\n\r\n",
        405,
        NO_CONNECT,
    ),
    Wire("a full-width letter", "CONNECT \xef\xbd\x81pi.chutes.ai:443 HTTP/1.1\r\n{proof}\r\n\r\n", 405, NO_CONNECT),
    _connect("userinfo before the host", "api.chutes.ai@evil.example:443"),
    _connect("a listed host as userinfo", f"{HOST}:443@evil.example:443"),
    _connect("a foreign host as userinfo", f"evil.example@{HOST}:443"),
    _connect("a percent-encoded letter", "%61pi.chutes.ai:443"),
    _connect("an encoded zero byte", f"{HOST}%00.evil.example:443"),
    _connect("a path in the authority", f"evil.example/{HOST}:443"),
    _connect("a fragment in the authority", f"evil.example#{HOST}:443"),
    _connect("a backslash in the authority", f"evil.example\\{HOST}:443"),
    _connect("two ports", f"evil.example:443:{HOST}:443"),
    Wire("a plain GET in absolute form", "GET http://evil.example/ HTTP/1.1\r\n{proof}\r\n\r\n", 405, NO_CONNECT),
    Wire("the same for a listed host", f"GET http://{HOST}/ HTTP/1.1\r\n{{proof}}\r\n\r\n", 405, NO_CONNECT),
    Wire("a GET in origin form", "GET / HTTP/1.1\r\nHost: evil.example\r\n{proof}\r\n\r\n", 405, NO_CONNECT),
    Wire("a POST with a body", "POST http://evil.example/ HTTP/1.1\r\n{proof}\r\n\r\n", 405, NO_CONNECT),
    Wire("TRACE", "TRACE http://evil.example/ HTTP/1.1\r\n{proof}\r\n\r\n", 405, NO_CONNECT),
    Wire("a lower-case connect", f"connect {HOST}:443 HTTP/1.1\r\n{{proof}}\r\n\r\n", 405, NO_CONNECT),
    Wire("HTTP/2 without TLS", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 400, "bytes after CONNECT"),
    Wire("TLS to the proxy port", "\x16\x03\x01\x00\x05hello\r\n\r\n", 405, NO_CONNECT),
    Wire("two targets", f"CONNECT {HOST}:443 evil.example:443 HTTP/1.1\r\n{{proof}}\r\n\r\n", 405, NO_CONNECT),
    Wire(
        "a line end in the target", f"CONNECT {HOST}:443\nevil.example HTTP/1.1\r\n{{proof}}\r\n\r\n", 405, NO_CONNECT
    ),
    _head("another Host than the target", "Host: evil.example:443", 400, "Host header differs from the target"),
    _head("two Hosts", f"Host: {HOST}\r\nHost: evil.example", 400, "two Host headers"),
    _head("a body announced by length", "Content-Length: 40", 400, "CONNECT announces a body"),
    _head("a body announced in chunks", "Transfer-Encoding: chunked", 400, "CONNECT announces a body"),
    _head("two lengths", "Content-Length: 0\r\nContent-Length: 9", 400, "CONNECT announces a body"),
    _head("length and chunks", "Content-Length: 4\r\nTransfer-Encoding: chunked", 400, "CONNECT announces a body"),
    _head("a folded header (obs-fold)", "X-A: b\r\n Host: evil.example", 400, "malformed header"),
    _head("a space before the colon", "Host : evil.example", 400, "malformed header"),
    _head("a zero byte in a header", "X-A: \x00", 400, "malformed header"),
    _head("a bare line feed in a header", "X-A: b\nHost: evil.example", 400, "malformed header"),
    _head("a bare carriage return in a header", "X-A: b\rHost: evil.example", 400, "malformed header"),
    _head("a request smuggled behind", "\r\nGET http://evil.example/ HTTP/1.1", 400, "bytes after CONNECT"),
    _head("two proofs", "{proof}", 400, "two Proxy-Authorization headers"),
    _head("a head over the limit", "X-A: " + "a" * EGRESS.max_head_bytes, 431, "head is too large"),
    Wire("no proof", f"CONNECT {HOST}:443 HTTP/1.1\r\n\r\n", 407, NO_TOKEN),
    Wire(
        "a guessed token",
        f"CONNECT {HOST}:443 HTTP/1.1\r\nProxy-Authorization: Basic dGVzdGVyOjA=\r\n\r\n",
        407,
        NO_TOKEN,
    ),
    Wire(
        "the key instead of the token",
        f"CONNECT {HOST}:443 HTTP/1.1\r\nProxy-Authorization: Bearer {{key}}\r\n\r\n",
        407,
        NO_TOKEN,
    ),
    Wire(
        "one's own token under another's name",
        f"CONNECT {HOST}:443 HTTP/1.1\r\nProxy-Authorization: Basic {{stolen}}\r\n\r\n",
        407,
        NO_TOKEN,
    ),
    Wire("a head that never ends", f"CONNECT {HOST}:443 HTTP/1.1\r\nX-A: b\r\n", 408, "head took too long"),
    Wire("a SOCKS greeting", "\x05\x01\x00", 408, "head took too long"),
)


def _get(host: str = HOST, target: str = "/", more: str = "") -> str:
    return f"GET {target} HTTP/1.1\r\nHost: {host}\r\n{more}\r\n"


TUNNEL = (
    Tunnel("TLS for another listed host", OTHER, _get(), 0, BAD_TLS),
    Tunnel("TLS for a foreign host", "evil.example", _get(), 0, BAD_TLS),
    Tunnel("TLS for no host", None, _get(), 0, BAD_TLS),
    Tunnel("another listed host in Host", HOST, _get(OTHER), 421, ANOTHER),
    Tunnel("a foreign host in Host", HOST, _get("evil.example"), 421, ANOTHER),
    Tunnel("a trailing dot in Host", HOST, _get(f"{HOST}."), 421, ANOTHER),
    Tunnel("another port in Host", HOST, _get(f"{HOST}:8000"), 421, ANOTHER),
    Tunnel("two Hosts", HOST, _get(more=f"Host: {OTHER}\r\n"), 400, MALFORMED),
    Tunnel("absolute form for a foreign host", HOST, _get(target="http://evil.example/"), 421, ANOTHER),
    Tunnel("absolute form with userinfo", HOST, _get(target=f"https://{HOST}@evil.example/"), 421, ANOTHER),
    Tunnel(
        "CONNECT inside the tunnel", HOST, f"CONNECT evil.example:443 HTTP/1.1\r\nHost: {HOST}\r\n\r\n", 400, MALFORMED
    ),
    Tunnel(
        "length and chunks",
        HOST,
        f"POST / HTTP/1.1\r\nHost: {HOST}\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        400,
        MALFORMED,
    ),
    Tunnel("two lengths", HOST, _get(more="Content-Length: 0\r\nContent-Length: 9\r\n"), 400, MALFORMED),
    Tunnel("a negative length", HOST, _get(more="Content-Length: -1\r\n"), 400, MALFORMED),
    Tunnel("a folded Host", HOST, "GET / HTTP/1.1\r\nHost:\r\n evil.example\r\n\r\n", 400, MALFORMED),
    Tunnel("a space before the colon", HOST, f"GET / HTTP/1.1\r\nHost : {HOST}\r\n\r\n", 400, MALFORMED),
    Tunnel("a head over the limit", HOST, _get(more="X-A: " + "a" * 70_000 + "\r\n"), 431, MALFORMED),
)
