"""When to start a crashed implementation again: at once, then after a second, then twice as long each time."""

from __future__ import annotations

from janus_platform.contract import NodeRules


class Backoff:
    """Counts crashes in a row; a run as long as the rules' `steady_seconds` ends the row."""

    def __init__(self, rules: NodeRules) -> None:
        self._rules, self._in_a_row = rules, 0

    def crashed(self, ran_seconds: float) -> float:
        """The seconds to wait before the next start, after one that ran for so long (0: it did not become healthy)."""
        if ran_seconds >= self._rules.steady_seconds:
            self._in_a_row = 0
        self._in_a_row += 1
        if self._in_a_row == 1:
            return 0.0
        # Bounded before it is raised: the row may be long.
        doublings = min(self._in_a_row - 2, 30)
        return float(min(self._rules.restart_seconds * 2**doublings, self._rules.max_restart_seconds))
