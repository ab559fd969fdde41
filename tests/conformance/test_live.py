"""`janus check --live` against servers that play the real hosts: agreeing, drifted, hostile, and not there."""

from __future__ import annotations

import dataclasses
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from janus_platform.conformance.http_client import MAX_ANSWER_BYTES
from janus_platform.conformance.live import LiveOptions, check_live
from janus_platform.conformance.report import DIFFERS, KNOWN, SAME, SKIPPED, UNREACHABLE, Report
from janus_platform.contract import CONTRACT_FILE, load_contract
from janus_platform.errors import PlatformError
from tests.conformance.played_hosts import Played, as_specified, serving

CONTRACT = load_contract()
SEARCH, INFERENCE = CONTRACT.search, CONTRACT.inference
KEY = "cpk_very-secret-key-0123456789"
SCHEMA = json.loads((CONTRACT_FILE.parents[1] / "schemas/check.schema.json").read_text("utf-8"))


@pytest.fixture
def hosts() -> dict[str, Played]:
    return {service.host: as_specified(CONTRACT, service) for service in CONTRACT.services.values()}


@pytest.fixture
def options(hosts: dict[str, Played], tmp_path: Path) -> Iterator[LiveOptions]:
    with serving(CONTRACT, hosts, tmp_path) as led:
        yield dataclasses.replace(led, environment={"CHUTES_API_KEY": KEY})


def differing(report: Report) -> set[str]:
    return {row.field for row in report.rows if row.result == DIFFERS}


def notes(report: Report, result: str) -> dict[str, str]:
    return {row.field: row.note for row in report.rows if row.result == result}


def test_hosts_as_specified_agree(options: LiveOptions) -> None:
    report = check_live(CONTRACT, options)
    assert differing(report) == set()
    assert report.counts[SAME] > 500
    assert UNREACHABLE not in report.counts
    Draft202012Validator(SCHEMA).validate(report.as_json())


def test_a_drifted_host_is_named_field_by_field(hosts: dict[str, Played], options: LiveOptions) -> None:
    search = hosts[SEARCH.host]
    assert search.document is not None
    body = search.document["paths"]["/search"]["post"]["requestBody"]["content"]["application/json"]["schema"]
    body["properties"]["num_results"]["maximum"] = 50
    body["properties"]["page"] = {"type": "integer"}
    search.document["paths"]["/images"] = {"get": {}}
    del search.answer["results"][0]["snippet"]
    search.headers["RateLimit-Policy"] = '"caller";q=30;w=60'
    report = check_live(CONTRACT, options)
    assert differing(report) == {
        "services.search.parameters.num_results.maximum",
        "services.search.extra_parameters.page",
        "services.search.extra_endpoints./images",
        "services.search.response_fields.results.items.snippet.type",
        "services.search.rate_limit.requests",
    }
    found = next(row for row in report.rows if row.field == "services.search.rate_limit.requests")
    assert (found.expected, found.found) == ("20", "30")


def test_hosts_that_are_not_there_are_said_to_be_unreachable_and_the_others_are_compared(
    hosts: dict[str, Played], tmp_path: Path
) -> None:
    with serving(CONTRACT, {SEARCH.host: hosts[SEARCH.host]}, tmp_path) as options:
        report = check_live(CONTRACT, options)
    assert not report.drifted
    missing = notes(report, UNREACHABLE)
    assert set(missing) == {f"services.{s.name}.host" for s in CONTRACT.services.values() if s != SEARCH}
    assert all(
        "The connection is refused" in note and "fields of this service were not" in note for note in missing.values()
    )
    assert report.counts[SAME] > 50


def test_a_certificate_of_somebody_else_is_not_trusted(options: LiveOptions) -> None:
    report = check_live(CONTRACT, dataclasses.replace(options, ca=None))
    assert "certificate is not trusted" in notes(report, UNREACHABLE)["services.search.host"]


def test_a_host_that_does_not_describe_itself_is_compared_by_its_answer(
    hosts: dict[str, Played], options: LiveOptions
) -> None:
    hosts[SEARCH.host].document = None
    hosts[SEARCH.host].headers.clear()
    report = check_live(CONTRACT, options)
    assert differing(report) == set()
    assert "does not describe itself" in notes(report, SKIPPED)["services.search.parameters"]
    assert "does not state its limit" in notes(report, SKIPPED)["services.search.rate_limit"]
    answered = [row.field for row in report.rows if row.result == SAME and row.how == "answer"]
    assert "services.search.response_fields.results.items.snippet.type" in answered


def test_without_a_key_inference_is_skipped_with_what_to_set(options: LiveOptions) -> None:
    report = check_live(CONTRACT, dataclasses.replace(options, environment={}))
    assert notes(report, SKIPPED)["services.inference.path"] == "It needs a key: set CHUTES_API_KEY."


def test_the_local_platforms_key_is_not_sent_to_a_real_host(hosts: dict[str, Played], options: LiveOptions) -> None:
    environment = {"CHUTES_API_KEY": KEY, "https_proxy": "http://shell-1:token@127.0.0.1:43210"}
    report = check_live(CONTRACT, dataclasses.replace(options, environment=environment))
    assert "without `janus env`" in notes(report, SKIPPED)["services.inference.path"]
    assert all("authorization" not in headers for _, _, headers in hosts[INFERENCE.host].seen)


