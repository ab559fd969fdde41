"""One request against servers that behave and servers that do not: stamps in order, every fault by its name."""

from __future__ import annotations

import asyncio
import datetime as dt
import socket
import ssl
import time
from pathlib import Path

import pytest

from janus_bench.errors import BenchError, RequestError
from janus_bench.wire.chat import Answer, read_answer
from janus_bench.wire.client import Exchange, exchange
from janus_bench.wire.target import parse_target
from tests.bench.ground_truth import Reply, chunk, event, plain, refused_port, serving, stream


def ask(url: str, timeout: float = 20.0) -> tuple[Exchange, Answer]:
    async def main() -> Exchange:
        return await exchange(parse_target(url), b'{"model": "x", "messages": []}', timeout=timeout)

    response = asyncio.run(main())
    return response, read_answer(response)


def chunks(*pieces: dict) -> Reply:
    """A stream of just these chunks and [DONE]."""
    return Reply([*((0.0, event(piece)) for piece in pieces), (0.0, b"data: [DONE]\n\n")])


def failure(reply: Reply, timeout: float = 20.0) -> str:
    with serving(lambda request: reply) as server, pytest.raises(RequestError) as failed:
        ask(server.url, timeout)
    return failed.value.kind


def test_every_piece_is_stamped_after_it_was_sent_and_in_order() -> None:
    with serving(lambda request: stream(["One ", "two ", "three."], first=0.02, gap=0.01)) as server:
        _, answer = ask(server.url)
    emitted = server.emitted[0]
    stamps = [delta.at_ns for delta in answer.deltas]
    assert answer.text == "One two three."
    assert len(stamps) == 5
    assert stamps == sorted(stamps)
    assert all(seen >= sent for seen, sent in zip(stamps, emitted, strict=False))


def test_connecting_sending_and_receiving_are_stamped_apart() -> None:
    with serving(lambda request: stream(["Hello."], first=0.01)) as server:
        response, answer = ask(server.url)
    assert response.started_ns <= response.connected_ns <= response.sent_ns <= server.emitted[0][0]
    assert answer.deltas[-1].at_ns <= response.ended_ns


def test_a_large_request_is_sent_only_when_its_last_byte_is_written() -> None:
    body = b'{"messages": ["' + b"x" * 8_000_000 + b'"]}'

    async def main(url: str) -> Exchange:
        return await exchange(parse_target(url), body, timeout=20)

    with serving(lambda request: stream(["Hello."])) as server:
        response = asyncio.run(main(server.url))
    assert response.connected_ns < response.sent_ns <= response.reads[0][0]
    # all but what fits into the kernel's buffers had to be read by then
    assert len(server.requests[0]["messages"][0]) == 8_000_000


def test_tools_artifacts_usage_and_model_are_put_together_from_their_pieces() -> None:
    reply = Reply(
        [
            (0, event(chunk(reasoning_content="I draw."))),
            (
                0,
                event(chunk(tool_calls=[{"index": 0, "id": "c1", "function": {"name": "plot", "arguments": '{"x":'}}])),
            ),
            (0, event(chunk(tool_calls=[{"index": 0, "function": {"arguments": " 1}"}}]))),
            (0, event(chunk(artifacts=[{"type": "image/png", "name": "a.png", "data": "AAAA"}]))),
            (0, event(chunk(finish="tool_calls"))),
            (0, event({"choices": [], "usage": {"completion_tokens": 7, "cost_usd": -1, "prompt_tokens": True}})),
            (0, b"data: [DONE]\n\n"),
        ]
    )
    with serving(lambda request: reply) as server:
        _, answer = ask(server.url)
    assert answer.tool_calls == [{"name": "plot", "arguments": '{"x": 1}'}]
    assert [delta.kind for delta in answer.deltas] == ["reasoning", "tool_call", "tool_call", "artifact"]
    assert answer.artifacts[0]["name"] == "a.png"
    assert answer.usage == {"completion_tokens": 7}  # a negative cost and a boolean count are no numbers
    assert (answer.model, answer.finish_reason, answer.violations) == ("known", "tool_calls", [])


