"""What an exercise's check may need of the platform that the reader's answer runs against."""

from __future__ import annotations

import os


def fresh_minute() -> None:
    """Move the reader's own clock past every rate limit, so that a check meets none that the page has used up.

    Joins the platform, or starts it when none runs. In live mode it does nothing: there time passes by itself.
    """
    if os.environ.get("JANUS_MODE") == "live":
        return
    import janus_platform
    from janus_platform.contract import load_contract

    limits = [service.rate_limit for service in load_contract().services.values() if service.rate_limit]
    janus_platform.up().clock.advance(max(limit.per_seconds for limit in limits))
