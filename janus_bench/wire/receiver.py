"""Receiving: every read is stamped before a byte of it is looked at, by the kernel where the socket offers it.

Linux stamps each packet when it arrives (`SO_TIMESTAMPNS`, socket(7)). A stamp taken in Python tells instead when the
event loop came round to the socket, which under load is a millisecond later. The kernel's stamp counts the wall clock;
it is carried over to the monotonic one by its age: both clocks are read at once, right after the read.

What it does not do: pieces that the kernel has joined in its buffer come as one read with one stamp, the last piece's.
Behind TLS the stamp is the reader's, since a read of the socket is not yet a read of the body.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
import struct
import sys
import time
from collections.abc import Callable, Sequence

from janus_bench.wire.http1 import MAX_BODY_BYTES, MAX_OVERHEAD_BYTES

Clock = Callable[[], int]
KERNEL, READER = "kernel", "reader"
_TAIL_BYTES = 24  # hold `[DONE]`, its line ends, and the chunk's end
_FRAMING_ALLOWANCE = 4  # chunk framing around one-byte chunks multiplies the bytes on the wire
_READ_BYTES = 64 * 1024  # from 128 kB on, each read would be given fresh pages by the system
# asm-generic/socket.h; Python does not name it. SCM_TIMESTAMPNS, the type of its ancillary message, is the same number.
_SO_TIMESTAMPNS = 35
_TIMESPEC = struct.Struct("@ll")
_ANCILLARY_BYTES = socket.CMSG_SPACE(_TIMESPEC.size) if hasattr(socket, "CMSG_SPACE") else 0
# A stamp that seems older is not believed: the wall clock was set between the packet and its read.
_BELIEVED_AGE_NS = 10_000_000_000
_NS = 1_000_000_000
# Reading both clocks takes 0.2 µs.
_HELD_NS = 5_000
_TRIES = 3


class Receiver(asyncio.Protocol):
    """Stamps and keeps each read; wakes the decoder only where a response may have ended.

    `reads` are (when the bytes arrived in ns of `clock`, bytes). `late_ns` is by how much the latest of all reads came
    after its bytes, where the kernel stamped; `stamped_by` says which of the two did.
    """

    def __init__(self, clock: Clock) -> None:
        self.reads: list[tuple[int, bytes]] = []
        self.wake = asyncio.Event()
        self.closed = False
        self.overflow = False
        self.head_pending = True
        self.chunked = False
        self.stamped_by = READER
        self.late_ns = 0
        self._clock = clock
        self._bytes = 0
        self._tail = b""
        self._transport: asyncio.Transport | None = None
        self._drained: asyncio.Future[int] | None = None
        self._socket: socket.socket | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def stamp_in_kernel(self) -> None:
        """Read the socket past the transport, with the kernel's stamps; where that is not offered, change nothing."""
        assert self._transport is not None
        encrypted = self._transport.get_extra_info("sslcontext") is not None
        # An injected clock is not the one whose distance to the wall clock can be read.
        if sys.platform != "linux" or encrypted or self._clock is not time.perf_counter_ns:
            return
        loop = asyncio.get_running_loop()
        taken = socket.socket(fileno=os.dup(self._transport.get_extra_info("socket").fileno()))
        try:
            taken.setblocking(False)
            taken.setsockopt(socket.SOL_SOCKET, _SO_TIMESTAMPNS, 1)
            self._transport.pause_reading()
            loop.add_reader(taken.fileno(), self._readable)
        except (OSError, NotImplementedError):
            self._transport.resume_reading()
            taken.close()
            return
        self._socket, self.stamped_by = taken, KERNEL

    def _readable(self) -> None:
        assert self._socket is not None
        try:
            data, ancillary, _, _ = self._socket.recvmsg(_READ_BYTES, _ANCILLARY_BYTES)
        except (BlockingIOError, InterruptedError):
            return
        except OSError:
            data, ancillary = b"", []
        read_at, wall = _both_clocks()
        if not data:
            self.close()
            self.connection_lost(None)
            return
        age = _age(ancillary, wall)
        self.late_ns = max(self.late_ns, age)
        self._keep(max(read_at - age, self.reads[-1][0] if self.reads else 0), data)

    def data_received(self, data: bytes) -> None:
        self._keep(self._clock(), data)

    def _keep(self, stamp: int, data: bytes) -> None:
        self.reads.append((stamp, data))
        self._bytes += len(data)
        if self._bytes > _FRAMING_ALLOWANCE * MAX_BODY_BYTES + MAX_OVERHEAD_BYTES:
            self.overflow = True
        self._tail = data[-_TAIL_BYTES:] if len(data) >= _TAIL_BYTES else (self._tail + data)[-_TAIL_BYTES:]
        # Chunked bodies end so, or with the last event of a stream where the server never ends the body. Others are
        # short (a JSON body) or end with the connection: look at every read.
        # (`[DONE]` may be cut by a chunk's frame; other events end with a brace.)
        done = b"[DONE]" in self._tail or self._tail.rstrip().endswith(b"]")
        ended = done or self._tail.endswith(b"\r\n\r\n")
        if self.head_pending or self.overflow or ended or not self.chunked:
            self.wake.set()

    def connection_lost(self, exc: Exception | None) -> None:
        self.closed = True
        self.wake.set()
        self.resume_writing()

    def resume_writing(self) -> None:
        if self._drained is not None and not self._drained.done():
            self._drained.set_result(self._clock())

    async def send(self, request: bytes) -> int:
        """Write `request`; return when its last byte was handed to the kernel (ns).

        That is before the write that took all of it: on one machine an answer may be there before the write returns.
        """
        assert self._transport is not None
        self._drained = asyncio.get_running_loop().create_future()
        self._transport.set_write_buffer_limits(high=0)
        written = self._clock()
        self._transport.write(request)
        if self._transport.get_write_buffer_size() == 0:
            return written
        return await self._drained

    def close(self) -> None:
        """Let go of the socket and of the connection."""
        if self._socket is not None:
            with contextlib.suppress(RuntimeError):  # the loop is closed already
                asyncio.get_running_loop().remove_reader(self._socket.fileno())
            self._socket.close()
            self._socket = None
        if self._transport is not None:
            self._transport.abort()  # a target that keeps the connection open must not keep ours


def _both_clocks() -> tuple[int, int]:
    """One moment (ns) on the monotonic clock and on the wall clock, read again where the process was held between."""
    for _ in range(_TRIES):
        before, wall, after = time.perf_counter_ns(), time.time_ns(), time.perf_counter_ns()
        if after - before < _HELD_NS:
            break
    return (before + after) // 2, wall


def _age(ancillary: Sequence[tuple[int, int, bytes]], wall_ns: int) -> int:
    """How long ago (ns) the kernel stamped what was just read; 0 where it did not, or cannot be believed."""
    for level, kind, data in ancillary:
        if level == socket.SOL_SOCKET and kind == _SO_TIMESTAMPNS and len(data) >= _TIMESPEC.size:
            seconds, nanoseconds = _TIMESPEC.unpack_from(data)
            age: int = wall_ns - (seconds * _NS + nanoseconds)
            return age if 0 <= age <= _BELIEVED_AGE_NS else 0
    return 0
