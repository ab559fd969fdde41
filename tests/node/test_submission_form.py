"""The submission form: what is given is judged, what is left out is no pass, and every refusal names the field."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from janus_platform.contract import load_contract
from janus_platform.node.submission.form import Form, check_form
from janus_platform.node.submission.hotkey import CHARACTERS, check_hotkey, ss58
from janus_platform.node.submission.licences import OSI_APPROVED, checked_licence

RULES = load_contract().submission
# The address that Substrate's documentation uses for its test account "Alice".
ALICE = "5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQY"
GOOD = Form(ALICE, "https://github.com/me/mine", "MIT", "It answers. " * 10, "Faster.", "me@example.com")


def results(form: Form) -> dict[str, str]:
    return {check.check: check.result for check in check_form(form, RULES)}


def blame(form: Form) -> str:
    (failed,) = (check for check in check_form(form, RULES) if check.result == "failed")
    return failed.detail


def test_a_whole_form_passes() -> None:
    assert set(results(GOOD).values()) == {"passed"} and len(results(GOOD)) == 6


def test_what_is_left_out_reads_not_given_and_never_passed() -> None:
    assert set(results(Form()).values()) == {"not given"} and len(results(Form())) == 4


@pytest.mark.parametrize(
    ("hotkey", "said"),
    [
        ("5abc", "4 characters"),
        (ALICE[:-1], "copy all 48"),
        (ALICE[:-1] + "Z", "checksum"),
        (ALICE[:20] + ALICE[21] + ALICE[20] + ALICE[22:], "checksum"),
        (ALICE.replace("w", "0", 1), "cannot occur"),
        ("5" + "é" * 47, "cannot occur"),
        (ALICE[0] + " " + ALICE[1:], "cannot occur"),
        ("15oF4uVJwmo4TdGW7VfQxNLavjCXviqxT9S1MgbjMNHr6Sp5", "does not start with 5"),
        ("5" * 10_000, "10000 characters"),
    ],
)
def test_a_wrong_hotkey_is_refused_with_what_is_wrong(hotkey: str, said: str) -> None:
    detail = blame(Form(hotkey=hotkey))
    assert detail.startswith("hotkey: ") and said in detail


@given(st.binary(min_size=32, max_size=32))
def test_every_key_of_the_network_has_a_valid_address_of_the_same_length(key: bytes) -> None:
    address = ss58(key, RULES.ss58_format)
    check_hotkey(address, RULES)
    assert len(address) == CHARACTERS


@given(st.binary(min_size=32, max_size=32), st.integers(0, 63).filter(lambda number: number != 42))
def test_an_address_of_another_network_is_refused(key: bytes, network: int) -> None:
    with pytest.raises(ValueError, match=r"network|does not start|characters"):
        check_hotkey(ss58(key, network), RULES)


@given(st.text(max_size=60))
def test_no_text_makes_the_check_of_a_hotkey_crash(text: str) -> None:
    try:
        check_hotkey(text, RULES)
    except ValueError as error:
        assert "copy" in str(error) or "give" in str(error)


@pytest.mark.parametrize(
    ("given", "spelled"), [("mit", "MIT"), ("apache-2.0", "Apache-2.0"), ("MIT OR  apache-2.0", "MIT OR Apache-2.0")]
)
def test_a_licence_is_stored_in_its_own_spelling(given: str, spelled: str) -> None:
    assert checked_licence(given) == spelled == Form(license=given).normal().license


@pytest.mark.parametrize(
    ("licence", "said"),
    [
        ("GPL-3.0", "GPL-3.0-only or GPL-3.0-or-later"),
        ("Apache 2.0", "Apache-2.0"),
        ("CC-BY-4.0", "not an OSI-approved"),
        ("proprietary", "such as MIT"),
        ("MIT OR", "MIT"),
        ("MIT\x1b[2J", "not an OSI-approved"),
        ("x" * 5_000, "200 characters"),
    ],
)
def test_a_licence_that_is_not_approved_is_refused_with_one_that_was_meant(licence: str, said: str) -> None:
    detail = blame(Form(license=licence))
    assert detail.startswith("license: ") and said in detail and "\x1b" not in detail


def test_the_list_of_licences_is_the_osis_and_holds_no_deprecated_id() -> None:
    assert {"MIT", "Apache-2.0", "BSD-3-Clause", "MPL-2.0", "AGPL-3.0-only", "EUPL-1.2", "0BSD"} <= OSI_APPROVED
    assert not {"GPL-2.0", "GPL-3.0+", "LGPL-2.1", "CC0-1.0", "CC-BY-4.0", "SSPL-1.0", "BUSL-1.1"} & OSI_APPROVED
    assert len(OSI_APPROVED) > 120


@pytest.mark.parametrize(
    "source",
    [
        "http://github.com/me/mine",
        "github.com/me/mine",
        "https://localhost/mine",
        "https://192.168.0.7/mine",
        "https://github.com/",
        "https://user:secret@github.com/me/mine",
        "https://github.com/me/mi ne",
        "https://github.com\\@evil.example/x",
        "https://[::1/x",
        "https://github.com:99999/x",
        "javascript:alert(1)",
        "file:///etc/passwd",
        "https://github.com/" + "x" * 5_000,
    ],
)
def test_a_source_that_nobody_else_could_open_is_refused(source: str) -> None:
    detail = blame(Form(source=source))
    assert detail.startswith("source: give the https address") and "secret" not in detail


@pytest.mark.parametrize(("length", "result"), [(99, "failed"), (100, "passed"), (500, "passed"), (501, "failed")])
def test_a_description_has_as_many_characters_as_the_contract_says(length: int, result: str) -> None:
    assert results(Form(description="ä" * length))["description"] == result


@pytest.mark.parametrize("odd", ["\x1b[2J", "\x00", "\x9b", "\u202e", "\u2066"])
def test_a_text_that_could_redraw_a_terminal_is_refused(odd: str) -> None:
    assert "description" in blame(Form(description="x" * 200 + odd))
    assert "contact" in blame(Form(contact="me" + odd))


def test_spaces_around_a_text_do_not_count() -> None:
    assert Form.of({"hotkey": f" {ALICE}\n", "source": "  ", "license": None}) == Form(hotkey=ALICE)
