"""The attack suite: hostile programs in all five languages, each run on every layer that promises to contain it.

The programs lie in `sandbox_attacks`, one a file. A file's head says what it tries (`attack`), which promises
contain it (`needs`: all of them, one of the values of each), what may end it (`ends`, else the program itself), how
long it gets (`timeout`) and which files it may hand back (`files`). A program says `ESCAPED` where it succeeds, and
`tried` when it came to its end. `@NAMES@` stand for what is there to be attacked: see `targets`.
"""

from __future__ import annotations

import base64
import contextlib
import json
import os
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path

import pytest

from tests.services.sandbox_attack import ATTACKS, Attack, Attacked, assault, layers_and_attacks
from tests.services.sandbox_rig import LAYERS, layer_here
from tools.environment import ROOT

STRANGER = 65_533  # an ordinary user that no account has
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


def interpreter_for_all() -> tuple[list[str], dict[str, str]]:
    """The head of a command that runs this Python's version as nobody in particular, and its variables.

    Through env(1): setpriv itself still has root's right to read everything when it starts a program.
    """
    head = ["setpriv", "--reuid", str(STRANGER), "--regid", str(STRANGER), "--clear-groups", "--", "env"]
    variables = {"PYTHONPATH": os.pathsep.join([str(ROOT), *sys.path[1:]]), "PYTHONDONTWRITEBYTECODE": "1"}
    variables["PATH"] = "/usr/local/bin:/usr/bin:/bin"
    name = f"python{sys.version_info[0]}.{sys.version_info[1]}"
    for python in (sys.executable, *(f"{folder}/{name}" for folder in ("/usr/local/bin", "/usr/bin"))):
        command = [*head, python, "-c", "import tests.services.sandbox_as_user"]
        with contextlib.suppress(OSError):
            if subprocess.run(command, env=variables, cwd="/", capture_output=True).returncode == 0:
                return [*head, python], variables
    pytest.skip(f"no {name} here that an ordinary user could run with the project and its packages")


@pytest.mark.skipif(os.geteuid() != 0, reason="an ordinary user runs the whole suite as one")
def test_an_ordinary_user_is_as_safe_on_every_layer() -> None:
    command, variables = interpreter_for_all()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name, "host")
        folder.mkdir()
        for path in (Path(name), folder):
            os.chown(path, STRANGER, STRANGER)
        argv = [*command, "-m", "tests.services.sandbox_as_user", str(folder)]
        done = subprocess.run(argv, env={**variables, "TMPDIR": name, "HOME": name}, cwd="/", capture_output=True)
    assert done.returncode == 0, done.stderr.decode()[-2_000:]
    said = json.loads(done.stdout)
    print("layers tried as an ordinary user:", *said["layers"])
    assert "rlimits" in said["layers"] and said["attacks"] > 20
    assert (said["escaped"], said["wrong_end"], said["heard"], said["processes"]) == ([], [], [], [])
    assert not any(said["victims_ended"].values())


def test_there_are_at_least_forty_attacks_over_all_five_languages() -> None:
    assert len(ATTACKS) >= 40
    count = Counter(attack.language for attack in ATTACKS)
    assert set(count) == {"python", "javascript", "bash", "go", "rust"} and min(count.values()) >= 7, count
    assert len({attack.summary for attack in ATTACKS}) > len(ATTACKS) * 0.9
