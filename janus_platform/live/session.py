"""The beginning of live mode in a process: every host asked, and the cells that need others skipped."""

from __future__ import annotations

from janus_platform.contract import load_contract
from janus_platform.live.hosts import reach
from janus_platform.live.platform import LivePlatform
from janus_platform.live.skipping import skip_cells


def begin() -> LivePlatform:
    """Ask every host, print which can be reached, and have IPython, where it runs, skip the cells that need others."""
    platform = LivePlatform(reach(load_contract()))
    print(platform)
    skip_cells(platform.hosts)
    return platform
