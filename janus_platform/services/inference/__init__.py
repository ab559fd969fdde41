"""The inference service (FR-3, Chutes Inference): `build` makes its ASGI app; see app.py."""

from janus_platform.services.inference.app import build
from janus_platform.services.inference.minilm import MiniLM
from janus_platform.services.inference.pace import Pace
from janus_platform.services.inference.upstream import upstream_of

__all__ = ["MiniLM", "Pace", "build", "upstream_of"]
