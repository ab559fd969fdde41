"""Tests of what runs inside the platform's process run on its event loop, not on asyncio's own."""

from __future__ import annotations

import asyncio
import warnings
from collections.abc import Iterator

import pytest

from janus_platform.runtime.server import new_event_loop


@pytest.fixture(autouse=True, scope="module")
def on_the_loop_that_ships() -> Iterator[None]:
    """`asyncio.run` runs on the platform's event loop while a module's tests run."""

    class Shipped(asyncio.DefaultEventLoopPolicy):
        def new_event_loop(self) -> asyncio.AbstractEventLoop:
            return new_event_loop()

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # Python 3.14 has no other way to say it to asyncio.run.
        before = asyncio.get_event_loop_policy()
        asyncio.set_event_loop_policy(Shipped())
        yield
        asyncio.set_event_loop_policy(before)
