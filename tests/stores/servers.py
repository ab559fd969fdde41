"""Real servers in a folder of their own, on a free loopback port, ended with the test."""

from __future__ import annotations

import contextlib
import os
import pwd
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

PATIENCE = 60


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


class Postgres:
    """A PostgreSQL server with a database, a user and a password; it can be killed and started again."""

    USER, PASSWORD, DATABASE = "janus", "s3cret-%40", "board"

    def __init__(self, folder: Path) -> None:
        self.folder, self.port = folder, free_port()
        self._programs = programs_of_postgres()
        self._as = _ordinary_user(folder)
        secret = folder / "password"
        secret.write_text("s3cret-@")
        shutil.chown(secret, *self._as)
        options = ["--auth=scram-sha-256", f"--username={self.USER}", f"--pwfile={secret}", "--no-sync", "-E", "UTF8"]
        self._run("initdb", "-D", str(folder / "data"), *options)
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def address(self) -> str:
        return f"postgresql://{self.USER}:{self.PASSWORD}@127.0.0.1:{self.port}/{self.DATABASE}"

    def start(self) -> None:
        """Start it, and wait until it takes connections; make its database the first time."""
        settings = {"listen_addresses": "127.0.0.1", "unix_socket_directories": "", "port": str(self.port)}
        options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        command = [str(self._programs / "postgres"), "-D", str(self.folder / "data"), *options]
        with (self.folder / "log").open("ab") as log:
            self._process = subprocess.Popen(command, stdout=log, stderr=log, **self._user())
        import psycopg

        deadline = time.monotonic() + PATIENCE
        while True:
            try:
                with psycopg.connect(self.address.replace(f"/{self.DATABASE}", "/postgres"), autocommit=True) as admin:
                    known = admin.execute("SELECT 1 FROM pg_database WHERE datname = %s", (self.DATABASE,)).fetchone()
                    if known is None:
                        admin.execute(f"CREATE DATABASE {self.DATABASE}")
                    return
            except psycopg.OperationalError:
                if time.monotonic() > deadline:
                    raise RuntimeError((self.folder / "log").read_text()) from None
                time.sleep(0.05)

    def kill(self) -> None:
        """End it and all of its children at once, as a power cut does."""
        assert self._process is not None
        os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()

    def freeze(self) -> None:
        """Let it say nothing any more, with its connections open."""
        assert self._process is not None
        os.killpg(self._process.pid, signal.SIGSTOP)

    def thaw(self) -> None:
        assert self._process is not None
        os.killpg(self._process.pid, signal.SIGCONT)

    def close(self) -> None:
        if self._process is not None and self._process.poll() is None:
            self.kill()

    def _run(self, program: str, *arguments: str) -> None:
        command = [str(self._programs / program), *arguments]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, timeout=PATIENCE, **self._user())

    def _user(self) -> dict[str, object]:
        """PostgreSQL refuses to run as root."""
        user, group = self._as
        same = user == os.getuid()
        return {"start_new_session": True, "cwd": self.folder, **({} if same else {"user": user, "group": group})}


def programs_of_postgres() -> Path:
    """The folder with `initdb` and `postgres`, from wherever the system keeps them."""
    found = shutil.which("postgres")
    if found:
        return Path(found).parent
    installed = sorted(Path("/usr/lib/postgresql").glob("*/bin/postgres"))
    assert installed, "PostgreSQL is needed for these tests: apt-get install postgresql"
    return installed[-1].parent


def _ordinary_user(folder: Path) -> tuple[int, int]:
    """Whose the server is: ours, or `nobody` where we are root; the folder becomes theirs."""
    if os.getuid():
        return os.getuid(), os.getgid()
    nobody = pwd.getpwnam("nobody")
    shutil.chown(folder, nobody.pw_uid, nobody.pw_gid)
    for parent in folder.parents:  # pytest's folders are closed to others
        with contextlib.suppress(OSError):
            if not parent.stat().st_mode & 0o001 and parent.is_relative_to("/tmp"):
                parent.chmod(parent.stat().st_mode | 0o011)
    return nobody.pw_uid, nobody.pw_gid


@contextlib.contextmanager
def postgres(folder: Path) -> Iterator[Postgres]:
    """A running server."""
    server = Postgres(folder)
    try:
        server.start()
        yield server
    finally:
        server.close()
