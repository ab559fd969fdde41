"""The local Janus platform: gateway, node, egress proxy and five services behind the specification's own host names.

>>> import janus_platform as janus
>>> platform = janus.up()
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from janus_platform.client import Platform, down, up
    from janus_platform.errors import PlatformError

__all__ = ["Platform", "PlatformError", "down", "up"]


def __getattr__(name: str) -> Any:
    # The services import this package too and need none of the reader's side.
    if name == "PlatformError":
        from janus_platform.errors import PlatformError

        return PlatformError
    if name in __all__:
        from janus_platform import client as platform

        return getattr(platform, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
