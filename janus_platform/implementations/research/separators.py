"""Signs that a question wants between or behind the parts of its answer: commas, hyphens, line breaks."""

from __future__ import annotations

from reading import Reading

_SEPARATORS = (
    (r"semicolons?", ";"),
    (r"hyphens?|dash(?:es)?", "-"),
    (r"(?:single\s+)?spaces?|blanks?", " "),
    (r"commas?(?:\s+and\s+(?:a\s+)?spaces?)", ", "),
    (r"commas?", ","),
    (r"(?:vertical\s+)?bars?|pipes?", "|"),
    (r"slash(?:es)?", "/"),
    (r"(?:full\s+stops?|periods?|dots?)", "."),
    (r"(?:new\s*lines?|line\s+breaks?)", "\n"),
    (r"underscores?", "_"),
)


def take_separator(reading: Reading) -> str | None:
    """What the question wants between the members, taken out of its instruction."""
    if reading.take(
        r"\b(?:one|each)\s+(?:per|on\s+(?:a|its\s+own))\s+line\b|\bone\s+per\s+line\b|\beach\s+on\s+a\s+new\s+line\b"
    ):
        return "\n"
    for names, sign in _SEPARATORS:
        if reading.take(rf"\b(?:join|connect|separate)\b(?=.*\b(?:with|by)\s+(?:{names})\b)"):
            reading.take(rf"\b(?:with|by)\s+(?:{names})\b")
            return sign
        if reading.take(
            rf"\b(?:separated|joined|divided|delimited)\s+(?:only\s+)?(?:by|with)\s+(?:an?\s+)?(?:{names})\b|\bwith\s+(?:an?\s+)?(?:{names})\s+(?:between|in\s+between)\b(?:\s+(?:them|the\s+\w+|each))?"
        ):
            return sign
        if reading.take(
            rf"\beach\s+(?:letter|character|word|one)\s+followed\s+by\s+(?:an?\s+)?(?:{names})(?:,?\s*(?:except|but\s+not|apart\s+from)\s+(?:for\s+)?(?:after\s+)?the\s+last(?:\s+one)?)"
        ):
            return sign
    return None


def take_bullet(reading: Reading) -> str:
    """What stands before every member of a list: "-" for points, "1." for numbered ones, "" where none is wanted."""
    if reading.take(r"\bas\s+(?:an?\s+)?(?:markdown\s+)?numbered\s+(?:markdown\s+)?list\b"):
        return "1."
    points = r"(?:bullet(?:ed)?|unordered|dashed)\s+(?:list|points)|list\s+points|list\s+with\s+(?:dashes|bullets)"
    return "-" if reading.take(rf"\bas\s+(?:an?\s+)?(?:markdown\s+)?(?:{points})\b") else ""
