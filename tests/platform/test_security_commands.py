"""Evidence, key rotation and `janus top` on a running platform; and no key in anything that it leaves or says."""

from __future__ import annotations

import json
import os
import secrets
import shutil
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from importlib.resources import files
from pathlib import Path
from typing import Any

import httpx
import pytest
from jsonschema import Draft202012Validator

from janus_platform.attestation.token import take_apart
from janus_platform.contract import load_contract
from janus_platform.implementations import bundled
from janus_platform.runtime.control_client import ControlClient
from janus_platform.runtime.state import Runtime
from tests.platform.conftest import Shell

CONTRACT = load_contract()
TOP_SCHEMA = json.loads((files("janus_platform") / "schemas/top.schema.json").read_text())
CONTENT = "zanzibar-peppermint"


@pytest.fixture(scope="module")
def ours() -> Iterator[Shell]:
    """A platform of this module's own: its implementations are changed and restarted."""
    with tempfile.TemporaryDirectory(prefix="janus-") as folder:
        made = Shell(Path(folder, "home"))
        made.home.mkdir()
        done = made.janus("up", "--detach", "--port", "0", "--json")
        assert done.returncode == 0, done.stderr
        yield made
        made.janus("down")


@pytest.fixture(scope="module")
def url(ours: Shell) -> str:
    return str(ours.status()["gateway"]["url"])


