"""The inference service (FR-3, Chutes Inference): `build` makes its ASGI app; see app.py."""

from janus_platform.services.inference.app import build
from janus_platform.services.inference.pace import Pace

__all__ = ["Pace", "build"]
