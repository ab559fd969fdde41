"""What a stranger's machine may hold: damaged files, a company's proxy. One sentence each; nothing is half-started."""

from __future__ import annotations

import contextlib
import json
import sqlite3
from pathlib import Path

import pytest

from janus_platform.classroom.certificate import open_certificate
from janus_platform.classroom.roster import FILE as ROSTER
from janus_platform.classroom.roster import open_roster
from janus_platform.errors import PlatformError
from janus_platform.node.registry import Registration, Registry, RegistryError
from janus_platform.runtime.platform import open_leaderboard
from janus_platform.services.code_sandbox.toolchains import INSTALL
from tests.platform.conftest import Shell

# What somebody's editor, another version or a bad disk may have made of a row.
BAD_ROWS = {
    "no-json": "command = '{', url = '', folder = '/x'",
    "no-list": "command = '5', url = '', folder = '/x'",
    "deep": "command = '" + "[" * 100_000 + "', url = '', folder = '/x'",
    "numbers": "command = '[1]', url = '', folder = '/x'",
    "no-time": "submitted = 'yesterday'",
    "nowhere": "url = ''",
    "both": "folder = '/x', command = '[\"a\"]'",
    "no-address": "url = 'file:///etc/passwd'",
    "none": "instances = 0",
    "Bad Name": "description = ''",
}
CORPORATE = {
    "https_proxy": "http://corporate:3128",
    "HTTP_PROXY": "http://corporate:3128",
    "NO_PROXY": "*",
    "SSL_CERT_FILE": "/nonexistent",
    "REQUESTS_CA_BUNDLE": "/nonexistent",
}


def test_damaged_files_are_kept_aside_and_the_platform_starts_with_a_warning_for_each(shell: Shell) -> None:
    names = ("leaderboard.sqlite3", "implementations.sqlite3")
    shell.home.mkdir()
    for name in names:
        (shell.home / name).write_text("this is no database")
    done = shell.janus("up", "--detach", "--port", "0")
    assert done.returncode == 0, done.stderr
    assert done.stderr.count("\n") == len(names)
    for name in names:
        assert f"{name} is damaged" in done.stderr
        assert (shell.home / f"{name}.damaged-1").read_text() == "this is no database"
    status = shell.status()
    assert len(status["warnings"]) == len(names) and status["leader"] is None


def test_bad_rows_of_the_registry_are_skipped_and_the_others_still_stand(shell: Shell) -> None:
    shell.home.mkdir()
    path = shell.home / "implementations.sqlite3"
    Registry(path).put(Registration("good", None, None, (), "2026-01-01T00:00:00+00:00", url="http://127.0.0.1:1"))
    with contextlib.closing(sqlite3.connect(path)) as connection, connection:
        for name, change in BAD_ROWS.items():
            connection.execute(
                "INSERT INTO implementations SELECT ?, folder, submitted_from, command, submitted, hotkey, source, "
                "license, description, instances, url, changelog, contact, environment FROM implementations "
                "WHERE name = 'good'",
                (name,),
            )
            connection.execute(f"UPDATE implementations SET {change} WHERE name = ?", (name,))
    done = shell.janus("up", "--detach", "--port", "0")
    assert done.returncode == 0, done.stderr
    status = shell.status()
    assert [one["name"] for one in status["implementations"]][3:] == ["good"]
    assert len(status["warnings"]) == len(BAD_ROWS)
    for name in BAD_ROWS:
        assert any(ascii(name) in warning and "submit it again" in warning for warning in status["warnings"])


def test_what_is_no_damage_is_not_moved(tmp_path: Path) -> None:
    warned: list[str] = []
    newer = tmp_path / "newer.sqlite3"
    with contextlib.closing(sqlite3.connect(newer)) as connection:
        connection.execute("PRAGMA user_version = 99")
    with pytest.raises(RegistryError, match="newer version"):
        Registry(newer, warned.append)
    with pytest.raises(PlatformError, match="cannot open the leaderboard"):
        open_leaderboard(tmp_path, warned.append)  # a folder
    assert warned == [] and newer.exists()


