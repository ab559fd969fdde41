"""The client of the web proxy's benchmark, in a process of its own: prints milliseconds, the first fetch first."""

from __future__ import annotations

import sys

import httpx

import janus_platform as janus
from tests.benchmarks.figures import milliseconds

SERVICE, PAGE = "https://proxy.janus.rodeo", "https://physics.org/quantum"


def main(fetches: int) -> None:
    """One cold fetch and `fetches` warm ones, over one connection."""
    janus.up()
    with httpx.Client() as client:
        client.get(f"{SERVICE}/health").raise_for_status()

        def fetch() -> None:
            client.get(f"{SERVICE}/fetch", params={"url": PAGE}).raise_for_status()

        print(*(milliseconds(fetch) for _ in range(fetches + 1)))
    janus.down()


if __name__ == "__main__":
    main(int(sys.argv[1]))
