"""`janus check` on a platform of its own: what agrees, what a changed contract shows, and what it leaves behind."""

from __future__ import annotations

import copy
import io
import json
import tempfile
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from rich.console import Console

from janus_platform.conformance.endpoint_probes import rate_limit
from janus_platform.conformance.fields import leaves, uncovered
from janus_platform.conformance.local import CheckedPlatform, check_local
from janus_platform.conformance.report import DIFFERS, KNOWN, SAME, SKIPPED, STATED, Report
from janus_platform.conformance.table import show
from janus_platform.contract import CONTRACT_FILE, Contract, load_contract, parse_contract
from janus_platform.runtime.control_client import ControlClient
from tests.platform.conftest import Shell

CONTRACT = load_contract()
SCHEMA = json.loads((CONTRACT_FILE.parents[1] / "schemas/check.schema.json").read_text("utf-8"))
# Each change of the contract, and the field that must then differ from the platform, which runs by the true one.
CHANGES: dict[str, Any] = {
    "version": "1.0.1",
    "gateway.default_model": "jason",
    "gateway.metrics_path": "/meters",
    "gateway.max_body_bytes": 9_000_000,
    "wire.reasoning_field": "thoughts",
    "wire.end_of_stream": "[END]",
    "implementation.memory_bytes": 8_000_000_000,
    "implementation.request_timeout_seconds": 60,
    "attestation.valid_seconds": 60,
    "attestation.nonce_bytes": 16,
    "secrets.key_grace_seconds": 30,
    "monitoring.alarm_score": 3.0,
    "bench.weights": {"quality": 0.3, "speed": 0.3, "cost": 0.15, "streaming": 0.15, "modality": 0.1},
    "services.search.rate_limit.requests": 25,
    "services.web_proxy.rate_limit.requests": 9,
    "services.vector_index.rate_limit.per_seconds": 30,
    "services.web_proxy.max_page_bytes": 2_000_000,
    "services.web_proxy.max_redirects": 4,
    "services.web_proxy.fetch_timeout_seconds": 30,
    "services.code_sandbox.max_memory_bytes": 256_000_000,
    "services.code_sandbox.bounds.processes": 32,
    "services.inference.limits.max_stops": 5,
}


@pytest.fixture(scope="module")
def platform() -> Iterator[Shell]:
    """A platform that is asked hard: its log of blocked attempts and its counts belong to this module."""
    with tempfile.TemporaryDirectory(prefix="janus-") as folder:
        made = Shell(Path(folder, "home"))
        made.home.mkdir()
        done = made.janus("up", "--detach", "--port", "0", "--json")
        assert done.returncode == 0, done.stderr
        yield made
        made.janus("down")


@pytest.fixture(scope="module")
def control(platform: Shell) -> ControlClient:
    return ControlClient(platform.home / "run" / "control.sock")


@pytest.fixture(scope="module")
def report(control: ControlClient) -> Report:
    return check_local(control, CONTRACT)


def raw() -> dict[str, Any]:
    return copy.deepcopy(tomllib.loads(CONTRACT_FILE.read_text("utf-8")))


def changed() -> Contract:
    """The contract with every one of CHANGES, a stricter parameter, a dearer model and another field."""
    entries = raw()
    for path, value in CHANGES.items():
        *tables, last = path.split(".")
        table = entries
        for name in tables:
            table = table[name]
        table[last] = value
    entries["services"]["search"]["parameters"][1]["maximum"] = 30
    entries["services"]["search"]["response_fields"][0]["items"].append({"name": "age", "type": "string"})
    entries["services"]["vector_index"]["parameters"][0]["max_length"] = 4_000
    entries["services"]["code_sandbox"]["languages"].append("perl")
    entries["services"]["inference"]["models"][0]["prompt_usd_per_million"] = 99.0
    return parse_contract(entries)


