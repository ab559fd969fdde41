"""Clocks, callers, variables, users and traces: the small parts that the platform is put together from."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from importlib.resources import files
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from janus_platform.client import exchange
from janus_platform.clock import CallerClocks, ManualClock
from janus_platform.egress.callers import Callers
from janus_platform.egress.environment import egress_variables
from janus_platform.processes.child import ProcessId, end_tree, spawn_background
from janus_platform.runtime.leases import Leases
from janus_platform.traces.context import ATTACHED, TOKEN_TIMES, traceparent
from janus_platform.traces.store import TraceStore
from janus_platform.traces.tracing import Tracing
from janus_platform.traces.view import Trace

TRACE_SCHEMA = json.loads((files("janus_platform") / "schemas/trace.schema.json").read_text())


def test_advancing_one_callers_clock_leaves_the_others_alone() -> None:
    clocks = CallerClocks(ManualClock(100.0))
    clocks.advance("a", 60)
    assert (clocks.now("a"), clocks.now("b")) == (160.0, 100.0)


@pytest.mark.parametrize("seconds", [-1, float("nan"), float("inf"), 86_401])
def test_a_clock_does_not_run_backwards_or_leap(seconds: float) -> None:
    with pytest.raises(ValueError, match="0 to 86400"):
        CallerClocks(ManualClock()).advance("a", seconds)


def test_a_key_is_accepted_by_the_platform_that_issued_it_only() -> None:
    ours, theirs = Callers(), Callers()
    assert ours.accepts_key(ours.key("notebook-1"))
    assert not ours.accepts_key(theirs.key("notebook-1"))
    assert not ours.accepts_key(ours.key("notebook-1").replace("notebook-1", "notebook-2"))


@given(st.text(max_size=200))
def test_no_made_up_credential_identifies_a_caller(text: str) -> None:
    callers = Callers(b"secret")
    assert callers.identify(text) is None
    assert callers.identify("Basic " + text) is None
    assert not callers.accepts_key(text)


@pytest.mark.parametrize("caller", ["", "-a", "a b", "A", "a" * 64, "a:b", "a@b", "ä"])
def test_a_malformed_caller_id_gets_no_token(caller: str) -> None:
    with pytest.raises(ValueError, match="caller id"):
        Callers().token(caller)


def test_variables_cover_both_cases_and_leave_loopback_alone() -> None:
    made = egress_variables(proxy_url="http://x", ca_file=Path("/ca"), key_variable="CHUTES_API_KEY", key="k")
    assert made["https_proxy"] == made["HTTPS_PROXY"] == made["all_proxy"] == "http://x"
    assert made["no_proxy"] == made["NO_PROXY"] == "localhost,127.0.0.1,::1"
    assert made["SSL_CERT_FILE"] == made["NODE_EXTRA_CA_CERTS"] == "/ca"


def test_what_stood_in_the_environment_comes_back() -> None:
    environment = {"https_proxy": "http://corporate", "KEEP": "1"}
    kept = exchange(environment, {"https_proxy": "http://janus", "NO_PROXY": "localhost", "KEEP": None})
    assert environment == {"https_proxy": "http://janus", "NO_PROXY": "localhost"}
    exchange(environment, kept)
    assert environment == {"https_proxy": "http://corporate", "KEEP": "1"}


class SteppingClock(ManualClock):
    """Moves on whenever it is read, so that a wait for it ends without waiting."""

    def now(self) -> float:
        self.advance(1.0)
        return super().now()


def test_the_platform_ends_only_after_its_last_user_left() -> None:
    async def scenario() -> list[str]:
        users, seen = Leases(SteppingClock(), grace_seconds=0.5), []
        first, second = users.lease(), users.lease()
        first.__enter__()
        second.__enter__()
        gone = asyncio.create_task(users.wait_until_gone())
        gone.add_done_callback(lambda _: seen.append("gone"))
        first.__exit__(None, None, None)
        for _ in range(10):
            await asyncio.sleep(0)
        seen.append("one user left")
        second.__exit__(None, None, None)
        await asyncio.wait_for(gone, 10)
        return seen

    assert asyncio.run(scenario())[0] == "one user left"


def test_a_watched_process_counts_as_a_user_until_it_ends() -> None:
    async def scenario() -> None:
        process = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
        users = Leases(SteppingClock(), grace_seconds=0.5)
        users.watch(ProcessId.of(process.pid))
        gone = asyncio.create_task(users.wait_until_gone())
        for _ in range(10):
            await asyncio.sleep(0)
        assert not gone.done()
        assert process.stdin is not None
        process.stdin.close()
        process.wait()
        await asyncio.wait_for(gone, 10)

    asyncio.run(scenario())


def test_a_reused_process_number_is_not_mistaken_for_the_process() -> None:
    ours = ProcessId.of(os.getpid())
    assert ours.alive()
    assert not ProcessId(ours.pid, ours.started - 100).alive()


def test_a_background_process_is_ended_with_its_children(tmp_path: Path) -> None:
    code = (
        "import subprocess, sys, pathlib\n"
        "child = subprocess.Popen([sys.executable, '-c', 'import signal; signal.pause()'])\n"
        "import os; os.write(int(sys.argv[1]), str(child.pid).encode()); os.close(int(sys.argv[1])); child.wait()"
    )
    reading, writing = os.pipe()
    parent = spawn_background(
        [sys.executable, "-c", code, str(writing)], env=os.environ, log_file=tmp_path / "log", pass_fds=(writing,)
    )
    os.close(writing)
    with open(reading, "rb") as pipe:
        child = ProcessId.of(int(pipe.read()))
    assert end_tree(parent)
    assert not parent.alive()
    assert not child.alive()
    assert not end_tree(parent)


def test_a_service_call_without_traceparent_belongs_to_its_callers_only_open_request() -> None:
    tracing = Tracing.recording()
    with tracing.tracer.start_as_current_span("gateway") as one, tracing.requests.answering("impl", one):
        assert tracing.requests.parent_for("impl", {})[1] == "inferred"
        assert tracing.requests.parent_for("impl", {"traceparent": traceparent(one)})[1] == "propagated"
        assert tracing.requests.parent_for("impl", {"traceparent": "00-nonsense"})[1] == "inferred"
        with tracing.requests.answering("impl", one):
            assert tracing.requests.parent_for("impl", {})[1] == "unattributed"
    assert tracing.requests.parent_for("impl", {})[1] == "unattributed"


def recorded() -> tuple[TraceStore, str]:
    tracing = Tracing.recording()
    with tracing.tracer.start_as_current_span("gateway") as root:
        root.add_event("first_reasoning")
        with tracing.tracer.start_as_current_span("implementation"):
            for name in ("search", "web_proxy", "inference"):
                tracing.tracer.start_span(name, attributes={ATTACHED: "propagated"}).end()
        root.add_event("first_content")
        root.set_attribute(TOKEN_TIMES, [0.01, 0.02])
        key = traceparent(root).split("-")[1]
    tracing.store.alias("request-1", key)
    return tracing.store, key


def test_a_trace_is_found_by_request_id_and_fits_its_schema() -> None:
    store, key = recorded()
    found = store.get("request-1")
    assert found is not None and found["trace_id"] == key and found["complete"]
    Draft202012Validator(TRACE_SCHEMA).validate(found)
    assert store.latest() == found
    assert store.get("unknown") is None


def test_a_waterfall_names_every_span_in_order() -> None:
    store, key = recorded()
    found = store.get(key)
    assert found is not None
    trace = Trace(found)
    assert trace.service_calls == ["search", "web_proxy", "inference"]
    assert [s.depth for s in trace.spans] == [0, 1, 2, 2, 2]
    assert all(name in trace.svg() and name in str(trace) for name in ("gateway", "search", "inference"))
    assert "first content after" in trace.svg() and "first content after" in str(trace)


def test_the_store_forgets_the_oldest_traces_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("janus_platform.traces.store.MAX_TRACES", 3)
    tracing, keys = Tracing.recording(), []
    for _ in range(5):
        with tracing.tracer.start_as_current_span("gateway") as span:
            keys.append(traceparent(span).split("-")[1])
    assert [tracing.store.get(key) is not None for key in keys] == [False, False, True, True, True]
