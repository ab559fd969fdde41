"""What counts as right, and what does not however it is dressed up."""

from __future__ import annotations

import base64
import io
import json
import socket
import struct
import subprocess
import sys
import uuid
import zlib
from pathlib import Path

import pytest
from PIL import Image

from janus_bench.checks import code_runner, pictures
from janus_bench.checks.normalise import body, numbers, reads_as_prose, urls
from janus_bench.checks.registry import build_check
from janus_bench.checks.verdict import Subject, Verdict
from tests.bench.answers import artifact, png

HANDSHAKE = {"kind": "facts", "require": [["SYN"], ["SYN-ACK", "SYN/ACK"], ["ACK"]], "forbid": ["UDP"], "max_words": 60}


def judged(check: dict, text: str = "", prompt: str = "What?", **rest: list) -> float:
    verdict: Verdict = build_check(check).evaluate(Subject(prompt, text, **rest))
    assert verdict.why
    return verdict.score


def test_facts_stated_in_a_sentence_are_right() -> None:
    answer = "The client sends a SYN, the server answers with a SYN/ACK, and the client ends with an **ACK**."
    assert judged(HANDSHAKE, answer) == 1


def test_a_list_of_key_words_states_nothing() -> None:
    salad = "SYN SYN-ACK ACK " + "RST FIN window sequence port checksum urgent stream " * 4
    assert judged({**HANDSHAKE, "max_words": 200}, salad) == 0


def test_half_of_the_facts_is_worth_nothing_and_the_rest_rises_in_a_line() -> None:
    check = {"kind": "facts", "require": [["one"], ["two"], ["three"], ["four"]]}
    answers = ["It is one", "It is one and two", "It is one and two and three", "It is one and two and three and four"]
    assert [judged(check, answer) for answer in answers] == [0, 0, 0.5, 1]


def test_what_is_wrong_makes_the_answer_wrong() -> None:
    assert judged(HANDSHAKE, "The client sends SYN over UDP, then comes SYN-ACK, and then an ACK.") == 0


def test_a_fact_must_be_a_word_of_its_own_and_not_part_of_another() -> None:
    assert judged({"kind": "facts", "require": [["4"]]}, "It is 14 or 40.") == 0
    assert judged({"kind": "facts", "require": [["correlat*"]]}, "The results are correlated.") == 1


def test_a_fact_that_only_stands_in_the_repeated_question_does_not_count() -> None:
    prompt = "Is a SYN sent before the SYN-ACK and the ACK?"
    assert judged(HANDSHAKE, f"You asked: {prompt}", prompt) == 0


def test_an_answer_over_its_length_loses_in_a_line() -> None:
    answer = "The client sends a SYN, then the server a SYN-ACK, then the client an ACK."
    longer = answer + " and so on" * 25  # 15 + 75 words where 60 are enough
    assert judged(HANDSHAKE, longer) == pytest.approx(0.5)
    assert judged(HANDSHAKE, answer + " and so on" * 60) == 0


def test_the_source_list_does_not_count_as_answer() -> None:
    assert body("It is so.\n\n**Sources:**\n- [a](https://a.example/SYN)") == "It is so.\n\n"
    sentence = "Sources: two of them disagree, the rest is silent."
    assert body(sentence) == sentence


@pytest.mark.parametrize(
    "answer", ["42", "The answer is 42.", "So it is\n**Answer: 42**", "answer: 42\n\nSources: https://a.example"]
)
def test_an_exact_answer_is_found_where_answers_stand(answer: str) -> None:
    assert judged({"kind": "exact", "answers": ["42"]}, answer) == 1


def test_an_exact_answer_among_others_is_none() -> None:
    assert judged({"kind": "exact", "answers": ["Ada"]}, "Ada Farid Ingrid") == 0


@pytest.mark.parametrize(
    ("answer", "score"),
    [
        ("First 3, then 5.\nAnswer: 1,628.89", 1),
        ("The answer is $1628.89$ after 10 years.", 1),
        ("It grows to 1628.894627.", 1),
        ("Answer: 1630", 0),
        ("1628.89 or 1630 or 7", 0),
        ("no idea", 0),
    ],
)
def test_a_number_counts_behind_the_word_answer_or_as_the_last_one(answer: str, score: float) -> None:
    assert judged({"kind": "number", "value": 1628.89, "within": 0.01}, answer) == score


def test_numbers_are_read_as_people_write_them() -> None:
    assert numbers("−0.5, 1,234.5 and 6e3, not v2 nor 3rd") == [-0.5, 1234.5, 6000]


def test_a_source_counts_by_host_and_path_and_not_by_words() -> None:
    check = {"kind": "sources", "any_of": ["physics.org/quantum", "example.com"]}
    assert judged(check, "See [here](https://physics.org/quantum).") == 1
    assert judged(check, "See https://www.example.com/anything?x=1") == 1
    assert judged(check, "See https://physics.org/quantum-foam or https://physics.org.evil.example/quantum") == 0
    assert judged(check, "See physics.org/quantum") == 0


