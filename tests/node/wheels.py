"""Wheels made for the tests, a simple index that serves them over HTTP, and what reads a submission's checklist."""

from __future__ import annotations

import base64
import functools
import hashlib
import http.server
import threading
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from tests.node.rig import streamer

WHEEL = "Wheel-Version: 1.0\nGenerator: tests\nRoot-Is-Purelib: true\nTag: py3-none-any\n"


def wheel(folder: Path, name: str, version: str, *, says: str = "", requires: Sequence[str] = (), **more: str) -> Path:
    """A wheel with one module, whose WORD is `says`, and `more` files by their paths."""
    info = f"{name}-{version}.dist-info"
    needs = "".join(f"Requires-Dist: {need}\n" for need in requires)
    files = {
        f"{name}.py": f"WORD = {says or version!r}\n",
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n{needs}",
        f"{info}/WHEEL": WHEEL,
        **more,
    }
    return write_wheel(folder / f"{name}-{version}-py3-none-any.whl", files)


def write_wheel(path: Path, files: Mapping[str, str]) -> Path:
    """A zip file with these files, and a RECORD of them."""
    path.parent.mkdir(parents=True, exist_ok=True)
    info = "-".join(path.name.split("-")[:2]) + ".dist-info"
    lines = [f"{name},sha256={_digest(text)},{len(text)}\n" for name, text in files.items()]
    with zipfile.ZipFile(path, "w") as archive:
        for name, text in {**files, f"{info}/RECORD": "".join(lines) + f"{info}/RECORD,,\n"}.items():
            archive.writestr(name, text)
    return path


def says(package: str) -> str:
    """The source of an implementation that answers with the WORD of a package."""
    return streamer("?").replace('print("listening"', f'import {package}; WORDS[0] = {package}.WORD\nprint("listening"')


@contextmanager
def index(folder: Path) -> Iterator[str]:
    """The address of a simple index (PEP 503) of the wheels and archives in `folder`."""
    for path in sorted(folder.glob("*-*")):
        page = folder / "simple" / path.name.partition("-")[0] / "index.html"
        page.parent.mkdir(parents=True, exist_ok=True)
        with page.open("a") as file:
            digest = hashlib.sha256(path.read_bytes()).hexdigest()
            file.write(f'<a href="../../{path.name}#sha256={digest}">{path.name}</a>\n')
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(_Quiet, directory=str(folder)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/simple/"
    finally:
        server.shutdown()
        server.server_close()


class _Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        """Nothing."""


def _digest(text: str) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).rstrip(b"=").decode()
