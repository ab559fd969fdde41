"""A classroom for a class: cards, joining, and learners who do the book's steps beside one another."""

from __future__ import annotations

import asyncio
import csv
import io
import json
import os
import re
import stat
import tempfile
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Literal

import pytest
import zxingcpp
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from playwright.sync_api import sync_playwright

from janus_platform.classroom.cards import Card, as_csv, as_html, page_of
from janus_platform.classroom.roster import check_name, open_roster, renew
from janus_platform.classroom.ticket import Ticket, new_secret
from janus_platform.cli import classroom as cli_room
from janus_platform.errors import PlatformError
from tests.benchmarks.room import rehearse
from tests.platform.classroom_rig import Pupil
from tests.platform.conftest import Classroom, Shell
from tools.browser import FLAGS, find_browser


@asynccontextmanager
async def pupils(room: Classroom, count: int) -> AsyncIterator[list[Pupil]]:
    """Learners who have joined, in short folders, because sockets lie in them."""
    with tempfile.TemporaryDirectory(prefix="jp-") as folder:
        joined = [Pupil(ticket, Path(folder, ticket.learner[-3:])) for ticket in (room.take() for _ in range(count))]
        try:
            for one in joined:
                await one.join()
            yield joined
        finally:
            for one in joined:
                await one.leave()


def run(work: Coroutine[Any, Any, None]) -> None:
    asyncio.run(asyncio.wait_for(work, 120))


def test_five_learners_go_through_the_whole_flow_and_stand_on_the_board(classroom: Classroom) -> None:
    tickets = [classroom.take() for _ in range(5)]
    with tempfile.TemporaryDirectory(prefix="jp-") as folder:
        found = asyncio.run(asyncio.wait_for(rehearse(tickets, Path(folder), "cost"), 180))
    assert (found.finished, dict(found.failures)) == (5, {})
    described = json.loads(classroom.teacher.janus("classroom", "who", "--json").stdout)
    there = {one["id"]: one for one in described["learners"]}
    assert all(there[ticket.learner]["implementations"] == ["mine"] for ticket in tickets)


def test_the_command_goes_by_its_first_name_as_well_and_help_shows_the_new_one(classroom: Classroom) -> None:
    by_name = {name: classroom.teacher.janus(name, "cards", "--json").stdout for name in ("classroom", "room")}
    assert by_name["classroom"] == by_name["room"] != ""
    commands = re.findall(r"^[│ ]*(classroom|room) ", classroom.teacher.janus("--help").stdout, re.M)
    assert commands == ["classroom"]


def test_a_learners_notebook_needs_the_ticket_and_nothing_else(classroom: Classroom, shell: Shell) -> None:
    ticket = classroom.take()
    code = (
        "import os, httpx, janus_platform as janus\n"
        "platform = janus.up(port=0)\n"
        "ask = lambda: httpx.post('https://search.janus.rodeo/search', json={'query': 'tides'}).status_code\n"
        "print(platform.caller, ask(), platform.status()['room']['learner'], [ask() for _ in range(20)].count(429))\n"
        "platform.clock.advance(60); print(ask())\n"
        "with platform.limits_off(): print([ask() for _ in range(25)].count(200))\n"
        "key = os.environ['CHUTES_API_KEY']; platform.rotate_own_key(); print(os.environ['CHUTES_API_KEY'] != key)\n"
        "answer = httpx.post(platform.url + '/v1/chat/completions', timeout=60,\n"
        "    json={'model': 'janus', 'messages': [{'role': 'user', 'content': 'How do tides work?'}]})\n"
        "print(answer.status_code, answer.headers['traceparent'].split('-')[1] == platform.trace().trace_id)\n"
        "platform.down(); print('HTTPS_PROXY' in os.environ, 'JANUS_LEADERBOARD' in os.environ)\n"
    )
    done = shell.python(code, JANUS_ROOM=str(ticket))
    expected = [f"{ticket.learner} 200 {ticket.learner} 1", "200", "25", "True", "200 True", "False False"]
    assert done.stdout.splitlines() == expected, done.stderr


def test_join_keeps_the_ticket_for_the_next_notebook_and_leave_forgets_it(classroom: Classroom, shell: Shell) -> None:
    ticket = classroom.take()
    done = shell.janus("join", str(ticket), "--port", "0")
    assert done.returncode == 0 and ticket.learner in done.stdout, done.stderr
    kept = shell.home / "room-ticket"
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    caller = shell.python("import janus_platform as janus; print(janus.up().caller)")
    assert caller.stdout.strip() == ticket.learner, caller.stderr
    exported = shell.janus("env").stdout
    assert f"http://{ticket.learner}:" in exported and "SSL_CERT_FILE" in exported and "JANUS_LEADERBOARD" in exported
    assert ticket.secret not in exported
    assert shell.janus("leave").stdout.strip() == "You have left the classroom."
    assert not kept.exists() and shell.janus("status").returncode == 3


