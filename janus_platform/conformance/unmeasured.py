"""The fields that nothing can measure from outside, each with the reason, and those that other tests hold.

A field of the contract that is neither compared nor listed here is reported as `unchecked`; a test keeps that empty.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from janus_platform.conformance.fields import leaves
from janus_platform.conformance.report import STATED, UNCHECKED, Row, uncovered, unseen
from janus_platform.contract import Contract

HOW = "none"
_PROSE = "A sentence for readers: no answer holds it."
_OUTWARD = "How the platform speaks to another server: nothing of it shows here."
_INSIDE = "Counted inside; tests of the repository hold it."
_LONG = "Showing it takes hours or a day; tests hold it on a clock of their own."
_OTHERS = "What another public source says: compare it with its source."

# The first pattern that fits a field's path gives the reason.
REASONS: tuple[tuple[str, str], ...] = (
    (r"dated|source|repository|changes\..*", "Where the contract itself comes from."),
    (r".*\.documented_elsewhere", _OTHERS),
    (r"request_flow\..*|security\..*|bench\.flow", _PROSE),
    (r"services\.\w+\.(features|future_features|catalog_url)", _PROSE),
    (r"services\.web_proxy\.user_agent", "Only the fetched sites see it."),
    (r"services\.search\.live\..*|services\.inference\.upstream\..*", _OUTWARD),
    (r"services\.inference\.limits\.max_(image_bytes|image_pixels|schema_nodes|schema_depth)", _INSIDE),
    (r"wire\.artifacts_field", "Only answers that draw a picture have it; tests of the repository hold it."),
    (r"secrets\.key_rotation_seconds|attestation\.clock_skew_seconds", _LONG),
    (r"attestation\.rate_limit.*", "Trying it would keep others from evidence for a minute; tests hold it."),
    (r"monitoring\.kept_requests", _INSIDE),
    (r"implementation\.(chat|health|models)_path", "The gateway alone can see it; `janus submit` tries it."),
    (r"submission\..*", "`janus submit` holds a form against it; tests of the repository hold the command."),
    (r"node\..*|egress\.(\w+_seconds|max_\w+)", _INSIDE),
    (r"classroom\..*", "A shared classroom keeps it (`janus up --host`); this platform may be none."),
    (r"bench\.suites\..*\.duration_seconds", _LONG),
    (r"[\w.]+\.since", "When the contract took it up: no answer holds it."),
)


def rest(contract: Contract, rows: Iterable[Row]) -> Iterator[Row]:
    """A row for every field that no row is about: `stated` with its reason, or `unchecked`."""
    found = leaves(contract)
    for field in uncovered(found, rows):
        note = next((note for pattern, note in REASONS if re.fullmatch(pattern, field)), None)
        if note is None:
            yield unseen(field, HOW, UNCHECKED, "janus check does not know this field yet.", found[field])
        else:
            yield unseen(field, HOW, STATED, note, found[field])
