"""Pipes between an event loop and a child's standard streams: real ones, whatever the loop would give it.

uvloop gives a child sockets, and asyncio one for standard input. A program that opens its stream by name
(`> /dev/stderr`, `cat /dev/stdin`, `tee /dev/stdout`) gets ENXIO for a socket (open(2)).
"""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from typing import IO

Stream = int | IO[bytes] | None


@dataclass(frozen=True)
class Streams:
    """Our ends of a child's standard streams; None for one that is not a pipe."""

    stdin: asyncio.StreamWriter | None
    stdout: asyncio.StreamReader | None
    stderr: asyncio.StreamReader | None
    reading: tuple[asyncio.ReadTransport, ...]


class Pipes:
    """The pipes of one child: what `wanted` asks for with `subprocess.PIPE`; anything else is passed through.

    `owner` is the uid that may open its streams by name: the kernel checks a pipe's owner as it does a file's. `size`
    is what stdout and stderr hold unread, in bytes, where the kernel gives that much. Raises OSError when there is no
    descriptor left.
    """

    def __init__(self, wanted: Mapping[str, Stream], *, owner: int | None = None, size: int | None = None) -> None:
        self.given: dict[str, Stream] = dict(wanted)
        self._theirs: list[int] = []
        self._ours: dict[str, int] = {}
        try:
            for name, stream in wanted.items():
                if stream == subprocess.PIPE:
                    self._make(name, owner)
                    if size is not None and name != "stdin":
                        self._enlarge(name, size)
        except BaseException:
            self.close()
            raise

    async def connect(self) -> Streams:
        """Our ends as streams. Call it once the child has its own ends."""
        writer = await _writer(self._take("stdin")) if "stdin" in self._ours else None
        read = {name: await _reader(self._take(name)) for name in ("stdout", "stderr") if name in self._ours}
        stdout, stderr = (read[name][0] if name in read else None for name in ("stdout", "stderr"))
        return Streams(writer, stdout, stderr, tuple(transport for _, transport in read.values()))

    def release(self) -> None:
        """Close the child's ends here, or its end would never be heard of."""
        while self._theirs:
            os.close(self._theirs.pop())

    def close(self) -> None:
        """Close whatever has not been handed on."""
        self.release()
        while self._ours:
            os.close(self._ours.popitem()[1])

    def _make(self, name: str, owner: int | None) -> None:
        reader, writer = os.pipe()
        theirs, ours = (reader, writer) if name == "stdin" else (writer, reader)
        self._theirs.append(theirs)
        self._ours[name] = ours
        self.given[name] = theirs
        if owner is not None:
            os.fchown(theirs, owner, owner)

    def _enlarge(self, name: str, size: int) -> None:
        if sys.platform == "linux":
            with contextlib.suppress(OSError):  # A user has only so much for all pipes (pipe(7), pipe-user-pages-soft).
                fcntl.fcntl(self._ours[name], fcntl.F_SETPIPE_SZ, size)

    def _take(self, name: str) -> _End:
        return _End(self._ours.pop(name), asyncio.get_running_loop())


class _End:
    """One end of a pipe as an event loop wants it. asyncio closes it by `close`.

    uvloop closes the descriptor and calls `close` as well: by then the number may be another thread's new file.
    """

    def __init__(self, descriptor: int, loop: asyncio.AbstractEventLoop) -> None:
        self._descriptor, self._closes = descriptor, isinstance(loop, asyncio.BaseEventLoop)

    def fileno(self) -> int:
        return self._descriptor

    def close(self) -> None:
        if self._closes:
            os.close(self._descriptor)


class _OneWay(asyncio.StreamReaderProtocol):
    """A pipe has no other direction that would have to stay open after its end."""

    def eof_received(self) -> bool:
        super().eof_received()
        return False


class _Writer(asyncio.StreamWriter):
    """Raises BrokenPipeError when the child has closed its end, where uvloop would raise RuntimeError."""

    def write(self, data: bytes | bytearray | memoryview) -> None:
        if self.is_closing():
            raise BrokenPipeError("the process has closed its end of the pipe")
        super().write(data)


async def _reader(pipe: _End) -> tuple[asyncio.StreamReader, asyncio.ReadTransport]:
    reader = asyncio.StreamReader()
    transport, _ = await asyncio.get_running_loop().connect_read_pipe(lambda: _OneWay(reader), pipe)
    return reader, transport


async def _writer(pipe: _End) -> asyncio.StreamWriter:
    loop = asyncio.get_running_loop()
    transport, protocol = await loop.connect_write_pipe(lambda: _OneWay(asyncio.StreamReader()), pipe)
    return _Writer(transport, protocol, None, loop)
