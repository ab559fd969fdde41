"""`janus up --model`: a language model beside the local engine, and what is said where it cannot be had."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.platform.conftest import Shell
from tests.services.llama_rig import llama_file, model_path


def inference(shell: Shell) -> dict[str, Any]:
    """What the status says of inference."""
    return next(one["detail"] for one in shell.status()["services"] if one["name"] == "inference")


def test_a_model_is_loaded_and_said_to_be(shell: Shell) -> None:
    path = model_path()
    said = shell.janus("up", "--detach", "--port", "0", JANUS_MODEL=str(path))
    try:
        assert said.returncode == 0, said.stderr
        assert f"The model is loaded: {path.stem}, " in said.stdout
        detail = inference(shell)
        assert (detail["engine"], detail["model_state"]) == (path.stem, "ready") and detail[
            "model_memory_bytes"
        ] > 10**8
        assert shell.janus("up", "--model", str(path)).returncode == 0
        other = shell.janus("up", "--model", "another")
        assert other.returncode == 1 and f"already runs with --model {path}" in other.stderr
    finally:
        shell.janus("down")


def test_a_model_that_cannot_be_had_starts_nothing(shell: Shell) -> None:
    pytest.importorskip("xllamacpp")
    refused = shell.janus("up", "--detach", "--port", "0", "--model", "smollm2-135m")
    assert refused.returncode == 1 and "janus model pull smollm2-135m" in " ".join(refused.stderr.split())
    assert shell.janus("status").returncode == 3


def test_a_model_that_cannot_be_loaded_leaves_the_platform_up(shell: Shell, tmp_path: Path) -> None:
    pytest.importorskip("xllamacpp")
    said = shell.janus("up", "--detach", "--port", "0", "--model", str(llama_file(tmp_path / "odd.gguf", layers=1000)))
    try:
        assert said.returncode == 1 and "could not be loaded" in said.stderr and "janus down" in said.stderr
        detail = inference(shell)
        assert detail["model_state"] == "failed" and "GGML_ASSERT" in detail["model_problem"]
    finally:
        shell.janus("down")
