"""`GET /v1/models`: the default model and every implementation, in OpenAI's list format."""

from __future__ import annotations

from typing import Any

from janus_platform.contract import Contract
from janus_platform.gateway.directory import Directory

OWNER = "janus"


def list_models(contract: Contract, directory: Directory, current: str) -> dict[str, Any]:
    """OpenAI's list of models; the default model's `root` is the implementation it stands for now (`current`)."""
    described = directory.describe()
    created = min((int(entry["created"]) for entry in described), default=0)
    default = {**_model(contract.gateway.default_model, created), "root": current}
    return {"object": "list", "data": [default, *(_model(e["name"], int(e["created"])) for e in described)]}


def _model(name: str, created: int) -> dict[str, Any]:
    return {"id": name, "object": "model", "created": created, "owned_by": OWNER}
