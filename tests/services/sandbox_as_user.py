"""The attack suite as an ordinary user: run as `python -m tests.services.sandbox_as_user FOLDER`, prints JSON.

A root's machine so tries what most readers have: bubblewrap in a user namespace, Landlock and process limits without a
uid of its own, and mostly no memory cgroup. Only attacks in languages of the system, for the time it takes.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from tests.services import sandbox_attack

LANGUAGES = ("python", "bash")


def main(folder: Path) -> None:
    """Run the attacks with `folder` as the host's folder, and print what came of them."""
    kept = [attack for attack in sandbox_attack.ATTACKS if attack.language in LANGUAGES]
    sandbox_attack.ATTACKS[:] = kept
    attacked = sandbox_attack.assault(None, folder)
    chosen = {(layer, attack.name) for layer, attack in sandbox_attack.layers_and_attacks()}
    escaped = [
        f"{layer} {name}: {answer['stdout'][-300:]}{answer['stderr'][-300:]}"
        for (layer, name), answer in attacked.answers.items()
        if "ESCAPED" in answer["stdout"] + answer["stderr"]
    ]
    wrong_end = [
        f"{layer} {attack.name}: {attacked.answers[layer, attack.name]['ended_by']}"
        for layer, attack in sandbox_attack.layers_and_attacks()
        if attacked.answers[layer, attack.name]["ended_by"] not in attack.ends
    ]
    print(
        json.dumps(
            {
                "layers": sorted({layer for layer, _ in chosen}),
                "attacks": len(attacked.answers),
                "escaped": escaped,
                "wrong_end": wrong_end,
                "heard": attacked.heard,
                "victims_ended": attacked.victims_ended,
                "processes": attacked.left.processes,
            }
        )
    )


if __name__ == "__main__":
    main(Path(sys.argv[1]))
