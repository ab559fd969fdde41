"""The contract says what the specification says, and a mistake in it is named."""

from __future__ import annotations

import copy
import re
import tomllib
from pathlib import Path
from typing import Any

import pytest

from janus_platform.contract import CONTRACT_FILE, ContractError, load_contract, parse_contract
from tools.environment import ROOT

CONTRACT = load_contract()
# The specification's FR-3, typed here a second time on purpose: a slip in contract.toml has to disagree with something.
SPECIFIED = {
    "web_proxy": ("GET", "https://proxy.janus.rodeo/fetch", 10, ["url"], ["content"]),
    "search": ("POST", "https://search.janus.rodeo/search", 20, ["query", "num_results"], ["results"]),
    "vector_index": ("POST", "https://vector.janus.rodeo/query", 50, ["query", "top_k"], ["chunks"]),
    "code_sandbox": (
        "POST",
        "https://sandbox.janus.rodeo/execute",
        None,
        ["language", "code", "timeout"],
        ["stdout", "stderr", "exit_code"],
    ),
    "inference": (
        "POST",
        "https://api.chutes.ai/v1/chat/completions",
        None,
        ["model", "messages", "stream"],
        ["choices", "usage"],
    ),
}


@pytest.fixture
def raw() -> dict[str, Any]:
    return copy.deepcopy(tomllib.loads(CONTRACT_FILE.read_text("utf-8")))


def at(raw: dict[str, Any], path: str) -> tuple[dict[str, Any], str]:
    """The table that holds the last part of a dotted path, and that part."""
    *tables, last = path.split(".")
    for table in tables:
        raw = raw[table]
    return raw, last


def test_the_five_services_are_those_of_the_specification() -> None:
    assert set(CONTRACT.services) == set(SPECIFIED)


@pytest.mark.parametrize("name", SPECIFIED)
def test_service_is_as_specified(name: str) -> None:
    method, url, per_minute, parameters, fields = SPECIFIED[name]
    service = CONTRACT.services[name]
    assert (service.method, service.url) == (method, url)
    limit = service.rate_limit
    assert (limit and (limit.requests, limit.per_seconds)) == (per_minute and (per_minute, 60))
    assert [p.name for p in service.parameters] == parameters
    assert [f.name for f in service.response_fields] == fields


def test_sizes_times_and_languages_are_as_specified() -> None:
    sandbox = CONTRACT.code_sandbox
    assert CONTRACT.web_proxy.max_page_bytes == 1_000_000
    assert (sandbox.max_timeout_seconds, sandbox.max_memory_bytes) == (60, 512_000_000)
    assert sandbox.languages == ("python", "javascript", "bash", "go", "rust")
    assert sandbox.network_access is False


def test_suites_and_flows_are_as_specified() -> None:
    durations = {suite.name: suite.duration_seconds for suite in CONTRACT.bench.suites}
    assert (durations["quick"], durations["full"]) == (300, 7200)
    assert "coding" in durations
    assert len(CONTRACT.request_flow) == 6
    assert len(CONTRACT.bench.flow) == 6


def test_egress_lets_exactly_the_services_pass() -> None:
    assert set(CONTRACT.egress.allowed_hosts) == {service.host for service in CONTRACT.services.values()}


def test_every_room_says_since_when_it_stands(raw: dict[str, Any]) -> None:
    rooms = [value for value in raw.values() if isinstance(value, dict) and "since" not in value]
    assert rooms == [raw["services"]]
    assert all("since" in service for service in raw["services"].values())


def test_what_is_documented_elsewhere_has_source_and_date() -> None:
    entries = [*CONTRACT.inference.documented_elsewhere, *CONTRACT.security.documented_elsewhere]
    assert entries
    assert all(entry.source.startswith("https://") and entry.dated for entry in entries)


@pytest.mark.parametrize(
    ("path", "value", "message"),
    [
        ("gateway.prot", 8000, "`$.gateway.prot` in contract.toml is an unknown entry"),
        ("services.search.limit", 5, "`$.services.search.limit` in contract.toml is an unknown entry"),
        ("surprise", {}, "`$.surprise` in contract.toml is an unknown entry"),
        ("bench.weights", {"quality": 0.5}, "bench.weights do not add up to 1"),
        ("gateway.since", "soon", "gateway.since is not a version"),
        ("gateway.since", "9.0.0", "gateway.since is newer than the contract"),
        ("egress.allowed_hosts", ["proxy.janus.rodeo"], "egress.allowed_hosts differs from the services' hosts"),
        (
            "services.search.rate_limit",
            {"requests": 0, "per_seconds": 60},
            "services.search.rate_limit must be positive",
        ),
        ("services.search.host", "proxy.janus.rodeo", "two services share a host"),
        ("services.search.path", "/elsewhere", "`$.services.search.path` in contract.toml is an unknown entry"),
        (
            "gateway.port",
            "8000",
            "`$.gateway.port` in contract.toml is wrong: expected `int`, got `str`. Correct",
        ),
        ("gateway.port", True, "`$.gateway.port` in contract.toml is wrong: expected `int`, got `bool`"),
        (
            "implementation.cores",
            4.5,
            "`$.implementation.cores` in contract.toml is wrong: expected `int`, got `float`",
        ),
        ("bench.weights", {"quality": "much"}, "`$.bench.weights[...]`"),
        ("services.code_sandbox.languages", ["python", 3], "`$.services.code_sandbox.languages[1]`"),
        ("dated", "yesterday", "`$.dated`"),
    ],
)
def test_wrong_entry_is_named(raw: dict[str, Any], path: str, value: Any, message: str) -> None:
    table, key = at(raw, path)
    table[key] = value
    with pytest.raises(ContractError, match=re.escape(message)):
        parse_contract(raw)


@pytest.mark.parametrize("path", ["version", "repository", "gateway.port", "services.search.host", "bench.suites"])
def test_missing_entry_is_named(raw: dict[str, Any], path: str) -> None:
    table, key = at(raw, path)
    del table[key]
    with pytest.raises(ContractError, match=rf"\.{key}` is missing in contract\.toml. Add it"):
        parse_contract(raw)


def test_a_file_that_is_not_toml_is_named(tmp_path: Path) -> None:
    broken = tmp_path / "contract.toml"
    broken.write_text("version = ", encoding="utf-8")
    with pytest.raises(ContractError, match=r"contract\.toml is not valid TOML"):
        load_contract(broken)


def test_the_bench_weighs_and_sorts_as_the_contract_says() -> None:
    scoring = tomllib.loads((ROOT / "janus_bench" / "scoring" / "scoring.toml").read_text("utf-8"))
    assert scoring["weights"] == dict(CONTRACT.bench.weights)
    assert tuple(scoring["quality"]["categories"]) == CONTRACT.bench.quality_categories
