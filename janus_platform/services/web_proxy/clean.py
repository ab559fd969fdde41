"""Remove from Markdown what a reader must not be handed: links that run something, and raw HTML."""

from __future__ import annotations

import html as entities
import math
import re
from bisect import bisect_right

_SAFE_SCHEMES = frozenset({"http", "https", "mailto", "tel"})

# A fence may stand in a list or a quotation. What is possessive here is not tried again with less of it: each line is
# looked at once.
_FENCE = re.compile(r"^(?P<within>[ \t>]*+(?>(?:(?:[-*+]|\d{1,9}[.)])[ \t>]++)*))(?P<fence>`{3,}+|~{3,}+)(?P<info>.*)$")
# In order: an escaped character, backticks, an autolink, the start of raw HTML, and the brackets of links.
_INLINE = re.compile(
    r"(?P<escape>\\.)|(?P<ticks>`++)|<(?P<auto>[a-zA-Z][a-zA-Z0-9+.-]{1,31}:[^<>\s]*)>"
    r"|(?P<tag><(?=[a-zA-Z/!?]))|(?P<open>!?\[)|(?P<link>\]\()|(?P<close>\])"
)
# The beginning of a destination, enough to see its scheme: longer character references are none (CommonMark 2.5).
_DESTINATION = re.compile(r"\s*(<?[^<>\n]{0,256})")
_MAX_DESTINATION = 2_048
_LINK_SIGN = re.compile(r"\]\(|\]:|<(?=[a-zA-Z&])")
# Behind a line's end, the sign of a quotation may come first.
_NEAR_DESTINATION = re.compile(r"[\s>]*(<?[^<>\n]{0,256})")
_MAX_PASSES = 10
_PARENTHESES = re.compile("[()\n]")
_TICKS, _LINK, _LINE_END = re.compile("`++"), re.compile(r"\]\("), re.compile("\n")
_MARKUP = re.compile(r"[<>\[\]()`]+")
# Soft hyphens, zero-width spaces and joiners: marks for a page's layout.
_SOFT = re.compile("[\u00ad\u200b\u2060\ufeff]")
_SCHEME = re.compile(r"([a-z][a-z0-9+.-]*):", re.IGNORECASE)
_INVISIBLE = re.compile(r"[\x00-\x20\x7f\\]")
_REFERENCE = re.compile(r"^\s{0,3}\[[^\]\n]*\]:\s*(?P<to>\S+)")


def clean(markdown: str) -> str:
    """Unlink what does not lead to http, https, mail or telephone, and escape raw HTML, everywhere but in fenced code.

    Inline code loses such a link, too: renderers differ on where it ends, and the stricter reading is the safe one.
    """
    out: list[str] = []
    plain: list[str] = []
    opened: re.Match[str] | None = None
    for line in markdown.split("\n"):
        match = _FENCE.match(line) if "```" in line or "~~~" in line else None
        if opened:
            # Where a list or quotation ends is read differently by renderers, so links are broken up in there as well.
            out.append(_broken_up(line) if opened["within"] else line)
            if match and match["fence"].startswith(opened["fence"]) and not match["info"].strip():
                opened = None
        elif match and not (match["fence"].startswith("`") and "`" in match["info"]):
            out.extend(_clean_lines(plain))
            plain, opened = [], match
            out.append(line)
        else:
            plain.append(line)
    out.extend(_clean_lines(plain))
    return "\n".join(out)


def _clean_lines(lines: list[str]) -> list[str]:
    if not lines:
        return []
    text = _SOFT.sub("", "\n".join(line for line in lines if not _is_unsafe_reference(line)))
    for _ in range(_MAX_PASSES):
        before, text = text, _clean_inline(text)
        if text == before:
            return _broken_up(text).split("\n")
    # What is taken away joins its neighbours to something new, again and again: nobody writes so by accident.
    return [_MARKUP.sub(" ", text)]


