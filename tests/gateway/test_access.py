"""Keys and origins: open to all of this machine by default, closed as soon as one says so, and never written down."""

from __future__ import annotations

import json
import logging
import os
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from janus_platform.errors import PlatformError
from janus_platform.gateway.access import HANDED_VARIABLE, KEYS_VARIABLE, AccessRules, digest
from tests.gateway.rig import Directory, Exchange, ask, gateway, in_loop, upstream

KEY, OTHER = "sk-one-of-two", "sk-two-of-two"
RULES = AccessRules((digest(KEY), digest(OTHER)))
APP = "https://app.example:8443"


def answers(exchange: Exchange) -> None:
    exchange.answer(200, b"{}")


@in_loop
async def test_each_valid_key_passes_and_nothing_else_does() -> None:
    headers = {
        f"Bearer {KEY}": 200,
        f"bearer {OTHER}": 200,
        f"Bearer {KEY}x": 401,
        f"Bearer {KEY[:-1]}": 401,
        f"Basic {KEY}": 401,
        f"Bearer {digest(KEY)}": 401,
        KEY: 401,
        "Bearer": 401,
        "Bearer \xff\xfe": 401,
        None: 401,
    }
    async with upstream(answers) as up, gateway(up, rules=RULES) as served:
        for value, status in headers.items():
            sent = {} if value is None else {"authorization": value.encode("latin-1")}
            response = await served.client.post("/v1/chat/completions", json=ask(), headers=sent)
            assert response.status_code == status, value
            if status == 401:
                error = response.json()["error"]
                assert (error["code"], error["type"]) == ("invalid_api_key", "invalid_request_error")
                assert response.headers["www-authenticate"] == "Bearer"
                assert KEY not in response.text


@pytest.mark.parametrize(
    ("path", "status"), [("/v1/models", 401), ("/metrics", 401), ("/nowhere", 401), ("/health", 200)]
)
@in_loop
async def test_a_key_guards_every_path_but_health(path: str, status: int) -> None:
    async with gateway(Directory({}), rules=RULES) as served:
        assert (await served.client.get(path)).status_code == status


