"""Words as the engine compares them: content words, lightly stemmed."""

from __future__ import annotations

import re
import unicodedata

_WORD = re.compile(r"[^\W_]+(?:['’.+#-][^\W_]+)*[+#]*")
_VOWEL = re.compile(r"[aeiouy]")
_STOP_WORDS = """
a about above after again against all also although am an and any are as at be because been before being below
between both but by can cannot could did do does doing down during each either etc few for from further get gets
got had has have having he her here hers him his how however i if in instead into is it its itself just let like
many may me might more most much must my no nor not now of off on once one only or other others our out over own
per quite rather really same shall she should since so some such than that the their them then there these they
this those through thus to too under until up upon us very was we well were what when where whether which while
who whom whose why will with within without would yes yet you your whats what's whos who's hows how's wheres
where's whens isnt isn't arent aren't dont don't doesnt doesn't cant can't wont won't im i'm id i'd ive i've
"""
STOP_WORDS = frozenset(_STOP_WORDS.split())
# What a reader asks to be done, not what the answer must be about.
_REQUEST_WORDS = """
answer ask brief briefly cause caused causes causing chart come comes compare comparison create creates define
defines defined definition describe description detail details diagram difference discuss draw example examples
exist exists explain explained explanation figure find give graph happen happens help illustrate important know
list main make mean means need occur occurs outline overview passage passages picture please plot point produce
produces question reason reasons responsible say says short show simple simply sketch summarise summarize
summary tell thing things understand use used using visualise visualize way word words work working works write
stand stands
"""
REQUEST_WORDS = frozenset(_REQUEST_WORDS.split())
_QUESTION_WORDS = frozenset("what who whose whom which when where why how i it is are".split())
_NAME = re.compile(r"(?<=[a-z,] )[A-Z][a-z]+\b")
_SUFFIXES = ("ization", "isation", "ition", "ation", "ingly", "edly", "ement", "ment", "ness", "ing", "ion", "ed", "ly")


def words(text: str) -> list[str]:
    """The words of `text` in order, as they are written."""
    return _WORD.findall(text)


def stem(word: str) -> str:
    """A word without its common English endings: entangled, entangling and entanglement give the same."""
    bare = word.casefold().removesuffix("'s").removesuffix("’s")
    bare = _singular(bare)
    for suffix in _SUFFIXES:
        left = bare.removesuffix(suffix)
        if left != bare and len(left) >= 3 and _VOWEL.search(left):
            # "stopp" becomes "stop", but "call" stays "call".
            bare = left[:-1] if left[-1] == left[-2] and left[-1] not in "lsz" else left
            break
    bare = bare.removesuffix("e") if len(bare) > 3 else bare
    return bare.removesuffix("at") if len(bare) > 5 else bare


def content_stems(text: str) -> list[str]:
    """The stems of the words of `text` that say what it is about, in order."""
    return [stem(w) for w in words(text) if w.casefold() not in STOP_WORDS and (len(w) > 1 or w.isdigit())]


def passage_stems(text: str) -> list[str]:
    """The content stems of a text to look in; those of the parts too where a word has a hyphen."""
    # NFKC: k₁ is k1.
    stems = content_stems(unicodedata.normalize("NFKC", text))
    return stems + [part for stem in stems if "-" in stem for part in content_stems(stem.replace("-", " "))]


def topic_stems(question: str) -> list[str]:
    """The stems of what a question is about, each once: its content words but for what it asks to be done."""
    # "Any" in the middle of a sentence is a name, whatever "any" is.
    names = set() if question.isupper() else set(_NAME.findall(question))
    stems: list[str] = []
    for word in words(question):
        if word in names and word.casefold() in STOP_WORDS - _QUESTION_WORDS:
            stems.append(stem(word))
        elif word.casefold() not in REQUEST_WORDS:
            stems += content_stems(word)
    return list(dict.fromkeys(stems))


def _singular(word: str) -> str:
    if len(word) <= 3 or not word.endswith("s") or word.endswith(("ss", "us", "is")):
        return word
    if word.endswith("ies"):
        return word[:-3] + "y"
    return word[:-2] if word.endswith(("sses", "xes", "ches", "shes")) else word[:-1]