def test_damage_in_the_middle_of_a_file_is_found_when_it_is_opened(tmp_path: Path) -> None:
    path, warned = tmp_path / "r.sqlite3", list[str]()
    registry = Registry(path)
    for number in range(200):
        registry.put(Registration(f"n{number}", None, None, (), "2026-01-01T00:00:00", url="http://127.0.0.1:1"))
    content = bytearray(path.read_bytes())
    content[8_192:] = b"\xff" * (len(content) - 8_192)
    path.write_bytes(content)
    assert Registry(path, warned.append).all() == [] and len(warned) == 1
    assert (tmp_path / "r.sqlite3.damaged-1").read_bytes()[8_192:] == bytes(content)[8_192:]


@pytest.mark.parametrize("content", ["{", "[]", '{"learners": [{"id": "learner-01"}]}', '{"learners": 5}', "\0"])
def test_a_damaged_roster_is_kept_aside_where_somebody_is_told(tmp_path: Path, content: str) -> None:
    (tmp_path / ROSTER).write_text(content)
    with pytest.raises(PlatformError, match="cannot be used"):
        open_roster(tmp_path, 2)
    warned: list[str] = []
    assert len(open_roster(tmp_path, 2, warn=warned.append)) == 2
    assert "new cards" in warned[0] and (tmp_path / f"{ROSTER}.damaged-1").read_text() == content


@pytest.mark.parametrize("cut", [0, 40, 300])
def test_a_damaged_certificate_of_the_door_is_kept_aside_where_somebody_is_told(tmp_path: Path, cut: int) -> None:
    open_certificate(tmp_path)
    path = tmp_path / "door.pem"
    path.write_bytes(path.read_bytes()[:cut])
    warned: list[str] = []
    open_certificate(tmp_path, warned.append).server_context()
    assert len(warned) == 1 and (tmp_path / "door.pem.damaged-1").exists()


def test_a_platform_started_in_a_company_network_asks_nothing_of_its_proxy(shell: Shell) -> None:
    started = shell.janus("up", "--detach", "--port", "0", "--json", **CORPORATE)
    assert started.returncode == 0, started.stderr
    code = (
        "import os; before = dict(os.environ)\n"
        "import janus_platform as janus, httpx\n"
        "platform = janus.up()\n"
        "ask = {'model': 'janus', 'messages': [{'role': 'user', 'content': 'Plot y = sin(x) from 0 to 6.'}]}\n"
        "answer = httpx.post(platform.url + '/v1/chat/completions', json=ask, timeout=60).json()\n"
        "found = httpx.post('https://vector.janus.rodeo/query', json={'query': 'entanglement'}).json()\n"
        "platform.down()\n"
        "import json; print(json.dumps([answer, found['method'], dict(os.environ) == before]))"
    )
    done = shell.python(code, **CORPORATE)
    answer, method, unchanged = json.loads(done.stdout or "null") or pytest.fail(done.stderr)
    assert answer["artifacts"][0]["type"] == "image/png"
    # This home was never prepared: the answer says so, and so does the status.
    assert method == "lexical"
    details = {service["name"]: service["detail"] for service in shell.status()["services"]}
    assert details["vector_index"]["method"] == "lexical"
    assert "janus prepare" in details["vector_index"]["notice"]
    assert unchanged


def test_doctor_names_the_commands_that_install_a_missing_toolchain(shell: Shell) -> None:
    found = {one["subject"]: one for one in json.loads(shell.janus("doctor", "--json", PATH="/nowhere").stdout)}
    for language in ("javascript", "bash"):
        assert INSTALL[language] in found[f"sandbox: {language}"]["remedy"]
    for language in ("go", "rust"):  # Looked for beside Python and in the home folder as well.
        finding = found[f"sandbox: {language}"]
        is_unprepared = finding["remedy"] == "Run `janus prepare` once."  # there, and nothing compiled for it yet
        assert finding["level"] == "ok" or is_unprepared or INSTALL[language] in finding["remedy"]
