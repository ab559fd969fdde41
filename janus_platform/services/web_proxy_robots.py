"""robots.txt by RFC 9309: may the proxy's agent fetch this address, and if not, which rule says so?"""

from __future__ import annotations

from dataclasses import dataclass

from robots import RobotsParser
from robots.parser import Rule

AGENT = "JanusBot"
# RFC 9309, 2.5: at least 500 KiB must be parsed; what follows may be ignored.
MAX_ROBOTS_BYTES = 512_000
# RFC 9309, 2.4: not longer than a day.
CACHE_SECONDS = 86_400


@dataclass(frozen=True)
class Robots:
    """One origin's rules for AGENT, as its server gave them."""

    rules: tuple[Rule, ...] = ()
    unreachable: bool = False

    def refusal(self, url: str) -> str | None:
        """The rule that forbids `url`, such as `Disallow: /private/`; None when it is allowed."""
        if self.unreachable:
            return "robots.txt could not be read, which forbids everything (RFC 9309, 2.3.1.4)"
        # The rules stand longest first, so the first that matches decides (RFC 9309, 2.2.2).
        for rule in self.rules:
            if _matches(rule, url):
                return None if rule.allowed else f"Disallow: {rule.path}"
        return None


def read_robots(status: int, body: bytes) -> Robots:
    """The rules in a robots.txt answer: 4xx means that there are none, 5xx that nothing may be fetched (2.3.1)."""
    if status >= 500:
        return Robots(unreachable=True)
    if status != 200:
        return Robots()
    text = body[:MAX_ROBOTS_BYTES].decode("utf-8-sig", errors="replace").replace("\r", "\n")
    return Robots(tuple(RobotsParser.from_string(text).find_rules(AGENT)))


def _matches(rule: Rule, url: str) -> bool:
    """Whether `rule` is about `url`, by asking a parser that knows only this rule, turned into a prohibition."""
    probe = RobotsParser()
    probe.agents_rules = {"*": [Rule(rule.path, False)]}
    return not probe.can_fetch("*", url)
