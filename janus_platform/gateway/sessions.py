"""Connections to running implementations, kept open between requests: one pool for each address."""

from __future__ import annotations

from pathlib import Path

import aiohttp

from janus_platform.gateway.directory import Upstream

MAX_IDLE_POOLS = 32
# Shorter than the 5 s after which uvicorn drops an idle connection, so that none is reused as it closes.
KEEP_ALIVE_SECONDS = 2.0


class UpstreamSessions:
    """Hands out the pool for an address; must be closed."""

    def __init__(self) -> None:
        self._sessions: dict[Path | tuple[str, int], tuple[Upstream, aiohttp.ClientSession]] = {}

    async def get(self, upstream: Upstream) -> tuple[aiohttp.ClientSession, str]:
        """The session for `upstream`, and the origin to put before a path."""
        known = self._sessions.get(upstream.base)
        if known is None:
            await self._forget_idle()
            known = self._sessions[upstream.base] = (upstream, _session(upstream.base))
        return known[1], _origin(upstream.base)

    async def _forget_idle(self) -> None:
        # A replaced implementation has a new address; its old pool must not stay for ever.
        if len(self._sessions) < MAX_IDLE_POOLS:
            return
        for base in [b for b, (upstream, _) in self._sessions.items() if not upstream.load.open]:
            await self._sessions.pop(base)[1].close()

    async def aclose(self) -> None:
        """Close every connection, those in use included."""
        sessions, self._sessions = self._sessions, {}
        for _, session in sessions.values():
            await session.close()


def _session(base: Path | tuple[str, int]) -> aiohttp.ClientSession:
    connector: aiohttp.BaseConnector
    if isinstance(base, Path):
        connector = aiohttp.UnixConnector(path=str(base), limit=0, keepalive_timeout=KEEP_ALIVE_SECONDS)
    else:
        connector = aiohttp.TCPConnector(limit=0, keepalive_timeout=KEEP_ALIVE_SECONDS)
    return aiohttp.ClientSession(
        connector=connector,
        timeout=aiohttp.ClientTimeout(total=None),  # The gateway counts time itself, on its own clock.
        auto_decompress=False,
        cookie_jar=aiohttp.DummyCookieJar(),
        trust_env=False,
    )


def _origin(base: Path | tuple[str, int]) -> str:
    return "http://implementation" if isinstance(base, Path) else f"http://{base[0]}:{base[1]}"
