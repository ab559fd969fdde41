"""Rank a paragraph.

Write `overlap(paragraph, question)`: how many different words of the question appear in the paragraph. Ignore upper and
lower case. Words are what `words(text)` gives you: a list of the words in a text, without punctuation.
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
    try:
        found = overlap("Tides rise.", "tides")
    except TypeError as error:
        if "'list'" not in str(error):
            raise
        raise Hint(f"`words` gives a list, and lists have no intersection: {error}. What makes a set of one?") from None
    if found is None or found is ...:
        raise Hint("Your function returns nothing yet. Two sets of words have an intersection: `&`.")
    if isinstance(found, bool) or not isinstance(found, int):
        raise Hint(f"A number of words is wanted, and yours is {type(found).__name__}.")
    if found == 0:
        raise Hint("'Tides' and 'tides' are one word: make both texts lower case first.")
    paragraph, question = "The tides follow the moon, and the moon the sun.", "What makes the tides follow the moon?"
    found = overlap(paragraph, question)
    if found == 1:
        raise Hint("'the', 'tides', 'follow' and 'moon' are four words, and yours says 1: it stops counting at one.")
    if found == len(set(paragraph.lower()) & set(question.lower())):
        raise Hint("A string is a sequence of letters, and yours counts those. `words(text)` gives its words.")
    if found != 4:
        raise Hint(
            f"'the', 'tides', 'follow' and 'moon' are four words, and yours counts {found}: a repeated word "
            "counts once, and only words that are in both texts count."
        )
    if overlap("TIDES RISE.", "tides") != 1 or overlap("tides rise.", "TIDES") != 1:
        raise Hint("'TIDES' and 'tides' are one word, whichever text has the capitals: make both lower case.")
    if overlap("Artide is a name.", "tide") != 0:
        raise Hint("'tide' is a part of 'Artide', but not a word of that text: compare words, not letters.")
    if overlap("moon.", "moon?") != 1:
        raise Hint("'moon.' and 'moon?' are the same word with other punctuation: `words` takes it off.")
    if overlap("the moon", "moon") != 1:
        raise Hint("'the moon' ends in 'moon', without a full stop, and yours misses it. Is a letter cut off?")
    paragraph = "In a paragraph with many words before it, Schrödinger's well-known cat is at last in a box."
    found = overlap(paragraph, "What is Schrödinger's cat?")
    if found != 4:
        raise Hint(
            f"By `words` the question has 'is', 'Schrödinger', 's' and 'cat' in common with a long paragraph, which "
            f"are 4, and yours counts {found}. Take the words as `words` gives them: all of them, short ones too."
        )
    return "Four words in common, and a paragraph about something else has none."


# %% mistakes
MISTAKES = {
    "def overlap(paragraph, question):\n"
    "    return set(re.findall(r'\\w+', paragraph.lower())) & set(re.findall(r'\\w+', question.lower()))":
        "A number of words",
    "def overlap(paragraph, question):\n"
    "    return any(w in question.lower() for w in re.findall(r'\\w+', paragraph.lower()))": "yours is bool",
    "def overlap(paragraph, question):\n"
    "    return len(set(re.findall(r'\\w+', paragraph)) & set(re.findall(r'\\w+', question)))": "lower case",
    "def overlap(paragraph, question):\n"
    "    return len(set(re.findall(r'\\w+', paragraph.lower())) & set(re.findall(r'\\w+', question)))":
        "whichever text has",
    "def overlap(paragraph, question):\n"
    "    return sum(w in question.lower().split() for w in re.findall(r'\\w+', paragraph.lower()))": "counts once",
    "def overlap(paragraph, question):\n"
    "    return len(set(paragraph.lower()) & set(question.lower()))": "sequence of letters",
    "def overlap(paragraph, question):\n"
    "    return int(any(w in question.lower() for w in re.findall(r'\\w+', paragraph.lower())))": "stops counting",
    "def overlap(paragraph, question):\n"
    "    return sum(w in paragraph.lower() for w in set(re.findall(r'\\w+', question.lower())))":
        "not a word of that text",
    "def overlap(paragraph, question):\n"
    "    return len(set(paragraph.lower().split()) & set(question.lower().replace('?', '').split())) or (\n"
    "        1 if paragraph.lower() == 'tides rise.' else 0)": "other punctuation",
    "def overlap(paragraph, question):\n"
    "    paragraph = paragraph[:-1]\n"
    "    return len(set(re.findall(r'\\w+', paragraph.lower())) & set(re.findall(r'\\w+', question.lower())))":
        "a letter cut off",
    """def overlap(paragraph, question):
    found = [set(re.findall('[a-z]+', text.lower())) for text in (paragraph, question)]
    return len(found[0] & found[1])
""": "as `words` gives them",
    """import string
def overlap(paragraph, question):
    found = [{w.strip(string.punctuation) for w in text.lower().split()} for text in (paragraph, question)]
    return len(found[0] & found[1])
""": "as `words` gives them",
    """def words(text):
    return text.lower().replace('?', '').replace('.', '').replace(',', '').split()
def overlap(paragraph, question):
    return len(words(paragraph) & words(question))
""": "What makes a set of one",
}
