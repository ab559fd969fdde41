"""What an implementation can see and reach: its own folder, its own key, and the egress proxy; nothing else."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path
from typing import Any

import pytest

from janus_platform.isolation.layers import bwrap_command
from janus_platform.processes.child import Child
from tests.bwrap_operations import operations
from tests.node.rig import BARE, PROBER, in_loop, needs_sandbox, place, probe

# Python coerces the C locale (PEP 538), and bubblewrap's chdir sets PWD.
MADE_INSIDE = {"LC_CTYPE", "PWD"}
EXPECTED = {"PATH", "HOST", "PORT", "JANUS_IMPLEMENTATION", "CHUTES_API_KEY", "HTTPS_PROXY", "SSL_CERT_FILE"}


@pytest.mark.parametrize("isolation", [pytest.param(None, marks=needs_sandbox), BARE], ids=["sandboxed", "bare"])
@in_loop
async def test_the_environment_is_exactly_what_the_node_hands_in(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, isolation
) -> None:
    monkeypatch.setenv("HOST_SECRET", "hunter2")
    async with place(tmp_path, isolation=isolation) as here:
        instance = await here.node.start(here.spec(PROBER))
        seen = await probe(await instance.upstream(), "import os; result = dict(os.environ)")
        await instance.stop()
    assert set(seen) - MADE_INSIDE == EXPECTED
    assert "hunter2" not in str(seen)
    assert (seen["JANUS_IMPLEMENTATION"], seen["CHUTES_API_KEY"]) == ("mine", "cpk_of_mine")


@needs_sandbox
@in_loop
async def test_two_implementations_have_different_keys_and_do_not_see_each_other(tmp_path: Path) -> None:
    look = """
        import os
        pids = [p for p in os.listdir("/proc") if p.isdigit()]
        names = [open(f"/proc/{p}/cmdline").read() for p in pids]
        result = [os.environ["CHUTES_API_KEY"], len(pids), os.getuid(), names]
    """
    async with place(tmp_path) as here:
        one, two = await asyncio.gather(*(here.node.start(here.spec(PROBER, name)) for name in ("one", "two")))
        seen = [await probe(await instance.upstream(), look) for instance in (one, two)]
        await asyncio.gather(one.stop(), two.stop())
    assert [s[0] for s in seen] == ["cpk_of_one", "cpk_of_two"]
    assert all(s[1] <= 4 for s in seen)
    if os.geteuid() == 0:
        assert 0 not in {s[2] for s in seen} and seen[0][2] != seen[1][2]


@needs_sandbox
@in_loop
async def test_links_in_a_submission_lead_nowhere_while_its_walls_are_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    victim = tmp_path / "victim"
    victim.mkdir()
    commands: list[list[str]] = []

    def recorded(*arguments: Any, **options: Any) -> list[str]:
        commands.append(bwrap_command(*arguments, **options))
        return commands[-1]

    async def plant_and_start(*arguments: Any, **options: Any) -> Child:
        # At the last moment: measuring refuses a link that leads nowhere. In set-up the host's root is at /oldroot.
        for name in ("janus", "usr", "etc", "tmp", "proc", "dev", "oldroot", "newroot", "lib", "home"):
            (spec.folder / name).symlink_to(f"/oldroot{victim}")
        return await start(*arguments, **options)

    start = Child.start
    monkeypatch.setattr("janus_platform.node.sandbox.bwrap_command", recorded)
    monkeypatch.setattr(Child, "start", plant_and_start)
    async with place(tmp_path) as here:
        spec = here.spec(PROBER)
        instance = await here.node.start(spec)
        code = "import os; result = [os.path.exists('janus/x'), os.listdir('/implementation')]"
        reached, names = await probe(await instance.upstream(), code)
        await instance.stop()
    assert list(victim.iterdir()) == [] and reached is False and "oldroot" in names
    (command,) = commands
    made = list(operations(command))
    brought = [number for number, (_, path) in enumerate(made) if path.startswith("/implementation")]
    assert [made[number] for number in brought] == [("--ro-bind", "/implementation")]
    assert {what for what, _ in made[brought[0] + 1 :]} == {"--remount-ro"}, "made after what was brought was there"


CONNECT = """
    import socket
    def reach(family, kind, address):
        try:
            with socket.socket(family, kind) as s:
                s.settimeout(3)
                s.connect(address)
                s.send(b"x")
            return "reached"
        except OSError as error:
            return type(error).__name__
