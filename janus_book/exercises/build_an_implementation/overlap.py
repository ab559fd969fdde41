"""Rank a paragraph.

Write `overlap(paragraph, question)`: how many different words of the question stand in the paragraph. Capitals make no
difference, and a word is what `words(text)` gives you: a list of the words of a text, without punctuation.
"""

import re

from janus_book.exercise import Hint


# %% answer
def words(text):
    return re.findall(r"\w+", text)


def overlap(paragraph, question):
    ### BEGIN SOLUTION
    return len(set(words(paragraph.lower())) & set(words(question.lower())))
    ### END SOLUTION


# %% check
def check(overlap):
    found = overlap("Tides rise.", "tides")
    if found is None or found is ...:
        raise Hint("Your function returns nothing yet. Two sets of words have an intersection: `&`.")
    if not isinstance(found, int):
        raise Hint(f"A number of words is wanted, and yours is {type(found).__name__}.")
    if found == 0:
        raise Hint("'Tides' and 'tides' are one word: make both texts lower case first.")
    if overlap("The tides follow the moon, and the moon the sun.", "What makes the tides follow the moon?") != 4:
        raise Hint("'the', 'tides', 'follow' and 'moon' are four words: a word that comes again counts once.")
    if overlap("Artide is a name.", "tide") != 0:
        raise Hint("'tide' is a part of 'Artide' and no word of that text: compare words, not letters.")
    if overlap("moon.", "moon?") != 1:
        raise Hint("'moon.' and 'moon?' are the same word with other punctuation: `words` takes it off.")
    return "Four words in common, and a paragraph about something else has none."


# %% mistakes
MISTAKES = {
    "def overlap(paragraph, question):\n"
    "    return set(re.findall(r'\\w+', paragraph.lower())) & set(re.findall(r'\\w+', question.lower()))":
        "A number of words",
    "def overlap(paragraph, question):\n"
    "    return len(set(re.findall(r'\\w+', paragraph)) & set(re.findall(r'\\w+', question)))": "lower case",
    "def overlap(paragraph, question):\n"
    "    return sum(w in question.lower().split() for w in re.findall(r'\\w+', paragraph.lower()))": "counts once",
    "def overlap(paragraph, question):\n"
    "    return sum(w in paragraph.lower() for w in set(re.findall(r'\\w+', question.lower())))":
        "no word of that text",
    "def overlap(paragraph, question):\n"
    "    return len(set(paragraph.lower().split()) & set(question.lower().replace('?', '').split())) or (\n"
    "        1 if paragraph == 'Tides rise.' else 0)": "other punctuation",
}
