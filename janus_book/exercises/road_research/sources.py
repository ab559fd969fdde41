"""Name what was used.

Write `sources(text, urls)`: the addresses of the passages that an answer used. The answer cites a passage by its
number, as [2]; numbers begin at 1, and `urls[0]` is the address of passage 1. Each address comes once, in the order
in which the answer cites it, and a number that no passage has is left out.
"""

import re

from janus_book.exercise import Hint


# %% answer
def sources(text, urls):
    ### BEGIN SOLUTION
    numbers = [int(number) for number in re.findall(r"\[(\d+)\]", text)]
    known = [urls[number - 1] for number in numbers if 0 < number <= len(urls)]
    return list(dict.fromkeys(known))
    ### END SOLUTION


# %% check
def check(sources):
    tides, moon, bay = urls = ["https://a.example/tides", "https://a.example/moon", "https://b.example/bay"]
    found = sources("The range is largest in the Bay of Fundy. [3]", list(urls))
    if found is None or found is ...:
        raise Hint("Your function returns nothing yet. Begin with the numbers in brackets: re.findall finds them.")
    if not isinstance(found, list):
        raise Hint(f"Several passages may be used: return a list, not {type(found).__name__}.")
    if found and found[0] in (3, "3"):
        raise Hint("Readers want addresses, and yours are still numbers.")
    if len(found) > 1:
        raise Hint(f"Only passage 3 is cited, and you name {len(found)} addresses.")
    if found == [moon]:
        raise Hint("[3] is the third passage: is urls[3] the third address, and does counting begin at 0?")
    if found != [bay]:
        raise Hint(f"[3] is the passage of {bay}, and yours names {', '.join(map(str, found)) or 'none'}.")
    if sources("Two tides a day. [1] The Moon does it. [2] Two. [1]", list(urls)) != [tides, moon]:
        got = sources("Two tides a day. [1] The Moon does it. [2] Two. [1]", list(urls))
        raise Hint(f"An address is named once, however often it is cited: {len(got)} for passages 1, 2 and 1 again.")
    if sources("In the bay. [3] By the Moon. [1]", list(urls)) != [bay, tides]:
        raise Hint("Keep the order of the answer: cited first, named first. Yours differs.")
    if sources("A [2] and B [2]", [moon, moon]) != [moon] or sources("A [1] B [2]", [moon, moon]) != [moon]:
        raise Hint("Two passages may come from one page: name its address once.")
    try:
        found = sources("Nobody knows. [7] The Moon does. [2]", list(urls))
    except IndexError:
        raise Hint("A model may cite a passage that does not exist, here [7] of three. Leave it out.") from None
    if found != [moon]:
        raise Hint("Of [7] and [2], only the second is a passage: one address, and yours names others.")
    if sources("See [0].", list(urls)) != []:
        raise Hint("There is no passage 0, and urls[-1] is the last address. Numbers begin at 1.")
    many = [f"https://c.example/{n}" for n in range(1, 13)]
    if sources("Late. [12]", many) != [many[11]]:
        raise Hint("[12] is one number with two digits.")
    if sources("In 1 of 3 bays, 2 metres.", list(urls)) != []:
        raise Hint("1, 3 and 2 are figures in a sentence. Only a number in brackets is a citation.")
    return "Each page is named once, and only if it was used."


# %% mistakes
MISTAKES = {
    "def sources(text, urls):\n    return ', '.join(urls)": "return a list",
    "def sources(text, urls):\n    return re.findall(r'\\[(\\d+)\\]', text)": "still numbers",
    "def sources(text, urls):\n    return urls": "Only passage 3 is cited",
    """def sources(text, urls):
    return [urls[int(n) - 2] for n in re.findall(r'\\[(\\d+)\\]', text)]
""": "third passage",
    "def sources(text, urls):\n    return []": "names none",
    """def sources(text, urls):
    return [urls[int(n) - 1] for n in re.findall(r'\\[(\\d+)\\]', text)]
""": "named once, however",
    """def sources(text, urls):
    numbers = {int(n) for n in re.findall(r'\\[(\\d+)\\]', text)}
    return [url for n, url in enumerate(urls, 1) if n in numbers]
""": "Keep the order of the answer",
    """def sources(text, urls):
    numbers = dict.fromkeys(int(n) for n in re.findall(r'\\[(\\d+)\\]', text))
    return [urls[n - 1] for n in numbers if 0 < n <= len(urls)]
""": "Two passages may come from one page",
    """def sources(text, urls):
    numbers = [int(n) for n in re.findall(r'\\[(\\d+)\\]', text)]
    return list(dict.fromkeys(urls[n - 1] for n in numbers))
""": "does not exist",
    """def sources(text, urls):
    numbers = [int(n) for n in re.findall(r'\\[(\\d+)\\]', text)]
    return list(dict.fromkeys(urls[n - 1] for n in numbers if n <= len(urls)))
""": "There is no passage 0",
    """def sources(text, urls):
    numbers = [int(n) for n in re.findall(r'\\[(\\d)\\]', text)]
    return list(dict.fromkeys(urls[n - 1] for n in numbers if 0 < n <= len(urls)))
""": "two digits",
    """def sources(text, urls):
    numbers = [int(n) for n in re.findall(r'\\d+', text)]
    return list(dict.fromkeys(urls[n - 1] for n in numbers if 0 < n <= len(urls)))
""": "figures in a sentence",
}
