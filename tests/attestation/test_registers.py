"""Registers only grow, an event log leads to them, and everything that the node measures is in it."""

from __future__ import annotations

import hashlib
import json
import sys
from importlib.metadata import version
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from janus_platform.attestation import Event, EventLog, extend, measure
from janus_platform.attestation.errors import AttestationError
from janus_platform.attestation.registers import START

NAMES = ("code", "dependencies", "configuration", "egress")
EVENTS = st.builds(Event, st.sampled_from(NAMES), st.text(max_size=9), st.text(max_size=9))


def test_a_register_is_the_hash_of_what_it_was_and_the_event() -> None:
    event = Event("code", "main.py", "one")
    digest = hashlib.sha384(json.dumps(["code", "main.py", "one"]).encode()).digest()
    assert extend(START, event) == hashlib.sha384(bytes(48) + digest).digest()
    assert EventLog(NAMES, [event]).registers() == {
        "code": extend(START, event).hex(),
        **dict.fromkeys(NAMES[1:], START.hex()),
    }


@given(st.lists(EVENTS, max_size=6))
def test_a_log_read_again_leads_to_the_same_registers(events: list[Event]) -> None:
    log = EventLog(NAMES, events)
    assert EventLog.read(NAMES, json.loads(json.dumps(log.plain()))).registers() == log.registers()


@given(st.lists(EVENTS, max_size=5), st.lists(EVENTS, max_size=5))
def test_different_logs_lead_to_different_registers(one: list[Event], other: list[Event]) -> None:
    by_register = [[[e for e in events if e.register == name] for name in NAMES] for events in (one, other)]
    same = EventLog(NAMES, one).registers() == EventLog(NAMES, other).registers()
    assert same == (by_register[0] == by_register[1])


def test_a_log_of_another_kind_is_refused() -> None:
    wrong: list[object] = [
        None,
        {},
        [1],
        [{"register": "code", "name": "x"}],
        [{"register": "code", "name": 1, "value": "x"}],
    ]
    for data in wrong:
        with pytest.raises(AttestationError):
            EventLog.read(NAMES, data)


def test_python_its_packages_and_lock_files_are_dependencies(tmp_path: Path) -> None:
    (tmp_path / "requirements.txt").write_text("httpx==0.28.1\n")
    events = {e.name: e.value for e in measure.dependencies(tmp_path, [sys.executable, "main.py"])}
    assert events["python"].endswith("{}.{}.{}".format(*sys.version_info[:3]))
    assert events["package cryptography"].startswith(version("cryptography"))
    assert "sha384" in events["lock file requirements.txt"]
    (tmp_path / "requirements.txt").write_text("httpx==0.28.2\n")
    after = measure.dependencies(tmp_path, [sys.executable, "main.py"])
    assert measure.changes([Event("dependencies", *pair) for pair in events.items()], after) == [
        ("lock file requirements.txt", "changed")
    ]


def test_configuration_holds_names_of_variables_and_no_value() -> None:
    events = measure.configuration([sys.executable, "main.py"], {"KEY": "s3cret"}, {"cores": 4}, "process")
    assert [(e.name, e.value) for e in events] == [
        ("command", '["python", "main.py"]'),
        ("environment KEY", "set"),
        ("limit cores", "4"),
        ("isolation", "process"),
    ]


def test_the_egress_list_is_measured_in_one_order() -> None:
    assert measure.egress(["b.example", "a.example"], 443) == measure.egress(["a.example", "b.example"], 443)
