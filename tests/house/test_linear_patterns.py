"""No regular expression of the platform or the bench takes more than linear time, whatever text it meets.

Each pattern is tried on texts made from its own syntax: repeated pieces of what it takes, with and without a beginning
that it likes and an end that it does not. Work is processor time, compared with a plain pattern's over as much text
and with the same pattern's over an eighth of it; a pattern that runs for too long is stopped. Nothing depends on how
fast the machine is, or what else it does.
"""

from __future__ import annotations

import re
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from tests.house.patterns import Found, hostile_texts, modules, patterns_of

SHORT, TIMES = 600, 8
# Linear growth is 8 and quadratic 64. A bounded repetition may cost up to MOST_WORK plain steps a character.
MOST_GROWTH, NEGLIGIBLE_WORK, MOST_WORK = 24, 4, 60
STOP_SECONDS = 1.0
PLAIN = re.compile(r"[^\W_]+|\S")
# Known only when they run: what they are made of, and why that is harmless.
MADE_LATER = {
    "janus_platform.attestation.evidence: f'[0-9a-f]{{{digits}}}'": "one class of a fixed length",
    "janus_platform.conformance.report: '|'.join(map(re.escape, found))": "escaped names of the contract",
    "janus_platform.conformance.fields: pattern": "constants of REASONS, over the names of fields",
    "janus_platform.implementations.research.formulas: pattern": "constants of _NAMED",
    "janus_platform.implementations.research.formulas: f'\\\\b{alias}\\\\b'": "a word of _ALIASES",
    "janus_platform.implementations.research.short: pattern": "at most 600 characters, and timed by test_unseen.py",
    "janus_platform.services.inference.llama.vocabulary: _written(root)": "escaped texts as a tree",
    "janus_platform.implementations.research.expressions: pattern": "constants of _WORDS, over 400 characters at most",
    "janus_platform.services.inference.local.question: "
    "'\\\\b' + '[ -]'.join((f'{letter}[a-z]{{1,20}}' for letter in word)) + '\\\\b'": "up to five short words",
    "janus_platform.services.inference.local.ranking: '\\\\W{1,2}'.join(map(re.escape, parts[:8]))": "escaped words",
    "janus_platform.implementations.road.calculating: spoken": "constants of SPOKEN, over 400 characters at most",
}


class _TooLong(Exception):
    pass


@contextmanager
def _stopped_after(seconds: float) -> Iterator[None]:
    """Raise _TooLong after so much processor time: `re` looks for signals while it works."""

    def stop(*_: Any) -> None:
        raise _TooLong

    before = signal.signal(signal.SIGPROF, stop)
    signal.setitimer(signal.ITIMER_PROF, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)


def work(pattern: re.Pattern[Any], text: str | bytes, *, is_anchored: bool = False, least_of: int = 1) -> float:
    """Processor seconds to look through the text; the least of several tries."""
    taken = []
    for _ in range(least_of):
        with _stopped_after(STOP_SECONDS):
            started = time.thread_time()
            if is_anchored:
                pattern.match(text)
                pattern.fullmatch(text)
            else:
                for _match in pattern.finditer(text):
                    pass
            taken.append(time.thread_time() - started)
    return min(taken)


def fault_of(found: Found) -> str:
    """How a pattern takes more than linear work; "" where none of the texts makes it."""
    short, long = (list(hostile_texts(found.pattern, n)) for n in (SHORT, SHORT * TIMES))
    plain = work(PLAIN, "a b." * (SHORT * TIMES // 4), least_of=5)
    try:
        costs = [work(found.pattern, text, is_anchored=found.is_anchored) for text in short]
        for place in sorted(range(len(short)), key=costs.__getitem__)[-4:]:
            before = work(found.pattern, short[place], is_anchored=found.is_anchored, least_of=3)
            after = work(found.pattern, long[place], is_anchored=found.is_anchored, least_of=2)
            ratio, growth = after / plain, after / max(before, 1e-6)
            if ratio > MOST_WORK or (growth > MOST_GROWTH and ratio > NEGLIGIBLE_WORK):
                return f"{found.where} on {long[place][:40]!r}…: {ratio:.0f} times a plain pattern, growth {growth:.0f}"
    except _TooLong:
        return f"{found.where} does not come to an end"
    return ""


def _with_patterns() -> list[Any]:
    listed = modules("janus_platform", "janus_bench")
    return [pytest.param(name, file, id=name) for name, file in listed if "re." in file.read_text(encoding="utf-8")]


_POSSESSIVE_GROUP = re.compile(r"\)(?:[*+?]|\{[\d,]{1,9}\})\+")


@pytest.mark.parametrize(("name", "file"), _with_patterns())
def test_no_group_is_possessive_since_older_pythons_lose_what_it_matched(name: str, file: Any) -> None:
    # Python 3.11.2 finds nothing where `(?:…)*+` is inside a group; `(?>(?:…)*)` means the same and works.
    found, _ = patterns_of(name, file)
    texts = [
        p.pattern.decode("latin-1") if isinstance(p.pattern, bytes) else p.pattern
        for p in (one.pattern for one in found)
    ]
    assert [text for text in texts if _POSSESSIVE_GROUP.search(text)] == []


@pytest.mark.parametrize(("name", "file"), _with_patterns())
def test_every_pattern_is_linear(name: str, file: Any) -> None:
    found, unresolved = patterns_of(name, file)
    assert [call for call in unresolved if call not in MADE_LATER and not name.startswith("janus_bench.")] == []
    assert [fault for pattern in found if (fault := fault_of(pattern))] == []


@pytest.mark.parametrize(
    "bad",
    [
        r"\s*\S+$",  # Tries again at each blank.
        r"(a+)+b",  # Tries every way of cutting a text into pieces.
        r"<!--.*?-->",
        r"\[([^\]]*)\]\(",
        r" +(OR|AND) +",
        r"x{0,2000}y",  # Linear, at two thousand steps a character.
    ],
)
def test_a_pattern_that_is_not_linear_is_found(bad: str) -> None:
    assert fault_of(Found("here", re.compile(bad, re.S)))


def test_constants_calls_and_what_is_made_later_are_all_found(tmp_path: Any, monkeypatch: Any) -> None:
    source = 'import re\nA = [re.compile("a+")]\ndef f(x, y):\n    re.sub("b+", "", x)\n    re.search(y, x)\n'
    (tmp_path / "patterns_here.py").write_text(source, encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    found, unresolved = patterns_of("patterns_here", tmp_path / "patterns_here.py")
    assert {f.pattern.pattern for f in found} == {"a+", "b+"} and unresolved == ["patterns_here: y"]