@pytest.mark.parametrize(
    ("reply", "kind"),
    [
        (Reply([(0, event(chunk(content="Half")))], cut=True), "cut_stream"),
        (Reply([(0, event(chunk(content="Half")))]), "cut_stream"),
        (Reply([(0, b"data: {not json\n\ndata: [DONE]\n\n")]), "malformed_event"),
        (Reply([(0, b"data: [1]\n\ndata: [DONE]\n\n")]), "malformed_event"),
        (Reply([(0, event({"choices": [{"delta": {"tool_calls": [7]}}]}))]), "malformed_event"),
        (Reply([(0, event({"error": {"message": "overloaded"}}))]), "error_event"),
        (plain("429 Too Many Requests", {"error": {"message": "slow down"}}), "http_429"),
        (plain("500 Internal Server Error", b"<html>oops</html>", "text/html"), "http_500"),
        (plain("200 OK", b"<html>hello</html>", "text/html"), "not_openai"),
        (plain("200 OK", {"hello": "world"}), "not_openai"),
        (plain("200 OK", b"[" * 100_000), "not_openai"),
        (Reply([(0, b"220 mail.example ESMTP\r\n")], raw=True), "bad_http"),
        (Reply([], raw=True), "no_response"),
        (Reply([(0, b"HTTP/1.1 200 OK\r\nContent-Length: 90\r\n\r\nshort")], raw=True), "cut_stream"),
    ],
)
def test_every_fault_has_a_name(reply: Reply, kind: str) -> None:
    assert failure(reply) == kind


def test_a_target_that_never_ends_is_given_up() -> None:
    assert failure(Reply([(0, event(chunk(content="and then")))], hang=True), timeout=0.2) == "timeout"


def test_a_refused_connection_is_told_apart_from_an_unknown_name() -> None:
    with pytest.raises(RequestError) as refused:
        ask(f"http://localhost:{refused_port()}")
    assert refused.value.kind == "connection_refused"
    with pytest.raises(RequestError) as unknown:
        ask("http://no-such-host.invalid")
    assert unknown.value.kind == "name_not_resolved"


def test_an_error_status_brings_its_message_without_control_characters() -> None:
    reply = plain("404 Not Found", {"error": {"message": "no model \x1b[31m'x'"}})
    with serving(lambda request: reply) as server, pytest.raises(RequestError) as failed:
        ask(server.url)
    assert failed.value.detail == "status 404: no model  [31m'x'"


@pytest.mark.parametrize(
    ("reply", "violation"),
    [
        (stream(["Hello."], done=False), "missing_done"),
        (stream(["Hello."], finish=None), "missing_finish_reason"),
        (chunks(chunk(content="a", finish="stop"), chunk(content="b")), "finish_reason_not_last"),
        (chunks(chunk(content="a"), chunk(reasoning_content="b", finish="stop")), "reasoning_after_content"),
        (Reply([*stream(["a"]).steps, (0, event(chunk(content="b")))]), "data_after_done"),
        (Reply(stream(["a"]).steps, content_type="text/plain"), "wrong_content_type"),
        (plain("200 OK", {"choices": [{"message": {"content": "hi"}, "finish_reason": "stop"}]}), "not_streamed"),
        (Reply([(0, event(chunk("one", content="a"))), *stream(["b"], model="two").steps]), "model_changes"),
    ],
)
def test_a_broken_rule_that_a_client_survives_is_a_violation(reply: Reply, violation: str) -> None:
    with serving(lambda request: reply) as server:
        _, answer = ask(server.url)
    assert answer.violations[0] == violation
    assert answer.text


def test_a_wellformed_stream_breaks_no_rule() -> None:
    with serving(lambda request: stream(["Hello."])) as server:
        _, answer = ask(server.url)
    assert answer.violations == []
    assert answer.reasoning.startswith("First")


def test_keep_alive_comments_are_no_output() -> None:
    reply = stream(["Hello."])
    steps = [(0.0, b": keep-alive\n\n"), *reply.steps[:1], (0.0, b": keep-alive\n\n"), *reply.steps[1:]]
    with serving(lambda request: Reply(steps)) as server:
        _, answer = ask(server.url)
    assert len(answer.deltas) == 3


def certificate(folder: Path) -> Path:
    """A self-signed certificate for localhost, with its key in the same file."""
    x509 = pytest.importorskip("cryptography.x509", reason="needs the platform's cryptography package")
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    now = dt.datetime.now(dt.UTC)
    built = (
        x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key()).serial_number(7)
        .not_valid_before(now - dt.timedelta(days=1)).not_valid_after(now + dt.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )  # fmt: skip
    path = folder / "server.pem"
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path.write_bytes(private + built.public_bytes(serialization.Encoding.PEM))
    return path


