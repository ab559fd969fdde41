"""A log is read on over its renames: no line twice, none left out without saying so."""

from __future__ import annotations

from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from janus_platform.cli.log_tail import GAP, LogTail, follow
from janus_platform.node.log import BoundedLog


def test_the_last_lines_come_from_both_files(tmp_path: Path) -> None:
    log = BoundedLog(tmp_path / "x.log", max_bytes=100)
    for number in range(20):
        log.write(f"line {number:02}\n".encode())
    assert (tmp_path / "x.log.1").exists()
    tail = LogTail(tmp_path / "x.log")
    assert tail.last(15) == [f"line {number:02}" for number in range(5, 20)]
    log.write(b"one more\n")
    assert tail.more() == ["one more"] and tail.more() == []


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 60), st.booleans()), max_size=60))
def test_followed_lines_are_those_written_whatever_the_renames(
    tmp_path_factory, writes: list[tuple[int, bool]]
) -> None:
    path = tmp_path_factory.mktemp("log") / "x.log"
    log, tail, written, read = BoundedLog(path, max_bytes=1_000), LogTail(path), [], []
    read += tail.last(5)
    since = 0
    for number, (length, look) in enumerate(writes):
        line = f"{number} " + "x" * length
        log.write(line.encode() + b"\n")
        written.append(line)
        since += len(line) + 1
        if look or since > 900:  # Never so late that a file was renamed twice in between.
            read += tail.more()
            since = 0
    read += tail.more()
    tail.close()
    assert read == written


def test_lines_that_were_overwritten_before_they_were_read_are_not_passed_over_in_silence(tmp_path: Path) -> None:
    log, tail = BoundedLog(tmp_path / "x.log", max_bytes=100), LogTail(tmp_path / "x.log")
    log.write(b"first\n")
    assert tail.last(5) == ["first"]
    for number in range(60):
        log.write(f"line {number:02}\n".encode())
    seen, every = tail.more(), [f"line {number:02}" for number in range(60)]
    before, after = seen[: seen.index(GAP)], seen[seen.index(GAP) + 1 :]
    assert before == every[: len(before)] and after == every[-len(after) :]
    assert len(before) + len(after) < 60


def test_half_a_line_waits_for_its_end_and_is_shown_where_nobody_waits(tmp_path: Path) -> None:
    path = tmp_path / "x.log"
    path.write_bytes(b"whole\r\nhal")
    tail = LogTail(path)
    assert tail.last(5) == ["whole"] and tail.unfinished == ["hal"]
    with path.open("ab") as file:
        file.write(b"f \xff\n")
    assert tail.more() == ["half \ufffd"]


def test_following_ends_with_the_platform_after_its_last_words(tmp_path: Path) -> None:
    log, said = BoundedLog(tmp_path / "x.log"), []
    ends = iter([False, False, True])

    def writes(_: float) -> None:
        log.write(f"line {len(said)}\n".encode())

    follow(LogTail(tmp_path / "x.log"), 5, said.append, ended=lambda: next(ends), wait=writes)
    assert said == ["line 0", "line 1"]


def test_following_ends_when_the_log_is_removed(tmp_path: Path) -> None:
    log, said = BoundedLog(tmp_path / "x.log"), []
    log.write(b"here\n")
    follow(LogTail(tmp_path / "x.log"), 5, said.append, ended=lambda: False, wait=lambda _: log.remove())
    assert said == ["here"]
