"""One trace through everything: a client's span, gateway, node, implementation, services; and what no span holds."""

from __future__ import annotations

import json
import re
import secrets
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from tests.platform.conftest import Shell
from tools.environment import ROOT

SCHEMA = json.loads((ROOT / "janus_platform/schemas/trace.schema.json").read_text("utf-8"))
MARKER = f"secretmarker{secrets.token_hex(6)}"

# The guest does what it is told: a search that passes the context on, one that does not, one among two open requests.
ASK = """
import contextlib, json, httpx
import janus_platform as janus
from janus_platform.implementations import GUEST

platform = janus.up()
chat = f"{platform.url}/v1/chat/completions"
platform.submit(GUEST, name="tracer")

def body(message, **more):
    return {"model": "tracer", "messages": [{"role": "user", "content": message}], **more}

def trace(answer):
    return platform.trace(answer.headers["x-request-id"]).to_dict()

found = {}
with platform.client_span() as call:
    call.event("sent")
    answer = httpx.post(chat, json=body("with context"), headers=call.headers, timeout=60)
    call.event("read")
found["client"] = {"trace_id": call.trace_id, "span_id": call.span_id, "raw": platform.trace(call.trace_id).to_dict()}
with contextlib.suppress(ZeroDivisionError), platform.client_span() as failing:
    1 / 0
found["failed"] = platform.trace(failing.trace_id).to_dict()
found["inferred"] = trace(httpx.post(chat, json=body("without context"), timeout=60))
with httpx.stream("POST", chat, json=body("endless", stream=True), timeout=60) as other:
    found["one"] = trace(httpx.post(chat, json=body("without context"), timeout=60))
found["other"] = trace(other)
found["rows"] = platform.traces(50)
platform.remove("tracer")
print(json.dumps(found))
"""

# Words that nobody may find again, wherever a request can carry any.
LEAK = """
import json, os, httpx
import janus_platform as janus
from janus_platform.implementations import GUEST

M = os.environ["MARKER"]
platform = janus.up()
chat = f"{platform.url}/v1/chat/completions"
platform.submit(GUEST, name="keeper")
headers = {"user-agent": M, "authorization": f"Bearer {M}", "x-note": M, "tracestate": f"v={M}", "cookie": M}

def said(role):
    return {"role": role, "content": M}

def send(url, **request):
    try:
        httpx.request(request.pop("method", "POST"), url, headers=headers, timeout=60, **request)
    except httpx.HTTPError:
        pass

for model in ("keeper", "echo", "research", M):
    for stream in (False, True):
        send(chat, json={"model": model, "messages": [said("system"), said("user")], "stream": stream, "user": M})
send(chat, json={"model": "echo", "messages": [{"role": M, "content": M}]})
send(chat, json={"model": "echo", "messages": [said("user")], M: M})
send(chat, content=M)
send(f"{platform.url}/v1/{M}")
send("https://search.janus.rodeo/search", json={"query": M})
send("https://search.janus.rodeo/search", json={"query": M, M: M})
send(f"https://proxy.janus.rodeo/fetch?url=https://physics.org/{M}", method="GET")
send("https://vector.janus.rodeo/query", json={"query": M, "top_k": 3})
send("https://sandbox.janus.rodeo/execute", json={"language": "python", "code": f"raise SystemExit({M!r})"})
send("https://sandbox.janus.rodeo/execute", json={"language": M, "code": M})
key = os.environ["CHUTES_API_KEY"]
for model in ("gpt-4o-mini", M):
    body = {"model": model, "messages": [said("user")]}
    send("https://api.chutes.ai/v1/chat/completions", json=body)
    mine = {"authorization": f"Bearer {key}"}
    httpx.post("https://api.chutes.ai/v1/chat/completions", json=body, headers=mine, timeout=60)
send(f"https://{M}.janus.rodeo/", method="GET")
traces = [platform.trace(row["trace_id"]).to_dict() for row in platform.traces(1_000)]
platform.remove("keeper")
print(json.dumps({"traces": traces, "key": key, "rows": platform.traces(1_000)}))
"""


def told(shell: Shell, code: str, **more: str) -> dict[str, Any]:
    done = shell.python(code, **more)
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


@pytest.fixture(scope="module")
def found(up: Callable[[], Shell]) -> dict[str, Any]:
    return told(up(), ASK)


