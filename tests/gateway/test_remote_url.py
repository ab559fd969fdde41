"""What runs elsewhere: which addresses are taken, and that no connection goes anywhere but to what was judged."""

from __future__ import annotations

import asyncio
import datetime as dt
import ipaddress
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from hypothesis import given
from hypothesis import strategies as st

from janus_platform.gateway import remote_url
from janus_platform.gateway.directory import Upstream
from janus_platform.gateway.errors import AddressRefusedError
from janus_platform.gateway.remote_url import RemoteUrl, parse_remote_url
from tests.gateway.rig import DONE, Directory, Exchange, chunk, gateway, in_loop, upstream

NAME = "implementation.example"


@pytest.mark.parametrize(
    ("url", "authority", "local"),
    [
        ("http://localhost:9000", "localhost:9000", True),
        ("http://127.0.0.1:9000/", "127.0.0.1:9000", True),
        ("HTTP://LOCALHOST", "localhost", True),
        ("http://[::1]:9000", "[::1]:9000", True),
        ("https://localhost:9443", "localhost:9443", True),
        ("https://implementation.example", "implementation.example", False),
        ("https://Implementation.Example:8443", "implementation.example:8443", False),
        ("https://8.8.8.8", "8.8.8.8", False),
    ],
)
def test_loopback_and_secure_public_addresses_are_taken(url: str, authority: str, local: bool) -> None:
    found = parse_remote_url(url)
    assert (found.authority, found.is_local) == (authority, local)
    assert parse_remote_url(found.url) == found


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("http://implementation.example", "http is for this machine only"),
        ("http://8.8.8.8", "http is for this machine only"),
        ("https://10.0.0.5", "publish the implementation on a port of localhost"),
        ("https://192.168.1.4:8000", "private"),
        ("https://172.17.0.2", "private"),
        ("https://100.64.0.1", "private"),
        ("http://169.254.169.254", "private"),
        ("http://0.0.0.0:9000", "private"),
        ("https://[fe80::1]", "private"),
        ("https://[fd00::1]", "private"),
        ("https://[::ffff:127.0.0.1]", "private"),
        ("http://2130706433", "not a host name"),
        ("http://0x7f000001", "not a host name"),
        ("http://127.1:9000", "not a host name"),
        ("http://017700000001", "not a host name"),
        ("https://metadata", "not a host name"),
        ("https://localhost.:9000", "not a host name"),
        ("https://a..example", "not a host name"),
        ("https://ex_ample.com", "not a host name"),
        ("http://", "not a host name"),
        ("https://you:secret@implementation.example", "leave them out"),
        ("http://localhost:9000/v1", "give http://localhost:9000"),
        ("http://localhost:9000/?a=b", "give http://localhost:9000"),
        ("http://localhost:9000#x", "give http://localhost:9000"),
        ("http://localhost:0", "not an http or https address"),
        ("http://localhost:99999", "such as"),
        ("ftp://localhost", "not an http or https address"),
        ("file:///etc/passwd", "not an http or https address"),
        ("localhost:9000", "not an http or https address"),
        ("//localhost:9000", "not an http or https address"),
        ("http://local host", "contains a space"),
        ("http://localhost\\@evil.example", "contains a space"),
        ("http://localhost:9000\r\nx: y", "contains a space"),
        ("https://ｌocalhost", "not ASCII"),
        ("https://" + "a" * 5_000, "too long"),
    ],
)
def test_other_addresses_are_refused_with_what_to_give_instead(url: str, said: str) -> None:
    with pytest.raises(ValueError, match=r".") as refused:
        parse_remote_url(url)
    assert said in str(refused.value) and "secret" not in str(refused.value)


@given(st.text(max_size=80) | st.from_regex(r"https?://[^ ]{1,60}", fullmatch=True))
def test_no_text_makes_the_parser_crash_or_pass_what_it_would_refuse_again(url: str) -> None:
    try:
        found = parse_remote_url(url)
    except ValueError:
        return
    assert parse_remote_url(found.url) == found


def resolving_to(monkeypatch: pytest.MonkeyPatch, *addresses: str) -> None:
    """Every name resolves to these."""

    async def resolved(host: str, port: int) -> list[str]:
        return list(addresses)

    monkeypatch.setattr(remote_url, "_resolved", resolved)


@pytest.mark.parametrize("address", ["127.0.0.1", "10.0.0.1", "169.254.169.254", "::1", "fd00::1"])
@in_loop
async def test_a_public_name_that_leads_inside_is_refused_when_it_is_connected_to(
    monkeypatch: pytest.MonkeyPatch, address: str
) -> None:
    resolving_to(monkeypatch, "93.184.216.34", address)
    with pytest.raises(AddressRefusedError, match="not on the public internet"):
        await parse_remote_url(f"https://{NAME}").endpoints()
    async with gateway(Upstream("impl", parse_remote_url(f"https://{NAME}"))) as served:
        response = await served.chat()
    assert response.status_code == 502
    assert response.json()["error"]["code"] == "upstream_unreachable"


def plays(exchange: Exchange) -> None:
    exchange.start_stream()
    exchange.chunk(chunk(content=exchange.headers["host"]))
    exchange.chunk(DONE)
    exchange.end()


@in_loop
async def test_a_site_is_asked_under_its_own_name_and_its_answer_passes_unchanged() -> None:
    async with upstream(plays) as up:
        assert isinstance(up.base, tuple)
        there = Upstream("impl", parse_remote_url(f"http://localhost:{up.base[1]}"))
        async with gateway(there) as served, served.streamed() as response:
            body = b"".join([part async for part in response.aiter_raw()])
    assert body == chunk(content=f"localhost:{up.base[1]}") + DONE


@asynccontextmanager
async def secure_server(folder: Path, name: str) -> AsyncIterator[tuple[int, Path]]:
    """A TLS server whose certificate names `name`: its port, and the certificate that signed it."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject, now = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "Test CA")]), dt.datetime.now(dt.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .sign(key, hashes.SHA256())
    )
    pem, private = folder / "ca.pem", folder / "key.pem"
    pem.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    private.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem, private)

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        exchange = Exchange(reader, writer, head, b"")
        exchange.body = await reader.readexactly(int(exchange.headers["content-length"]))
        plays(exchange)

    server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=context)
    try:
        yield server.sockets[0].getsockname()[1], pem
    finally:
        server.close()


@pytest.mark.parametrize(("certified", "status"), [(NAME, 200), ("other.example", 502)])
@in_loop
async def test_a_secure_site_must_prove_its_name(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, certified: str, status: int
) -> None:
    async with secure_server(tmp_path, certified) as (port, pem):
        # The test's server is on loopback; that its address is public is all that is pretended.
        resolving_to(monkeypatch, "127.0.0.1")
        monkeypatch.setattr(remote_url, "is_public", lambda address: ipaddress.ip_address(address).is_loopback)
        monkeypatch.setattr(remote_url, "_trusting", lambda: ssl.create_default_context(cafile=str(pem)))
        there = Directory({"impl": Upstream("impl", RemoteUrl("https", NAME, port))})
        async with gateway(there) as served:
            response = await served.chat(stream=True)
    assert response.status_code == status
    if status == 200:
        assert response.content == chunk(content=f"{NAME}:{port}") + DONE
