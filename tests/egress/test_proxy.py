"""The egress proxy lets the contract's hosts pass, to the local services, and nothing else."""

from __future__ import annotations

import os
import shutil
import socket
import ssl
import subprocess
import sys

import httpx
import pytest
import requests

from janus_platform.contract import load_contract
from tests.egress.conftest import Wall

CONTRACT_EGRESS = load_contract().egress
HOSTS = CONTRACT_EGRESS.allowed_hosts
SEARCH = HOSTS[1]


def tls(wall: Wall) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=str(wall.ca_file))


def talk(wall: Wall, sent: bytes) -> bytes:
    """Send raw bytes to the proxy and read until it closes or answers a head."""
    with socket.create_connection(("127.0.0.1", wall.port), timeout=5) as connection:
        connection.sendall(sent)
        received = b""
        while b"\r\n\r\n" not in received:
            part = connection.recv(65_536)
            if not part:
                break
            received += part
        return received


def basic(wall: Wall, caller: str = "tester") -> bytes:
    import base64

    return (
        b"Proxy-Authorization: Basic " + base64.b64encode(f"{caller}:{wall.callers.token(caller)}".encode()) + b"\r\n"
    )


def connect(wall: Wall, target: bytes, extra: bytes = b"") -> bytes:
    return talk(wall, b"CONNECT " + target + b" HTTP/1.1\r\nHost: " + target + b"\r\n" + basic(wall) + extra + b"\r\n")


@pytest.mark.parametrize("host", HOSTS)
def test_every_host_of_the_contract_reaches_its_own_service(wall: Wall, host: str) -> None:
    with httpx.Client(proxy=wall.url(), verify=tls(wall), trust_env=False) as client:
        assert client.get(f"https://{host}/x").json() == {"service": host, "caller": "tester", "path": "/x", "size": 0}


def test_the_service_sees_the_caller_that_the_proxy_url_names(wall: Wall) -> None:
    for caller in ("notebook-1", "implementation-2"):
        with httpx.Client(proxy=wall.url(caller), verify=tls(wall), trust_env=False) as client:
            assert client.get(f"https://{SEARCH}/").json()["caller"] == caller


def test_one_tunnel_carries_many_requests_and_large_bodies(wall: Wall) -> None:
    with httpx.Client(proxy=wall.url(), verify=tls(wall), trust_env=False) as client:
        sizes = [client.post(f"https://{SEARCH}/", content=b"x" * size).json()["size"] for size in (0, 1, 500_000)]
    assert sizes == [0, 1, 500_000]


def test_a_streamed_answer_arrives_event_by_event(wall: Wall) -> None:
    with httpx.Client(proxy=wall.url(), verify=tls(wall), trust_env=False) as client:
        with client.stream("GET", f"https://{SEARCH}/stream") as response:
            assert [line for line in response.iter_lines() if line] == [f"data: {n}" for n in range(5)]


def test_the_variables_alone_are_enough_for_httpx_requests_and_curl(wall: Wall) -> None:
    environment = {"PATH": os.environ["PATH"], "HOME": "/nonexistent", **wall.environment()}
    code = (
        f"import httpx, requests; u='https://{SEARCH}/'\n"
        "print(httpx.get(u).json()['caller'], requests.get(u).json()['caller'])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=False, timeout=60
    )
    assert done.stdout.split() == ["tester", "tester"], done.stderr
    if shutil.which("curl") is None:
        pytest.skip("curl is not installed")
    done = subprocess.run(
        ["curl", "-sS", f"https://{SEARCH}/"], env=environment, capture_output=True, text=True, check=False, timeout=60
    )
    assert '"caller":"tester"' in done.stdout, done.stderr


def test_a_blocked_host_raises_an_error_that_says_so(wall: Wall) -> None:
    with httpx.Client(proxy=wall.url(), verify=tls(wall), trust_env=False) as client:
        with pytest.raises(httpx.ProxyError, match="403 host is not on the allow-list"):
            client.get("https://example.com/")
    with pytest.raises(requests.exceptions.ProxyError, match="403"):
        requests.get("https://example.com/", proxies={"https": wall.url()}, timeout=5)


@pytest.mark.parametrize(
    "target",
    [
        b"example.com:443",
        b"93.184.216.34:443",
        b"[::1]:443",
        b"127.0.0.1:443",
        b"169.254.169.254:443",
        b"localhost:443",
        SEARCH.encode() + b":80",
        SEARCH.encode() + b":8443",
        SEARCH.encode() + b".:443",
        SEARCH.encode() + b".evil.example:443",
        b"evil-" + SEARCH.encode() + b":443",
        b"xn--srch-janus.rodeo:443",
        SEARCH.encode() + b":443@evil.example:443",
        SEARCH.encode(),
        b":443",
        SEARCH.encode() + b"%00:443",
    ],
)
def test_a_target_outside_the_table_is_refused_and_logged(wall: Wall, target: bytes) -> None:
    answer = connect(wall, target)
    assert answer.startswith(b"HTTP/1.1 403 ")
    last = wall.proxy.events[-1]
    assert (last.caller, last.target) == ("tester", target.decode())
    assert last.reason is not None