def _broken_up(text: str) -> str:
    """`text` with a blank in every `](`, `]:` and `<` that an unsafe destination follows, wherever it stands."""

    def broken(match: re.Match[str]) -> str:
        destination = _NEAR_DESTINATION.match(text, match.end())
        return match[0] if destination is None or _is_safe(destination[1]) else f"{match[0][0]} {match[0][1:]}"

    return _LINK_SIGN.sub(broken, text)


def _clean_inline(text: str) -> str:
    """One pass with a stack of open brackets, so that nested links cost no more than flat ones."""
    out: list[str] = []
    brackets: list[int] = []
    spans = _CodeSpans(text)
    at = 0
    while match := _INLINE.search(text, at):
        out.append(text[at : match.start()])
        at = match.end()
        kind = match.lastgroup
        if kind == "open":
            brackets.append(len(out))
            out.append(match[0])
        elif kind == "close":
            del brackets[-1:]
            out.append(match[0])
        elif kind == "link":
            at = _close_link(text, at, out, brackets)
        elif kind == "tag":
            out.append("\\<")
        elif kind == "auto":
            out.append(match[0] if _is_safe(match["auto"]) else match["auto"])
        elif kind == "ticks":
            # What is not taken as code stays, and so does what follows it.
            at = spans.end(match.start(), len(match[0])) or at
            out.append(text[match.start() : at])
        else:
            out.append(match[0])
    out.append(text[at:])
    return "".join(out)


def _close_link(text: str, at: int, out: list[str], brackets: list[int]) -> int:
    """Behind `](`: keep a safe link, or drop brackets and destination. Returns where to go on."""
    opened = brackets.pop() if brackets else None
    destination = _DESTINATION.match(text, at)
    assert destination is not None  # It matches the empty string.
    if _is_safe(destination[1]):
        out.append("](")
        return at
    end = _after_parenthesis(text, at)
    if end is None:
        out.append("] (")  # Not a link as it stands; the blank keeps it from becoming one.
        return at
    if opened is not None:
        out[opened] = ""
    return end


def _after_parenthesis(text: str, at: int) -> int | None:
    """Where the parenthesis ends that was opened before `at`; None when it is not closed on the same line."""
    depth = 1
    for match in _PARENTHESES.finditer(text, at, at + _MAX_DESTINATION):
        if match[0] == "\n":
            return None
        depth += 1 if match[0] == "(" else -1
        if depth == 0:
            return match.end()
    return None


class _CodeSpans:
    """Where inline code ends in a text (CommonMark 6.1): runs of backticks and unsafe links are found once each."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._runs: dict[int, list[int]] = {}
        self._unsafe: list[int] = []
        if "`" in text:
            for run in _TICKS.finditer(text):
                self._runs.setdefault(len(run[0]), []).append(run.start())
            links = (match.end() for match in _LINK.finditer(text))
            self._unsafe = [at for at in links if not _is_safe(_destination_at(text, at))]
            self._line_ends = [match.start() for match in _LINE_END.finditer(text)]

    def end(self, start: int, length: int) -> int | None:
        """Where the code ends that a run of backticks at `start` opens; None where it opens none, or holds a link."""
        runs = self._runs.get(length, [])
        following = bisect_right(runs, start)
        if following == len(runs) or _next(self._line_ends, start) < runs[following]:
            return None
        end = runs[following] + length
        return None if _next(self._unsafe, start) < end else end


def _next(places: list[int], start: int) -> float:
    at = bisect_right(places, start)
    return places[at] if at < len(places) else math.inf


def _destination_at(text: str, at: int) -> str:
    match = _DESTINATION.match(text, at)
    return match[1] if match else ""


def _is_unsafe_reference(line: str) -> bool:
    match = _REFERENCE.match(line)
    return bool(match and not _is_safe(match["to"]))


def _is_safe(destination: str) -> bool:
    """Whether a link's destination has a safe scheme or none, read as browsers do: no entities, no blanks."""
    if ":" not in destination and "&" not in destination:
        return True
    plain = _INVISIBLE.sub("", entities.unescape(destination.strip().strip("<>")))
    scheme = _SCHEME.match(plain)
    return scheme is None or scheme[1].lower() in _SAFE_SCHEMES
