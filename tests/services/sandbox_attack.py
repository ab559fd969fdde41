"""Running the attack suite: the programs, what there is to attack, and what is left when they are done."""

from __future__ import annotations

import asyncio
import os
import re
import secrets
import selectors
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import psutil

from janus_platform.isolation.layers import detect, without_namespaces
from janus_platform.isolation.memory import Cgroup, guard_maker
from janus_platform.isolation.uids import _block as uid_block
from janus_platform.services.code_sandbox.guarantees import MEANINGS, guarantees
from janus_platform.services.code_sandbox.toolchains import ToolchainMissingError, toolchain
from tests.services.sandbox_rig import LAYERS, Sandbox, layer_here, processes_with

PLACE = Path(__file__).with_name("sandbox_attacks")
LANGUAGES = {".py": "python", ".js": "javascript", ".sh": "bash", ".go": "go", ".rs": "rust"}
AT_ONCE = 8
VICTIM_SECONDS = 60
_HEAD = re.compile(r"^(?:#|//) (\w+):(.*)$")
_GONE_SECONDS = 10


@dataclass(frozen=True)
class Attack:
    """One program: `needs` maps a promise to the values that contain it."""

    name: str
    language: str
    code: str
    summary: str
    needs: dict[str, tuple[str, ...]]
    ends: tuple[str, ...]
    timeout: int
    files: set[str] | None

    def contained_by(self, made: dict[str, str]) -> bool:
        """Whether a layer that makes these promises must contain it."""
        return all(made[name] in values for name, values in self.needs.items())


def read_attack(path: Path) -> Attack:
    """The attack in a file. Raises ValueError when its head is not right."""
    code = path.read_text(encoding="utf-8")
    head: dict[str, str] = {}
    for line in code.splitlines():
        if not (found := _HEAD.match(line)):
            break
        head[found[1]] = found[2].strip()
    if not {"attack", "needs"} <= set(head) <= {"attack", "needs", "ends", "timeout", "files"}:
        raise ValueError(f"{path.name}: {head}")
    needs = dict(part.strip().split("=") for part in head["needs"].split(";"))
    for name, values in needs.items():
        if not set(values.split("|")) <= set(MEANINGS[name]):
            raise ValueError(f"{path.name}: {name} is never {values}")
    return Attack(
        name=path.name,
        language=LANGUAGES[path.suffix],
        code=code,
        summary=head["attack"],
        needs={name: tuple(values.split("|")) for name, values in needs.items()},
        ends=tuple(head.get("ends", "program").split("|")),
        timeout=int(head.get("timeout", 60)),
        files={name for name in head["files"].split(",") if name} if "files" in head else None,
    )


ATTACKS = [read_attack(path) for path in sorted(PLACE.iterdir()) if path.suffix in LANGUAGES]


def layers_and_attacks() -> Iterator[tuple[str, Attack]]:
    """Each layer of this machine with each attack that it promises to contain."""
    there = {detect().layer, without_namespaces("chosen by the test").layer, "rlimits"}
    guard = guard_maker(1_000_000)()
    guard.discard()
    for layer in LAYERS:
        if layer in there:
            made = guarantees(layer_here(layer), guard.kind, counts_sockets=guard.counts_sockets)
            yield from ((layer, attack) for attack in ATTACKS if attack.contained_by(made))


@dataclass
class Left:
    """What should not be there after the suite."""

    processes: list[str] = field(default_factory=list)
    folders: list[str] = field(default_factory=list)
    cgroups: list[str] = field(default_factory=list)
    mounts: list[str] = field(default_factory=list)
    shared_memory: list[str] = field(default_factory=list)


@dataclass
class Attacked:
    """Everything that the suite saw: answers by layer and attack, missing toolchains, the host's own observations."""

    secret: str
    answers: dict[tuple[str, str], dict[str, Any]] = field(default_factory=dict)
    missing: dict[str, str] = field(default_factory=dict)
    heard: list[str] = field(default_factory=list)
    host_files: list[str] = field(default_factory=list)
    victims_ended: dict[str, bool] = field(default_factory=dict)
    left: Left = field(default_factory=Left)


def assault(warm_cache: Path | None, host: Path) -> Attacked:
    """Run every attack on every layer that must contain it, and look around afterwards."""
    secret, mark = f"secret-{secrets.token_hex(8)}", f"31{os.getpid()}"
    (host / "secret").write_text(secret)
    for folder in (host, host.parent):
        folder.chmod(0o755)
    attacked = Attacked(secret)
    before = _around(mark)
    with ExitStack() as on_exit:
        places = on_exit.enter_context(targets(host / "secret", attacked.heard))
        places |= {"SECRET": secret, "MARK": mark}
        os.environ["CHUTES_API_KEY"] = secret
        on_exit.callback(os.environ.pop, "CHUTES_API_KEY")
        for layer in LAYERS:
            if chosen := [attack for where, attack in layers_and_attacks() if where == layer]:
                asyncio.run(_assault(layer, chosen, attacked, places, warm_cache))
        (host / "socket").unlink(missing_ok=True)
    _remove_what_weak_layers_allow(mark)
    attacked.host_files = sorted(path.name for path in host.iterdir())
    attacked.left = _difference(before, mark)
    return attacked


def _remove_what_weak_layers_allow(mark: str) -> None:
    """Where a layer keeps a program out of no folder, what it filled there is gigabytes, some of it in memory."""
    for place in ("/tmp", "/dev/shm", "/run", "/var/tmp"):
        for path in Path(place).glob(f"part-{mark}-*"):
            path.unlink()


