"""`check`: looks at a reader's answer and says in one line whether it is right, or what to look at next.

A reader's code may do anything: raise, return nothing, never end. Each becomes a sentence. What this does not do is
contain it: the answer runs in the reader's own kernel, as everything else in the notebook does.
"""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from janus_book import progress
from janus_book.catalogue import load
from janus_book.exercise import Exercise, Hint
from janus_book.failures import explain

CHECK_SECONDS = 60.0


@dataclass(frozen=True)
class Verdict:
    """What a check found: whether the answer is right, and the hint or the remark that goes with it (may be empty)."""

    right: bool
    says: str

    def __str__(self) -> str:
        """One line."""
        return " ".join(("Right." if self.right else "Not yet:", self.says)).strip()


class _TooLong(BaseException):
    """The time for a check is over. No Exception, so that an answer's own `except Exception` lets it pass."""


def check(name: str, *answers: object) -> None:
    """Print whether `answers` solve the exercise `name`, and keep it when they do; if not, say who shows a solution.

    `answers` are what the exercise's own `check` takes. Raises UnknownExerciseError.
    """
    verdict = judge(load(name), *answers)
    print(verdict)
    if verdict.right:
        for problem in progress.record(name):
            print(problem)
    else:
        print(f"A solution, when you want one: !janus solution {name}")


def judge(exercise: Exercise, *answers: object, seconds: float = CHECK_SECONDS) -> Verdict:
    """Run an exercise's check on the reader's answers; an answer that takes more than `seconds` is not right.

    The limit holds in the main thread of systems that have SIGALRM; Ctrl-C passes through. Raises TypeError when the
    number of answers is not the check's.
    """
    if len(answers) != len(exercise.answers):
        raise TypeError(f"check({exercise.name!r}, ...) takes {', '.join(exercise.answers)}")
    run = exercise.checker()
    try:
        with _time_limit(seconds):
            remark = run(*answers)
    except Hint as hint:
        return Verdict(False, " ".join(str(hint).split()))
    except _TooLong:
        return Verdict(False, f"Your answer ran for {seconds:g} s and was stopped. Is there a loop that never ends?")
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # An answer may raise anything: SystemExit, CancelledError.
        return Verdict(False, explain(error, answers))
    return Verdict(True, " ".join(remark.split()) if isinstance(remark, str) else "")


def fresh_minute() -> None:
    """Move the reader's own clock past every rate limit, so that a check meets none that the page has used up.

    Joins the platform, or starts it when none runs. In live mode it does nothing: there time passes by itself.
    """
    if os.environ.get("JANUS_MODE") == "live":
        return
    import janus_platform
    from janus_platform.contract import load_contract

    limits = [service.rate_limit for service in load_contract().services.values() if service.rate_limit]
    janus_platform.up().clock.advance(max(limit.per_seconds for limit in limits))


def expect(said: object, kind: type | tuple[type, ...], name: str, begin: str) -> None:
    """Raise a Hint where `said`, which the answer `name` gave, is nothing yet or not of the `kind` asked for.

    `begin` says where to begin. A bool counts as a number nowhere.
    """
    if said is None or said is ...:
        raise Hint(f"`{name}` returns nothing yet. {begin}")
    kinds = kind if isinstance(kind, tuple) else (kind,)
    if not isinstance(said, kinds) or (isinstance(said, bool) and bool not in kinds):
        wanted = _KINDS.get(kinds[0], kinds[0].__name__)
        raise Hint(f"`{name}` gave {_brief(said)}, a {type(said).__name__}. Wanted is {wanted}.")


_KINDS = {
    bool: "True or False",
    int: "a whole number",
    float: "a number",
    str: "a string",
    list: "a list",
    dict: "a dictionary",
    set: "a set",
}


def _brief(said: object) -> str:
    text = repr(said)
    return text if len(text) <= 60 else f"{text[:59]}…"


@contextmanager
def _time_limit(seconds: float) -> Iterator[None]:
    if not hasattr(signal, "setitimer") or threading.current_thread() is not threading.main_thread():
        yield
        return

    def stop(*_: object) -> None:
        raise _TooLong

    before = signal.signal(signal.SIGALRM, stop)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