def test_naming_every_address_is_no_citation() -> None:
    many = " ".join(f"https://site{number}.example" for number in range(8)) + " https://example.com"
    assert judged({"kind": "sources", "any_of": ["example.com"]}, many) == 0
    assert len(urls(many + " https://example.com/")) == 9


@pytest.mark.parametrize(
    ("answer", "score"),
    [
        ("The sources do not cover this.", 1),
        ("I could not find anything about that. The closest page is about tides.", 1),
        ("The corpus doesn't contain an answer.", 1),
        ("There is no information about it in the pages.", 1),
        ("None of the pages mentions it.", 1),
        ("It was 42 grams.", 0),
        ("It was in 1987. She was famous. The sources do not cover her later life.", 0),
        ("I don't know, but it was 1987.", 0),
        ("", 0),
    ],
)
def test_an_unanswerable_question_must_be_answered_by_saying_so(answer: str, score: float) -> None:
    assert judged({"kind": "unanswerable", "forbid": ["1987"]}, answer) == score


def test_the_form_asked_for_is_checked() -> None:
    assert judged({"kind": "form", "points": 2}, "- a\n- b") == 1
    assert judged({"kind": "form", "points": 2}, "1. a\n2. b\n3. c") == 0
    assert judged({"kind": "form", "max_sentences": 1}, "One. Two.") == 0
    assert judged({"kind": "form", "max_words": 2}, "one two three") == 0


def test_a_pattern_must_match_the_whole_answer() -> None:
    assert judged({"kind": "pattern", "pattern": r"\d{2}:\d{2}"}, "15:35") == 1
    assert judged({"kind": "pattern", "pattern": r"\d{2}:\d{2}"}, "perhaps 15:35") == 0


def test_a_tool_call_needs_the_name_and_just_the_arguments() -> None:
    check = {"kind": "tool_call", "name": "weather", "arguments": {"city": "Tromsø", "days": 1}}
    call = {"name": "weather", "arguments": json.dumps({"city": "tromsø", "days": 1.0})}
    assert judged(check, tool_calls=[call]) == 1
    assert judged(check, tool_calls=[call, call]) == 0
    assert judged(check, tool_calls=[{**call, "name": "time"}]) == 0
    assert judged(check, tool_calls=[{**call, "arguments": '{"city": "Tromsø", "days": true}'}]) == 0
    assert judged(check, tool_calls=[{**call, "arguments": '{"city": "Tromsø"'}]) == 0
    assert judged(check, 'weather(city="Tromsø", days=1)') == 0


DOUBLE = {"kind": "code", "function": "double", "cases": [[[1], 2], [[2], 4], [[0], 0], [["ab"], "abab"]]}


@pytest.mark.parametrize(
    ("code", "score"),
    [
        ("def double(x):\n    return x * 2", 1),
        ("import math\ndef double(x):\n    return x + x", 1),
        ("def double(x):\n    return 2 * int(x)", 0.5),
        ("def double(x):\n    return 2", 0),
        ("def double(x):\n    raise SystemExit(0)", 0),
        ("import os\nos._exit(0)\ndef double(x): pass", 0),
        ("def triple(x):\n    return x * 3", 0),
        ("def double(x):\n    return (yes", 0),
    ],
)
def test_code_is_run_and_its_values_compared(code: str, score: float) -> None:
    assert judged(DOUBLE, f"Here you are:\n```python\n{code}\n```\nIt doubles.") == pytest.approx(score)


def test_the_last_block_that_defines_the_function_counts() -> None:
    answer = "```python\ndef double(x): return 0\n```\nOr:\n```python\ndef double(x): return x * 2\n```\n```\nrun\n```"
    assert judged(DOUBLE, answer) == 1
    assert judged(DOUBLE, "def double(x):\n    return x * 2\n") == 1


def test_code_cannot_print_its_way_to_the_expected_values() -> None:
    code = "import sys\nprint('2'); sys.stdout.flush()\ndef double(x):\n    print([2, 4, 0])\n    return None"
    assert judged(DOUBLE, f"```python\n{code}\n```") == 0


def test_code_that_never_ends_or_eats_memory_is_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(code_runner, "TIME_LIMIT_SECONDS", 0.5)
    endless = code_runner.call("import time\ndef f(x):\n    time.sleep(1e6)", "f", [[1]])
    assert (endless.values, endless.failure) == ([], "stopped after 0.5 s")
    monkeypatch.setattr(code_runner, "TIME_LIMIT_SECONDS", 20)
    hungry = code_runner.call("def f(x):\n    return len(bytearray(10**10))", "f", [[1]])
    assert hungry.values == ["error: MemoryError"]


def test_code_sees_no_variables_of_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JANUS_BENCH_API_KEY", "cpk_secret")
    source = "import os\ndef env(): return sorted(os.environ)\n"
    assert set(code_runner.call(source, "env", [[]]).values[0]) <= {"LC_ALL", "PATH", "LC_CTYPE", "PWD"}