@in_loop
async def test_no_key_is_ever_logged(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    async with upstream(answers) as up, gateway(up, rules=RULES) as served:
        for key in (KEY, "sk-wrong"):
            await served.chat(headers={"authorization": f"Bearer {key}"})
    mine = [record.getMessage() for record in caplog.records if record.name.startswith("janus")]
    assert mine and not [line for line in mine if "sk-" in line or digest(KEY) in line]


@in_loop
async def test_pages_of_other_origins_are_refused_by_default() -> None:
    async with upstream(answers) as up, gateway(up) as served:
        for origin, status in (("https://evil.example", 403), ("null", 403), (served.url, 200), ("http://[", 403)):
            response = await served.chat(headers={"origin": origin})
            assert response.status_code == status
            assert "access-control-allow-origin" not in response.headers
            asks_first = {"origin": origin, "access-control-request-method": "POST"}
            preflight = await served.client.options("/v1/chat/completions", headers=asks_first)
            assert preflight.status_code in (403, 405) and "access-control-allow-origin" not in preflight.headers


@in_loop
async def test_a_foreign_name_that_resolves_to_this_machine_is_no_origin_of_its_own() -> None:
    async with upstream(answers) as up, gateway(up) as served:
        rebound = f"rebound.example:{served.port}"
        response = await served.chat(headers={"host": rebound, "origin": f"http://{rebound}"})
    assert response.status_code == 403


@in_loop
async def test_an_origin_that_is_let_in_gets_its_preflight_and_its_answers_errors_included() -> None:
    asks_first = {
        "origin": APP,
        "access-control-request-method": "POST",
        "access-control-request-headers": "authorization, content-type, x-stainless-lang",
    }
    async with upstream(answers) as up, gateway(up, rules=AccessRules(RULES.digests, (APP,))) as served:
        preflight = await served.client.options("/v1/chat/completions", headers=asks_first)
        assert preflight.status_code == 204
        assert preflight.headers["access-control-allow-headers"] == asks_first["access-control-request-headers"]
        assert "POST" in preflight.headers["access-control-allow-methods"]
        for key, status in ((KEY, 200), ("sk-wrong", 401)):
            response = await served.chat(headers={"origin": APP, "authorization": f"Bearer {key}"})
            assert response.status_code == status
            assert response.headers["access-control-allow-origin"] == APP and response.headers["vary"] == "origin"
            assert "x-request-id" in response.headers["access-control-expose-headers"]
        assert (await served.chat(headers={"origin": "https://app.example"})).status_code == 403
        asks_first["access-control-request-headers"] = "x\u00ff"
        odd = await served.client.options("/v1/models", headers={k: v.encode() for k, v in asks_first.items()})
        assert "access-control-allow-headers" not in odd.headers


@in_loop
async def test_any_origin_can_be_let_in() -> None:
    async with upstream(answers) as up, gateway(up, rules=AccessRules((), ("*",))) as served:
        response = await served.chat(headers={"origin": "https://anywhere.example"})
        assert response.headers["access-control-allow-origin"] == "https://anywhere.example"
        assert (await served.chat(headers={"origin": "null"})).status_code == 403


def test_rules_come_from_arguments_a_file_and_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    keys = tmp_path / "keys"
    keys.write_text("# for the course\nsk-file\n\n")
    monkeypatch.setenv(KEYS_VARIABLE, "sk-env, sk-env-2")
    rules = AccessRules.of(["sk-arg"], keys, [APP.upper() + "/", APP])
    assert set(rules.digests) == set(map(digest, ("sk-arg", "sk-file", "sk-env", "sk-env-2")))
    assert rules.origins == (APP,)


@pytest.mark.parametrize(
    ("keys", "origins", "says"),
    [
        (["two words"], [], "without spaces"),
        ([""], [], "visible"),
        (["x" * 201], [], "1 to 200"),
        ([], ["app.example"], "not an origin"),
        ([], ["https://app.example/path"], "not an origin"),
        ([], ["javascript:alert(1)"], "not an origin"),
    ],
)
def test_what_is_no_key_or_no_origin_is_named_without_the_key(keys: list[str], origins: list[str], says: str) -> None:
    with pytest.raises(PlatformError, match=says) as error:
        AccessRules.of(keys, None, origins)
    assert not any(key and key in str(error.value) for key in keys)


def test_an_empty_list_of_keys_does_not_open_the_gateway(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "empty").write_text("\n# none\n")
    with pytest.raises(PlatformError, match="no API key"):
        AccessRules.of(key_file=tmp_path / "empty")
    with pytest.raises(PlatformError, match="Cannot read"):
        AccessRules.of(key_file=tmp_path / "missing")
    monkeypatch.setenv(KEYS_VARIABLE, " , ")
    with pytest.raises(PlatformError, match="contains no key"):
        AccessRules.of()


def test_rules_are_handed_over_as_digests_and_taken_out_of_the_environment() -> None:
    rules = AccessRules((digest(KEY),), (APP,))
    environment = {KEYS_VARIABLE: KEY}
    rules.hand_to(environment)
    assert KEY not in json.dumps(environment)
    assert AccessRules.handed(environment) == rules
    assert HANDED_VARIABLE not in environment
    assert AccessRules().mark == "" != rules.mark


def test_janus_up_asks_for_the_key_it_was_given_and_writes_it_nowhere(tmp_path: Path) -> None:
    keys = tmp_path / "keys"
    keys.write_text(f"{KEY}\n")
    environment = {**os.environ, "JANUS_HOME": str(tmp_path / "home"), KEYS_VARIABLE: OTHER}

    def janus(*words: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "janus_platform.cli", *words]
        return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120, check=False)

    up = janus("up", "--detach", "--port", "0", "--json", "--api-key-file", str(keys), "--cors-origin", APP)
    try:
        status = json.loads(up.stdout)
        for key, expected in ((KEY, 200), (OTHER, 200), ("sk-wrong", 401)):
            url = status["gateway"]["url"] + "/v1/models"
            answer = httpx.get(url, headers={"authorization": f"Bearer {key}"}, trust_env=False)
            assert answer.status_code == expected
        refused = janus("up", "--api-key", "sk-third")
        assert refused.returncode == 1 and "other API keys" in refused.stderr
        process = Path(f"/proc/{status['pid']}")
        if process.is_dir():
            assert KEY.encode() not in (process / "cmdline").read_bytes() + (process / "environ").read_bytes()
    finally:
        janus("down")
    files = [path for path in (tmp_path / "home").rglob("*") if path.is_file()]
    assert files and not [path for path in files if KEY.encode() in path.read_bytes()]
