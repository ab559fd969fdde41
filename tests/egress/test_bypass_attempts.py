"""No way out: every attempt of the three tables is blocked, and logged where the proxy sees it."""

from __future__ import annotations

import asyncio
import base64
import json
import logging
import os
import subprocess
import sys
import threading
import time
from collections.abc import Coroutine, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from msgspec.structs import replace

from janus_platform.egress.ca import LocalCA
from janus_platform.egress.callers import Callers
from janus_platform.egress.environment import EgressAccess, egress_variables
from janus_platform.egress.proxy import EgressEvent, EgressProxy
from janus_platform.gateway.directory import Upstream
from janus_platform.http.server import bind_loopback
from janus_platform.isolation.layers import detect
from janus_platform.node.node import Node, Spec, python_command
from tests.egress import attacker
from tests.egress.attacks import EGRESS, TUNNEL, WIRE, Tunnel, Wire
from tests.egress.attacks_around import AROUND, Around
from tests.egress.conftest import CONTRACT, mirror
from tests.egress.lures import Lures, laid_out
from tests.node.rig import PROBER, post

CALLER = {"inside": "mine", "client": "tester"}
_ATTACKER = Path(attacker.__file__).read_text("utf-8")
needs_sandbox = pytest.mark.skipif(
    detect().layer != "bubblewrap", reason=f"this machine has no namespaces to use: {'; '.join(detect().reasons)}"
)
FROM = pytest.mark.parametrize("origin", [pytest.param("inside", marks=needs_sandbox), "client"])


@dataclass
class Prison:
    """A proxy, a sandboxed implementation that runs what it is told, a joined client, and lures outside."""

    proxy: EgressProxy
    callers: Callers
    variables: dict[str, str]
    upstream: Upstream | None
    lures: Lures
    loop: asyncio.AbstractEventLoop

    def wait(self, work: Coroutine[Any, Any, Any]) -> Any:
        return asyncio.run_coroutine_threadsafe(work, self.loop).result(60)

    def inside(self, code: str) -> Any:
        """The `result` of `code`, run by the implementation."""
        assert self.upstream is not None
        return json.loads(self.wait(post(self.upstream, f"import os, socket\n{_ATTACKER}\n{code}")))

    def say(self, origin: str, function: str, *arguments: object) -> Any:
        """Call one of attacker.py's functions there, with that caller's variables."""
        if origin == "client":
            return getattr(attacker, function)(self.variables, *arguments)
        return self.inside(f"result = {function}(os.environ, *{arguments!r})")

    def blocked_since(self, count: int) -> list[EgressEvent]:
        """What the proxy has blocked since there were `count` events: at least one, which is waited for."""
        deadline = time.monotonic() + 30
        while len(self.proxy.events) <= count and time.monotonic() < deadline:
            time.sleep(0.005)
        return list(self.proxy.events)[count:]


@pytest.fixture(scope="module")
def prison(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Prison]:
    folder = tmp_path_factory.mktemp("p")
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    with ExitStack() as on_exit:
        on_exit.callback(loop.close)
        on_exit.callback(thread.join)
        on_exit.callback(loop.call_soon_threadsafe, loop.stop)
        lures = on_exit.enter_context(laid_out(folder))
        made, end = asyncio.run_coroutine_threadsafe(_built(folder, lures, loop), loop).result(60)
        on_exit.callback(lambda: asyncio.run_coroutine_threadsafe(end(), loop).result(60))
        yield made


async def _built(folder: Path, lures: Lures, loop: asyncio.AbstractEventLoop) -> tuple[Prison, Any]:
    ca, callers = LocalCA(EGRESS.allowed_hosts), Callers()
    place = SimpleNamespace(egress_socket=folder / "e.sock", ca_file=folder / "ca.pem")
    place.ca_file.write_bytes(ca.pem)
    rules = replace(EGRESS, head_seconds=1.0)
    proxy = EgressProxy({host: mirror(host) for host in EGRESS.allowed_hosts}, rules, callers, ca)
    doors = bind_loopback(0)[:1]
    port = doors[0].getsockname()[1]
    await proxy.start(doors, place.egress_socket)

    def variables(caller: str, *, host: str, port: int) -> dict[str, str]:
        url = f"http://{caller}:{callers.token(caller)}@{host}:{port}"
        key = callers.key(caller)
        return egress_variables(proxy_url=url, ca_file=place.ca_file, key_variable="CHUTES_API_KEY", key=key)

    node = Node(
        CONTRACT,
        EgressAccess(place, lambda: port, variables, proxy.blocked),
        run_folder=folder / "r",
        log_folder=folder / "l",
    )
    (folder / "code").mkdir()
    (folder / "code" / "main.py").write_text(PROBER, encoding="utf-8")
    instance = await node.start(Spec("mine", folder / "code", python_command("main.py"))) if node.sandboxed else None
    upstream = await instance.upstream() if instance else None

    async def end() -> None:
        if instance:
            await instance.stop()
        await proxy.close()

    return Prison(proxy, callers, variables("tester", host="127.0.0.1", port=port), upstream, lures, loop), end


