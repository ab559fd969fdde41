"""Does it pay to forget?

The same conversation twice: once kept whole, once cut to its last turns. Cut, it has fewer prompt tokens; kept, more
of them are *cached*, since they begin as the prompt before did. Write `break_even(whole, cut)`: at which price of a
cached token, as a part of the price of another, both cost the same. Below it, keeping all is cheaper. None where no
price from 0 to 1 does it. Leave the answers out. A turn has `prompt_tokens`, of which
`turn["prompt_tokens_details"]["cached_tokens"]` are cached.
"""

from janus_book.exercise import Hint


# %% answer
def break_even(whole, cut):
    def counted(turns):
        """Tokens that were read anew, and tokens that were cached."""
        cached = sum(t["prompt_tokens_details"]["cached_tokens"] for t in turns)
        return sum(t["prompt_tokens"] for t in turns) - cached, cached

    (new_whole, cached_whole), (new_cut, cached_cut) = counted(whole), counted(cut)
    ### BEGIN SOLUTION
    if cached_whole == cached_cut:
        return None
    part = (new_cut - new_whole) / (cached_whole - cached_cut)
    return part if 0 <= part <= 1 else None
    ### END SOLUTION


# %% check
def check(break_even):
    from janus_book.checking import expect
    from janus_book.practice import recorded

    def turns(*counts):
        return [{"prompt_tokens": new + old, "prompt_tokens_details": {"cached_tokens": old}} for new, old in counts]

    for whole, cut, true, why in (
        (((10, 90),), ((30, 10),), 0.25, "Kept: 10 + 90 p; cut: 30 + 10 p. Both are 32.5 at p = 0.25."),
        (((10, 40), (10, 60)), ((30, 0), (30, 0)), 0.4, "Over both turns: 20 + 100 p, and 60."),
        (((20, 80),), ((20, 30),), 0.0, ("As many new ones in both: only where cached "
"ones cost nothing are they equal.")),
        (((0, 100),), ((60, 40),), 1.0, "Both have 100 tokens: equal where a cached one costs what another costs."),
    ):
        said = break_even(turns(*whole), turns(*cut))
        if said is None and true == 0:
            raise Hint(f"{why} Yours gives None.")
        begin = "Write both costs as new + cached × p, and ask for the p at which they are equal."
        expect(said, (float, int), "break_even", begin)
        if abs(said - true) > 1e-9:
            raise Hint(f"{why} break_even gave {said:.3f}, and it is {true:g}.")
    for whole, cut, why in (
        (((10, 50),), ((30, 50),), "As many are cached in both, and the cut one has more new ones"),
        (((10, 60),), ((90, 10),), "Here keeping all is cheaper even where a cached token costs as much as another"),
        (((50, 60),), ((20, 10),), "Here the cut one is cheaper even where a cached token costs nothing"),
    ):
        try:
            said = break_even(turns(*whole), turns(*cut))
        except ZeroDivisionError:
            raise Hint(f"{why}: no price makes them equal, and yours divides by 0.") from None
        if said is not None:
            raise Hint(f"{why}: no price from 0 to 1 makes them equal, so None; break_even gave {said:.3f}.")
    real = recorded("read_a_bill")
    part = break_even(real["whole"], real["trimmed"])
    return f"Where a cached token costs less than {part:.2f} of another, the longer prompts are the cheaper ones."


