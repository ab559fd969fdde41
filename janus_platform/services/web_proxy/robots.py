"""robots.txt by RFC 9309: may the proxy's agent fetch this path, and if not, which rule says so?

Read here and not by a library, because a refusal names the rule that forbids the page, which the libraries keep to
themselves. The file comes from whoever owns the site: each character is looked at a fixed number of times.
"""

from __future__ import annotations

import re
from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass

from janus_platform.clock import Clock
from janus_platform.services.framework.problem import Problem
from janus_platform.services.web_proxy.guard import Target, redirected
from janus_platform.services.web_proxy.web import Web

# RFC 9309, 2.5: at least 500 KiB must be parsed; what follows may be ignored.
MAX_ROBOTS_BYTES = 512_000
UNREACHABLE = "robots.txt could not be read, which forbids everything (RFC 9309, 2.3.1.4)"

# RFC 9309, 2.4: not longer than a day.
CACHE_SECONDS = 86_400
# RFC 9309, 2.3.1.2: at least five redirects of robots.txt should be followed.
MAX_REDIRECTS = 5
# Rules take some twenty times the room of the file that they were read from. The smallest entry counts as 1 kB.
MAX_CACHED_BYTES = 4_000_000
MIN_ENTRY_BYTES = 1_000

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
            position = path.find(piece, at)
            if position < 0:
                return False
            at = position + len(piece)
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


class RobotsRules:
    """The rules for one agent on one web: each origin is asked for its robots.txt once a day, by `clock`."""

    def __init__(self, web: Web, clock: Clock, agent: str) -> None:
        self.agent = agent
        self._web, self._clock = web, clock
        self._cache: OrderedDict[str, tuple[float, Robots]] = OrderedDict()
        self._cached_bytes = 0

    async def check(self, target: Target) -> None:
        """Let `target` pass. Raises Problem 403 naming the rule that forbids it, or what `Web.get` raises."""
        if target.path.partition("?")[0] == "/robots.txt":  # always allowed (RFC 9309, 2.2.2)
            return
        rule = (await self._robots_of(target)).refusal(target.path)
        if rule is not None:
            robots_url = f"{target.origin}/robots.txt"
            raise Problem(
                403,
                "robots-disallowed",
                "robots.txt forbids this page",
                f"{robots_url} forbids {target.path} to {self.agent}: {rule}. Use another page.",
                rule=rule,
                robots_url=robots_url,
                user_agent=self.agent,
            )

    async def _robots_of(self, target: Target) -> Robots:
        now = self._clock.now()
        cached = self._cache.get(target.origin)
        if cached is not None and now - cached[0] < CACHE_SECONDS:
            self._cache.move_to_end(target.origin)
            return cached[1]
        robots = await self._read(Target(target.scheme, target.host, target.port, "/robots.txt"))
        # An unreachable robots.txt is asked for again: it may be back in a moment.
        if not robots.unreachable:
            self._keep(target.origin, now, robots)
        return robots

    async def _read(self, target: Target) -> Robots:
        """Beyond the redirects that are followed, the file counts as missing (RFC 9309, 2.3.1.2)."""
        for _ in range(MAX_REDIRECTS + 1):
            reply = await self._web.get(target, MAX_ROBOTS_BYTES)
            if reply.location is None:
                return read_robots(reply.status, reply.body, self.agent)
            target = redirected(target, reply.location)
        return Robots()

    def _keep(self, origin: str, now: float, robots: Robots) -> None:
        self._drop(origin)
        self._cache[origin] = (now, robots)
        self._cached_bytes += _cached_size(robots)
        while self._cached_bytes > MAX_CACHED_BYTES:
            self._drop(next(iter(self._cache)))

    def _drop(self, origin: str) -> None:
        _, robots = self._cache.pop(origin, (0.0, None))
        self._cached_bytes -= _cached_size(robots) if robots else 0


def _cached_size(robots: Robots) -> int:
    return max(robots.size_bytes, MIN_ENTRY_BYTES)


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
    encoded = _ENCODED.sub(lambda match: "".join(f"%{byte:02X}" for byte in match[0].encode("utf-8", "replace")), path)
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
    match = _TOKEN.match(value)
    assert match is not None  # It matches the empty string.
    return match[0].lower()


def _lines(text: str) -> Iterator[tuple[str, str]]:
    """Key, in lower case, and value of every line that has both. A missing colon is read as one."""
    for line in text.replace("\r", "\n").split("\n"):
        content = line.partition("#")[0].strip()
        key, colon, value = content.partition(":")
        if not colon:
            key, value = [*content.split(maxsplit=1), "", ""][:2]
        yield key.strip().lower(), value.strip()
