"""Seeds of runs: fresh for each run, or, for a run to be published, given by its board, once.

A seed that everybody knows before the run can be learned by heart, and one that a runner chooses can be chosen: the
best of many. So a board gives the seed. Asking again before publishing under it gives the same one; after HOURS it has
lapsed, and another takes its place. Each seed carries one publication.
"""

from __future__ import annotations

import datetime as dt
import json
import secrets
from typing import Any

from janus_bench.errors import BenchError
from janus_bench.leaderboard import signing
from janus_bench.leaderboard.database import Database

BITS = 48  # fits into every JSON reader's whole numbers
HOURS = 6.0  # the full suite is sized for two
MAX_OPEN = 1000  # of one owner: each stands for a model's name, and those are the asker's choice
Given = dict[str, Any]


def fresh() -> int:
    """A seed that nobody knew before."""
    return secrets.randbelow(1 << BITS)


def give(db: Database, owner: str, model: str, now: dt.datetime) -> Given:
    """The seed for the next published run of `model`, signed. Raises BenchError where an owner asks for too many."""
    if not 0 < len(model) <= 200:
        raise BenchError("the model's name is empty or too long", "Give --model NAME.")
    since = now.timestamp() - HOURS * 3600
    open_seeds = "SELECT statement FROM seeds WHERE owner = ? AND run IS NULL AND given > ?"
    open_seed = db.rows(f"{open_seeds} AND model = ? ORDER BY number DESC LIMIT 1", (owner, since, model))
    if open_seed:
        given: Given = json.loads(open_seed[0]["statement"])
        return given
    if len(db.rows(f"{open_seeds} LIMIT {MAX_OPEN}", (owner, since))) >= MAX_OPEN:
        raise BenchError(f"{MAX_OPEN} seeds were given out and not published", "Publish one of those runs first.")
    given = signing.signed({"seed": fresh(), "model": model, "given": now.isoformat(timespec="seconds")})
    insert = "INSERT INTO seeds (owner, model, seed, given, statement) VALUES (?, ?, ?, ?, ?)"
    db.change(insert, (owner, model, given["seed"], now.timestamp(), json.dumps(given)))
    return given


def take(db: Database, owner: str, model: str, seed: int, run: str, now: dt.datetime) -> Given | None:
    """Use a given seed for the publication of `run`; None where the board gave no such seed for that model.

    Raises BenchError where another run stands under it, or it has lapsed.
    """
    query = "SELECT number, given, run, statement FROM seeds WHERE owner = ? AND model = ? AND seed = ?"
    rows = db.rows(f"{query} ORDER BY number DESC LIMIT 1", (owner, model, seed))
    if not rows:
        return None
    number, since, used, statement = (rows[0][name] for name in ("number", "given", "run", "statement"))
    if used not in (None, run):
        raise BenchError("another run was published under this seed", "Run the suite again: the board gives another.")
    if used is None and now.timestamp() > since + HOURS * 3600:
        raise BenchError(f"the board's seed has lapsed: it holds for {HOURS:g} hours", "Run the suite again.")
    if db.change("UPDATE seeds SET run = ? WHERE number = ? AND (run IS NULL OR run = ?)", (run, number, run)) != 1:
        raise BenchError("another run was published under this seed", "Run the suite again: the board gives another.")
    given: Given = json.loads(statement)
    return given
