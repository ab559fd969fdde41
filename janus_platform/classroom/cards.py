"""The learners' cards: as a table, as CSV, as JSON, as a page to print and cut up, as a page for each learner.

Nobody types a ticket's forty characters without a mistake. The printed card carries them as a QR code (ISO/IEC 18004)
as well, and the page of a single learner, to be sent or handed over on a stick, is copied with one click.
"""

from __future__ import annotations

import csv
import html
import io
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import segno

from janus_platform.classroom.roster import Learner
from janus_platform.classroom.ticket import Ticket

_STYLE = """
:root { color-scheme: light dark; font: 16px/1.45 system-ui, sans-serif; }
body { margin: 1.5rem auto; max-width: 62rem; padding: 0 1rem; }
ul { display: grid; gap: .8rem; grid-template-columns: repeat(auto-fill, minmax(27rem, 1fr)); }
ul { list-style: none; padding: 0; }
@media (max-width: 30rem) { ul { grid-template-columns: 1fr; } }
li { border: 1px dashed; border-radius: .4rem; break-inside: avoid; padding: .6rem .9rem; }
h2 { font-size: 1.1rem; margin: 0; }
p { margin: .35rem 0; }
code { font: .85rem/1.5 ui-monospace, monospace; overflow-wrap: anywhere; }
/* One click marks the whole line, to be copied. */
code.all { -webkit-user-select: all; user-select: all; }
/* A reader of codes wants dark on light, with four modules of quiet around. */
svg { background: #fff; float: right; height: auto; margin: 0 0 .3rem .8rem; width: 8.5rem; }
@media print { body { margin: 0; max-width: none; } .teacher { display: none; } }
"""


@dataclass(frozen=True)
class Card:
    """One learner's card. It holds the secret: who has it is that learner."""

    learner: str
    name: str
    ticket: str

    @property
    def command(self) -> str:
        """What the learner types in a terminal."""
        return f".venv/bin/janus join {self.ticket}"


def make_cards(learners: Sequence[Learner], host: str, port: int, fingerprint: str) -> list[Card]:
    """A card for each learner of the classroom at `host` and `port`."""
    return [Card(one.id, one.name, str(Ticket(one.id, one.secret, host, port, fingerprint))) for one in learners]


def as_csv(cards: Sequence[Card]) -> str:
    """The cards as CSV (RFC 4180) with a head line, for a mail merge."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(["learner", "name", "ticket", "command"])
    writer.writerows([one.learner, one.name, one.ticket, one.command] for one in cards)
    return text.getvalue()


def as_json(cards: Sequence[Card]) -> list[dict[str, Any]]:
    """The cards as JSON data."""
    return [{**vars(one), "command": one.command} for one in cards]


def as_html(cards: Sequence[Card]) -> str:
    """A page without scripts and without other files, to be printed and cut up."""
    return _page(
        f"Cards for {len(cards)} learners",
        "Print this page and cut it up. A card is a key: give each to one learner, and delete the file.",
        cards,
    )


def page_of(card: Card) -> str:
    """The page of a single learner, who copies the line from it or reads the code with a camera."""
    return _page(f"Card of {card.name}", "This card is a key and it is yours alone: do not give it to anyone.", [card])


def _page(title: str, note: str, cards: Sequence[Card]) -> str:
    items = "\n".join(_item(one) for one in cards)
    return f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>{html.escape(title)}</title>
<style>{_STYLE}</style>
</head>
<body>
<h1 class="teacher">{html.escape(title)}</h1>
<p class="teacher">{note}</p>
<ul>
{items}
</ul>
</body>
</html>
"""


def _item(card: Card) -> str:
    code = segno.make(card.command, error="m", micro=False)
    drawn = code.svg_inline(
        border=4, omitsize=True, svgclass=None, lineclass=None, title="The line below, as a QR code"
    )
    return (
        f"<li>{drawn}<h2>{html.escape(card.name)}</h2>"
        "<p>In a terminal, once, in the folder of the book:</p>"
        f'<p><code class="all">{html.escape(card.command)}</code></p>'
        "<p>Then the book's notebooks run in the classroom. <code>.venv/bin/janus leave</code> ends it.</p></li>"
    )