def test_what_code_starts_ends_with_it() -> None:
    if not Path("/proc/self/cmdline").exists():
        pytest.skip("needs /proc to look for the process")
    marker = f"janus-bench-test-{uuid.uuid4().hex}"
    source = f"""
import os, sys
def start():
    pid = os.fork()
    if pid == 0:
        os.setsid()
        os.execv(sys.executable, [sys.executable, "-S", "-c", "import time; time.sleep(600)", "{marker}"])
    return pid
"""
    assert len(code_runner.call(source, "start", [[]]).values) == 1  # a process id, or an error where none may start
    left = [entry for entry in Path("/proc").glob("[0-9]*/cmdline") if marker in _read(entry)]
    assert left == []


def test_code_has_no_network() -> None:
    listener = socket.create_server(("127.0.0.1", 0))
    source = """
import socket
def reach(port):
    return socket.create_connection(("127.0.0.1", port), timeout=1).getpeername()[1]
"""
    run = code_runner.call(source, "reach", [[listener.getsockname()[1]]])
    listener.close()
    probe = "import ctypes, os; exit(ctypes.CDLL(None).unshare(0x40000000 | (os.geteuid() and 0x10000000)) != 0)"
    if subprocess.run([sys.executable, "-c", probe], check=False, capture_output=True).returncode:
        pytest.skip("this system allows no network namespace")
    assert run.values[0].startswith("error: ")


def _read(entry: Path) -> str:
    try:
        return entry.read_text()
    except OSError:
        return ""


@pytest.mark.parametrize(
    ("data", "kind", "why"),
    [
        (b"GIF89a", "image/png", "no PNG signature"),
        (png()[:-20], "image/png", "truncated"),
        (png().replace(b"IDAT", b"IDAX"), "image/png", "checksum"),
        (png(blank=True), "image/png", "blank"),
        (png(8, 8), "image/png", "only 8"),
        (b"<svg", "image/svg+xml", "does not parse"),
        (b'<svg xmlns="http://www.w3.org/2000/svg" width="90" height="90"/>', "image/svg+xml", "blank"),
        (b"<html><path/></html>", "image/svg+xml", "not svg"),
        (b'<!DOCTYPE s [<!ENTITY a "aa">]><svg width="90"><text>&a;</text></svg>', "image/svg+xml", "entities"),
        (b"<svg><path/></svg>", "image/svg+xml", "no size"),
        (b"hello", "text/plain", "type"),
    ],
)
def test_a_picture_that_is_none_does_not_count(data: bytes, kind: str, why: str) -> None:
    verdict = build_check({"kind": "artifact"}).evaluate(Subject("", "", artifacts=[artifact(data, kind)]))
    assert verdict.score == 0
    assert why in verdict.why


def test_pictures_that_decode_count_even_behind_one_that_does_not() -> None:
    broken, whole = artifact(b"oops"), artifact()
    assert judged({"kind": "artifact"}, artifacts=[broken, whole]) == 1
    svg = b'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 100 80"><path d="M0 0L9 9"/></svg>'
    assert judged({"kind": "artifact"}, artifacts=[artifact(svg, "image/svg+xml")]) == 1
    assert judged({"kind": "artifact"}) == 0
    assert judged({"kind": "artifact"}, artifacts=[{**whole, "data": "%%%"}]) == 0


def test_a_picture_that_decodes_to_more_than_the_limit_is_refused_before_it_is_decoded() -> None:
    whole = png(60_000, 1).replace(
        b"IHDR" + struct.pack(">II", 60_000, 1), b"IHDR" + struct.pack(">II", 60_000, 60_000)
    )
    with pytest.raises(pictures.PictureError, match="larger"):
        pictures.decode("image/png", base64.b64encode(whole).decode())


def test_text_that_inflates_without_end_is_refused() -> None:
    def part(name: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))

    for name in (b"zTXt", b"iCCP"):
        bomb = part(name, b"a\0\0" + zlib.compress(bytes(200_000_000), 1))
        whole = png()
        assert judged({"kind": "artifact"}, artifacts=[artifact(whole[:33] + bomb + whole[33:])]) == 0


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "I;16"])
def test_colours_are_read_from_every_kind_of_png(mode: str) -> None:
    whole = Image.open(io.BytesIO(png())).convert("L" if mode == "I;16" else mode).convert(mode)
    file = io.BytesIO()
    whole.save(file, "PNG")
    check = {"kind": "artifact", "colours": [[0.9, 0.1, 255, 255, 255], [0.5, 0.5, 0, 0, 0]]}
    assert judged(check, artifacts=[artifact(file.getvalue())]) == (mode != "I;16")


def test_prose_is_told_from_a_list() -> None:
    assert reads_as_prose("The client sends a packet and waits for the answer of the server.")
    assert not reads_as_prose("SYN ACK FIN RST client server packet window segment")
