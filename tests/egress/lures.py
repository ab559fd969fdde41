"""What an attacker would like to reach on the host: servers that say "lure", files, and a process."""

from __future__ import annotations

import os
import socket
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, fields
from pathlib import Path


@dataclass(frozen=True)
class Lures:
    """Ports on the loopback addresses (`tcp6` is 0 where there is no IPv6), Unix sockets, files, and a process."""

    tcp: int
    tcp6: int
    udp: int
    abstract: str
    control_socket: str
    run_folder: str
    secret: str
    pid: int

    def as_python(self) -> str:
        """Assignments of all of them."""
        return "\n".join(f"{field.name} = {getattr(self, field.name)!r}" for field in fields(self))


@contextmanager
def laid_out(folder: Path) -> Iterator[Lures]:
    """The lures, for as long as this lasts; their files lie in `folder`."""
    run = folder / "run"
    run.mkdir()
    secret = run / "secret.txt"
    secret.write_text("the host's secret", encoding="utf-8")
    abstract, control = f"\0janus-lure-{os.getpid()}", str(run / "c.sock")
    with ExitStack() as on_exit:
        tcp = _stream(on_exit, socket.AF_INET, ("127.0.0.1", 0))
        try:
            tcp6 = _stream(on_exit, socket.AF_INET6, ("::1", 0))
        except OSError:
            tcp6 = 0
        for address in (abstract, control):
            _stream(on_exit, socket.AF_UNIX, address)
        udp = on_exit.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
        udp.bind(("127.0.0.1", 0))

        def echo() -> None:
            _, sender = udp.recvfrom(512)
            if sender is None:
                raise OSError("shut down")
            udp.sendto(b"lure", sender)

        _serve(on_exit, udp, echo)
        process = on_exit.enter_context(subprocess.Popen(["sleep", "600"]))
        on_exit.callback(process.kill)
        yield Lures(tcp, tcp6, udp.getsockname()[1], abstract, control, str(run), str(secret), process.pid)


def _stream(on_exit: ExitStack, family: int, address: str | tuple[str, int]) -> int:
    made = on_exit.enter_context(socket.socket(family, socket.SOCK_STREAM))
    made.bind(address)
    made.listen(64)

    def greet() -> None:
        connection, _ = made.accept()
        # On a thread of its own: a client that is slow to leave must not keep the next one waiting.
        threading.Thread(target=answer, args=(connection,), daemon=True).start()

    def answer(connection: socket.socket) -> None:
        with connection, suppress(OSError):
            # To a client that speaks HTTP it is an answer too.
            connection.sendall(b"HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nlure")
            connection.shutdown(socket.SHUT_WR)
            connection.settimeout(5)
            connection.recv(4_096)

    _serve(on_exit, made, greet)
    return 0 if family == socket.AF_UNIX else int(made.getsockname()[1])


def _serve(on_exit: ExitStack, served: socket.socket, answer: Callable[[], object]) -> None:
    def loop() -> None:
        with suppress(OSError):
            while True:
                answer()

    thread = threading.Thread(target=loop, daemon=True)
    thread.start()
    # Closing a socket does not wake who waits for it.
    on_exit.callback(thread.join, 5)
    on_exit.callback(lambda: _shut(served))


def _shut(served: socket.socket) -> None:
    with suppress(OSError):
        served.shutdown(socket.SHUT_RDWR)
    served.close()
