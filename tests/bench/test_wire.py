"""HTTP and SSE as they come off a socket: any split gives the same result, and hostile bytes are refused."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from janus_bench.wire.http1 import BadResponseError, ResponseDecoder
from janus_bench.wire.sse import Event, EventParser, EventTooLargeError

LAST_CHUNK = b"0\r\nTrailer: x\r\n\r\n"
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"


def split(data: bytes, cuts: list[int]) -> list[bytes]:
    places = sorted({cut % (len(data) + 1) for cut in cuts} | {0, len(data)})
    return [data[start:end] for start, end in pairwise(places)]


def parse(pieces: list[bytes]) -> list[Event]:
    parser = EventParser()
    return [event for piece in pieces for event in parser.feed(piece, 0)]


lines = st.sampled_from(
    ["data: hello", "data:x", "data", "event: note", "id: 7", "retry: 10", ": comment", "", "", "data: ä🧀", "no: 1"]
)
ends = st.sampled_from(["\n", "\r", "\r\n"])
streams = st.lists(st.tuples(lines, ends), max_size=30).map(lambda parts: "".join(a + b for a, b in parts).encode())


@given(streams, st.lists(st.integers(0, 10_000), max_size=20))
def test_events_are_the_same_however_the_bytes_are_split(data: bytes, cuts: list[int]) -> None:
    assert parse(split(data, cuts)) == parse([data])


@given(streams)
def test_events_are_the_same_when_every_byte_comes_alone(data: bytes) -> None:
    assert parse([data[at : at + 1] for at in range(len(data))]) == parse([data])


@pytest.mark.parametrize("end", ["\n", "\r", "\r\n"])
def test_data_lines_are_joined_by_line_feeds_whatever_ends_them(end: str) -> None:
    (event,) = parse([end.join(["data: a", "data:  b", "event: note", "", "data: never finished"]).encode()])
    assert (event.type, event.data) == ("note", "a\n b")


def test_an_event_carries_the_time_of_the_read_that_completed_it() -> None:
    parser = EventParser()
    assert parser.feed(b"data: a\n", 10) == []
    assert [event.at_ns for event in parser.feed(b"\ndata: b\n\n", 20)] == [20, 20]


def test_a_carriage_return_completes_an_event_without_waiting_for_a_line_feed() -> None:
    parser = EventParser()
    assert len(parser.feed(b"data: a\r\n\r", 1)) == 1
    assert parser.feed(b"\n", 2) == []


def test_a_byte_order_mark_is_skipped_and_bad_utf8_is_told() -> None:
    events = parse([b"\xef\xbb\xbfdata: a\n\ndata: \xff\n\ndata: \xef\xbf\xbd\n\n"])
    assert [event.valid_utf8 for event in events] == [True, False, True]


def test_an_endless_event_is_refused() -> None:
    parser = EventParser(max_event_bytes=1000)
    with pytest.raises(EventTooLargeError):
        for _ in range(100):
            parser.feed(b"data: 0123456789\n", 0)


def test_an_hour_of_keep_alive_comments_is_no_large_event() -> None:
    parser = EventParser(max_event_bytes=100)
    for _ in range(1000):
        parser.feed(b": keep-alive\n\n", 0)
    assert parser.comments == 1000


def decode(pieces: list[bytes]) -> tuple[int | None, bytes, bool]:
    decoder = ResponseDecoder()
    body = b"".join(decoder.feed(piece) for piece in pieces)
    return decoder.status, body, decoder.complete


chunked = st.lists(st.binary(min_size=1, max_size=40), max_size=8).map(
    lambda parts: HEAD + b"".join(b"%x;ext=1\r\n%b\r\n" % (len(part), part) for part in parts) + LAST_CHUNK
)


@given(chunked, st.lists(st.integers(0, 10_000), max_size=20))
def test_chunks_decode_the_same_however_the_bytes_are_split(data: bytes, cuts: list[int]) -> None:
    whole = decode([data])
    assert whole[2]
    assert decode(split(data, cuts)) == whole == decode([data[at : at + 1] for at in range(len(data))])


@given(st.binary(max_size=300))
def test_no_bytes_make_the_decoder_fail_in_another_way_than_its_own(data: bytes) -> None:
    for start in (b"", HEAD):
        try:
            decode([start + data])
        except BadResponseError:
            continue


@pytest.mark.parametrize(
    "data",
    [
        b"SSH-2.0-OpenSSH_9.6\r\n",
        b"HTTP/2 200\r\n\r\n",
        b"HTTP/1.1 999 No\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nno colon\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n",
        HEAD + b"zz\r\n",
        HEAD + b"3\r\nabcd\r\n",
        HEAD + b"1" * 5000,
        HEAD + b"-1\r\n",
        HEAD + b"0x5\r\nhello\r\n",
        HEAD + b"5\r\nhello" + b"5\r\nworld\r\n",
        HEAD + b"f" * 17 + b"\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: " + b"9" * 20 + b"\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nX: a\r\n folded: yes\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nX : a\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nX: a\0b\r\n\r\n",
        b"HTTP/2.0 200 OK\r\n\r\n",
        b"RTSP/1.0 200 OK\r\n\r\n",
    ],
)
def test_a_broken_response_is_refused(data: bytes) -> None:
    for step in (len(data), 1):
        with pytest.raises(BadResponseError) as refused:
            decode([data[at : at + step] for at in range(0, len(data), step)])
        assert refused.value.kind == "bad_http"


@pytest.mark.parametrize("step", [1 << 20, 1000])
@pytest.mark.parametrize(
    "data",
    [
        b"HTTP/1.1 200 OK\r\nX: " + b"a" * 70_000,
        b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 20_000 + b"\r\n",
        HEAD + b"5;" + b"e" * 70_000,
        HEAD + b"0\r\n" + b"X: y\r\n" * 20_000,
    ],
    ids=["a header", "headers", "a chunk extension", "trailers"],
)
def test_what_holds_no_content_is_bounded(data: bytes, step: int) -> None:
    with pytest.raises(BadResponseError) as refused:
        decode([data[at : at + step] for at in range(0, len(data), step)])
    assert refused.value.kind == "too_large"


@pytest.mark.parametrize(
    ("data", "body"),
    [
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n2\r\nhi\r\n0\r\n\r\n", b"hi"),
        (HEAD + b"2 \r\nhi\r\n0\r\nContent-Length: 9\r\n\r\nHTTP/1.1 404 No\r\n\r\n", b"hi"),
        (b"HTTP/1.1 200 OK\nContent-Length: 2\n\nhi", b"hi"),
        (b"HTTP/1.1 200\r\nConnection: close\r\nContent-Length: 2\r\n\r\nhiHTTP/1.1 404 No\r\n\r\n", b"hi"),
        (b"HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\nhello", b""),
    ],
    ids=["chunks and a length", "a second response", "line feeds alone", "no reason phrase", "a status without a body"],
)
def test_how_a_body_ends_is_the_same_however_the_bytes_are_split(data: bytes, body: bytes) -> None:
    status = int(data[9:12])
    assert decode([data]) == decode([data[at : at + 1] for at in range(len(data))]) == (status, body, True)


def test_a_body_larger_than_the_limit_is_refused() -> None:
    decoder = ResponseDecoder(max_body_bytes=10)
    with pytest.raises(BadResponseError, match="larger"):
        decoder.feed(HEAD + b"b\r\nhello world\r\n")


def test_interim_responses_are_passed_over() -> None:
    answer = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi and more"
    for first in (b"HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n", b"HTTP/1.1 100 Go\r\nConnection: close\r\n\r\n"):
        assert decode([first + answer]) == (200, b"hi", True)


def test_a_body_that_ends_with_the_connection_is_complete_only_then() -> None:
    decoder = ResponseDecoder()
    assert decoder.feed(b"HTTP/1.1 200 OK\r\n\r\nall of it") == b"all of it"
    assert not decoder.complete
    decoder.end()
    assert decoder.complete
