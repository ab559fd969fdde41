"""`janus model`: the command that people type, as a process of its own, against a real HTTPS server."""

from __future__ import annotations

import dataclasses
import json
import signal
import subprocess
import sys
from pathlib import Path

from janus_platform.services.downloads.copying import BLOCK
from tests.services.model_files_rig import SHA256, entry, left
from tests.services.model_server import Served

COMMAND = """
import sys, pathlib
from janus_platform.services.inference.models import table
table.TABLE_FILE = pathlib.Path(sys.argv.pop(1))
from janus_platform.cli.main import main
main()
"""


def command(tmp_path: Path, served: Served, *words: str, **other: str) -> subprocess.Popen[str]:
    one = dataclasses.asdict(entry(served, **other)) | {"source": {}}
    lines = [f"{name} = {json.dumps(value)}" for name, value in one.items() if name != "source"]
    (tmp_path / "table.toml").write_text("[[model]]\n" + "\n".join(lines) + "\n[model.source]\n")
    return subprocess.Popen(
        [sys.executable, "-c", COMMAND, str(tmp_path / "table.toml"), "model", *words],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def test_the_command_fetches_lists_and_removes(tmp_path: Path, served: Served) -> None:
    process = command(tmp_path, served, "pull", "tiny", "--json")
    assert json.loads(process.communicate()[0])["sha256"] == SHA256
    listed = json.loads(command(tmp_path, served, "list", "--json").communicate()[0])
    assert [(one["name"], one["here"], one["checked"]) for one in listed] == [("tiny", True, "table")]
    shown = command(tmp_path, served, "list", "--sources").communicate()[0]
    assert f"tiny: {served.address}\n  SHA-256 {SHA256}" in shown
    process = command(tmp_path, served, "remove", "tinny")
    assert (process.communicate()[1].split(".")[0], process.returncode) == ("janus: There is no model 'tinny'", 1)


def test_a_model_with_terms_of_its_own_is_fetched_only_once_they_are_accepted(tmp_path: Path, served: Served) -> None:
    process = command(tmp_path, served, "pull", "tiny", terms="https://terms.example/")
    said = process.communicate()[1]
    assert (process.returncode, served.asked) == (1, [])
    assert "https://terms.example/" in said
    assert "--accept-terms" in said
    process = command(tmp_path, served, "pull", "tiny", "--accept-terms", terms="https://terms.example/")
    assert "tiny is here" in process.communicate()[0]


def test_an_interrupt_leaves_what_came_and_says_how_to_go_on(tmp_path: Path, served: Served, home: Path) -> None:
    served.waits_after = BLOCK
    process = command(tmp_path, served, "pull", "tiny")
    assert process.stderr is not None
    assert "fetching tiny" in process.stderr.readline()
    process.send_signal(signal.SIGINT)
    said = process.communicate()[1]
    assert (process.returncode, "goes on from there" in said) == (130, True)
    assert left(home) == {"tiny.gguf.part", "tiny.gguf.part.json"}
