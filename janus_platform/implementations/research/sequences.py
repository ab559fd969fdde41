"""Numbers, words or characters that a sentence describes, as a Python expression: "how many numbers from 1 to 90 are
divisible by 7 but not by 5?" is `sum(1 for x in range(1, 91) if x % 7 == 0 and not x % 5 == 0)`.

A description has four parts, each from a small table: where the members come from, what is made of each, which of them
count, and what is done with those. Any of them go together. What the tables do not have is not guessed: `describe` then
gives None.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

import short
from reading import NUMBER, Reading

HELPERS = {
    "is_prime": ("def is_prime(n):\n    return n > 1 and all(n % d for d in range(2, int(n ** 0.5) + 1))\n"),
    "math.": "import math\n",
}
_LARGER = r"(?:larger|greater|bigger|higher|more|longer)\s+than|above|over|exceeding"
_SMALLER = r"(?:smaller|less|lower|fewer|shorter)\s+than|below|under"
_ENDS = r"(?:,?\s*(?:both\s+)?(?:ends\s+)?(?:included|inclusive(?:ly)?))?"


def describe(text: str, given: Sequence[str] = ()) -> str | None:
    """The expression that `text` describes, over the parameters `given`; None where a word of it is not understood."""
    return _Description(text, given).expression()


def with_helpers(expression: str) -> str:
    """The definitions and imports that `expression` needs."""
    return "".join(code for name, code in HELPERS.items() if name in expression)


class _Description:
    def __init__(self, text: str, given: Sequence[str]) -> None:
        self._given = given
        names = [re.escape(name) + r"(?![\w(])" for name in given]
        self._value = f"(?:{'|'.join([NUMBER, *names])})"
        self._reading = Reading(_as_operators(_spelled_out(text)))
        self._of_texts = False

    def expression(self) -> str | None:
        form = self._aggregate()
        source = self._source()
        if form is None or source is None:
            return None
        element = self._element()
        condition = self._condition(element)
        if self._reading.unread(["letters", "characters"] if self._of_texts else ()):
            return None
        members = f"{element} for x in {source}" + (f" if {condition}" if condition else "")
        if form == "len":
            members = f"1 for x in {source}" + (f" if {condition}" if condition else "")
            return f"sum({members})"
        if form == "mean":
            return f"(lambda found: sum(found) / len(found))([{members}])"
        if form in ("list", "sorted"):
            return f"[{members}]" if form == "list" else f"sorted({members})"
        return form.replace("…", members)

    def _aggregate(self) -> str | None:
        """What is done with the members: "…" stands for them."""
        take = self._reading.take
        if take(r"\bhow\s+many\b|\bhow\s+often\b|\bcount(?:s|ing)?\b|\b(?:the\s+)?number\s+of\b(?!\s+the)"):
            return "len"
        if take(r"\b(?:sum(?:s|\s+up)?|adds?\s+up|total)\b(?:\s+(?:of|up))?"):
            return "sum(…)"
        if take(r"\b(?:product|multipl(?:y|ies))\b(?:\s+of)?"):
            return "math.prod(…)"
        if take(r"\b(?:average|(?:arithmetic\s+)?mean)\b(?:\s+of)?"):
            return "mean"
        for names, function in (("longest", "max"), ("shortest", "min")):
            if take(rf"\b{names}\b"):
                self._of_texts = True
                return f"{function}((…), key=len)"
        for names, function in (
            (r"largest|biggest|greatest|highest|maximum", "max"),
            (r"smallest|lowest|minimum", "min"),
        ):
            if take(rf"\b(?:{names})\b(?!\s+common)"):
                return f"{function}(…)"
        ordered = take(r"\b(?:in\s+(?:rising|ascending|increasing)\s+order|sorted)\b")
        if take(r"\b(?:list|which|all|every|the)\b"):
            return "sorted" if ordered else "list"
        return None

    def _source(self) -> str | None:
        """Where the members come from."""
        take, v = self._reading.take, self._value
        if found := take(rf"\b(?:positive\s+)?(?:divisors?|factors?)\s+of\s+({v})"):
            n = _plain(found[1])
            return f"[d for d in range(1, {n} + 1) if {n} % d == 0]"
        if found := take(rf"\b(?:decimal\s+)?digits\s+of\s+({v}(?:\s*(?:\*\*|\*|\+)\s*{v})*)"):
            return f"map(int, str({_plain(found[1])}))"
        if listed := take(
            r"\b(?:numbers?|integers?|entry|entries|elements?|items?|values?|words?|texts?|strings?)\b[^.;]{0,12}?"
            r"\b(?:of|in|from)\s+(?:the|a)\s+list\b(?:\s+of\s+(?:whole\s+)?(?:numbers|integers|words|texts|strings))?"
            r"|\b(?:a|the)\s+list\s+of\s+(?:whole\s+)?(?:numbers|integers|words)\b"
        ):
            self._of_texts |= bool(short.search(r"\b(?:words?|texts?|strings?)\b", listed[0], re.I))
            return self._given[0] if self._given else None
        if self._given and take(r"\b(?:characters|letters)\s+(?:of|in)\s+(?:the|a)\s+(?:text|word|string)\b"):
            self._of_texts = True
            return self._given[0]
        if self._given and take(r"\bwords\s+(?:of|in)\s+(?:the|a)\s+(?:text|sentence|string)\b"):
            self._of_texts = True
            return f"{self._given[0]}.split()"
        if found := take(
            rf"\b(?:from|between|in\s+the\s+range(?:\s+from)?)\s+({v})\s+(?:up\s+)?(?:to|and|through|until)\s+({v})"
            + _ENDS
        ):
            return f"range({_plain(found[1])}, {_plain(found[2])} + 1)"
        if found := take(rf"\b(?:{_SMALLER})\s+({v})"):
            return f"range(1, {_plain(found[1])})"
        if found := take(rf"\b(?:up\s+to|not\s+larger\s+than|at\s+most)\s+({v})" + _ENDS):
            return f"range(1, {_plain(found[1])} + 1)"
        return None

    def _element(self) -> str:
        """What is made of each member."""
        take, v, made = self._reading.take, self._value, "x"
        if found := take(
            rf"\b(?:each\s+of\s+them\s+)?(?:first\s+)?(?:limited|clamped|clipped|bounded|cut)\s+(?:off\s+)?to\s+"
            rf"(?:(?:the\s+)?(?:range|interval)\s+)?(?:from\s+|between\s+)?({v})\s+(?:to|and)\s+({v})" + _ENDS
        ):
            made = f"min(max(x, {_plain(found[1])}), {_plain(found[2])})"
        for said, shape in (
            (r"\bsquares\s+of\b|\bsquared\b", "({}) ** 2"),
            (r"\bcubes\s+of\b|\bcubed\b", "({}) ** 3"),
            (r"\babsolute\s+values?\s+of\b", "abs({})"),
            (r"\breciprocals\s+of\b", "1 / ({})"),
            (r"\b(?:doubled|doubles?\s+of|twice)\b", "2 * ({})"),
            (r"\b(?:halved|halves\s+of)\b", "({}) / 2"),
            (r"\blengths\s+of\b", "len({})"),
        ):
            if take(said):
                made = shape.format(made) if made != "x" else shape.replace("({})", "x").format("x")
        return made

    def _condition(self, element: str) -> str:
        """Which members count: conditions joined as the words between them say."""
        atoms = _atoms(self._value, self._of_texts)
        pattern = "|".join(f"(?P<c{n}>{said})" for n, (said, _) in enumerate(atoms))
        text, joined, end = self._reading.rest, "", 0
        left = ""
        for match in short.finditer(pattern, text, re.I):
            between = text[end : match.start()]
            kind = next(n for n in range(len(atoms)) if match[f"c{n}"])
            said, made = atoms[kind]
            groups = [_plain(group) for group in short.search(said, match[0], re.I).groups() if group]  # type: ignore[union-attr]
            negated = short.search(r"\b(?:not|no|nor|without|neither|unless|except)\b", between, re.I)
            condition = made(groups)
            condition = f"not ({condition})" if negated else condition
            joined += ("" if not joined else " or " if short.search(r"\bor\b", between, re.I) else " and ") + condition
            left += (
                short.sub(r"\b(?:not|no|nor|without|neither|unless|except|or|but|both)\b", " ", between, flags=re.I)
                + ";"
            )
            end = match.end()
        self._reading.rest = left + text[end:]
        return joined


def _atoms(v: str, of_texts: bool) -> list[tuple[str, Callable[[list[str]], str]]]:
    """Conditions on one member `x`: what people say, and what it is in Python."""
    size = "len(x)" if of_texts else "x"
    return [
        (rf"\bdivisible\s+by\s+({v})|\bmultiples?\s+of\s+({v})", lambda g: f"x % {g[0]} == 0"),
        (
            rf"\b(?:(?:leav(?:e|es|ing)|with|have|has)\s+)?(?:a\s+|the\s+)?remainder\s+(?:of\s+)?({v})\s+(?:when|if|on)\s+divided\s+by\s+({v})",
            lambda g: f"x % {g[1]} == {g[0]}",
        ),
        (
            rf"\bdivisors?\s+(?:in\s+common\s+)?with\s+({v})(?:\s+(?:besides|except|but|other\s+than)\s+1)?"
            rf"|\bcommon\s+(?:divisor|factor)\s+with\s+({v})(?:\s+(?:besides|except|but|other\s+than)\s+1)?",
            lambda g: f"math.gcd(x, {g[0]}) > 1",
        ),
        (rf"\b(?:co-?prime|relatively\s+prime)\s+(?:to|with)\s+({v})", lambda g: f"math.gcd(x, {g[0]}) == 1"),
        (r"\bprimes?\b(?:\s+numbers?)?", lambda g: "is_prime(x)"),
        (r"\beven\b", lambda g: "x % 2 == 0"),
        (r"\bodd\b", lambda g: "x % 2 == 1"),
        (r"\bpositive\b", lambda g: "x > 0"),
        (r"\bnegative\b", lambda g: "x < 0"),
        (
            r"\breads?\s+the\s+same\s+(?:forwards?|backwards?)\s+and\s+(?:forwards?|backwards?)|\bpalindrom(?:es?|ic)\b",
            lambda g: "str(x) == str(x)[::-1]",
        ),
        (r"\b(?:perfect\s+|whole\s+)?square(?:s|\s+numbers)?\b", lambda g: "math.isqrt(x) ** 2 == x"),
        (r"\bcontain(?:s|ing)?\s+(?:the\s+)?(?:digit|figure)\s+(\d)", lambda g: f"'{g[0]}' in str(x)"),
        (r"\bend(?:s|ing)?\s+(?:with|in|on)\s+(?:the\s+digit\s+)?(\d+)", lambda g: f"str(x).endswith('{g[0]}')"),
        (
            rf"\bdigits?\s+(?:that\s+)?(?:add|sum)\s+(?:up\s+)?to\s+({v})|\bdigit\s+sum\s+(?:is\s+|of\s+)?({v})",
            lambda g: f"sum(map(int, str(x))) == {g[0]}",
        ),
        (rf"\b(?:lies?\s+|are\s+|is\s+)?between\s+({v})\s+and\s+({v}){_ENDS}", lambda g: f"{g[0]} <= {size} <= {g[1]}"),
        (rf"\bat\s+least\s+({v})", lambda g: f"{size} >= {g[0]}"),
        (rf"\bat\s+most\s+({v})", lambda g: f"{size} <= {g[0]}"),
        (rf"\b(?:{_LARGER})\s+({v})", lambda g: f"{size} > {g[0]}"),
        (rf"\b(?:{_SMALLER})\s+({v})", lambda g: f"{size} < {g[0]}"),
        (r"\bvowels?\b", lambda g: "x in 'aeiouAEIOU'"),
        (r"\bupper[- ]?case\b|\bcapital\b", lambda g: "x.isupper()"),
        (r"\blower[- ]?case\b", lambda g: "x.islower()"),
    ]


def _spelled_out(text: str) -> str:
    """The same condition said in full: "divisible by 3 but not by 12" repeats its verb."""
    text = text.replace("whole numbers", "numbers").replace("−", "-")
    for said in ("divisible by", "multiples of"):
        joined = rf"({said}\s+{NUMBER}(?:[^.;]*?)\b(?:or|and|nor|not)\s+)(?:(?:by|of)\s+)?"
        step = rf"{joined}(?={NUMBER}(?!\s*(?:,?\s*both|\w)))"
        text = short.sub(step, rf"\1{said} ", text, flags=re.I)
    return text


def _as_operators(text: str) -> str:
    """Products and powers of numbers in signs: "the digits of 12 times 34"."""
    for said, sign in ((r"times|multiplied\s+by|×", "*"), (r"to\s+the\s+power\s+(?:of\s+)?", "**")):
        text = short.sub(rf"(?<=\d)\s*(?:{said})\s*(?=\d)", f" {sign} ", text, re.I)
    return text


def _plain(said: str) -> str:
    return short.sub(r"(?<=\d),(?=\d{3})", "", said)
