"""An answer from scored sentences: where it begins, what it goes on with, and where it ends.

A fact is one sentence, with the next where that goes on about it. An explanation begins with the sentence that answers
best by itself, goes on in the page's own order while it fits, and takes one more run of sentences from where the page
says most of what is left. Lists come whole, with what leads to them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from janus_platform.services.inference.local.question import Question
from janus_platform.services.inference.local.ranking import Scored
from janus_platform.services.inference.local.sentences import LIST, PROSE, ROW

# Sentences of an answer, and of its first run.
MOST, MOST_OF_A_RUN, MOST_OF_A_FACT, MOST_OF_AN_ANSWER = 5, 3, 2, 4
MOST_CHARACTERS = 850
# What goes on in the same paragraph may score this much less than where the run began.
GOES_ON, FACT_GOES_ON = 0.45, 0.7
# Another run must be nearly as good, but for one that a heading such as "Causes" announces.
ANOTHER_RUN, ANOTHER_REASON = 0.8, 0.4
# What another run must itself hold of the question.
ABOUT = 0.35
# A sentence that leans on the one before is a little worse to begin with.
LEANING_KEEPS, ALONE_KEEPS = 0.85, 0.1
# Sentences with this share of their words in common say the same.
SAME = 0.6


def compose(scored: Sequence[Scored], question: Question, said: frozenset[str] = frozenset()) -> list[list[Scored]]:
    """The answer as runs of sentences, each run in the page's order; [] where nothing scored.

    `said` holds sentences that the conversation has already: they are not repeated.
    """
    usable = [s for s in scored if s.score > 0 and s.sentence.text not in said]
    places = {(s.sentence.passage, s.sentence.position): s.sentence.paragraph for s in usable}
    order = sorted(usable, key=lambda s: (-_as_beginning(s, places), s.sentence.passage, s.sentence.position))
    if not order:
        return []
    begins = (_where_it_goes_on(scored, said) if said and not question.is_direct else None) or order[0]
    first = _run(begins, usable, MOST_OF_A_FACT if question.is_direct else MOST_OF_A_RUN, question)
    runs = [first]
    if question.is_direct:
        return runs
    for candidate in sorted(order, key=lambda s: not s.gives_reason):
        left = MOST - sum(len(run) for run in runs)
        needed = ANOTHER_REASON if candidate.gives_reason else ANOTHER_RUN
        if left <= 0 or len(runs) >= 3:
            break
        if sum(_length(s) for run in runs for s in run) + _length(candidate) > MOST_CHARACTERS:
            continue
        is_elsewhere = candidate.sentence.passage != begins.sentence.passage
        if candidate.plain_score < needed * begins.plain_score or candidate.overlap < ABOUT or is_elsewhere:
            continue
        if _is_new(candidate, runs):
            run = [s for s in _run(candidate, usable, min(left, MOST_OF_A_RUN), question) if _is_new(s, runs)]
            runs += [run] if run and not run[0].leans else []
    return _in_page_order(runs)


def _in_page_order(runs: Sequence[list[Scored]]) -> list[list[Scored]]:
    """The runs by paragraph, each in its page's order; what stands before the beginning of the answer comes last."""
    first = runs[0][0].sentence
    paragraphs: dict[tuple[int, int], list[Scored]] = {}
    for run in runs:
        for scored in run:
            paragraphs.setdefault((scored.sentence.passage, scored.sentence.paragraph), []).append(scored)

    def place(key: tuple[int, int]) -> tuple[bool, int, bool, int]:
        return (key[0] != first.passage, key[0], key[1] < first.paragraph, key[1])

    return [sorted(paragraphs[key], key=lambda s: s.sentence.position) for key in sorted(paragraphs, key=place)]


def _as_beginning(scored: Scored, places: Mapping[tuple[int, int], int]) -> float:
    """The score of a sentence as the first of an answer: one that leans on another brings that one along, if it can."""
    if not scored.leans:
        return scored.score
    sentence = scored.sentence
    brings = places.get((sentence.passage, sentence.position - 1)) == sentence.paragraph
    return scored.score * (LEANING_KEEPS if brings else ALONE_KEEPS)


def _where_it_goes_on(scored: Sequence[Scored], said: frozenset[str]) -> Scored | None:
    """The sentence where a page goes on whose beginning was told already, for a question about the same."""
    told = [s for s in scored if s.leads and s.sentence.text in said]
    if not told:
        return None
    last = max(
        s.sentence.paragraph for s in scored if s.sentence.passage == told[0].sentence.passage and s.leads and s in told
    )
    following = (
        s
        for s in scored
        if s.sentence.passage == told[0].sentence.passage and s.sentence.paragraph > last and s.score > 0
    )
    return next(
        (s for s in following if not s.leans and s.sentence.kind == PROSE and s.sentence.text not in said), None
    )


def _run(begin: Scored, usable: Sequence[Scored], most: int, question: Question) -> list[Scored]:
    """`begin`, the sentence it leans on, and those that go on in its paragraph."""
    key = begin.sentence
    if key.heading.endswith("?") and key.kind == PROSE:
        # What answers a heading's question stands together.
        same = [s for s in usable if (s.sentence.passage, s.sentence.paragraph) == (key.passage, key.paragraph)]
        return same[:MOST_OF_AN_ANSWER]
    place = {(s.sentence.passage, s.sentence.position): s for s in usable}
    run = [begin]
    while run[0].leans and len(run) <= 3:
        before = place.get((key.passage, run[0].sentence.position - 1))
        if before is None or before.sentence.paragraph != key.paragraph:
            break
        run.insert(0, before)
    if begin.sentence.kind in (LIST, ROW) or begin.sentence.items:
        return run
    least = (FACT_GOES_ON if question.is_direct else GOES_ON) * begin.plain_score
    position = key.position
    while len(run) < most:
        position += 1
        follows = place.get((key.passage, position))
        if follows is None or follows.sentence.paragraph != key.paragraph or follows.plain_score < least:
            break
        if follows.sentence.kind != PROSE and follows.sentence.kind != key.kind:
            break
        run.append(follows)
    return run


def _length(scored: Scored) -> int:
    return len(scored.sentence.text) + sum(map(len, scored.sentence.items))


def _is_new(candidate: Scored, runs: Sequence[Sequence[Scored]]) -> bool:
    """Whether nothing that is said already says the same."""
    return all(
        candidate.sentence is not s.sentence
        and len(candidate.stems & s.stems) <= SAME * max(1, min(len(candidate.stems), len(s.stems)))
        for run in runs
        for s in run
    )
