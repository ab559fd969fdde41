"""All services and a gateway on the event loop that ships, watched: `python -m tests.services.watched_loop`.

It prints their addresses as JSON, then answers each line of its standard input with the longest processor time, in
seconds, between two beats of the loop since the last one, and ends with its standard input.
"""

from __future__ import annotations

import asyncio
import json
import sys
import tempfile
import time
from contextlib import AsyncExitStack
from pathlib import Path

from janus_platform.runtime import garbage_collection
from janus_platform.runtime.server import new_event_loop
from tests.gateway.rig import Exchange, gateway, upstream
from tests.services import served

BEAT_SECONDS = 0.001


class Heart:
    """Beats on a loop, and remembers the longest work between two beats."""

    def __init__(self) -> None:
        self.longest = 0.0

    async def beat(self) -> None:
        last = time.process_time()
        while True:
            await asyncio.sleep(BEAT_SECONDS)
            now = time.process_time()
            self.longest, last = max(self.longest, now - last), now


async def _answers(exchange: Exchange) -> None:
    exchange.answer(200, b'{"id":"x","object":"chat.completion","created":1,"model":"m","choices":[]}')


async def main() -> None:
    async with AsyncExitStack() as stack:
        cache = stack.enter_context(tempfile.TemporaryDirectory())
        servers, urls = await served._start(Path(cache))
        node = await stack.enter_async_context(upstream(_answers))
        urls |= {"gateway": (await stack.enter_async_context(gateway(node))).url}
        garbage_collection.settle()
        heart = Heart()
        beating = asyncio.create_task(heart.beat())
        print(json.dumps(urls), flush=True)
        while await asyncio.to_thread(sys.stdin.readline):
            print(heart.longest, flush=True)
            heart.longest = 0.0
        beating.cancel()
        await served._stop(servers)


if __name__ == "__main__":
    with asyncio.Runner(loop_factory=new_event_loop) as runner:
        runner.run(main())
