"""Characters that no reader sees: text can be hidden in them for a model, or an order that is not the page's.

Source: Unicode 16, Default_Ignorable_Code_Point (DerivedCoreProperties) and UTS 55 (source code handling).
"""

from __future__ import annotations

import re

# Control characters but tab and line ends, interlinear annotations, and what is no character.
_NO_TEXT = "\x00-\x08\x0b\x0e-\x1f\x7f-\x84\x86-\x9f\ufff9-\ufffb\ufdd0-\ufdef\ufffe\uffff"
DEFAULT_IGNORABLE = (
    "\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f\u3164"
    "\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufff8\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff"
)
# Hebrew to Khmer, what is written with joiners, and the signs that emoji are joined of.
_JOINED = "\u0590-\u1fff\u2600-\u27bf\ufb1d-\ufefc\U0001f000-\U0001faff"
_KEPT = "|".join(
    (
        f"(?<=[{_JOINED}\ufe0f])[\u200c\u200d](?=[{_JOINED}])",
        # One variation selector, which chooses the look of the character before it; more of them spell bytes.
        "(?<=[#*0-9\u00a9\u00ae\u203c-\u3299\U0001f000-\U0001faff])[\ufe0e\ufe0f]",
        "(?<=[\u3400-\u9fff])[\ufe00-\ufe02\U000e0100-\U000e010f]",
        # The flags of England, Scotland and Wales: the black flag, a region in tags, and the end.
        "\U0001f3f4[\U000e0061-\U000e007a]{4,6}\U000e007f",
    )
)
_ANY = f"[{DEFAULT_IGNORABLE}{_NO_TEXT}]"
_INVISIBLE = re.compile(f"(?=[{DEFAULT_IGNORABLE}{_NO_TEXT}\U0001f3f4])(?:(?P<kept>{_KEPT})|{_ANY}+)")


def without_invisible(text: str) -> str:
    """`text` without the characters that show nothing, but with those that shape their neighbours."""
    return _INVISIBLE.sub(lambda match: match["kept"] or "", text)
