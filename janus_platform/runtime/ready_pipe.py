"""How a process that was started in the background tells whoever started it how that went."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from typing import Any


def report(ready_fd: int | None, message: Mapping[str, Any]) -> bool:
    """Write one line of JSON to the pipe `ready_fd`, once. False when nobody reads it any more."""
    if ready_fd is None:
        return True
    try:
        with os.fdopen(ready_fd, "wb", buffering=0) as pipe:
            pipe.write(json.dumps(message).encode() + b"\n")
    except OSError:
        return False
    return True