@pytest.fixture(scope="module")
def mine(ours: Shell, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of `mine`, a copy of the bundled echo, which is deployed and has golden values."""
    folder = tmp_path_factory.mktemp("sources") / "mine"
    shutil.copytree(bundled()["echo"], folder, ignore=shutil.ignore_patterns(".*", "__pycache__"))
    assert ours.janus("submit", str(folder), "--name", "mine").returncode == 0
    assert ours.janus("verify", "mine", "--save-golden").returncode == 0
    return folder


def results(shell: Shell, *words: str) -> dict[str, str]:
    done = shell.janus("verify", *words, "--json")
    report = json.loads(done.stdout)
    assert done.returncode == (1 if report["failed"] else 0)
    return {one["check"]: one["result"] for one in report["checks"]}


def ask(url: str, model: str, content: str = CONTENT) -> httpx.Response:
    body = {"model": model, "messages": [{"role": "user", "content": content}]}
    with httpx.Client(trust_env=False, timeout=60) as client:
        return client.post(f"{url}/v1/chat/completions", json=body)


def test_the_gateway_gives_evidence_for_a_nonce_and_says_that_it_is_simulated(url: str) -> None:
    nonce = secrets.token_hex(32)
    answer = httpx.get(f"{url}/v1/implementations/echo/evidence", params={"nonce": nonce}, trust_env=False, timeout=60)
    assert (answer.status_code, answer.headers["cache-control"]) == (200, "no-store")
    assert answer.json()["simulated"] is True
    assert take_apart(answer.json()["token"]).claims["eat_nonce"] == nonce


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("echo/evidence", 400),
        ("echo/evidence?nonce=" + "A" * 64, 400),
        ("nobody/evidence?nonce=" + "a" * 64, 404),
        ("/evidence?nonce=" + "a" * 64, 404),
        ("echo/more/evidence?nonce=" + "a" * 64, 404),
        ("%2e%2e/evidence?nonce=" + "a" * 64, 404),
        ("echo", 404),
    ],
)
def test_other_questions_are_refused_as_the_gateway_refuses(url: str, path: str, status: int) -> None:
    answer = httpx.get(f"{url}/v1/implementations/{path}", trust_env=False, timeout=60)
    assert answer.status_code == status and answer.json()["error"]["message"]
    assert httpx.post(f"{url}/v1/implementations/echo/evidence", trust_env=False).status_code == 405


def test_verify_passes_what_was_saved(ours: Shell, mine: Path) -> None:
    found = results(ours, "mine")
    assert found.pop("hardware") == "not checked"
    assert set(found.values()) == {"passed"}


def test_one_changed_byte_of_a_submission_fails_against_the_golden_values(ours: Shell, mine: Path) -> None:
    source = (mine / "main.py").read_text(encoding="utf-8")
    (mine / "main.py").write_text(source.replace("smallest", "smallesT", 1), encoding="utf-8")
    assert ours.janus("submit", str(mine), "--name", "mine").returncode == 0
    done = ours.janus("verify", "mine")
    assert done.returncode == 1 and "register code differs (main.py changed)" in done.stdout
    (mine / "main.py").write_text(source, encoding="utf-8")
    assert ours.janus("submit", str(mine), "--name", "mine").returncode == 0
    assert results(ours, "mine")["golden values"] == "passed"


def test_a_byte_changed_behind_the_nodes_back_fails_while_it_runs_and_after_it_is_undone(
    ours: Shell, mine: Path
) -> None:
    before = (mine / "main.py").read_bytes()
    copies = (ours.home / "implementations" / "mine").glob("*/main.py")
    copy = next(path for path in copies if path.read_bytes() == before)
    copy.write_bytes(before.replace(b"smallest", b"smallesT", 1))
    assert results(ours, "mine")["golden values"] == "failed"
    copy.write_bytes(before)
    assert results(ours, "mine")["golden values"] == "failed"
    assert ours.janus("rotate-keys", "mine").returncode == 0  # Fresh processes of the code as it was.
    assert results(ours, "mine")["golden values"] == "passed"


def test_golden_values_of_one_implementation_are_not_those_of_another(ours: Shell, mine: Path) -> None:
    path = ours.home / "attestation" / "golden" / "mine.json"
    assert results(ours, "echo", "--golden", str(path))["golden values"] == "failed"


def test_verify_of_something_unknown_says_what_there_is(ours: Shell) -> None:
    done = ours.janus("verify", "nobody")
    assert done.returncode == 1 and "no implementation named 'nobody'" in done.stderr
    assert ours.janus("verify", "echo", "--golden", "/nowhere.json").returncode == 1


def test_no_request_is_dropped_while_keys_rotate(ours: Shell, url: str) -> None:
    with ThreadPoolExecutor(4) as pool:
        rotation = pool.submit(ours.janus, "rotate-keys", "--json")
        answers = []
        while not rotation.done() or len(answers) < 30:
            answers += pool.map(lambda _: ask(url, "echo"), range(3))
    assert rotation.result().returncode == 0, rotation.result().stderr
    found = json.loads(rotation.result().stdout)
    assert {"name": "echo", "restarted": True} in found["rotated"]
    assert found["grace_seconds"] == CONTRACT.secrets.key_grace_seconds
    assert {answer.status_code for answer in answers} == {200}


def test_top_shows_what_happened_as_its_schema_says(ours: Shell, url: str) -> None:
    assert ask(url, "echo").status_code == 200
    found = json.loads(ours.janus("top", "--json").stdout)
    Draft202012Validator(TOP_SCHEMA).validate(found)
    (echo,) = (one for one in found["implementations"] if one["name"] == "echo")
    assert echo["requests"]["requests"] >= 1 and echo["memory_bytes"] > 0 and echo["requests"]["completion_tokens"] > 0
    assert CONTENT not in json.dumps(found)
    table = ours.janus("top", "--once").stdout
    assert "echo" in table and "redacted" in table


def test_a_notebooks_key_ends_after_the_grace_period_of_its_own_clock(ours: Shell) -> None:
    done = ours.python(
        """
import os, httpx, janus_platform as janus
platform = janus.up()
def ask(key):
    body = {"model": "gpt-4o-mini", "messages": [{"role": "user", "content": "Hi"}]}
    headers = {"Authorization": f"Bearer {key}"}
    return httpx.post("https://api.chutes.ai/v1/chat/completions", json=body, headers=headers, timeout=60).status_code
old = os.environ["CHUTES_API_KEY"]
grace = platform.rotate_own_key()["grace_seconds"]
new = os.environ["CHUTES_API_KEY"]
print(old != new, ask(old), ask(new))
platform.clock.advance(grace)
print(ask(old), ask(new))
"""
    )
    assert done.stdout.split() == ["True", "200", "200", "401", "200"], done.stderr


def test_no_key_and_no_content_is_in_anything_that_the_platform_leaves_or_says(
    ours: Shell, mine: Path, url: str
) -> None:
    os_environment = dict(os.environ)
    names = ("echo", "mine", "research")
    secret = [*_credentials(ours, names)]
    assert ours.janus("rotate-keys").returncode == 0
    secret += _credentials(ours, names)
    assert len(set(secret)) == len(secret) == 12
    request = ask(url, "mine")
    ask(url, "nobody")
    said = [
        *(
            ours.janus(*words.split()).stdout
            for words in ("status --json", "top --json", "logs", "implementations --json")
        ),
        *(ours.janus("logs", name).stdout for name in names),
        *(ours.janus("verify", name, "--json").stdout for name in names),
        ours.janus("trace", request.headers["x-request-id"], "--json").stdout,
        httpx.get(f"{url}/metrics", trust_env=False).text,
        httpx.get(f"{url}/v1/implementations/mine/evidence?nonce={'a' * 64}", trust_env=False).text,
    ]
    left = [path for path in ours.home.rglob("*") if path.is_file()]
    assert len(left) >= 8 and len(said) >= 10
    everything = [*(path.read_bytes() for path in left), *(text.encode() for text in said)]
    for one in secret:
        assert not any(one.encode() in text for text in everything), one[:20]
    assert not any(CONTENT.encode() in text for text in everything)
    assert dict(os.environ) == os_environment


def _credentials(shell: Shell, names: tuple[str, ...]) -> list[str]:
    """The key and the proxy password of each caller, as only the platform's user may learn them."""
    client = ControlClient(Runtime(shell.home / "run", shell.home / "logs").control_socket)
    found: list[str] = []
    for name in names:
        variables: dict[str, Any] = client.get("/environment", caller=name)
        found += [variables["CHUTES_API_KEY"], variables["HTTPS_PROXY"].split("@")[0].rpartition(":")[2]]
    return found
