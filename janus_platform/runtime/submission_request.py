"""What `janus submit` asks of the platform, read from JSON: fields known, each of its type."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from janus_platform.errors import PlatformError
from janus_platform.node.deployments import Deployments

FORM_FIELDS = ("hotkey", "source", "license", "description", "changelog", "contact")
TEXTS = ("path", "url", "name", "entry", *FORM_FIELDS)


async def submit(deployments: Deployments, body: Mapping[str, Any]) -> dict[str, Any]:
    """Try out and deploy what `body` describes. Raises PlatformError."""
    if unknown := sorted(set(body) - {*TEXTS, "instances"}):
        raise PlatformError(
            f"A submission has no field {', '.join(unknown)[:80]}. It has {', '.join(TEXTS)}, instances."
        )
    texts = {key: value for key, value in body.items() if key != "instances" and value is not None}
    if wrong := sorted(key for key, value in texts.items() if not isinstance(value, str)):
        raise PlatformError(f"A submission's fields are strings. Not so: {', '.join(wrong)}.")
    path, name = texts.pop("path", None), texts.pop("name", "")
    return await deployments.submit(path, name, instances=body.get("instances", 1), **texts)
