"""Mend the buffered answer.

The implementation above had the whole answer before it sent a word. Write `in_pieces(text)`: a generator that yields
the text in pieces that a reader can follow. Put together they must give the text again, spaces and line breaks
included.
"""

from janus_book.exercise import Hint


# %% answer
def in_pieces(text):
    ### BEGIN SOLUTION
    for line in text.splitlines(keepends=True):
        words = line.split(" ")
        yield from (word + " " for word in words[:-1])
        yield words[-1]
    ### END SOLUTION


# %% check
def check(in_pieces):
    from janus_bench.chat import Answer, Delta
    from janus_bench.constants import load_scoring
    from janus_bench.scoring import pieces

    text = "A stream is read while it is written.\n\nSo each word goes out as soon as it is there,\nand not later."
    found = in_pieces(text)
    if found is None or found is ...:
        raise Hint("Your function returns nothing yet. Yield the text's words one by one.")
    if isinstance(found, str):
        raise Hint("That is one text, returned at once. A generator yields: put `yield` where `return` stands.")
    sent = list(found)
    if not all(isinstance(piece, str) for piece in sent):
        raise Hint("Each piece has to be a text.")
    if "".join(sent) != text:
        if "".join(sent) == "".join(text.split()):
            raise Hint("The words run together: each needs the space after it.")
        raise Hint(f"Put together your pieces give {''.join(sent)!r}: a space or a line break was lost or added.")
    worth = pieces(Answer([Delta("content", 0, piece) for piece in sent]), load_scoring()["streaming"])
    if worth < 0.99:
        raise Hint(f"{len(sent)} pieces, the largest of them too large: they are worth {worth:.2f} of 1.")
    return f"{len(sent)} pieces, and nothing lost."


# %% mistakes
MISTAKES = {
    "def in_pieces(text):\n    return text": "put `yield`",
    "def in_pieces(text):\n    yield from text.split()": "run together",
    "def in_pieces(text):\n    for word in text.split():\n        yield word + ' '": "was lost or added",
    "def in_pieces(text):\n    yield text": "too large",
    "def in_pieces(text):\n    yield text[:50]\n    yield text[50:]": "too large",
    "def in_pieces(text):\n    yield from text.encode()": "to be a text",
}