"""


@needs_sandbox
@in_loop
async def test_no_network_is_reachable_from_inside(tmp_path: Path) -> None:
    async with place(tmp_path) as here:
        other = await asyncio.start_server(lambda _, writer: writer.close(), "127.0.0.1", 0)
        other_port = other.sockets[0].getsockname()[1]
        instance = await here.node.start(here.spec(PROBER))
        inside = await probe(
            await instance.upstream(),
            CONNECT
            + f"""
    result = dict(
        interfaces=socket.if_nameindex(),
        outside=reach(socket.AF_INET, socket.SOCK_STREAM, ("93.184.216.34", 443)),
        udp=reach(socket.AF_INET, socket.SOCK_DGRAM, ("8.8.8.8", 53)),
        v6=reach(socket.AF_INET6, socket.SOCK_STREAM, ("2606:2800:220:1::", 443)),
        host_loopback=reach(socket.AF_INET, socket.SOCK_STREAM, ("127.0.0.1", {other_port})),
    )
    try:
        socket.getaddrinfo("example.com", 443)
        result["dns"] = "resolved"
    except OSError:
        result["dns"] = "failed"
    """,
        )
        await instance.stop()
        other.close()
    assert [name for _, name in inside["interfaces"]] == ["lo"]
    assert "reached" not in (inside["outside"], inside["udp"], inside["v6"], inside["host_loopback"])
    assert inside["dns"] == "failed"


@pytest.mark.parametrize("isolation", [pytest.param(None, marks=needs_sandbox), BARE], ids=["sandboxed", "bare"])
@in_loop
async def test_the_proxy_variable_leads_to_the_egress_proxy(tmp_path: Path, isolation) -> None:
    code = """
        import os, socket
        from urllib.parse import urlsplit
        proxy = urlsplit(os.environ["HTTPS_PROXY"])
        with socket.create_connection((proxy.hostname, proxy.port), 5) as s:
            result = [s.makefile().read(), proxy.username]
        result.append(open(os.environ["SSL_CERT_FILE"]).read())
    """
    async with place(tmp_path, isolation=isolation) as here:
        instance = await here.node.start(here.spec(PROBER))
        assert await probe(await instance.upstream(), code) == ["egress", "mine", "not a certificate\n"]
        await instance.stop()


@needs_sandbox
@in_loop
async def test_the_hosts_files_are_out_of_sight_and_the_code_is_read_only(tmp_path: Path) -> None:
    secret = tmp_path / "secret.txt"
    secret.write_text("hunter2")
    own = f"/tmp/{tmp_path.name}-of-the-implementation"
    code = f"""
        import os
        def attempt(action):
            try:
                return action() or "done"
            except OSError as error:
                return type(error).__name__
        result = dict(
            secret=attempt(lambda: open({str(secret)!r}).read()),
            shadow=attempt(lambda: open("/etc/shadow").read()),
            write=attempt(lambda: open("main.py", "a").close()),
            make=attempt(lambda: open("new.txt", "w").close()),
            usr=attempt(lambda: open("/usr/x", "w").close()),
            tmp=attempt(lambda: open({own!r}, "w").close()),
            listing=sorted(os.listdir("/tmp")),
            folder=os.listdir("."),
        )
    """
    async with place(tmp_path) as here:
        instance = await here.node.start(here.spec(PROBER))
        seen = await probe(await instance.upstream(), code)
        await instance.stop()
    assert (seen["secret"], seen["shadow"]) == ("FileNotFoundError", "FileNotFoundError")
    assert {seen["write"], seen["make"], seen["usr"]} <= {"OSError", "PermissionError"}
    assert seen["tmp"] == "done" and Path(own).name in seen["listing"] and seen["folder"] == ["main.py"]
    assert not Path(own).exists()


@in_loop
async def test_a_node_without_walls_says_so(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    async with place(tmp_path, isolation=BARE) as here:
        deployments = here.deployments()
        assert [entry["isolation"] for entry in deployments.describe()] == ["process"]
    assert "without isolation: the test asks for it" in caplog.text
