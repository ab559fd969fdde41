"""Which addresses the web proxy may fetch: the guard against server-side request forgery.

`check_url` judges a URL by what is written in it, `public_address.is_public` the network address that a connection is
about to use. Both are needed: a harmless name may resolve to a private address, or may do so the second time.
"""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass
from urllib.parse import quote, urljoin, urlsplit

import idna

from janus_platform.public_address import is_public
from janus_platform.services.framework.problem import Problem, invalid_field

MAX_URL_CHARACTERS = 2_048
SCHEME_PORTS = {"http": 80, "https": 443}

_LABEL = r"[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?"
_NAME = re.compile(rf"(?=.{{1,253}}$)({_LABEL}\.)+{_LABEL}")
# WHATWG URL, "ends in a number": browsers and resolvers read such a host as an IPv4 address, in many notations.
_ENDS_IN_NUMBER = re.compile(r"(^|\.)(\d+|0x[0-9a-f]*)$")
_FORBIDDEN = re.compile(r"[\x00-\x20\x7f\\\ud800-\udfff]")
_DOT = re.compile(r"%2e", re.IGNORECASE)
# Special-use names (RFC 6761, 6762, 8375, ICANN's .internal) and what private networks commonly use.
_PRIVATE_SUFFIXES = ("localhost", "local", "internal", "home.arpa", "localdomain", "lan", "intranet", "corp", "onion")
_PATH_SAFE = "/%:@!$&'()*+,;=~-._"


@dataclass(frozen=True)
class Target:
    """A URL that may be fetched, taken apart: an ASCII host without brackets, the port, and path with query."""

    scheme: str
    host: str
    port: int
    path: str

    @property
    def origin(self) -> str:
        """Scheme, host and, where it is not the scheme's own, port."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{self.scheme}://{host}" + ("" if self.port == SCHEME_PORTS[self.scheme] else f":{self.port}")

    @property
    def url(self) -> str:
        """The URL in its normal form."""
        return self.origin + self.path


def check_url(url: str) -> Target:
    """Read `url`. Raises Problem: 422 when it is no http or https URL on port 80 or 443, 403 when its host is private.

    A host is a name with at least one dot, or an IP address in its usual notation. Fragments are dropped.
    """
    if len(url) > MAX_URL_CHARACTERS:
        raise _invalid(f"it has more than {MAX_URL_CHARACTERS} characters")
    if _FORBIDDEN.search(url):
        raise _invalid("it holds a space, a backslash or a control character")
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise _invalid(str(error)) from None
    if parts.scheme not in SCHEME_PORTS:
        raise _invalid("it does not start with http:// or https://")
    if "@" in parts.netloc:
        raise _invalid("it holds a user name; send the address without one")
    if port not in (None, *SCHEME_PORTS.values()):
        raise _invalid(f"port {port} is not 80 or 443")
    host = _checked_host(parts.hostname or "")
    path = quote(_without_dots(parts.path), safe=_PATH_SAFE) or "/"
    query = "?" + quote(parts.query, safe=_PATH_SAFE + "?") if parts.query else ""
    return Target(parts.scheme, host, port or SCHEME_PORTS[parts.scheme], path + query)


def redirected(target: Target, location: str) -> Target:
    """Where a redirect leads, judged like any address. Raises Problem 403 (private address) or 502 (not fetchable)."""
    try:
        return check_url(urljoin(target.url, location))
    except (Problem, ValueError) as error:
        if isinstance(error, Problem) and error.status == 403:
            raise
        raise Problem(
            502,
            "bad-redirect",
            "The page redirects to where the proxy cannot follow",
            f"{target.origin} redirects to something that is no http or https address on port 80 or 443.",
            url=target.url,
        ) from None


def address_refused(host: str) -> Problem:
    """403: the host is, or resolves to, an address that is not of the public internet."""
    return Problem(
        403,
        "address-refused",
        "The address is not public",
        f"{host} is a private, local or reserved address. The web proxy fetches from the public web only.",
    )


def _checked_host(host: str) -> str:
    if ":" in host:
        return _checked_address(host)
    host = _ascii(host).removesuffix(".")
    if _ENDS_IN_NUMBER.search(host):
        return _checked_address(host)
    if not host or not re.fullmatch(_NAME.pattern.replace(")+", ")*", 1), host):
        raise _invalid("it has no valid host name")
    if not _NAME.fullmatch(host) or any(("." + host).endswith("." + suffix) for suffix in _PRIVATE_SUFFIXES):
        raise address_refused(host)
    return host


def _checked_address(host: str) -> str:
    """An address literal. Decimal, octal, hexadecimal and shortened forms do not parse here, so they are refused."""
    if not is_public(host):
        raise address_refused(host)
    return str(ipaddress.ip_address(host))


def _ascii(host: str) -> str:
    if host.isascii():
        return host
    try:
        # UTS 46 maps full-width digits and dots to the plain ones, so it must come before every other check.
        return idna.encode(host, uts46=True, transitional=False).decode("ascii").lower()
    except (idna.IDNAError, UnicodeError):
        raise _invalid("its host name is not a valid international name") from None


def _without_dots(path: str) -> str:
    """Resolve `.` and `..`, percent-encoded ones too (WHATWG URL), so that robots rules see what the server sees."""
    kept: list[str] = []
    segments = path.split("/")[1:]
    for i, segment in enumerate(segments):
        plain = _DOT.sub(".", segment)
        if plain == "..":
            del kept[-1:]
        elif plain != ".":
            kept.append(segment)
        if plain in (".", "..") and i == len(segments) - 1:
            kept.append("")
    return "/" + "/".join(kept)


def _invalid(reason: str) -> Problem:
    return invalid_field(
        "url", f"`url` cannot be fetched: {reason}. Send an address such as https://example.com/article."
    )