# %% mistakes
MISTAKES = {
    """def break_even(whole, cut):
    def counted(turns):
        cached = sum(t["prompt_tokens_details"]["cached_tokens"] for t in turns)
        return sum(t["prompt_tokens"] for t in turns) - cached, cached

    (new_whole, cached_whole), (new_cut, cached_cut) = counted(whole), counted(cut)
    return 0.5
""": "Both are 32.5",
    """def break_even(whole, cut):
    def counted(turns):
        cached = sum(t["prompt_tokens_details"]["cached_tokens"] for t in turns)
        return sum(t["prompt_tokens"] for t in turns) - cached, cached

    (new_whole, cached_whole), (new_cut, cached_cut) = counted(whole), counted(cut)
    return (new_cut - new_whole) / (cached_whole - cached_cut)
""": "yours divides by 0",
    """def break_even(whole, cut):
    def counted(turns):
        cached = sum(t["prompt_tokens_details"]["cached_tokens"] for t in turns)
        return sum(t["prompt_tokens"] for t in turns) - cached, cached

    (new_whole, cached_whole), (new_cut, cached_cut) = counted(whole), counted(cut)
    return (new_whole - new_cut) / (cached_whole - cached_cut)
""": "Both are 32.5",
    """def break_even(whole, cut):
    def counted(turns):
        cached = sum(t["prompt_tokens_details"]["cached_tokens"] for t in turns)
        return sum(t["prompt_tokens"] for t in turns) - cached, cached

    (new_whole, cached_whole), (new_cut, cached_cut) = counted(whole), counted(cut)
    return cached_cut / cached_whole
""": "Both are 32.5",
    """def break_even(whole, cut):
    def counted(turns):
        cached = sum(t["prompt_tokens_details"]["cached_tokens"] for t in turns)
        return sum(t["prompt_tokens"] for t in turns) - cached, cached

    (new_whole, cached_whole), (new_cut, cached_cut) = counted(whole), counted(cut)
    return (new_cut + cached_cut) / (new_whole + cached_whole)
""": "Both are 32.5",
    """def break_even(whole, cut):
    def counted(turns):
        cached = sum(t["prompt_tokens_details"]["cached_tokens"] for t in turns)
        return sum(t["prompt_tokens"] for t in turns) - cached, cached

    (new_whole, cached_whole), (new_cut, cached_cut) = counted(whole), counted(cut)
    if cached_whole == cached_cut:
        return None
    return (new_cut - new_whole) / (cached_whole - cached_cut)
""": "keeping all is cheaper even where",
    """def break_even(whole, cut):
    def counted(turns):
        cached = sum(t["prompt_tokens_details"]["cached_tokens"] for t in turns)
        return sum(t["prompt_tokens"] for t in turns) - cached, cached

    (new_whole, cached_whole), (new_cut, cached_cut) = counted(whole), counted(cut)
    if cached_whole == cached_cut:
        return None
    part = (new_cut - new_whole) / (cached_whole - cached_cut)
    return min(1, max(0, part))
""": "keeping all is cheaper even where",
    """def break_even(whole, cut):
    def counted(turns):
        cached = sum(t["prompt_tokens_details"]["cached_tokens"] for t in turns)
        return sum(t["prompt_tokens"] for t in turns) - cached, cached

    (new_whole, cached_whole), (new_cut, cached_cut) = counted(whole), counted(cut)
    if cached_whole == cached_cut:
        return None
    part = (new_cut - new_whole) / (cached_whole - cached_cut)
    return part if part <= 1 else None
""": "the cut one is cheaper even where",
    """def break_even(whole, cut):
    def counted(turns):
        cached = sum(t["prompt_tokens_details"]["cached_tokens"] for t in turns)
        return sum(t["prompt_tokens"] for t in turns) - cached, cached

    (new_whole, cached_whole), (new_cut, cached_cut) = counted(whole), counted(cut)
    if cached_whole == cached_cut:
        return None
    part = (new_cut - new_whole) / (cached_whole - cached_cut)
    return part if 0 < part < 1 else None
""": "Yours gives None",
    """def break_even(whole, cut):
    def counted(turns):
        cached = sum(t["prompt_tokens_details"]["cached_tokens"] for t in turns)
        return sum(t["prompt_tokens"] for t in turns) - cached, cached

    (new_whole, cached_whole), (new_cut, cached_cut) = counted(whole), counted(cut)
    return new_whole + cached_whole > new_cut + cached_cut
""": "Wanted is a number",
    """def break_even(whole, cut):
    def counted(turns):
        cached = sum(t["prompt_tokens_details"]["cached_tokens"] for t in turns)
        return sum(t["prompt_tokens"] for t in turns) - cached, cached

    (new_whole, cached_whole), (new_cut, cached_cut) = counted(whole), counted(cut)
    return 'cut' if new_whole > new_cut else 'whole'
""": "Wanted is a number",
    """def break_even(whole, cut):
    def counted(turns):
        cached = sum(t["prompt_tokens_details"]["cached_tokens"] for t in turns)
        return sum(t["prompt_tokens"] for t in turns) - cached, cached

    (new_whole, cached_whole), (new_cut, cached_cut) = counted(whole), counted(cut)
    return (cached_whole - cached_cut) / (new_cut - new_whole)
""": "Both are 32.5",
    """def break_even(whole, cut):
    def counted(turns):
        cached = sum(t["prompt_tokens_details"]["cached_tokens"] for t in turns)
        return sum(t["prompt_tokens"] for t in turns) - cached, cached

    (new_whole, cached_whole), (new_cut, cached_cut) = counted(whole), counted(cut)
    return new_cut / cached_whole - new_whole / cached_whole
""": "Both are 32.5",
    """def break_even(whole, cut):
    new = sum(t["prompt_tokens"] for t in cut) - sum(t["prompt_tokens"] for t in whole)
    cached = sum(t["prompt_tokens_details"]["cached_tokens"] for t in whole)
    return new / cached
""": "Both are 32.5",
    """def break_even(whole, cut):
    kept, short = whole[-1], cut[-1]
    new = [t["prompt_tokens"] - t["prompt_tokens_details"]["cached_tokens"] for t in (short, kept)]
    cached = [t["prompt_tokens_details"]["cached_tokens"] for t in (kept, short)]
    return (new[0] - new[1]) / (cached[0] - cached[1])
""": "Over both turns",
}
