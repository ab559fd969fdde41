"""What `janus up --model` says once the model is loaded, or cannot be."""

from __future__ import annotations

import time
from typing import Any

import typer

from janus_platform.errors import PlatformError
from janus_platform.runtime.control_client import ControlClient

_LOOK_SECONDS = 0.2


class ModelFailedError(PlatformError):
    """The model could not be loaded; the platform is up without it."""


def wait_for_model(client: ControlClient) -> None:
    """Return once the model has been loaded, and say what it holds. Raises ModelFailedError."""
    while (state := _detail(client)).get("model_state") == "loading":
        time.sleep(_LOOK_SECONDS)
    name = state.get("model")
    if state.get("model_state") != "ready":
        raise ModelFailedError(
            f"The platform is up, and its local engine answers: {name} could not be loaded, "
            f"{state.get('model_problem')}. End it with `janus down`, then start with another model "
            "(`janus model list`) or without --model."
        )
    megabytes = state["model_memory_bytes"] / 1e6
    typer.echo(f"The model is loaded: {name}, {megabytes:,.0f} MB of memory. It answers for every chat model.")


def _detail(client: ControlClient) -> dict[str, Any]:
    services = client.get("/status")["services"]
    found: dict[str, Any] = next(one["detail"] for one in services if one["name"] == "inference")
    return found