async def _assault(
    layer: str, chosen: list[Attack], attacked: Attacked, places: dict[str, str], warm_cache: Path | None
) -> None:
    sandbox = Sandbox(isolation=layer_here(layer), cache_dir=warm_cache)
    one_of = asyncio.Semaphore(AT_ONCE)
    victim = f"victim-{secrets.token_hex(8)}"
    places = places | {"VICTIM": victim}
    async with sandbox.client() as client:
        code = f"printf %s {victim} > mine\nexec -a {victim} sleep infinity"
        waiting = asyncio.ensure_future(_execute(client, "bash", code, VICTIM_SECONDS))
        while not processes_with(victim):
            assert not waiting.done(), waiting.result()
            await asyncio.sleep(0.01)

        async def run(attack: Attack) -> None:
            try:
                await asyncio.to_thread(toolchain, attack.language)
            except ToolchainMissingError as missing:
                attacked.missing[attack.language] = f"{missing}: {missing.install}"
                return
            async with one_of:
                answer = await _execute(client, attack.language, _filled(attack.code, places), attack.timeout)
            attacked.answers[layer, attack.name] = answer

        await asyncio.gather(*map(run, chosen))
        # On a slow machine its time may be up before the last attack's.
        # On a slow machine its time may be over before the attacks are: that end is its own.
        alive = bool(processes_with(victim))
        attacked.victims_ended[layer] = not alive and (await waiting)["ended_by"] != "time"
        waiting.cancel()
        await asyncio.gather(waiting, return_exceptions=True)


async def _execute(client: httpx.AsyncClient, language: str, code: str, timeout: int) -> dict[str, Any]:
    response = await client.post("/execute", json={"language": language, "code": code, "timeout": timeout})
    assert response.status_code == 200, response.text
    return dict(response.json())


def _filled(code: str, places: dict[str, str]) -> str:
    return re.sub(r"@([A-Z_]+)@", lambda found: places[found[1]], code)


@contextmanager
def targets(secret: Path, heard: list[str]) -> Iterator[dict[str, str]]:
    """Sockets of the host that write down who reaches them, and the names that the programs have for what is there."""
    path, abstract = secret.with_name("socket"), f"janus-attack-{os.getpid()}"
    with ExitStack() as on_exit:
        tcp = on_exit.enter_context(socket.create_server(("127.0.0.1", 0)))
        udp = on_exit.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
        udp.bind(("127.0.0.1", 0))
        unix = on_exit.enter_context(socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM))
        unix.bind(str(path))
        path.chmod(0o777)
        nameless = on_exit.enter_context(socket.socket(socket.AF_UNIX, socket.SOCK_STREAM))
        nameless.bind("\0" + abstract)
        nameless.listen()
        ours, theirs = socket.socketpair()
        on_exit.enter_context(ours)
        on_exit.enter_context(theirs)
        watching = {tcp: "tcp", udp: "udp", unix: "unix", nameless: "abstract", theirs: "end"}
        listener = threading.Thread(target=_listen, args=(watching, heard), daemon=True)
        listener.start()
        yield {
            "PORT": str(tcp.getsockname()[1]),
            "UDP_PORT": str(udp.getsockname()[1]),
            "UNIX_SOCKET": str(path),
            "ABSTRACT_SOCKET": abstract,
            "SECRET_FILE": str(secret),
            "TEST_FILE": __file__,
            "PLATFORM_PID": str(os.getpid()),
        }
        ours.send(b"x")
        listener.join()


def _listen(watching: dict[socket.socket, str], heard: list[str]) -> None:
    with selectors.DefaultSelector() as selector:
        for one in watching:
            selector.register(one, selectors.EVENT_READ)
        while True:
            for key, _ in selector.select():
                ready = key.fileobj
                assert isinstance(ready, socket.socket)
                if watching[ready] == "end":
                    return
                heard.append(watching[ready])
                if ready.type == socket.SOCK_STREAM:
                    ready.accept()[0].close()
                else:
                    ready.recv(1_000)


def _around(mark: str) -> Left:
    """What is there now of what a run could leave."""
    first, count = uid_block(os.getpid())
    uids = range(first, first + count)
    running = [p for p in psutil.process_iter(["uids", "status"]) if p.info["uids"] and p.info["uids"].real in uids]
    guard = guard_maker(1_000_000)()
    guard.discard()
    cgroups = guard.path.parent.glob(f"janus-{os.getpid()}-*") if isinstance(guard, Cgroup) else ()
    return Left(
        processes=[str(p) for p in (*processes_with(mark), *running) if p.is_running()],
        folders=[str(path) for path in Path("/tmp").glob(f"janus-sandbox-{os.getpid()}-*")],
        cgroups=[str(path) for path in cgroups],
        mounts=Path("/proc/self/mounts").read_text().splitlines(),
        shared_memory=[line.split()[1] for line in Path("/proc/sysvipc/shm").read_text().splitlines()[1:]],
    )


def _difference(before: Left, mark: str) -> Left:
    """What has come since `before` and stays; a cgroup goes shortly after its last process, so it is waited for."""
    deadline = time.monotonic() + _GONE_SECONDS
    while True:
        now = _around(mark)
        left = Left(**{name: [x for x in found if x not in getattr(before, name)] for name, found in vars(now).items()})
        if left == Left() or time.monotonic() > deadline:
            return left
        time.sleep(0.05)
