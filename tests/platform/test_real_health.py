"""Status says how the gateway and the egress proxy are, by asking them."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from janus_platform.runtime.control_api import build_control
from janus_platform.runtime.platform import LocalPlatform, Settings
from janus_platform.runtime.state import runtime


def test_a_gateway_and_a_proxy_that_no_longer_answer_are_not_healthy(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("JANUS_HOME", str(tmp_path))

    async def seen() -> list[tuple[bool, bool]]:
        platform = LocalPlatform(Settings(0, "contract", detached=True), runtime().made(), build_control)
        found = []
        try:
            await platform.start()
            for part in (None, platform.gateway, platform.egress):
                if part is not None:
                    await part.close()
                status = await platform.status()
                found.append((status["gateway"]["healthy"], status["egress"]["healthy"]))
        finally:
            await platform.close()
        return found

    assert asyncio.run(seen()) == [(True, True), (False, True), (False, False)]
