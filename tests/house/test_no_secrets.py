"""No key, password or ticket stands in what is kept or built: files of the repository, pages, outputs, logs, wheels."""

from __future__ import annotations

import re
import subprocess
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tools.environment import ROOT

MAX_BYTES = 20_000_000
# What builds, benchmarks and runs leave; each is scanned where it is there.
BUILT = ("_build", "dist", ".make")
# The book's own home: where a platform keeps its keys, readable by their owner alone.
KEY_FILES = ("attestation/root-key.pem", "attestation/node-key.pem", "publisher-key.pem")
BINARY = {".png", ".woff2", ".ico", ".sqlite3", ".safetensors", ".npy", ".gz", ".sqlite3-wal", ".sqlite3-shm"}
KINDS = {
    "a key of Chutes": rb"cpk_(?!local_)[A-Za-z0-9]{8,}\.[A-Za-z0-9.]{20,}|cpk_(?!local_)[A-Za-z0-9]{32,}",
    "a key of the local platform": rb"cpk_local_[a-z0-9-]{1,63}_[0-9a-f]{32}",
    "a proxy's password": rb"https?://[a-z0-9-]{1,63}:[0-9a-f]{32}@",
    "a room's ticket": rb"janus://learner-\d+:(?!abcd-efgh)[a-z2-9]{4}(?:-[a-z2-9]{4}){4}@",
    "a private key": rb"-----BEGIN (?:EC |RSA |OPENSSH )?PRIVATE KEY-----\s+[A-Za-z0-9+/=\s]{40}",
    "a key of OpenAI's form": rb"\bsk-(?:proj-)?[A-Za-z0-9_-]{32,}",
    "a key of GitHub": rb"\bgh[pousr]_[A-Za-z0-9]{36}",
    "a key of Amazon": rb"\bAKIA[0-9A-Z]{16}\b",
    "a key of Brave Search": rb"\bBSA[A-Za-z0-9_-]{28}\b",
    "a key of Hugging Face": rb"\bhf_[A-Za-z0-9]{34}\b",
}
PATTERNS = {name: re.compile(pattern) for name, pattern in KINDS.items()}


def secrets_in(content: bytes) -> list[str]:
    """The kinds of secret that `content` holds."""
    return [name for name, pattern in PATTERNS.items() if pattern.search(content)]


def tracked() -> Iterator[Path]:
    names = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True).stdout
    yield from (ROOT / name for name in names.decode().split("\0") if name)


def built() -> Iterator[Path]:
    own = {ROOT / ".make" / "book-home" / name for name in KEY_FILES}
    for folder in BUILT:
        found = (path for path in (ROOT / folder).rglob("*") if "node_modules" not in path.parts)  # others' packages
        files = (path for path in found if path.is_file() and not path.is_symlink())
        yield from (path for path in files if path not in own or path.stat().st_mode & 0o077)


def found_in(path: Path) -> list[str]:
    if path.suffix in BINARY or not path.is_file() or path.stat().st_size > MAX_BYTES:
        return []
    if path.suffix == ".whl":
        with zipfile.ZipFile(path) as wheel:
            return [f"{kind} in {name}" for name in wheel.namelist() for kind in secrets_in(wheel.read(name))]
    return secrets_in(path.read_bytes())


def test_no_file_of_the_repository_holds_a_secret() -> None:
    assert {str(path.relative_to(ROOT)): kinds for path in tracked() if (kinds := found_in(path))} == {}


def test_nothing_that_was_built_holds_a_secret() -> None:
    assert {str(path.relative_to(ROOT)): kinds for path in built() if (kinds := found_in(path))} == {}


@pytest.mark.parametrize(
    "planted",
    [
        "CHUTES_API_KEY=" + "cpk_" + "a1" * 20,
        "cpk_" + "local_notebook-1_" + "0f" * 16,
        "HTTPS_PROXY=http://" + "learner-07:" + "ab" * 16 + "@127.0.0.1:1",
        "janus://" + "learner-07:" + "-".join(["wxyz"] * 5) + "@10.0.0.1:8443/",
        "-----BEGIN " + "PRIVATE KEY-----\n" + "MIGH" * 20,
        "sk-" + "x" * 40,
        "ghp_" + "x" * 36,
    ],
)
def test_a_planted_secret_is_found_in_a_file_and_in_a_wheel(planted: str, tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    page.write_text(f"<p>{planted}</p>")
    assert len(found_in(page)) == 1
    with zipfile.ZipFile(tmp_path / "x.whl", "w") as wheel:
        wheel.write(page, "page.html")
    assert len(found_in(tmp_path / "x.whl")) == 1
