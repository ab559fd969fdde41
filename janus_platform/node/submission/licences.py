"""Which licences the submission form takes: those that the Open Source Initiative approved, by their SPDX ids.

Two or more may be joined, as in `MIT OR Apache-2.0` (SPDX specification, annex on licence expressions); exceptions
(`WITH …`), parentheses and the ids that SPDX has deprecated are not taken.
"""

from __future__ import annotations

import re
from difflib import get_close_matches

# SPDX License List, entries with `isOsiApproved` that are not deprecated.
OSI_APPROVED = frozenset(
    """
    0BSD AAL AFL-1.1 AFL-1.2 AFL-2.0 AFL-2.1 AFL-3.0 AGPL-3.0-only AGPL-3.0-or-later ALGLIB-Documentation APL-1.0
    APSL-1.0 APSL-1.1 APSL-1.2 APSL-2.0 Apache-1.1 Apache-2.0 Artistic-1.0 Artistic-1.0-Perl Artistic-1.0-cl8
    Artistic-2.0 BSD-1-Clause BSD-2-Clause BSD-2-Clause-Patent BSD-3-Clause BSD-3-Clause-LBNL
    BSD-3-Clause-Open-MPI BSD-ask-to-endorse BSL-1.0 BlueOak-1.0.0 CAL-1.0 CAL-1.0-Combined-Work-Exception
    CATOSL-1.1 CDDL-1.0 CDDL-1.1 CECILL-2.1 CERN-OHL-P-2.0 CERN-OHL-S-2.0 CERN-OHL-W-2.0 CNRI-Python
    CNRI-Python-GPL-Compatible CPAL-1.0 CPL-1.0 CUA-OPL-1.0 ECL-1.0 ECL-2.0 EFL-1.0 EFL-2.0 EPL-1.0 EPL-2.0
    EUDatagrid EUPL-1.1 EUPL-1.2 Entessa Fair Frameworx-1.0 GPL-2.0-only GPL-2.0-or-later GPL-3.0-only
    GPL-3.0-or-later HPND ICU IPA IPL-1.0 ISC Intel Jam LGPL-2.0-only LGPL-2.0-or-later LGPL-2.1-only
    LGPL-2.1-or-later LGPL-3.0-only LGPL-3.0-or-later LPL-1.0 LPL-1.02 LPPL-1.3c LiLiQ-P-1.1 LiLiQ-R-1.1
    LiLiQ-Rplus-1.1 MIT MIT-0 MIT-Modern-Variant MPL-1.0 MPL-1.1 MPL-2.0 MPL-2.0-no-copyleft-exception MS-PL MS-RL
    MirOS Motosoto MulanPSL-2.0 Multics NASA-1.3 NCSA NGPL NPOSL-3.0 NTP Naumen Nokia OCLC-2.0 OFL-1.1 OFL-1.1-RFN
    OFL-1.1-no-RFN OGTSL OLDAP-2.8 OLFL-1.3 OSC-1.0 OSET-PL-2.1 OSL-1.0 OSL-2.0 OSL-2.1 OSL-3.0 PHP-3.0 PHP-3.01
    PostgreSQL Python-2.0 Python-2.0.1 QPL-1.0 RPL-1.1 RPL-1.5 RPSL-1.0 RSCPL SISSL SPL-1.0 SimPL-2.0 Sleepycat
    UCL-1.0 UPL-1.0 Unicode-3.0 Unicode-DFS-2016 Unlicense VSL-1.0 W3C W3C-20150513 Watcom-1.0 WordNet Xnet
    ZPL-2.0 ZPL-2.1 Zlib curl
    """.split()
)
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
    raise ValueError(f"{spdx_id[:60]!a} is no OSI-approved SPDX id; {offer}")


def _close(wanted: str) -> list[str]:
    longer = [name for name in _BY_LOWER_CASE if wanted and name.startswith(wanted.rstrip("+") + "-")]
    return longer[:3] or get_close_matches(wanted, _BY_LOWER_CASE, n=2, cutoff=0.6)