def test_a_room_that_is_gone_says_what_to_do(shell: Shell) -> None:
    ticket = Ticket("learner-01", new_secret(), "127.0.0.1", 9, new_secret())
    done = shell.janus("join", str(ticket))
    assert done.returncode == 1 and "nobody listens there" in done.stderr and "janus leave" in done.stderr


def test_two_learners_use_the_same_name_for_different_implementations(classroom: Classroom) -> None:
    async def flow() -> None:
        async with pupils(classroom, 2) as (one, other):
            await one.submit("mine", "echo")
            await other.submit("mine", "research")
            answers = [await pupil.ask("What does a cat say?", "mine") for pupil in (one, other)]
            assert [answer.headers["x-janus-implementation"] for answer in answers] == ["mine", "mine"]
            assert _text(answers[0].text) != _text(answers[1].text)
            # Of another's implementation, one can only ask a question.
            asked = await one.ask("Hello", f"{other.ticket.learner}-mine")
            assert (asked.status_code, asked.headers["x-janus-implementation"]) == (
                200,
                f"{other.ticket.learner}-mine",
            )
            listed = await asyncio.to_thread(one.control.get, "/implementations")
            assert "mine" in [entry["name"] for entry in listed["implementations"]]
            assert other.ticket.learner not in json.dumps(listed)

    run(flow())


def test_a_learner_may_have_three_implementations_and_one_submission_at_a_time(classroom: Classroom) -> None:
    async def flow() -> None:
        async with pupils(classroom, 1) as (one,):
            both = await asyncio.gather(one.submit("a"), one.submit("b"), return_exceptions=True)
            refused = [str(outcome) for outcome in both if isinstance(outcome, PlatformError)]
            assert len(refused) == 1 and "being tried out" in refused[0]
            for name in ("a", "b", "c"):
                await one.submit(name)
            with pytest.raises(PlatformError, match="Remove one first"):
                await one.submit("d")
            await asyncio.to_thread(one.control.delete, "/implementations", "b")
            await one.submit("d")

    run(flow())


def test_the_cards_are_printed_as_table_json_csv_and_page(classroom: Classroom, tmp_path: Path) -> None:
    janus = classroom.teacher.janus
    cards = json.loads(janus("classroom", "cards", "--json").stdout)
    rows = list(csv.DictReader(io.StringIO(janus("classroom", "cards", "--csv").stdout)))
    assert [row["ticket"] for row in rows] == [card["ticket"] for card in cards]
    assert all(card["command"] in janus("classroom", "cards").stdout for card in cards[:3])
    page = tmp_path / "cards.html"
    assert janus("classroom", "cards", "--html", str(page)).returncode == 0
    assert stat.S_IMODE(page.stat().st_mode) == 0o600
    text = page.read_text()
    assert text.count("<li>") == text.count("<svg") == len(cards) and "<script" not in text
    assert "http" not in text.replace("http://www.w3.org/2000/svg", "")
    assert janus("classroom", "cards", "--each", str(tmp_path / "each")).returncode == 0
    for card in cards:
        single = tmp_path / "each" / f"{card['learner']}.html"
        assert stat.S_IMODE(single.stat().st_mode) == 0o600 and single.read_text().count("janus://") == 1
        assert card["command"] in single.read_text()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_camera_reads_the_whole_line_from_a_card(tmp_path: Path, scheme: Literal["light", "dark"]) -> None:
    card = Card("learner-07", "Ada", str(Ticket("learner-07", new_secret(), "192.168.100.200", 65_535, new_secret())))
    (tmp_path / "card.html").write_text(page_of(card), encoding="utf-8")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=find_browser(), args=list(FLAGS))
        page = browser.new_page(viewport={"width": 390, "height": 844}, color_scheme=scheme)
        page.goto((tmp_path / "card.html").as_uri())
        picture = Image.open(io.BytesIO(page.screenshot()))
        browser.close()
    assert [code.text for code in zxingcpp.read_barcodes(picture)] == [card.command]