def test_the_key_goes_to_its_own_host_alone(hosts: dict[str, Played], options: LiveOptions) -> None:
    check_live(CONTRACT, options)
    sent = {host: [h.get("authorization") for _, _, h in played.seen] for host, played in hosts.items()}
    assert f"Bearer {KEY}" in sent.pop(INFERENCE.host)
    assert all(set(each) == {None} for each in sent.values())


def test_a_host_that_sends_the_key_back_does_not_get_it_into_the_report(
    hosts: dict[str, Played], options: LiveOptions
) -> None:
    inference = hosts[INFERENCE.host]
    inference.models.append({"id": f"stolen-{KEY}"})
    inference.models.append({"id": f"long-{'x' * 150}{KEY}"})
    assert inference.document is not None
    inference.document["info"]["title"] = KEY.upper()
    text = json.dumps(check_live(CONTRACT, options).as_json())
    assert KEY.lower() not in text.lower()
    assert KEY[:12].lower() not in text.lower()
    assert "[key]" in text


def test_other_models_are_a_known_difference_with_source_and_date(
    hosts: dict[str, Played], options: LiveOptions
) -> None:
    hosts[INFERENCE.host].models[:] = [{"id": "Qwen/Qwen3-32B-TEE"}]
    report = check_live(CONTRACT, options)
    assert differing(report) == set()
    known = notes(report, KNOWN)
    assert "https://chutes.ai" in known["services.inference.models.gpt-4o"]
    assert "2026-06-30" in known["services.inference.models.gpt-4o"]
    asked = [path for method, path, _ in hosts[INFERENCE.host].seen if method == "POST"]
    assert asked == [INFERENCE.path]


@pytest.mark.parametrize(
    ("body", "says"),
    [
        (b"[" * 100_000, "does not describe itself"),
        (b"\xff\xfe not json", "does not describe itself"),
        (b"null", "does not describe itself"),
        (b'{"paths": 3, "info": 3, "servers": {"a": 1}}', "could not be read"),
        (
            b'{"paths": {"/search": {"post": {"requestBody": 3, "responses": {"200": [1]}}}}}',
            "missing from the document",
        ),
        (b'{"x": "' + b"x" * (MAX_ANSWER_BYTES + 1) + b'"}', "more than"),
    ],
)
def test_hostile_documents_end_in_a_row_and_not_in_a_traceback(
    hosts: dict[str, Played], options: LiveOptions, body: bytes, says: str
) -> None:
    hosts[SEARCH.host].respond = lambda method, path, _: (200, body) if path == "/openapi.json" else None
    report = check_live(CONTRACT, options)
    assert any(says in row.note for row in report.rows if row.field.startswith("services.search"))
    assert all(len(cell) <= 200 for row in report.rows for cell in vars(row).values())


def test_few_requests_are_sent_and_none_oversteps_a_bound(hosts: dict[str, Played], options: LiveOptions) -> None:
    check_live(CONTRACT, options)
    assert {host: len(played.seen) for host, played in hosts.items()} == {
        service.host: 3 if service == INFERENCE else 2 for service in CONTRACT.services.values()
    }


def run(options: LiveOptions, *words: str) -> subprocess.CompletedProcess[str]:
    connects = [f"--connect={host}={address}:{port}" for host, (address, port) in options.connect.items()]
    command = [sys.executable, "-m", "janus_platform.cli", "check", "--live", *connects, f"--ca={options.ca}", *words]
    environment = {"PATH": "/usr/bin:/bin", "CHUTES_API_KEY": KEY, "COLUMNS": "100"}
    return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120, check=False)


def test_the_command_says_drift_with_exit_code_and_table(hosts: dict[str, Played], options: LiveOptions) -> None:
    hosts[SEARCH.host].headers["RateLimit-Policy"] = '"caller";q=30;w=60'
    inference = hosts[INFERENCE.host].document
    assert inference is not None
    inference["info"]["title"] = f"\x1b[31m[red]{KEY}"
    done = run(options)
    assert done.returncode == 1
    assert "services.search.rate_limit" in done.stdout
    assert "differ" in done.stdout
    for trace in (KEY, "\x1b", "Traceback"):
        assert trace not in done.stdout + done.stderr


def test_the_command_prints_json_and_exits_well_when_all_agrees(options: LiveOptions) -> None:
    done = run(options, "--json")
    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout)
    Draft202012Validator(SCHEMA).validate(report)
    assert report["mode"] == "live"


def test_nothing_reachable_is_said_plainly_with_an_exit_code_of_its_own(tmp_path: Path) -> None:
    with serving(CONTRACT, {}, tmp_path) as options:
        done = run(options)
    assert done.returncode == 3
    assert done.stdout.count("unreachable: services.") == len(CONTRACT.services)
    assert "Nothing could be compared." in done.stdout


@pytest.mark.parametrize("wrong", ["search.janus.rodeo", "search.janus.rodeo=here", "=1.2.3.4:5", "a=b:0", "a=b:99999"])
def test_a_wrong_connect_is_named(wrong: str) -> None:
    with pytest.raises(PlatformError, match="HOST=ADDRESS:PORT"):
        LiveOptions.of([wrong], None, None)


def test_a_ca_file_that_holds_none_is_named(tmp_path: Path) -> None:
    (tmp_path / "ca.pem").write_text("no certificate", encoding="utf-8")
    with pytest.raises(PlatformError, match=r"ca\.pem cannot be read as certificates"):
        check_live(CONTRACT, LiveOptions(ca=tmp_path / "ca.pem", environment={}))
