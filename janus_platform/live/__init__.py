"""Live mode, `JANUS_MODE=live`: the same cells against the specification's own hosts.

Nothing is started and no variable is set. What cannot be reached is said when the mode begins; a cell that needs it is
skipped, with the reason in its output. Everything else that goes wrong is shown as it is.
"""

from __future__ import annotations

from janus_platform.live.platform import LivePlatform, LocalOnlyError
from janus_platform.live.session import begin

__all__ = ["LivePlatform", "LocalOnlyError", "begin"]