def spans(raw: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {span["name"]: span for span in raw["spans"]}


def test_a_clients_span_gateway_node_implementation_and_service_are_one_trace(found: dict[str, Any]) -> None:
    client = found["client"]
    assert client["raw"]["trace_id"] == client["trace_id"] and client["raw"]["complete"]
    Draft202012Validator(SCHEMA).validate(client["raw"])
    by_name = spans(client["raw"])
    assert list(by_name) == ["client", "gateway", "node", "implementation", "search"]
    assert by_name["client"]["span_id"] == client["span_id"] and by_name["client"]["parent_id"] is None
    chain = list(by_name.values())
    assert [span["parent_id"] for span in chain[1:]] == [span["span_id"] for span in chain[:-1]]
    assert [span["kind"] for span in chain] == ["client", "server", "internal", "client", "server"]
    assert all(span["start_ns"] <= span["end_ns"] for span in chain)
    assert [event["name"] for event in by_name["client"]["events"]] == ["sent", "read"]


def test_a_clients_span_ends_and_says_so_when_its_block_raises(found: dict[str, Any]) -> None:
    [span] = found["failed"]["spans"]
    assert (span["name"], span["status"]) == ("client", "error")


def test_a_call_that_passes_the_context_on_reads_propagated(found: dict[str, Any]) -> None:
    assert spans(found["client"]["raw"])["search"]["attributes"]["janus.attached"] == "propagated"
    assert found["client"]["raw"]["unattributed"] == []


def test_a_call_without_context_is_inferred_while_its_caller_answers_one_request(found: dict[str, Any]) -> None:
    by_name = spans(found["inferred"])
    assert by_name["search"]["attributes"]["janus.attached"] == "inferred"
    assert by_name["search"]["parent_id"] == by_name["implementation"]["span_id"]


def test_a_call_without_context_among_two_requests_is_linked_to_both_and_a_part_of_neither(
    found: dict[str, Any],
) -> None:
    [call] = found["one"]["unattributed"]
    assert (call["name"], call["attributes"]["janus.attached"]) == ("search", "unattributed")
    assert found["other"]["unattributed"] == [call] and call["parent_id"] is None
    assert "search" not in spans(found["one"]) and "search" not in spans(found["other"])
    # Other tests ask this platform, too.
    rows = [row for row in found["rows"] if row["attached"] == "unattributed"]
    assert ["search"] in [row["names"] for row in rows]
    assert not {row["trace_id"] for row in rows} & {found["one"]["trace_id"], found["other"]["trace_id"]}


def test_a_client_that_left_is_in_the_trace_of_its_request(found: dict[str, Any]) -> None:
    gateway = spans(found["other"])["gateway"]
    assert gateway["attributes"]["http.response.status_code"] == 499
    assert "client_left" in [event["name"] for event in gateway["events"]]


def test_no_span_holds_anything_that_was_asked_answered_or_kept_secret(up: Callable[[], Shell]) -> None:
    leaked = told(up(), LEAK, MARKER=MARKER)
    text = json.dumps(leaked["traces"]) + json.dumps(leaked["rows"])
    assert {"gateway", "search", "web_proxy", "vector_index", "code_sandbox", "inference"} <= set(
        re.findall(r'"name": "(\w+)"', text)
    )
    assert MARKER not in text
    assert leaked["key"] and leaked["key"] not in text and "cpk_" not in text and "Bearer" not in text


def test_the_waterfall_is_drawn_written_and_listed_from_the_command_line(
    up: Callable[[], Shell], found: dict[str, Any], tmp_path: Path
) -> None:
    shell, key = up(), found["client"]["trace_id"]
    drawn = shell.janus("trace", key)
    assert drawn.returncode == 0 and drawn.stdout.startswith(f"trace {key}")
    names = ["client", "gateway", "node", "implementation", "search"]
    assert [line.split()[0] for line in drawn.stdout.splitlines()[1:6]] == names
    assert json.loads(shell.janus("trace", key, "--json").stdout) == found["client"]["raw"]
    file = tmp_path / "waterfall.svg"
    done = shell.janus("trace", key, "--svg", str(file))
    assert done.returncode == 0 and done.stdout == "" and str(file) in done.stderr
    assert file.read_text("utf-8") == shell.janus("trace", key, "--svg", "-").stdout


def test_the_latest_traces_are_listed(up: Callable[[], Shell], found: dict[str, Any]) -> None:
    assert found
    shell = up()
    latest = json.loads(shell.janus("trace", "latest", "--json").stdout)
    rows = json.loads(shell.janus("trace", "--list", "--json").stdout)["traces"]
    [row] = [row for row in rows if row["trace_id"] == latest["trace_id"]]
    assert row["names"] == [span["name"] for span in latest["spans"]] and row["complete"]
    assert len(rows) <= 20
    [line] = [
        line for line in shell.janus("trace", "--list").stdout.splitlines() if line.startswith(latest["trace_id"])
    ]
    assert line.endswith(" ".join(row["names"]))


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["no-such-trace"], "There is no trace"),
        (["../status"], "is not a name"),
        (["latest", "--svg", "/no/such/folder/w.svg"], "Name a file in a folder that exists"),
    ],
)
def test_what_cannot_be_drawn_is_said_in_a_sentence(
    up: Callable[[], Shell], found: dict[str, Any], words: list[str], said: str
) -> None:
    assert found
    done = up().janus("trace", *words)
    assert done.returncode == 1 and said in done.stderr and "Traceback" not in done.stderr
