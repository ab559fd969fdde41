"""The control API against bodies of wrong types, and its client against names and platforms that are none."""

from __future__ import annotations

import http.client
import socket
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from janus_platform.errors import NotRunningError, PlatformError
from janus_platform.runtime.control_client import ControlClient, _UnixConnection
from janus_platform.runtime.state import runtime
from tests.platform.conftest import Shell

HOSTILE_NAMES = ["../../etc/passwd", "a b", "ä", "", "a/b", "a\r\nHost: x", "\x1b[31m", "\udcff"]


@pytest.fixture
def control(up: Callable[[], Shell], monkeypatch: pytest.MonkeyPatch) -> ControlClient:
    monkeypatch.setenv("JANUS_HOME", str(up().home))
    return ControlClient(runtime().control_socket)


def status_of(control: ControlClient, method: str, path: str, body: bytes) -> int:
    connection = _UnixConnection(control.path, 10)
    connection.request(method, path, body)
    answer = connection.getresponse()
    answer.read()
    connection.close()
    return answer.status


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/clock", b'{"caller": "a", "seconds": NaN}'),
        ("/clock", b'{"caller": "a", "seconds": Infinity}'),
        ("/clock", b'{"caller": "a", "seconds": 1' + b"0" * 400 + b"}"),
        ("/clock", b'{"caller": "a", "seconds": true}'),
        ("/clock", b'{"caller": ["a"], "seconds": 1}'),
        ("/clock", b"[]"),
        ("/clock", b"[" * 90_000),
        ("/clock", b"\xff"),
        ("/clock", b""),
        ("/clock", b" " * 200_000),
        ("/lease", b'{"caller": "A b"}'),
        ("/lease", b'{"caller": {}}'),
        ("/watch", b'{"pid": true}'),
        ("/watch", b'{"pid": 1' + b"0" * 40 + b"}"),
        ("/watch", b'{"pid": -1}'),
        ("/watch", b'{"pid": 1.5}'),
        ("/implementations", b'{"path": [1], "name": "x"}'),
        ("/implementations", b'{"path": "/tmp", "name": 5}'),
        ("/implementations", b'{"path": "/tmp", "name": "x", "hotkey": 7}'),
        ("/implementations", b'{"path": "/a\\u0000b", "name": "x"}'),
        ("/implementations", b'{"path": "\\ud800", "name": "\\ud800"}'),
    ],
)
def test_a_body_of_the_wrong_kind_is_refused_and_never_a_crash(control: ControlClient, path: str, body: bytes) -> None:
    assert 400 <= status_of(control, "POST", path, body) < 500


def test_a_field_of_the_wrong_type_is_named(control: ControlClient) -> None:
    with pytest.raises(PlatformError, match="hotkey"):
        control.post("/implementations", path="/tmp", name="x", hotkey=7)


@pytest.mark.parametrize("caller", ["a b", "a&caller=b", "ä", "\x1b[31m", "a" * 64, "\udcff", "a\nb"])
def test_an_odd_caller_id_is_refused_with_the_rule(control: ControlClient, caller: str) -> None:
    with pytest.raises(PlatformError, match="lower-case letters"):
        control.get("/environment", caller=caller)


@pytest.mark.parametrize("name", HOSTILE_NAMES)
@pytest.mark.parametrize("path", ["/traces", "/implementations"])
def test_what_is_no_name_is_refused_before_anything_is_asked(control: ControlClient, path: str, name: str) -> None:
    with pytest.raises(PlatformError, match="is not a name"):
        control.get(path, name)


def test_a_client_that_leaves_without_reading_is_no_user_for_long(control: ControlClient) -> None:
    before = control.get("/status")["users"]
    for _ in range(20):
        connection = _UnixConnection(control.path, 10)
        connection.request("POST", "/lease", b'{"caller": "leaves"}')
        connection.close()
    while control.get("/status")["users"] != before:
        pass


@pytest.mark.parametrize("unread", [False, True], ids=["closed", "reset"])
def test_a_platform_that_ends_in_the_middle_of_an_answer_is_not_running(tmp_path: Path, unread: bool) -> None:
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(tmp_path / "s"))
        listening.listen()

        def half_an_answer() -> None:
            for _ in range(2):
                connection = listening.accept()[0]
                # A Unix socket closed with unread bytes resets its peer; one that has read all of them just ends.
                received = b""
                while not unread and not received.endswith(b"}" if received.startswith(b"POST") else b"\r\n\r\n"):
                    received += connection.recv(65_536)
                connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n{")
                connection.close()

        thread = threading.Thread(target=half_an_answer)
        thread.start()
        client = ControlClient(tmp_path / "s")
        with pytest.raises(NotRunningError):
            client.get("/status")
        with pytest.raises(NotRunningError):
            client.lease(caller="a")
        thread.join()


def test_a_socket_nobody_listens_on_is_not_running(tmp_path: Path) -> None:
    with pytest.raises(NotRunningError):
        ControlClient(tmp_path / "none").get("/status")
    (tmp_path / "file").write_text("")
    with pytest.raises((NotRunningError, http.client.HTTPException)):
        ControlClient(tmp_path / "file").get("/status")
