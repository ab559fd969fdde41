"""What a stranger's machine may hold: damaged files, a company's proxy. One sentence each; nothing is half-started."""

from __future__ import annotations

import json

import pytest

from janus_platform.services.sandbox.toolchains import INSTALL
from tests.platform.conftest import Shell

CORPORATE = {
    "https_proxy": "http://corporate:3128",
    "HTTP_PROXY": "http://corporate:3128",
    "NO_PROXY": "*",
    "SSL_CERT_FILE": "/nonexistent",
    "REQUESTS_CA_BUNDLE": "/nonexistent",
}


@pytest.mark.parametrize("name", ["leaderboard.sqlite3", "implementations.sqlite3"])
def test_a_damaged_file_is_named_and_nothing_stays_behind(shell: Shell, name: str) -> None:
    shell.home.mkdir()
    (shell.home / name).write_text("this is no database")
    done = shell.janus("up", "--detach", "--port", "0")
    assert done.returncode == 1
    assert name in done.stderr
    assert "move a damaged file away" in done.stderr
    assert done.stderr.count("\n") == 1
    assert shell.janus("status").returncode == 3
    assert not (shell.home / "run").exists()


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
        assert finding["level"] == "ok" or INSTALL[language] in finding["remedy"]
