"""Parse a stream by hand.

A connection hands over bytes in *reads*, cut wherever it pleased: in the middle of an event, of a line, of a letter.
Write the generator `payloads(reads)`: it yields, as a string, what stands behind `data: ` of each line that begins
so, as soon as that line is complete. Lines end in a newline (byte 10). Others, such as the pings, are passed over.
"""

from janus_book.exercise import Hint


# %% answer
def payloads(reads):
    left = b""
    ### BEGIN SOLUTION
    for read in reads:
        *lines, left = (left + read).split(b"\n")
        for line in lines:
            if line.startswith(b"data: "):
                yield line.removeprefix(b"data: ").decode()
    ### END SOLUTION


# %% check
def check(payloads):
    from janus_book.checking import expect
    from janus_book.practice import recorded

    raw = recorded("debug_a_trace")["stream"].encode()
    true = [line.removeprefix("data: ") for line in raw.decode().split("\n") if line.startswith("data: ")]

    def asked(reads, what):
        try:
            found = payloads(iter(reads))
            expect(found, object, "payloads", "Put the reads together, and cut at newlines.")
            found = list(found)
        except UnicodeDecodeError:
            raise Hint(f"{what} Yours decodes half a letter: É is two bytes. Decode whole lines.") from None
        except TypeError as error:
            if "not iterable" in str(error):
                raise Hint("`payloads` gives nothing that can be gone over yet. A generator has a `yield`.") from None
            raise
        if not found:
            raise Hint(f"{what} Yours yields nothing. Which lines begin with `data: "
"`, and what was left of the last read?")
        if isinstance(found[0], bytes):
            raise Hint("Yours yields bytes. `.decode()` makes a string of a whole line.")
        if any(isinstance(one, str) and one.startswith(("data:", " ")) for one in found):
            raise Hint(f"{what} Yours yields {found[0][:24]!r}…: only what stands behind `data: `, blank included.")
        if any(not isinstance(one, str) for one in found):
            raise Hint(f"{what} Yours yields a {type(found[0]).__name__}; strings "
"are wanted, as they are in the stream.")
        return found

    def compared(found, what, wanted):
        if found == wanted:
            return
        if any("ping" in one[:8] for one in found):
            raise Hint(f"{what} Yours takes a ping for an event. A line that begins with a colon is a comment.")
        if len(found) != len(wanted):
            raise Hint(f"{what} There are {len(wanted)} payloads in it, yours yields {len(found)}.")
        place = next(n for n, (one, other) in enumerate(zip(found, wanted, strict=True)) if one != other)
        raise Hint(f"{what} Payload {place + 1} differs: yours ends in {found[place][-20:]!r}, "
f"it ends in {wanted[place][-20:]!r}.")

    compared(asked([raw], "The whole stream in one read."), "The whole stream in one read.", true)
    half = raw.index(b'"model"')
    what = "A read that ends in the middle of a line."
    compared(asked([raw[:half], raw[half:]], what), what, true)
    letter = raw.index("É".encode()) + 1
    what = "A read that ends in the middle of a letter."
    compared(asked([raw[:letter], raw[letter:]], what), what, true)
    what = "One byte a read."
    compared(asked([raw[n : n + 1] for n in range(len(raw))], what), what, true)
    odd = 'data: {"a": "one\u2028two"}\n\ndata: [DONE]\n\n'
    what = "A text with U+2028 in it, which Python's splitlines() takes for the end of a line."
    compared(asked([odd.encode()], what), what, ['{"a": "one\u2028two"}', "[DONE]"])
    taken = []

    def slowly():
        for part in (b'data: {"n": 1}\n\n', b": ping\n\n", b'data: {"n": 2}\n\n', b"data: [DONE]\n\n"):
            taken.append(part)
            yield part

    next(iter(payloads(slowly())))
    if len(taken) > 1:
        raise Hint(f"The first event was complete after one read, and yours took {len(taken)} before it said so.")
    return f"{len(true)} payloads, however the {len(raw):,} bytes are cut."


# %% mistakes
MISTAKES = {
    """def payloads(reads):
    for read in reads:
        for line in read.decode().split("\\n"):
            if line.startswith("data: "):
                yield line.removeprefix("data: ")
""": "in the middle of a line",
    """def payloads(reads):
    text = b"".join(reads).decode()
    for line in text.split("\\n"):
        if line.startswith("data: "):
            yield line.removeprefix("data: ")
""": "took 4 before it said so",
    """def payloads(reads):
    left = ""
    for read in reads:
        *lines, left = (left + read.decode()).split("\\n")
        for line in lines:
            if line.startswith("data: "):
                yield line.removeprefix("data: ")
""": "decodes half a letter",
    """def payloads(reads):
    left = ""
    for read in reads:
        *lines, left = (left + read.decode(errors="replace")).split("\\n")
        for line in lines:
            if line.startswith("data: "):
                yield line.removeprefix("data: ")
""": "in the middle of a letter. Payload",
    """def payloads(reads):
    left = b""
    for read in reads:
        *lines, left = (left + read).split(b"\\n")
        for line in lines:
            if line.startswith(b"data: "):
                yield line.removeprefix(b"data: ")
""": "Yours yields bytes",
    """def payloads(reads):
    left = b""
    for read in reads:
        *lines, left = (left + read).split(b"\\n")
        for line in lines:
            if line.startswith(b"data: "):
                yield line.decode()
""": "only what stands behind",
    """def payloads(reads):
    left = b""
    for read in reads:
        *lines, left = (left + read).split(b"\\n")
        for line in lines:
            if line:
                yield line.removeprefix(b"data: ").decode()
""": "takes a ping for an event",
    """def payloads(reads):
    left = b""
    for read in reads:
        *lines, left = (left + read).split(b"\\n")
        for line in lines:
            if line.startswith(b"data: ") and b"[DONE]" not in line:
                yield line.removeprefix(b"data: ").decode()
""": "payloads in it, yours yields",
    """def payloads(reads):
    left = b""
    for read in reads:
        *lines, left = (left + read).split(b"\\n")
        return [line.removeprefix(b"data: ").decode() for line in lines if line.startswith(b"data: ")]
""": "in the middle of a line",
    """def payloads(reads):
    import json

    left = b""
    for read in reads:
        *lines, left = (left + read).split(b"\\n")
        for line in lines:
            if line.startswith(b"data: {"):
                yield json.loads(line.removeprefix(b"data: "))
""": "strings are wanted",
    """def payloads(reads):
    left = b""
    for read in reads:
        left += read
        while b"\\n" in left:
            line, _, left = left.partition(b"\\n")
            for part in line.decode().splitlines():
                if part.startswith("data: "):
                    yield part.removeprefix("data: ")
""": "takes for the end of a line",
    """def payloads(reads):
    for read in reads:
        *lines, left = read.split(b"\\n")
        for line in lines:
            if line.startswith(b"data: "):
                yield line.removeprefix(b"data: ").decode()
""": "in the middle of a line",
    """def payloads(reads):
    left = b""
    for read in reads:
        *lines, left = (left + read).split(b"\\n")
        for line in lines:
            if line.startswith(b"data:"):
                yield line.removeprefix(b"data:").decode()
""": "blank included",
}