def test_a_name_in_mixed_case_is_the_same_name(wall: Wall) -> None:
    assert connect(wall, SEARCH.upper().encode() + b":443").startswith(b"HTTP/1.1 200 ")


@pytest.mark.parametrize(
    "authorization",
    [
        b"",
        b"Proxy-Authorization: Basic dGVzdGVyOndyb25n\r\n",
        b"Proxy-Authorization: Bearer x\r\n",
        b"Proxy-Authorization: Basic %%%\r\n",
    ],
)
def test_a_caller_without_a_valid_token_is_asked_for_one(wall: Wall, authorization: bytes) -> None:
    target = SEARCH.encode() + b":443"
    assert talk(wall, b"CONNECT " + target + b" HTTP/1.1\r\n" + authorization + b"\r\n").startswith(b"HTTP/1.1 407 ")


def test_one_callers_token_does_not_work_for_another(wall: Wall) -> None:
    stolen = f"http://somebody-else:{wall.callers.token('tester')}@127.0.0.1:{wall.port}"
    with (
        httpx.Client(proxy=stolen, verify=tls(wall), trust_env=False) as client,
        pytest.raises(httpx.ProxyError, match="407"),
    ):
        client.get(f"https://{SEARCH}/")


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        (b"GET http://%s/ HTTP/1.1\r\nHost: x\r\n\r\n" % SEARCH.encode(), b"405"),
        (b"GET / HTTP/1.1\r\nHost: x\r\n\r\n", b"405"),
        (b"\x16\x03\x01\x02\x00\r\n\r\n", b"405"),
        (b"CONNECT  x:443 HTTP/1.1\r\n\r\n", b"405"),
        (b"CONNECT x:443 HTTP/2\r\n\r\n", b"405"),
        (b"CONNECT x:443 HTTP/1.1\r\nbroken header\r\n\r\n", b"400"),
        (b"CONNECT x:443 HTTP/1.1\r\nA: b\r\n folded\r\n\r\n", b"400"),
        (b"CONNECT x:443 HTTP/1.1\r\nA: b\r\n\r\nGET / HTTP/1.1\r\n\r\n", b"400"),
        (b"CONNECT x:443 HTTP/1.1\r\nA: " + b"a" * CONTRACT_EGRESS.max_head_bytes, b"431"),
    ],
)
def test_anything_but_a_clean_connect_is_refused(wall: Wall, sent: bytes, status: bytes) -> None:
    assert talk(wall, sent).split(b" ")[1] == status


def test_two_authorizations_in_one_request_are_refused(wall: Wall) -> None:
    assert connect(wall, SEARCH.encode() + b":443", basic(wall, "other")).startswith(b"HTTP/1.1 400 ")


def test_a_tunnel_to_one_name_does_not_serve_another_in_its_handshake(wall: Wall) -> None:
    with socket.create_connection(("127.0.0.1", wall.port), timeout=5) as connection:
        connection.sendall(b"CONNECT %s:443 HTTP/1.1\r\n" % SEARCH.encode() + basic(wall) + b"\r\n")
        connection.recv(1_000)
        with pytest.raises(ssl.SSLError):
            tls(wall).wrap_socket(connection, server_hostname=HOSTS[0])


def test_a_tunnel_to_one_name_does_not_serve_another_in_its_host_header(wall: Wall) -> None:
    with httpx.Client(proxy=wall.url(), verify=tls(wall), trust_env=False) as client:
        assert client.get(f"https://{SEARCH}/", headers={"Host": HOSTS[0]}).status_code == 421


def test_the_proxy_answers_on_its_unix_socket_too(wall: Wall) -> None:
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(5)
        connection.connect(str(wall.unix_path))
        connection.sendall(b"CONNECT %s:443 HTTP/1.1\r\n" % SEARCH.encode() + basic(wall) + b"\r\n")
        assert connection.recv(1_000).startswith(b"HTTP/1.1 200 ")
        with tls(wall).wrap_socket(connection, server_hostname=SEARCH) as secured:
            secured.sendall(b"GET /over-unix HTTP/1.1\r\nHost: %s\r\nConnection: close\r\n\r\n" % SEARCH.encode())
            answer = b""
            while part := secured.recv(65_536):
                answer += part
    assert b'"path":"/over-unix"' in answer


def test_openais_client_follows_the_variables(wall: Wall) -> None:
    code = (
        "import os; from openai import OpenAI\n"
        f"client = OpenAI(api_key=os.environ['CHUTES_API_KEY'], base_url='https://{HOSTS[4]}/v1', max_retries=0)\n"
        "print(client.models.with_raw_response.list().http_response.json()['service'])"
    )
    environment = {"PATH": os.environ["PATH"], **wall.environment()}
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=False, timeout=60
    )
    assert done.stdout.strip() == HOSTS[4], done.stderr