def test_who_shows_whole_names_on_a_terminal_of_eighty_columns(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    name, programs = (
        "Maria-Magdalena von Hohenlohe-Waldenburg",
        ["first-attempt", "second-attempt", "research-with-cache"],
    )
    learner = {"id": "learner-07", "name": name, "connections": 2, "last_seen": 1.0, "requests": 12_345}
    found = {"host": "192.168.1.5", "port": 8443, "suite": "quick", "refused": 0}
    found["learners"] = [learner | {"implementations": programs}]
    monkeypatch.setattr(cli_room, "running", lambda: {"/room": found})
    monkeypatch.setenv("COLUMNS", "80")
    cli_room.who()
    rows = [line.split("\u2502") for line in capsys.readouterr().out.splitlines() if "\u2502" in line]
    columns = ["".join(cells).replace(" ", "") for cells in zip(*rows, strict=True)]
    assert name.replace(" ", "") in columns[2] and all(one in columns[6] for one in programs)
    assert "learner-07" in columns[1] and "12345" in columns[5]


def test_names_on_cards_are_text_and_nothing_else() -> None:
    cards = [Card("learner-01", '<b>Ada</b>, "Countess"', "janus://x")]
    assert "<b>" not in as_html(cards)
    assert list(csv.reader(io.StringIO(as_csv(cards))))[1][1] == '<b>Ada</b>, "Countess"'
    for name in ("", "=1+1", "@sum", "a\nb", "\x1b[2J", "x" * 41):
        with pytest.raises(PlatformError):
            check_name(name)


def test_cards_outlive_a_restart_and_a_larger_class_keeps_its_first_learners(tmp_path: Path) -> None:
    first = open_roster(tmp_path, 3, ["Ada", "Grace"])
    again = open_roster(tmp_path, 5)
    assert list(again.learners.values())[:3] == list(first.learners.values())
    assert [one.name for one in again.learners.values()] == [
        "Ada",
        "Grace",
        "Learner 03",
        "Learner 04",
        "Learner 05",
    ]
    assert stat.S_IMODE(os.stat(tmp_path / "roster.json").st_mode) == 0o600
    changed = renew(tmp_path, "learner-02")
    assert changed.secret != first.learners["learner-02"].secret
    with pytest.raises(PlatformError, match="Two learners are called Ada"):
        open_roster(tmp_path, 3, ["Ada", "Ada"])


@given(st.integers(1, 999), st.integers(1, 65_535), st.sampled_from(["10.0.0.7", "room.local", "fe80::1"]))
def test_a_ticket_reads_back_as_it_was_written(number: int, port: int, host: str) -> None:
    ticket = Ticket(f"learner-{number:02}", new_secret(), host, port, new_secret())
    assert Ticket.parse(f"  {str(ticket).upper()} ") == ticket
    assert ticket.secret not in repr(ticket) + ticket.shown


@given(st.text(max_size=80))
def test_what_is_no_ticket_is_refused_without_being_repeated(text: str) -> None:
    with pytest.raises(PlatformError) as refused:
        Ticket.parse(text)
    assert len(text) < 12 or text not in str(refused.value)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--learners", "3"), "Say where learners find the classroom: --host ADDRESS"),
        (("--host", "127.0.0.1"), "Everyone who joins needs a token"),
        (("--host", "127.0.0.1", "--learners", "9999"), "Everyone who joins needs a token"),
        (("--host", "192.0.2.1", "--learners", "2"), "is no address of this machine"),
    ],
)
def test_a_room_that_cannot_be_says_why(shell: Shell, words: tuple[str, ...], said: str) -> None:
    done = shell.janus("up", "--detach", "--port", "0", *words)
    assert done.returncode == 1 and said in done.stderr


def test_only_an_address_beyond_loopback_warns(shell: Shell) -> None:
    done = shell.janus("up", "--detach", "--port", "0", "--room-port", "0", "--host", "0.0.0.0", "--learners", "2")
    assert done.returncode == 0 and "Warning: everyone on this network" in done.stderr
    # Other options are another classroom: it says so and leaves this one alone.
    other = shell.janus("up", "--port", "0", "--host", "0.0.0.0", "--learners", "3")
    assert other.returncode == 1 and "already runs as another classroom" in other.stderr


def test_a_joined_machine_keeps_the_rooms_settings(classroom: Classroom, shell: Shell) -> None:
    done = shell.python("import janus_platform as j\nj.up(limits='off')", JANUS_ROOM=str(classroom.take()))
    assert done.returncode == 1 and "the classroom decides that" in done.stderr


def _text(stream: str) -> str:
    events = [json.loads(line[6:]) for line in stream.splitlines() if line.startswith("data: {")]
    deltas = [event["choices"][0]["delta"] for event in events if event.get("choices")]
    return "".join(delta.get("content") or "" for delta in deltas)
