"""Find what was said about it.

Write `nearest(question, clauses)`: the clause that shares the most different words with the question. Capitals make no
difference, `words(text)` gives you the words of a text, and of two clauses that share as many the later one counts:
people correct themselves.
"""

import re

from janus_book.exercise import Hint


# %% answer
def words(text):
    return re.findall(r"\w+", text)


def nearest(question, clauses):
    ### BEGIN SOLUTION
    asked = set(words(question.lower()))
    best, most = "", -1
    for clause in clauses:
        shared = len(asked & set(words(clause.lower())))
        if shared >= most:
            best, most = clause, shared
    return best
    ### END SOLUTION


# %% check
def check(nearest):
    boat = "What is the name of my boat?"
    clauses = ["My bicycle is blue", "the boat has the name Tern", "I like the sea"]
    found = nearest(boat, list(clauses))
    if found is None or found is ...:
        raise Hint("Your function returns nothing yet. Count for each clause how many words of the question it holds.")
    if not isinstance(found, str):
        raise Hint(f"A clause is a text, and yours is {type(found).__name__}: give back the clause itself.")
    if found not in clauses:
        raise Hint(f"{found!r} is none of the clauses: give one back as it was said.")
    if found != clauses[1]:
        raise Hint(f"Asked {boat!r}, yours takes {found!r}. Which clause shares three words with it?")
    found = nearest("WHERE IS THE LAMP?", ["the lamp is in the hall", "nothing was said"])
    if found != "the lamp is in the hall":
        raise Hint("A question in capitals asks for the same: compare the words in small letters.")
    found = nearest("where is the lamp", ["THE LAMP IS IN THE HALL", "where to go"])
    if found != "THE LAMP IS IN THE HALL":
        raise Hint("A clause in capitals says the same: compare the words in small letters on both sides.")
    found = nearest("Which is the key?", ["the the the the", "key is the third"])
    if found != "key is the third":
        raise Hint("A word that is said four times is still one word that both share: count different words.")
    found = nearest("Where is the art?", ["the art", "there, a cart, this one"])
    if found != "the art":
        raise Hint("The word art is not in cart: compare whole words, as `words` gives them.")
    found = nearest("Is it red?", ["it is red", "and the long tale of many other words"])
    if found != "it is red":
        raise Hint("A long clause is no better for its length: count only words that both have.")
    found = nearest("What is my code?", ["my code is 4711", "my code is 9000", "thank you"])
    if found != "my code is 9000":
        raise Hint("The code was corrected to 9000. Of clauses that share as many words, take the later one.")
    found = nearest("What is my code?", ["my code is 9000", "my code"])
    if found != "my code is 9000":
        raise Hint("The later clause counts only where as many words are shared: my code alone shares fewer.")
    return "The lamp is in the hall, and the code is 9000."


# %% mistakes
MISTAKES = {
    """def words(text):
    return re.findall(r"\\w+", text)


def nearest(question, clauses):
    return 2
""": "give back the clause itself",
    """def words(text):
    return re.findall(r"\\w+", text)


def nearest(question, clauses):
    return clauses[0].lower()
""": "none of the clauses",
    """def words(text):
    return re.findall(r"\\w+", text)


def nearest(question, clauses):
    return clauses[-1]
""": "shares three words",
    """def words(text):
    return re.findall(r"\\w+", text)


def nearest(question, clauses):
    return max(clauses, key=len)
""": "compare whole words",
    """def words(text):
    return re.findall(r"\\w+", text)


def nearest(question, clauses):
    asked = set(words(question))
    return max(reversed(clauses), key=lambda c: len(asked & set(words(c))))
""": "question in capitals",
    """def words(text):
    return re.findall(r"\\w+", text)


def nearest(question, clauses):
    asked = set(words(question.lower()))
    return max(reversed(clauses), key=lambda c: len(asked & set(words(c))))
""": "clause in capitals",
    """def words(text):
    return re.findall(r"\\w+", text)


def nearest(question, clauses):
    asked = set(words(question.lower()))
    return max(reversed(clauses), key=lambda c: sum(w in asked for w in words(c.lower())))
""": "still one word",
    """def words(text):
    return re.findall(r"\\w+", text)


def nearest(question, clauses):
    asked = set(words(question.lower()))
    return max(reversed(clauses), key=lambda c: sum(w in c.lower() for w in asked))
""": "compare whole words",
    """def words(text):
    return re.findall(r"\\w+", text)


def nearest(question, clauses):
    asked = set(words(question.lower()))
    return max(reversed(clauses), key=lambda c: len(asked | set(words(c.lower()))))
""": "shares three words",
    """def words(text):
    return re.findall(r"\\w+", text)


def nearest(question, clauses):
    asked = set(words(question.lower()))
    return max(clauses, key=lambda c: len(asked & set(words(c.lower()))))
""": "take the later one",
    """def words(text):
    return re.findall(r"\\w+", text)


def nearest(question, clauses):
    asked = set(words(question.lower()))
    return [c for c in clauses if len(asked & set(words(c.lower()))) > 1][-1]
""": "shares fewer",
}
