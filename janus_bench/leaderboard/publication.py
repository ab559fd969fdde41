"""What is published of a run, signed: a statement that names every part of it by its hash, and the check of one.

The statement (`publication.json` beside the report, and in the leaderboard) holds run, implementation, hotkey, time,
suite and scoring hash, versions, the target's evidence where it has any, a hash of each field of the report and of each
line of the records. So a check says not only that something was changed, but which field or which byte.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from janus_bench.errors import BenchError
from janus_bench.leaderboard import signing
from janus_bench.run.store import RECORDS, REPORT

FILE = "publication.json"
SCHEMA = "urn:janus:schema:publication:1"
Statement = dict[str, Any]


@dataclass(frozen=True)
class Checked:
    """What a check of a publication found. `problems` say what differs and where; without any, nothing does.

    `follows` says that the scores were worked out again from the records and are the same.
    """

    signed: bool
    by: str
    problems: tuple[str, ...]
    follows: bool = False

    def line(self) -> str:
        """The finding in one line."""
        if self.problems:
            return f"The publication does NOT hold: {'; '.join(self.problems)}."
        scores = (
            "The scores follow from the records. Where those came from, and when, is the runner's word."
            if self.follows
            else "Its scores were not computed again: this version asks or scores differently."
        )
        if not self.signed:
            return f"Published unsigned, and unchanged as far as can be told. To sign: {signing.REMEDY}. {scores}"
        return f"Published and unchanged: the signature holds, by {self.by}. {scores}"


def state(
    report: dict[str, Any],
    records: Path | None,
    *,
    implementation: str,
    hotkey: str | None,
    published: str,
    evidence: dict[str, Any] | None,
    seed: dict[str, Any] | None = None,
) -> Statement:
    """The statement of a run, signed where that is possible. `records` is its file of records, `published` ISO, UTC.

    `seed` is what the board gave, None where the runner chose it.
    """
    statement: Statement = {
        "schema": SCHEMA,
        "run": report["id"],
        "implementation": implementation,
        "hotkey": hotkey,
        "published": published,
        "suite": report["suite"],
        "scoring": report["scoring"],
        "runner": report.get("runner"),
        "evidence": evidence,
        "seed": seed,
        "report": {name: _hash(signing.canonical(value)) for name, value in report.items()},
        "records": [_hash(line) for line in _lines(records)] if records else None,
    }
    return {**statement, "key": None, "signature": None} | signing.signed(statement)


def read(folder: Path) -> Statement | None:
    """The statement of the run in `folder`; None where it was not published. Raises BenchError for another file."""
    try:
        statement = json.loads((folder / FILE).read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:
        raise BenchError(f"cannot read {folder / FILE}: {error}", "Publish the run again.") from None
    if not isinstance(statement, dict) or statement.get("schema") != SCHEMA:
        raise BenchError(f"{folder / FILE} is not a publication", "Publish the run again.")
    return statement


def check(statement: Statement, folder: Path) -> Checked:
    """Whether the statement is what was signed, and the run in `folder` what was stated."""
    key, signature = statement.get("key"), statement.get("signature")
    signed = isinstance(key, str) and isinstance(signature, str)
    problems = list(_differences(statement, folder))
    by = "nobody"
    if signed:
        assert isinstance(key, str) and isinstance(signature, str)
        by = f"key {key[:12]}…" + (", your own" if key == _own_key() else "")
        if not signing.can_sign():
            problems.append(f"the signature cannot be checked here; install it: {signing.REMEDY}")
        elif not signing.holds(statement):
            problems.insert(0, f"{FILE}: it is not what {by} signed: the statement, key or signature was changed")
    return Checked(signed, by, tuple(problems))


def _own_key() -> str | None:
    return signing.own_public_key() if signing.can_sign() else None


def _differences(statement: Statement, folder: Path) -> Iterator[str]:
    try:
        report = json.loads((folder / REPORT).read_bytes())
        stated, records = statement["report"], statement["records"]
        now = {name: _hash(signing.canonical(value)) for name, value in report.items()}
        for name in sorted(stated.keys() | now.keys()):
            if name not in now or name not in stated:
                yield f"{REPORT}: the field `{name}` was {'added' if name in now else 'removed'}"
            elif stated[name] != now[name]:
                yield f"{REPORT}: the field `{name}` was changed"
        if records is not None:
            yield from _changed_line(records, list(_lines(folder / RECORDS)))
    except (OSError, ValueError, LookupError, TypeError, AttributeError) as error:
        yield f"it cannot be read whole ({type(error).__name__}: {error})"


def _changed_line(stated: list[str], lines: list[bytes]) -> Iterator[str]:
    """The first line of the records that is another than stated, with its place in bytes."""
    at = 0
    for number, line in enumerate(lines):
        if number >= len(stated):
            yield f"{RECORDS}: {len(lines) - len(stated)} line(s) added from byte {at} on"
            return
        if _hash(line) != stated[number]:
            yield f"{RECORDS}: line {number + 1}, which begins at byte {at}, was changed"
            return
        at += len(line)
    if len(lines) < len(stated):
        yield f"{RECORDS}: {len(stated) - len(lines)} line(s) missing from byte {at} on"


def _lines(path: Path) -> list[bytes]:
    return path.read_bytes().splitlines(keepends=True)


def _hash(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
