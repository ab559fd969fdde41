"""An implementation that runs elsewhere is tried, deployed, watched and forgotten; the node never starts or ends it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from janus_platform.errors import PlatformError
from janus_platform.gateway.errors import NotReadyError
from janus_platform.gateway.remote_url import RemoteUrl
from janus_platform.node.submission.checks import SubmissionRefusedError
from tests.node.rig import in_loop, place, post, streamer
from tests.node.test_deployments import failed, results


@dataclass
class There:
    """A server that the test runs: its port, the status of its health path, and what was asked of it."""

    port: int = 0
    health: int = 200
    health_body: bytes = b"{}"
    moved_to: str = ""
    asked: list[str] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode()
                length = next((int(n[15:]) for n in head.lower().split("\r\n") if n.startswith("content-length:")), 0)
                body = await reader.readexactly(length)
                self.asked.append(head.split(" ")[1])
                writer.write(self._answer(self.asked[-1], body))
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    def _answer(self, path: str, body: bytes) -> bytes:
        if path == "/health":
            return _http(self.health, self.health_body)
        if self.moved_to:
            return b"HTTP/1.1 307 X\r\nlocation: %s\r\ncontent-length: 0\r\n\r\n" % self.moved_to.encode()
        if path != "/v1/chat/completions":
            return _http(404, b"")
        if not json.loads(body).get("stream"):
            choice = {"message": {"role": "assistant", "content": "From there."}, "finish_reason": "stop"}
            return _http(200, json.dumps({"choices": [choice]}).encode())
        deltas = [({"content": "From "}, None), ({"content": "there."}, None), ({}, "stop")]
        chunks = [json.dumps({"choices": [{"delta": delta, "finish_reason": why}]}) for delta, why in deltas]
        events = "".join(f"data: {data}\n\n" for data in (*chunks, "[DONE]"))
        return _http(200, events.encode(), "text/event-stream")


def _http(status: int, body: bytes, kind: str = "application/json") -> bytes:
    return f"HTTP/1.1 {status} X\r\ncontent-type: {kind}\r\ncontent-length: {len(body)}\r\n\r\n".encode() + body


@asynccontextmanager
async def there() -> AsyncIterator[There]:
    made = There()
    server = await asyncio.start_server(made.serve, "127.0.0.1", 0)
    made.port = server.sockets[0].getsockname()[1]
    try:
        yield made
    finally:
        server.close()


@in_loop
async def test_what_runs_already_is_tried_deployed_listed_and_forgotten(tmp_path: Path) -> None:
    async with place(tmp_path) as here, there() as server:
        deployments = here.deployments()
        answer = await deployments.submit(None, "outside", url=server.url)
        upstream = await deployments.upstream("outside")
        described = deployments.describe()[1]
        await deployments.remove("outside")
        await deployments.aclose()
        assert deployments.names() == ["base"] and here.registry.all() == []
        assert server.asked.count("/v1/chat/completions") == 2
    checks = results(answer)
    assert "failed" not in checks.values() and answer["isolation"] == "elsewhere"
    assert checks["no egress beyond the list"] == "not checked"
    assert upstream.base == RemoteUrl("http", "127.0.0.1", server.port)
    assert (described["state"], described["url"], described["hotkey"]) == ("running", server.url, "")


@in_loop
async def test_it_is_there_again_after_a_restart_of_the_platform(tmp_path: Path) -> None:
    async with place(tmp_path) as here, there() as server:
        first = here.deployments()
        await first.submit(None, "outside", url=server.url)
        await first.aclose()
        second = here.deployments()
        assert second.describe()[1]["state"] == "idle"
        assert (await second.upstream("outside")).base == RemoteUrl("http", "127.0.0.1", server.port)
        await second.aclose()


@in_loop
async def test_one_that_is_not_well_gets_no_requests_until_it_is(tmp_path: Path) -> None:
    async with place(tmp_path) as here, there() as server:
        first = here.deployments()
        await first.submit(None, "outside", url=server.url)
        await first.aclose()
        server.health, deployments = 500, here.deployments()
        for _ in range(2):
            with pytest.raises(NotReadyError, match="does not answer 200"):
                await deployments.upstream("outside")
        assert deployments.describe()[1]["state"] == "unhealthy"
        assert "not healthy: answered 500" in deployments.log("outside").tail()
        server.health = 200
        await deployments.upstream("outside")
        assert deployments.describe()[1]["state"] == "running"
        await deployments.aclose()


@in_loop
async def test_nothing_that_answers_no_health_is_deployed(tmp_path: Path) -> None:
    async with place(tmp_path) as here, there() as server:
        server.health, deployments = 503, here.deployments()
        with pytest.raises(SubmissionRefusedError) as refused:
            await deployments.submit(None, "outside", url=server.url)
        assert failed(refused.value) == ["GET /health answers 200"] and deployments.names() == ["base"]


@in_loop
async def test_a_gateway_is_no_implementation(tmp_path: Path) -> None:
    async with place(tmp_path) as here, there() as server:
        server.health_body = b'{"status": "ok", "janus": "research"}'
        with pytest.raises(SubmissionRefusedError, match="a Janus gateway answers there") as refused:
            await here.deployments().submit(None, "outside", url=server.url)
        assert failed(refused.value) == ["is an implementation"]


@in_loop
async def test_a_redirect_leads_nowhere(tmp_path: Path) -> None:
    async with place(tmp_path) as here, there() as server, there() as inside:
        server.moved_to = inside.url + "/v1/chat/completions"
        with pytest.raises(SubmissionRefusedError, match="answered 307"):
            await here.deployments().submit(None, "outside", url=server.url)
        assert inside.asked == []


@pytest.mark.parametrize(
    "url", ["http://10.0.0.1", "file:///etc/passwd", "http://127.0.0.1:1/v1", "http://u:p@localhost"]
)
@in_loop
async def test_a_hostile_address_is_refused_before_anything_is_asked(tmp_path: Path, url: str) -> None:
    async with place(tmp_path) as here:
        with pytest.raises(SubmissionRefusedError) as refused:
            await here.deployments().submit(None, "outside", url=url)
    assert failed(refused.value) == ["address"]


@in_loop
async def test_several_nodes_or_both_a_folder_and_an_address_are_refused(tmp_path: Path) -> None:
    async with place(tmp_path) as here:
        deployments = here.deployments()
        with pytest.raises(SubmissionRefusedError, match="one node"):
            await deployments.submit(None, "outside", url="http://localhost:1", instances=2)
        for path, url in ((here.folder(streamer()), "http://localhost:1"), (None, "")):
            with pytest.raises(PlatformError, match="either a folder or the url"):
                await deployments.submit(path, "outside", url=url)


@in_loop
async def test_a_folder_takes_the_place_of_an_address_and_the_other_way_round(tmp_path: Path) -> None:
    async with place(tmp_path) as here, there() as server:
        deployments = here.deployments()
        await deployments.submit(here.folder(streamer("From", " here.")), "mine")
        assert (await deployments.submit(None, "mine", url=server.url))["replaced"]
        assert "From " in await post(await deployments.upstream("mine"), "Hi")
        assert not await deployments.restart("mine")  # There is no process here to give a new key to.
        assert (await deployments.submit(here.folder(streamer("From", " here.")), "mine"))["replaced"]
        assert "From here." in await post(await deployments.upstream("mine"), "Hi")
        await deployments.aclose()
