"""The code sandbox as a service: input, capabilities, callers that leave, sandboxes that stand ready."""

from __future__ import annotations

import asyncio
import base64
import json
import os
from typing import Any

import httpx
import pytest

from janus_platform.services.code_sandbox.app import build
from janus_platform.services.code_sandbox.guarantees import MEANINGS
from tests.services.sandbox_rig import Sandbox, processes_with

pytestmark = pytest.mark.usefixtures("nothing_is_left")


def test_input_files_and_standard_input_reach_the_program_and_changed_files_come_back(each_layer: Sandbox) -> None:
    code = "cat; cat a.txt b.bin; echo more >> b.bin"
    files = [{"name": "a.txt", "text": "é"}, {"name": "b.bin", "data": base64.b64encode(b"two\n").decode()}]
    body = {"language": "bash", "code": code, "stdin": "one\n", "files": files}
    answer = each_layer.request("POST", "/execute", json=body).json()
    assert answer["stdout"] == "one\nétwo\n"
    assert [(f["name"], base64.b64decode(f["data"])) for f in answer["files"]] == [("b.bin", b"two\nmore\n")]


def test_a_program_that_reads_nothing_is_not_held_up_by_its_input(sandbox: Sandbox) -> None:
    body = {"language": "bash", "code": "exit 3", "stdin": "x" * 900_000}
    assert sandbox.request("POST", "/execute", json=body).json()["exit_code"] == 3


@pytest.mark.parametrize(
    "files",
    [
        [{"name": "../x", "text": ""}],
        [{"name": "", "text": ""}],
        [{"name": ".hidden", "text": ""}],
        [{"name": "a\nb", "text": ""}],
        [{"name": "a\ud800", "text": ""}],
        [{"name": "a", "data": "no base64!"}],
        [{"name": "a", "text": "\ud800"}],
        [{"name": "a"}],
        [{"name": "a", "text": "x", "data": "eA=="}],
        [{"name": "a", "text": 1}],
        [{"name": "a", "text": "x"}, {"name": "a", "text": "y"}],
        [{"name": "main.py", "text": "x"}],
        ["a"],
        [{"name": "x" * 101, "text": ""}],
    ],
)
def test_a_file_that_is_not_right_is_refused_by_name(sandbox: Sandbox, files: list[Any]) -> None:
    content = json.dumps({"language": "python", "code": "1", "files": files})
    response = sandbox.request("POST", "/execute", content=content)
    assert response.status_code in (400, 422)
    assert "files" in response.text or "surrogate" in response.text or "Unicode" in response.text


def test_capabilities_say_the_layer_its_promises_and_the_languages(each_layer: Sandbox) -> None:
    about = each_layer.request("GET", "/capabilities").json()
    assert about["isolation"] == each_layer.options["isolation"].layer
    assert about["promises"] == each_layer.run("echo", "bash")["promises"]
    assert set(about["promises"]) == set(MEANINGS) == set(about["meanings"])
    assert (about["promises"]["network"] == "none") == (about["isolation"] != "rlimits")
    assert all(state["installed"] or state["install"] for state in about["languages"].values())
    assert about["limits"]["memory_bytes"] == 512_000_000


def test_a_caller_that_leaves_ends_its_run(each_layer: Sandbox) -> None:
    mark = f"32{os.getpid()}"
    body = json.dumps({"language": "bash", "code": f"sleep {mark} & sleep {mark}", "timeout": 60}).encode()
    sent: list[Any] = []

    async def leave() -> None:
        there = asyncio.Event()
        messages = iter([{"type": "http.request", "body": body, "more_body": False}])

        async def receive() -> Any:
            for message in messages:
                return message
            await there.wait()
            return {"type": "http.disconnect"}

        async def send(message: Any) -> None:
            sent.append(message)

        scope = {"type": "http", "method": "POST", "path": "/execute", "headers": [], "query_string": b""}
        scope |= {"http_version": "1.1", "raw_path": b"/execute", "root_path": "", "scheme": "https"}
        serving = asyncio.ensure_future(build(each_layer.context, **each_layer.options)(scope, receive, send))
        while len(processes_with(mark)) < 2:
            assert not serving.done(), sent
            await asyncio.sleep(0.01)
        there.set()
        await serving

    asyncio.run(leave())
    assert processes_with(mark) == []


def test_sandboxes_that_stand_ready_serve_once_each_and_go_at_shutdown(sandbox: Sandbox) -> None:
    async def ask() -> list[str]:
        app = build(sandbox.context, **sandbox.options)
        events: asyncio.Queue[Any] = asyncio.Queue()
        said: asyncio.Queue[Any] = asyncio.Queue()
        serving = asyncio.ensure_future(app({"type": "lifespan", "asgi": {}}, events.get, said.put))
        await events.put({"type": "lifespan.startup"})
        await said.get()
        found = []
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=sandbox.origin, timeout=60) as client:
            for _ in range(4):
                body = {"language": "bash", "code": "ls; ls /tmp; touch /tmp/left left; id -u"}
                found.append((await client.post("/execute", json=body)).json()["stdout"])
        await events.put({"type": "lifespan.shutdown"})
        await serving
        return found

    found = asyncio.run(ask())
    assert all("left" not in one for one in found), "a sandbox was used twice"
