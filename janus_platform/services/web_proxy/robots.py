"""robots.txt by RFC 9309: may the proxy's agent fetch this path, and if not, which rule says so?

Read here and not by a library: the file comes from whoever owns the site, and the parsers that were tried need seconds
for a line of 20 kB of blanks or for some thousand groups. This one looks at each character a fixed number of times.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

# RFC 9309, 2.5: at least 500 KiB must be parsed; what follows may be ignored.
MAX_ROBOTS_BYTES = 512_000
UNREACHABLE = "robots.txt could not be read, which forbids everything (RFC 9309, 2.3.1.4)"

# What site owners mean by their slips; Google's parser reads them so, too.
_AGENT_KEYS = frozenset({"user-agent", "useragent", "user agent"})
_DISALLOW_KEYS = frozenset({"disallow", "dissallow", "dissalow", "disalow", "diasllow", "disallaw"})
_TOKEN = re.compile(r"[a-zA-Z_-]*")
_ESCAPED = re.compile(r"%([0-9a-fA-F]{2})")
_UNRESERVED = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")
# Neither reserved nor unreserved (RFC 3986), or with a meaning of its own in a rule (RFC 9309, 2.2.3).
_ENCODED = re.compile(r"[^A-Za-z0-9\-._~:/?#\[\]@!&'()+,;=%]+")
_SLASHES = re.compile(r"//+")


@dataclass(frozen=True, slots=True)
class Rule:
    """One `Allow` or `Disallow` line: its path as written, and the same cut at its wildcards, ready to be compared."""

    path: str
    allowed: bool
    pieces: tuple[str, ...]
    to_the_end: bool

    @classmethod
    def of(cls, path: str, *, allowed: bool) -> Rule:
        """The rule about `path`, in which `*` stands for anything and a last `$` for the end (RFC 9309, 2.2.3)."""
        bare = path.removesuffix("$")
        return cls(path, allowed, tuple(comparable(piece) for piece in bare.split("*")), bare != path)

    @property
    def length(self) -> int:
        """How specific the rule is, in octets: of several that match, the longest decides (RFC 9309, 2.2.2)."""
        return sum(map(len, self.pieces)) + len(self.pieces) - 1 + self.to_the_end

    def matches(self, path: str) -> bool:
        """Whether the rule is about `path`, which `comparable` has prepared. Each piece is looked for once."""
        first, *rest = self.pieces
        if not path.startswith(first):
            return False
        if not rest:
            return not self.to_the_end or path == first
        at = len(first)
        for piece in rest[:-1] if self.to_the_end else rest:
            found = path.find(piece, at)
            if found < 0:
                return False
            at = found + len(piece)
        return not self.to_the_end or (len(path) - len(rest[-1]) >= at and path.endswith(rest[-1]))


@dataclass(frozen=True)
class Robots:
    """One origin's rules for one agent, the most specific first; `size_bytes` is that of the file."""

    rules: tuple[Rule, ...] = ()
    unreachable: bool = False
    size_bytes: int = 0

    def refusal(self, path: str) -> str | None:
        """The rule that forbids `path` (with its query), such as `Disallow: /private/`; None when it is allowed."""
        if self.unreachable:
            return UNREACHABLE
        spelled = comparable(path)
        location, mark, query = spelled.partition("?")
        # Most servers take `//private/` for `/private/`, so a rule about either holds for both.
        merged = _SLASHES.sub("/", location) + mark + query
        return self._refusal(spelled) or (self._refusal(merged) if merged != spelled else None)

    def _refusal(self, path: str) -> str | None:
        for rule in self.rules:
            if rule.matches(path):
                return None if rule.allowed else f"Disallow: {rule.path}"
        return None


def read_robots(status: int, body: bytes, agent: str) -> Robots:
    """The rules for `agent` in a robots.txt answer: 4xx means that there are none, 5xx that nothing may be fetched.

    See RFC 9309, 2.3.1. A group that names the agent holds instead of those for `*`; all groups of one agent add up.
    """
    if status >= 500:
        return Robots(unreachable=True)
    if status != 200:
        return Robots()
    body = body[:MAX_ROBOTS_BYTES]
    named: list[Rule] = []
    general: list[Rule] = []
    is_named = False
    for agents, rules in _groups(body.decode("utf-8-sig", errors="replace")):
        if agent.lower() in agents:
            is_named = True
            named += rules
        elif "*" in agents:
            general += rules
    rules = named if is_named else general
    # Of equally long rules the allowing one decides.
    rules.sort(key=lambda rule: (rule.length, rule.allowed), reverse=True)
    return Robots(tuple(rules), size_bytes=len(body))


def comparable(path: str) -> str:
    """`path` with one spelling for each character (RFC 9309, 2.2.2): `%7e` is `~`, `ツ` is `%E3%83%84`."""
    encoded = _ENCODED.sub(lambda found: "".join(f"%{byte:02X}" for byte in found[0].encode("utf-8", "replace")), path)
    return _ESCAPED.sub(_spelled, encoded)


def _spelled(escaped: re.Match[str]) -> str:
    character = chr(int(escaped[1], 16))
    return character if character in _UNRESERVED else escaped[0].upper()


def _groups(text: str) -> Iterator[tuple[set[str], list[Rule]]]:
    """Each group: the agents that it is for, in lower case, and its rules. Rules before any agent are left out."""
    agents: set[str] = set()
    rules: list[Rule] = []
    has_rules = False
    for key, value in _lines(text):
        if key in _AGENT_KEYS:
            if has_rules:
                yield agents, rules
                agents, rules, has_rules = set(), [], False
            agents.add(_agent(value))
        elif key == "allow" or key in _DISALLOW_KEYS:
            has_rules = True
            if value:
                rules.append(Rule.of(value, allowed=key == "allow"))
    yield agents, rules


def _agent(value: str) -> str:
    """The product token: `*`, or the letters that the value begins with (`JanusBot/2.0` is JanusBot)."""
    if value.split(maxsplit=1)[:1] == ["*"]:
        return "*"
    found = _TOKEN.match(value)
    assert found is not None  # It matches the empty string.
    return found[0].lower()


def _lines(text: str) -> Iterator[tuple[str, str]]:
    """Key, in lower case, and value of every line that has both. A missing colon is read as one."""
    for line in text.replace("\r", "\n").split("\n"):
        content = line.partition("#")[0].strip()
        key, colon, value = content.partition(":")
        if not colon:
            key, value = [*content.split(maxsplit=1), "", ""][:2]
        yield key.strip().lower(), value.strip()
