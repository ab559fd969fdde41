"""Files that are written whole or not at all."""

from __future__ import annotations

import os
from pathlib import Path


def place(path: Path, data: bytes) -> None:
    """Write `data` to `path`; whoever reads meanwhile finds the old file or the new one. Raises OSError."""
    draft = path.with_name(f"{path.name}.{os.getpid()}")
    try:
        draft.write_bytes(data)
        os.replace(draft, path)
    finally:
        draft.unlink(missing_ok=True)