def test_a_platform_that_runs_by_the_contract_agrees_in_every_field(report: Report) -> None:
    assert [row for row in report.rows if row.result not in (SAME, STATED, SKIPPED, KNOWN)] == []
    # This machine may have fewer cores and less memory than the contract gives; the node says so in its status.
    less = {row.field: row.note for row in report.rows if row.result == KNOWN}
    assert set(less) <= {f"implementation.{name}" for name in ("cores", "disk_bytes", "memory_bytes")}
    assert all("this machine" in note or "/tmp lies in memory" in note for note in less.values())
    assert report.counts[SAME] > 700
    skipped = {row.field for row in report.rows if row.result == SKIPPED}
    # A free port; no Go here perhaps; no embedding model in a new home.
    assert skipped <= {"gateway.port", "services.code_sandbox.languages", "services.inference.limits.max_inputs"}
    Draft202012Validator(SCHEMA).validate(report.as_json())


def test_every_field_of_the_contract_is_compared_or_says_why_not(report: Report) -> None:
    assert list(uncovered(leaves(CONTRACT), report.rows)) == []
    assert all(row.note for row in report.rows if row.result in (STATED, SKIPPED))


@pytest.fixture(scope="module")
def drifted(control: ControlClient) -> set[str]:
    return {row.field for row in check_local(control, changed()).rows if row.result == DIFFERS}


@pytest.mark.parametrize(
    "field",
    [
        *(field for field in CHANGES if field != "bench.weights"),
        "bench.weights.quality",
        "services.search.parameters.num_results.maximum",
        "services.search.response_fields.results.items.age.type",
        "services.vector_index.parameters.query.max_length",
        "services.code_sandbox.languages",
        "services.inference.models.gpt-4o.prompt_usd_per_million",
    ],
)
def test_a_field_that_the_platform_does_not_keep_to_differs(field: str, drifted: set[str]) -> None:
    assert field in drifted


def test_fields_that_did_not_change_do_not_differ(drifted: set[str]) -> None:
    for field in ("services.search.host", "gateway.health_path", "egress.allowed_hosts", "services.web_proxy.method"):
        assert field not in drifted


def test_limits_that_are_off_are_said_not_to_be_compared(control: ControlClient) -> None:
    place = CheckedPlatform(control, CONTRACT)
    (row,) = rate_limit(place.client(), CONTRACT.search, place.more_time, "off")
    assert (row.field, row.result) == ("services.search.rate_limit", SKIPPED)
    assert "--limits contract" in row.note


def test_the_command_prints_json_and_no_key(platform: Shell) -> None:
    done = platform.janus("check", "--json")
    assert done.returncode == 0, done.stderr or [r for r in json.loads(done.stdout)["rows"] if r["result"] == DIFFERS]
    Draft202012Validator(SCHEMA).validate(json.loads(done.stdout))
    assert "cpk_" not in done.stdout
    assert "@127.0.0.1" not in done.stdout


def test_the_table_counts_by_room_and_shows_the_fields_that_agree_only_when_asked(report: Report) -> None:
    short, long = (shown_table(report, everything=everything) for everything in (False, True))
    assert "services.search" in short
    assert (
        "Everything that was compared agrees, or differs in a known way." in short
    )  # /tmp lies in memory: no 50 GB anywhere
    assert "gateway.health_path" not in short
    assert "gateway.health_path" in long
    assert "Only the fetched sites can see it." in long


def shown_table(report: Report, *, everything: bool) -> str:
    console = Console(file=io.StringIO(), width=200)
    show(report, console, everything=everything)
    return str(console.file.getvalue())  # type: ignore[attr-defined]


def test_without_a_platform_the_command_says_how_to_start_one(tmp_path: Path) -> None:
    done = Shell(tmp_path / "home").janus("check")
    assert done.returncode == 1
    assert "janus up" in done.stderr


def test_options_of_a_live_check_are_refused_for_a_local_one(tmp_path: Path) -> None:
    done = Shell(tmp_path / "home").janus("check", "--connect", "a=b:1")
    assert done.returncode == 2
    assert "go with --live" in done.stderr
