"""The attack suite: hostile programs in all five languages, each run on every layer that promises to contain it.

The programs lie in `sandbox_attacks`, one a file. A file's head says what it tries (`attack`), which promises
contain it (`needs`: all of them, one of the values of each), what may end it (`ends`, else the program itself), how
long it gets (`timeout`) and which files it may hand back (`files`). A program says `ESCAPED` where it succeeds, and
`tried` when it came to its end. `@NAMES@` stand for what is there to be attacked: see `targets`.
"""

from __future__ import annotations

import base64
from collections import Counter
from pathlib import Path

import pytest

from tests.services.sandbox_attack import ATTACKS, Attack, Attacked, assault, layers_and_attacks
from tests.services.sandbox_rig import LAYERS, layer_here

STREAM_BYTES, FILES, FILE_BYTES = 1_000_000, 16, 8_000_000


@pytest.fixture(scope="module")
def attacked(warm_cache: Path, tmp_path_factory: pytest.TempPathFactory) -> Attacked:
    """The outcome of every attack on every layer; all run once, several at a time."""
    return assault(warm_cache, tmp_path_factory.mktemp("host"))


@pytest.mark.parametrize(
    ("layer", "attack"), [pytest.param(*pair, id=f"{pair[0]}-{pair[1].name}") for pair in layers_and_attacks()]
)
def test_the_attack_is_contained(attacked: Attacked, layer: str, attack: Attack) -> None:
    if reason := attacked.missing.get(attack.language):
        pytest.skip(reason)
    answer = attacked.answers[layer, attack.name]
    assert "ESCAPED" not in answer["stdout"] + answer["stderr"], answer
    assert answer["ended_by"] in attack.ends, answer
    if attack.ends == ("program",):
        assert "tried" in answer["stdout"], answer
    if attack.files is not None:
        assert {file["name"] for file in answer["files"]} == attack.files


@pytest.mark.parametrize("layer", LAYERS)
def test_no_answer_holds_a_secret_or_more_than_its_bounds(attacked: Attacked, layer: str) -> None:
    layer_here(layer)
    for (where, name), answer in attacked.answers.items():
        if where != layer:
            continue
        contents = [base64.b64decode(file["data"]) for file in answer["files"]]
        said = answer["stdout"] + answer["stderr"]
        assert attacked.secret not in said and attacked.secret.encode() not in b"".join(contents), name
        assert max(len(answer["stdout"]), len(answer["stderr"])) <= STREAM_BYTES, name
        assert len(contents) <= FILES and sum(map(len, contents)) <= FILE_BYTES, name


def test_nothing_of_the_attacks_is_left(attacked: Attacked) -> None:
    left = attacked.left
    assert left.processes == [], "processes of a run live on"
    assert left.folders == [] and left.cgroups == []
    assert left.mounts == []
    assert left.shared_memory == []


def test_the_host_and_the_other_run_noticed_nothing(attacked: Attacked) -> None:
    assert attacked.heard == [], "somebody outside was reached"
    assert attacked.host_files == ["secret"], "the host's folder has changed"
    assert not any(attacked.victims_ended.values()), "an attack ended another run"


def test_there_are_at_least_forty_attacks_over_all_five_languages() -> None:
    assert len(ATTACKS) >= 40
    count = Counter(attack.language for attack in ATTACKS)
    assert set(count) == {"python", "javascript", "bash", "go", "rust"} and min(count.values()) >= 7, count
    assert len({attack.summary for attack in ATTACKS}) > len(ATTACKS) * 0.9