def test_https_is_spoken_and_a_certificate_nobody_vouches_for_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pem = certificate(tmp_path)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem)
    with serving(lambda request: stream(["Secret."]), tls=context) as server:
        with pytest.raises(RequestError) as refused:
            ask(server.url)
        monkeypatch.setenv("SSL_CERT_FILE", str(pem))
        response, answer = ask(server.url)
    assert refused.value.kind == "tls"
    assert answer.text == "Secret."
    assert response.started_ns < response.connected_ns <= response.sent_ns


def test_speaking_tls_to_a_server_that_speaks_plain_http_is_a_tls_failure() -> None:
    async def refuse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1)
        writer.write(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")
        writer.close()

    async def main() -> None:
        async with await asyncio.start_server(refuse, "127.0.0.1", 0) as server:
            port = server.sockets[0].getsockname()[1]
            await exchange(parse_target(f"https://127.0.0.1:{port}"), b"{}", timeout=20)

    with pytest.raises(RequestError) as failed:
        asyncio.run(main())
    assert failed.value.kind == "tls"


def test_the_connection_is_closed_even_where_the_target_would_keep_it() -> None:
    """A server that ignores `Connection: close` must not hold the runner's sockets."""
    listener = socket.create_server(("127.0.0.1", 0))
    closed: list[bytes] = []

    async def main() -> None:
        loop = asyncio.get_running_loop()
        listener.setblocking(False)

        async def serve() -> None:
            connection, _ = await loop.sock_accept(listener)
            await loop.sock_recv(connection, 65536)
            await loop.sock_sendall(connection, b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi")
            try:
                closed.append(await loop.sock_recv(connection, 1))
            except ConnectionResetError:
                closed.append(b"")
            connection.close()

        server = asyncio.create_task(serve())
        await exchange(parse_target(f"http://127.0.0.1:{listener.getsockname()[1]}"), b"{}", timeout=5)
        await server

    asyncio.run(main())
    listener.close()
    assert closed == [b""]


@pytest.mark.parametrize(
    ("address", "path"),
    [
        ("http://localhost:8000", "/v1/chat/completions"),
        ("http://localhost:8000/", "/v1/chat/completions"),
        ("https://llm.example/v1", "/v1/chat/completions"),
        ("https://llm.example/v1/", "/v1/chat/completions"),
        ("https://llm.example/api/v1/chat/completions", "/api/v1/chat/completions"),
    ],
)
def test_an_address_may_end_before_v1_at_v1_or_after_it(address: str, path: str) -> None:
    assert parse_target(address).path == path


def test_the_host_header_names_the_port_only_where_it_is_unusual() -> None:
    assert parse_target("https://llm.example").host_header == "llm.example"
    assert parse_target("http://[::1]:8000").host_header == "[::1]:8000"


@pytest.mark.parametrize(
    "address", ["localhost:8000", "ftp://x", "http://", "http://a:b@c", "http://x:99999", "http://x/v1?k=1"]
)
def test_an_address_that_is_none_is_refused_with_a_remedy(address: str) -> None:
    with pytest.raises(BenchError) as refused:
        parse_target(address)
    assert refused.value.remedy


def test_a_key_goes_into_the_header_and_cannot_break_out_of_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JANUS_BENCH_API_KEY", "cpk_secret")
    with serving(lambda request: stream(["Hello."])) as server:
        ask(server.url)
    assert "Authorization: Bearer cpk_secret\r\n" in server.headers[0]
    monkeypatch.setenv("JANUS_BENCH_API_KEY", "x\r\nHost: evil")
    with pytest.raises(BenchError, match="header"):
        parse_target("http://localhost")


def test_stamps_come_from_the_clock_that_is_handed_in() -> None:
    ticks = iter(range(1_000_000))

    async def main(url: str) -> Exchange:
        return await exchange(parse_target(url), b"{}", timeout=20, clock=lambda: next(ticks))

    with serving(lambda request: stream(["Hello."])) as server:
        response = asyncio.run(main(server.url))
    assert (response.started_ns, response.connected_ns, response.sent_ns) == (0, 1, 2)
    assert [stamp for stamp, _ in response.reads] == sorted(stamp for stamp, _ in response.reads)
    assert response.ended_ns < 100 < time.perf_counter_ns()
