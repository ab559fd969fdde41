"""Which layers of the sandbox a run of the tests tried on this machine, and which it had to leave out, with reasons."""

from __future__ import annotations

import os

from janus_platform.isolation.layers import detect, without_namespaces
from janus_platform.isolation.memory import Cgroup, guard_maker


def summary() -> list[str]:
    """A line for what was tried, and one for each part that was not."""
    best, second = detect(), without_namespaces("asked by the tests")
    layers = dict.fromkeys((best.layer, second.layer, "rlimits"))
    guard = guard_maker(1_000_000)()
    guard.discard()
    kind = guard.kind
    if isinstance(guard, Cgroup):
        kind = f"cgroup v{2 if (guard.path.parent / 'cgroup.controllers').exists() else 1}"
    who = "root" if os.geteuid() == 0 else "an ordinary user"
    lines = [f"sandbox: tried as {who} on {', '.join(layers)}; memory by {kind} and watchdog"]
    lines += [f"sandbox: no bubblewrap here: {reason}" for reason in best.reasons if best.layer != "bubblewrap"]
    if second.layer != "landlock":
        lines.append(f"sandbox: not tried: landlock, {second.reasons[-1]}")
    missing = [f"memory by {one}" for one in ("cgroup v1", "cgroup v2") if one != kind]
    missing += [] if os.geteuid() == 0 else ["a uid of its own for each run"]
    lines.append(f"sandbox: not tried: {', '.join(missing)}")
    return lines