@FROM
def test_the_listed_hosts_can_be_reached(prison: Prison, origin: str) -> None:
    for host in EGRESS.allowed_hosts:
        request = f"GET / HTTP/1.1\r\nHost: {host}\r\n\r\n"
        assert prison.say(origin, "tunnel", host, host, request) == 200


@FROM
@pytest.mark.parametrize("attack", WIRE, ids=lambda attack: attack.name)
def test_the_proxy_refuses_and_logs(
    prison: Prison, caplog: pytest.LogCaptureFixture, origin: str, attack: Wire
) -> None:
    caller = CALLER[origin]
    stolen = base64.b64encode(f"somebody-else:{prison.callers.token(caller)}".encode()).decode()
    sent = attack.sent.replace("{stolen}", stolen).replace("{key}", prison.callers.key(caller))
    before = len(prison.proxy.events)
    with caplog.at_level(logging.WARNING, "janus.egress"):
        assert prison.say(origin, "wire", sent) == attack.status
    (event,) = prison.blocked_since(before)
    assert event.reason == attack.reason and event.at > 0
    assert event.caller == (caller if "{proof}" in attack.sent else "unknown")
    if attack.status == 403:
        assert event.target == attack.sent.split(" ")[1]
    assert f"blocked caller={event.caller} target={event.target} reason={event.reason}" in caplog.text


@FROM
@pytest.mark.parametrize("attack", TUNNEL, ids=lambda attack: attack.name)
def test_a_tunnel_leads_nowhere_else(prison: Prison, origin: str, attack: Tunnel) -> None:
    before = len(prison.proxy.events)
    assert prison.say(origin, "tunnel", EGRESS.allowed_hosts[4], attack.sni, attack.sent) == attack.status
    (event,) = prison.blocked_since(before)
    assert event.reason.startswith(attack.reason)
    assert (event.caller, event.target) == (CALLER[origin], f"{EGRESS.allowed_hosts[4]}:443")


@needs_sandbox
@pytest.mark.parametrize("attack", AROUND, ids=lambda attack: attack.name)
def test_there_is_no_way_around_the_proxy(prison: Prison, attack: Around) -> None:
    names = prison.lures.as_python()
    for_all = attack.control == "everyone" or (attack.control == "root" and os.geteuid() == 0)
    if for_all and (prison.lures.tcp6 or "tcp6" not in attack.code):
        code = f"import os, socket\n{_ATTACKER}\n{names}\n{attack.code}\nprint(result)"
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
        assert done.stdout.startswith("reached"), "nothing to reach: the attempt proves nothing"
    assert prison.inside(f"{names}\n{attack.code}").startswith("blocked")


@FROM
def test_a_redirect_to_the_outside_ends_at_the_proxy(prison: Prison, origin: str) -> None:
    code = f"""
import httpx, ssl
def follow(env):
    context = ssl.create_default_context(cafile=env["SSL_CERT_FILE"])
    with httpx.Client(proxy=env["HTTPS_PROXY"], verify=context, trust_env=False, follow_redirects=True) as client:
        try:
            return client.get("https://{EGRESS.allowed_hosts[0]}/redirect?to=https://evil.example/").text
        except httpx.ProxyError as error:
            return f"blocked: {{error}}"
"""
    if origin == "inside":
        said = prison.inside(f"{code}\nresult = follow(os.environ)")
    else:
        space: dict[str, Any] = {}
        exec(code, space)
        said = space["follow"](prison.variables)
    assert said == "blocked: 403 host is not on the allow-list"
    assert (prison.proxy.events[-1].caller, prison.proxy.events[-1].target) == (CALLER[origin], "evil.example:443")


@FROM
def test_a_caller_has_so_many_tunnels_and_no_more(prison: Prison, origin: str) -> None:
    prison.proxy.rules = replace(prison.proxy.rules, max_tunnels_per_caller=3, tunnel_wait_seconds=0)
    try:
        before = len(prison.proxy.events)
        assert prison.say(origin, "hold_tunnels", EGRESS.allowed_hosts[4], 5) == [200, 200, 200, 429, 429]
        assert {event.reason for event in prison.blocked_since(before)} == {"too many tunnels"}
        while prison.proxy.tunnels.open:
            time.sleep(0.005)
        assert prison.say(origin, "hold_tunnels", EGRESS.allowed_hosts[4], 3) == [200, 200, 200]
    finally:
        prison.proxy.rules = replace(EGRESS, head_seconds=1.0)


@needs_sandbox
def test_one_implementation_that_opens_connections_and_says_nothing_does_not_keep_others_out(prison: Prison) -> None:
    prison.proxy.rules = replace(EGRESS, max_unfinished_heads=3)
    try:
        code = """
import time
address, _ = proxy_of(os.environ)
held = [socket.create_connection(address) for _ in range(4)]
result = head_of(held[0])
"""
        assert prison.inside(code) == 429
        request = f"GET / HTTP/1.1\r\nHost: {EGRESS.allowed_hosts[4]}\r\n\r\n"
        assert prison.say("client", "tunnel", EGRESS.allowed_hosts[4], EGRESS.allowed_hosts[4], request) == 200
        assert prison.proxy.events[-1].reason == "too many unfinished requests"
    finally:
        prison.proxy.rules = replace(EGRESS, head_seconds=1.0)
