"""Mend the buffered answer.

The implementation above had the whole answer before it sent a word. Write `in_pieces(text)`: a generator that yields
the text in pieces that a reader can follow. Joined together, they must give the same text, spaces and line breaks
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
    from itertools import islice

    from janus_bench.wire.chat import Answer, Delta
    from janus_bench.constants import load_scoring
    from janus_bench.scoring.answer_score import pieces

    text = "A stream is read while it is written.\n\nSo each word goes out as soon as it is there,\nand not later."
    found = in_pieces(text)
    if found is None or found is ...:
        raise Hint("Your function returns nothing yet. Yield the text's words one by one.")
    if isinstance(found, str):
        raise Hint("That is one text, returned at once. A generator yields: write `yield` instead of `return`.")
    if isinstance(found, list | tuple):
        raise Hint(f"That is a {type(found).__name__}, complete before its first piece goes out. `yield` the pieces.")
    if not hasattr(found, "__next__"):
        raise Hint(f"A generator is wanted, and yours is {type(found).__name__}. A function that yields makes one.")
    sent = list(islice(found, 10_000))
    if len(sent) == 10_000:
        raise Hint(f"10,000 pieces for a text of {len(text)} letters, and no end in sight. What ends your loop?")
    for piece in sent:
        if not isinstance(piece, str):
            raise Hint(f"Each piece has to be a text, and one of yours is {type(piece).__name__}.")
    if "".join(sent) != text:
        if "".join(sent) == "".join(text.split()):
            raise Hint("The words run together: each needs the space after it.")
        raise Hint(f"Joined together, your pieces give {''.join(sent)!r}: a space or a line break was lost or added.")
    worth = pieces(Answer([Delta("content", 0, piece) for piece in sent]), load_scoring()["streaming"])
    if worth < 0.99:
        raise Hint(f"{len(sent)} pieces, the largest of which is too large: they are worth {worth:.2f} of 1.")
    for odd in ("  two  spaces, and a break at the end\n", "-", "", "Größe:\t5 €\r\nund mehr"):
        if (again := "".join(islice(in_pieces(odd), 10_000))) != odd:
            raise Hint(f"That text works. From {odd!r} your pieces make {again!r}.")
    return f"{len(sent)} pieces, and nothing lost."


# %% mistakes
MISTAKES = {
    "def in_pieces(text):\n    return text": "write `yield`",
    "def in_pieces(text):\n    yield from text.split()": "run together",
    "def in_pieces(text):\n    for word in text.split():\n        yield word + ' '": "was lost or added",
    "def in_pieces(text):\n    yield text": "too large",
    "def in_pieces(text):\n    yield text[:50]\n    yield text[50:]": "too large",
    "def in_pieces(text):\n    yield from text.encode()": "to be a text",
    "def in_pieces(text):\n    yield text.split(' ')": "one of yours is list",
    "def in_pieces(text):\n    return [text[i : i + 4] for i in range(0, len(text), 4)]": "before its first piece",
    "def in_pieces(text):\n    return len(text)": "yours is int",
    "def in_pieces(text):\n    while True:\n        yield text[:4]": "no end in sight",
    "import re\ndef in_pieces(text):\n    yield from re.findall(r'\\S+\\s*', text)": "That text works",
    """def in_pieces(text):
    data = text.encode()
    for start in range(0, len(data), 5):
        yield data[start : start + 5].decode(errors="ignore")
""": "your pieces make",
}
