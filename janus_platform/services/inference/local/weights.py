"""What each sign of a fitting sentence is worth to the ranking."""

from __future__ import annotations

from janus_platform.services.inference.local.sentences import ITEM, LIST, ROW

# A score of 1 means that a sentence holds every word of the question; each weight says what else is worth how much.
# A heading says what the sentences below it are about, a title what all of a page is; neither is an answer.
IN_HEADING, IN_TITLE = 0.45, 0.4
# Where title or heading name so much of what is asked, the text below is about it, and its first sentence leads.
NAMED, NAMED_WITH_HEAD = 0.7, 0.3
LEADING, LEADING_HOLDS = 0.6, 0.8
# A passage that speaks of every word of a short topic so often is about it, whatever its title.
OFTEN = 4
MEANING = 1.0
AFTER_A_FITTING_ONE = 0.2
AT_THE_BEGINNING, AT_THE_BEGINNING_OF_A_FACT = 0.25, 0.05
BEGINNING_HALVES_AT = 4
BY_TITLE = 0.15
OF_THE_KIND_ASKED_FOR = 0.35
REASONING = 0.2
# "Causes" or "Why three and not two" above a section.
REASON_HEADING = 0.9
# What announces a sample that cannot be quoted.
ANNOUNCING = -0.5
DEFINING = 0.35
# Whoever hands over passages has the best first.
EARLIER_PASSAGE = 0.25
FRAGMENT = {ITEM: -0.1, ROW: -0.15, LIST: -0.1}
A_LIST_THAT_IS_ASKED_FOR = 0.25
# Only so many sentences, the best by words, are compared in meaning: each may cost 5 ms.
COMPARED = 16
# A sentence without a word of the question must at least be so near to it.
LITTLE, NEAR = 0.05, 0.5
# Of a misspelt word so much must be as in a word of the passages.
ALIKE = 0.82
COMMON_WEIGHT = 0.25
# A sentence with this share of the question's words may lack its rarest one; with less where it has the number that
# is asked for.
MOST_OF_IT, SOME_OF_IT = 0.65, 0.3
# A name that no passage has counts more than another word that none has.
A_NAME = 1.3
