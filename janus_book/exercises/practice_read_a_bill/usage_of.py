"""Find the bill in a stream.

Asked for with `stream_options`, a stream's bill comes in a chunk of its own, behind the last word. Write
`usage_of(chunks)`: the last `usage` that is not null, and None where the stream ended, or was ended, before it came.
`chunks` are the events of a stream as dictionaries, in order.
"""

from janus_book.exercise import Hint


# %% answer
def usage_of(chunks):
    ### BEGIN SOLUTION
    for chunk in reversed(chunks):
        if chunk.get("usage"):
            return chunk["usage"]
    return None
    ### END SOLUTION


# %% check
def check(usage_of):
    from janus_book.practice import recorded

    real = recorded("read_a_bill")["stream"]
    true = next(chunk["usage"] for chunk in reversed(real) if chunk.get("usage"))
    word = {"choices": [{"index": 0, "delta": {"content": "tea"}}]}
    first, second = {"prompt_tokens": 9, "completion_tokens": 1}, {"prompt_tokens": 9, "completion_tokens": 2}
    cases = (
        (real, true, "The recorded stream: its bill has {} prompt tokens.".format(true["prompt_tokens"])),
        (
            [{**word, "usage": None}, {**word, "usage": None}, {"choices": [], "usage": second}],
            second,
            "Chunks before the bill may say `\"usage\": null`.",
        ),
        ([word, word, {"choices": [], "usage": second}], second, "Chunks before the bill may have no `usage` at all."),
        (
            [{**word, "usage": first}, {**word, "usage": second}],
            second,
            "Some count along in every chunk: the last one has counted all.",
        ),
        ([{**word, "usage": second}, word], second, "A chunk without `usage` may come after the bill."),
        ([{**word, "usage": second}, {**word, "usage": None}], second, ("A chunk with `\"usage\": null` "
"may come after it.")),
        ([{"usage": second}], second, "The bill's chunk may have no `choices` at all."),
    )
    for number, (chunks, wanted, why) in enumerate(cases):
        try:
            said = usage_of([dict(chunk) for chunk in chunks])
        except IndexError:
            raise Hint(f"{why} Yours takes the first of `choices` where that list is empty.") from None
        except KeyError as error:
            raise Hint(f"{why} Yours takes {error} from a chunk that has none: `.get` gives None then.") from None
        if said is None or said is ...:
            begin = "`usage_of` returns nothing yet. Look at the chunks from the last one on." if not number else ""
            raise Hint(begin or f"{why} Yours found no bill there.")
        if not isinstance(said, dict):
            raise Hint(f"usage_of gave {str(said)[:40]!r}. The whole `usage` is wanted, a dictionary.")
        if said != wanted:
            raise Hint(f"{why} usage_of gave {str(said)[:60]}.")
    for chunks, what in ((real[:-1], ("A reader who closes the connection "
"before the last chunk")), ([], "An empty stream")):
        try:
            said = usage_of(chunks)
        except (IndexError, KeyError, TypeError) as error:
            raise Hint(f"{what} gets no bill, and usage_of raises "
f"{type(error).__name__}. None says it better.") from None
        if said is not None:
            raise Hint(f"{what} gets no bill: None is wanted, and usage_of gave {said!r}.")
    return (f"{true['prompt_tokens']} read, {true['completion_tokens']} written. "
"Who hangs up early gets no bill, and pays.")


# %% mistakes
MISTAKES = {
    "def usage_of(chunks):\n    return chunks[-1]['usage']": "A chunk without `usage` may come after",
    "def usage_of(chunks):\n    return chunks[-1].get('usage')": "A chunk without `usage` may come after",
    "def usage_of(chunks):\n    return chunks[-1]['choices'][0]['usage']": "where that list is empty",
    "def usage_of(chunks):\n    return chunks[-1]": "usage_of gave",
    "def usage_of(chunks):\n    return [c['usage'] for c in chunks if c.get('usage')][-1]": "None says it better",
    "def usage_of(chunks):\n    return [c.get('usage') for c in chunks]": "a dictionary",
    "def usage_of(chunks):\n    return next((c['usage'] for c in chunks if c.get('usage')), None)": "count along",
    "def usage_of(chunks):\n    return next((c['usage'] for c in chunks[::-1] if c['usage']), None)": "that has none",
    "def usage_of(chunks):\n    return next((c['usage'] for c in chunks[::-1] if 'usage' in c), None)": "null",
    "def usage_of(chunks):\n    return next((c['usage'] for c "
"in chunks[::-1] if c.get('usage')), {})": "None is wanted",
    "def usage_of(chunks):\n    return sum(c['usage']['completion_tokens'] for c in chunks if c.get('usage'))": (
        "a dictionary"
    ),
    """def usage_of(chunks):
    for chunk in reversed(chunks):
        if not chunk["choices"] and chunk.get("usage"):
            return chunk["usage"]
""": "count along",
    """def usage_of(chunks):
    for chunk in reversed(chunks):
        if chunk["choices"][0]["delta"] == {}:
            return chunk["usage"]
""": "where that list is empty",
}
