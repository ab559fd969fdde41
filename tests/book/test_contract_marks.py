"""What changed in the contract shows beside its field, on the page of changes and in the banner; mistakes are named."""

from __future__ import annotations

import copy
import datetime as dt
import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
from contract_marks import banner, history, marks
from openapi_reference import section

from janus_platform.contract import CONTRACT_FILE, Contract, ContractError, load_contract, parse_contract
from tests.book.test_build import build, failure_of, make_small_book, write_page

LIMIT = "services.search.rate_limit"
CHANGES: list[dict[str, Any]] = [
    {
        "version": "1.1.0",
        "dated": dt.date(2027, 1, 5),
        "kind": "changed",
        "field": LIMIT,
        "summary": "The limit is lower.",
        "before": "20 requests/minute",
    },
    {
        "version": "1.2.0",
        "dated": dt.date(2027, 2, 1),
        "kind": "deprecated",
        "field": "services.vector_index.extra_parameters.source",
        "summary": "Use `where` instead.",
    },
    {
        "version": "1.2.0",
        "dated": dt.date(2027, 2, 1),
        "kind": "removed",
        "field": "services.search.parameters.page",
        "summary": "It never did anything.",
    },
]


def changed(*changes: dict[str, Any], version: str = "1.2.0") -> Contract:
    raw = copy.deepcopy(tomllib.loads(CONTRACT_FILE.read_text("utf-8")))
    return parse_contract({**raw, "version": version, "dated": dt.date(2027, 2, 1), "changes": list(changes)})


@pytest.fixture
def later() -> Contract:
    return changed(*CHANGES)


def test_a_changed_limit_is_marked_with_what_it_was(later: Contract) -> None:
    assert marks(later, LIMIT) == ["Changed in 1.1.0: was 20 requests/minute."]
    assert "*Changed in 1.1.0: was 20 requests/minute.*" in section(later, later.services["search"])


def test_a_deprecated_field_is_marked_beside_its_row(later: Contract) -> None:
    text = section(later, later.services["vector_index"])
    (row,) = [line for line in text.splitlines() if line.startswith("| `source` |") and "Only chunks" in line]
    assert "*Deprecated since 1.2.0: Use `where` instead.*" in row
    assert "new in 1.0.0" in row


def test_the_history_has_a_section_for_each_version_newest_first(later: Contract) -> None:
    text = history(later)
    places = [text.index(f"## Contract {version}") for version in ("1.2.0", "1.1.0", "1.0.0")]
    assert places == sorted(places)
    for told in ("Before: 20 requests/minute.", "Use `where` instead.", "It never did anything.", "Dated 2027-01-05."):
        assert told in text


def test_everything_that_says_since_when_it_is_there_is_in_the_history() -> None:
    contract = load_contract()
    text = history(contract)
    for service in contract.services.values():
        assert f"`services.{service.name}`" in text
        names = [e.name for e in service.extra_parameters] + [e.name for e in service.extra_response_fields]
        assert all(f"`{name}`" in text for name in names)
        assert all(f"`{endpoint.path}`" in text for endpoint in service.extra_endpoints)


def test_the_banner_names_the_version_and_leads_to_what_changed(later: Contract) -> None:
    text = banner(later, "what_changed.html")
    assert "Contract 1.2.0, 2027-02-01: 2 changes" in text
    assert 'href="what_changed.html"' in text


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"kind": "new"}, "kind is one of changed, deprecated, removed"),
        ({"version": "9.0.0"}, "version 9.0.0 is none, or newer"),
        ({"field": "services.search.rate_limits"}, "does not stand in the contract"),
        ({"kind": "removed"}, "still stands in the contract"),
        ({"surprise": 1}, "`$.changes[0].surprise` in contract.toml is an unknown entry"),
    ],
)
def test_a_wrong_change_is_named(wrong: dict[str, Any], message: str) -> None:
    with pytest.raises(ContractError, match=re.escape(message)):
        changed({**CHANGES[0], **wrong})


def test_a_mark_in_prose_is_checked_by_the_build(tmp_path: Path) -> None:
    root = make_small_book(tmp_path)
    write_page(root, "# A page\n\nThe service is {since}`services.search`\n")
    build(root)
    assert "New in 1.0.0." in (root / "_build/html/book/index.html").read_text("utf-8")
    write_page(root, "# A page\n\n{since}`services.serch`\n")
    assert "services has no 'serch'" in failure_of(root)
