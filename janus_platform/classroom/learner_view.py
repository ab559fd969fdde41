"""The learner's view of a classroom: own things under short names, what belongs to all, and nothing else."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from janus_platform.classroom.gateway_guard import LearnerTraces
from janus_platform.classroom.namespaces import is_own, owner, short
from janus_platform.traces.store import TraceStore

# Where the teacher's machine keeps things is nobody's business.
_HIDDEN = ("path", "pid")
_CALLER = "janus.caller"


def names_for(learner: str, entries: Iterable[Mapping[str, Any]], key: str = "name") -> list[dict[str, Any]]:
    """The entries about the learner's implementations, renamed, and about the common ones; paths and pids left out."""
    shown = []
    for entry in entries:
        name = str(entry[key])
        if owner(name) in (None, learner):
            kept = {k: v for k, v in entry.items() if k not in _HIDDEN}
            shown.append({**kept, key: short(learner, name)})
    return shown


def seen_by(learner: str, status: Mapping[str, Any]) -> dict[str, Any]:
    """A status, or a part of one, without the other learners' things."""
    shown = dict(status)
    if "implementations" in shown:
        shown["implementations"] = names_for(learner, shown["implementations"])
    if monitoring := shown.get("monitoring"):
        kept = dict(monitoring)
        for part, key in (("implementations", "name"), ("anomalies", "implementation"), ("requests", "implementation")):
            if part in kept:
                kept[part] = names_for(learner, kept[part], key)
        # The requests to the common implementations are everybody's.
        if "requests" in kept:
            kept["requests"] = [one for one in monitoring["requests"] if is_own(learner, str(one["implementation"]))]
            kept["requests"] = names_for(learner, kept["requests"], "implementation")
        shown["monitoring"] = kept
    shown.pop("room", None)
    return shown


def trace_for(learner: str, name: str, store: TraceStore, traces: LearnerTraces) -> dict[str, Any] | None:
    """The learner's trace of that name (`latest` too), or None where there is none or it is not the learner's."""
    if name == "latest":
        for trace in traces.of(learner):
            content = store.get(trace)
            if content and content["complete"] and any(span["name"] == "gateway" for span in content["spans"]):
                return _shown(content)
        return None
    content = store.get(name)
    return _shown(content) if content and _is_theirs(learner, content, traces) else None


def _is_theirs(learner: str, trace: Mapping[str, Any], traces: LearnerTraces) -> bool:
    whose = traces.owner(trace["trace_id"])
    if whose is not None:
        return whose == learner
    # Calls that the learner's own programs made, without a request to the gateway around them.
    callers = {str(span["attributes"].get(_CALLER, "")) for span in trace["spans"]}
    return all(owner(caller) == learner for caller in callers)


def _shown(trace: Mapping[str, Any]) -> dict[str, Any]:
    # A call that only may belong to this request may as well be another learner's.
    return {**trace, "unattributed": []}
