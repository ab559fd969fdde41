"""Live mode: the same cells; what cannot be reached is said, and skipped with its reason."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import nbformat
import pytest

from janus_platform.contract import load_contract
from janus_platform.live import LivePlatform, LocalOnlyError
from janus_platform.live.hosts import Host, reach, reason_for
from janus_platform.live.skipping import MARK, Skipper
from tests.platform.conftest import Shell
from tools.environment import ROOT

HOSTS = [service.host for service in load_contract().services.values()]
# Whatever network the test has: nothing gets out through a port that nobody listens on.
NOWHERE = "http://user:hunter2@127.0.0.1:9"
CUT_OFF = dict.fromkeys(("HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"), NOWHERE) | {"NO_PROXY": ""}
LIVE = {"JANUS_MODE": "live", "CHUTES_API_KEY": "cpk_not-a-real-one"}
RUN = """
import sys, nbformat
from nbclient import NotebookClient
notebook = nbformat.read(sys.argv[1], as_version=4)
NotebookClient(notebook, timeout=120).execute()
nbformat.write(notebook, sys.argv[2])
"""


def outputs(notebook: Path) -> list[str]:
    """What each code cell printed."""
    cells = nbformat.read(notebook, as_version=4).cells  # type: ignore[no-untyped-call]
    code = [cell for cell in cells if cell.cell_type == "code"]
    return ["".join(str(output.get("text", "")) for output in cell.outputs) for cell in code]


def run_notebook(shell: Shell, source: Path, into: Path, **more: str) -> subprocess.CompletedProcess[str]:
    program = into.parent / "run.py"
    program.write_text(f"import sys; sys.argv[1:] = [{str(source)!r}, {str(into)!r}]\n{RUN}")
    return shell.python(program.read_text(), **more)


def test_cut_off_from_every_host_a_notebook_says_so_cell_by_cell(shell: Shell, tmp_path: Path) -> None:
    done = run_notebook(
        shell, ROOT / "notebooks" / "platform_services.ipynb", tmp_path / "out.ipynb", **CUT_OFF, **LIVE
    )
    assert done.returncode == 0, done.stderr[-2000:]
    printed = outputs(tmp_path / "out.ipynb")
    begun = next(text for text in printed if "Live mode" in text)
    assert all(f"unreachable  {host}: " in begun for host in HOSTS)
    skipped = [text for text in printed if MARK in text]
    assert len(skipped) > 8 and all(any(host in text for text in skipped) for host in HOSTS)
    assert not any("hunter2" in text or LIVE["CHUTES_API_KEY"] in text for text in printed)


def test_servers_that_stand_for_the_hosts_are_used_and_only_the_rest_is_skipped(
    up: Callable[[], Shell], shell: Shell, tmp_path: Path
) -> None:
    # A platform elsewhere answers as the hosts would, by TLS, behind a proxy and an authority of the environment.
    exported = up().janus("env", "--caller", "live-mode").stdout.splitlines()
    there = dict(line.removeprefix("export ").split("=", 1) for line in exported if line.startswith("export "))
    there = {name: value.strip("'") for name, value in there.items()}
    cells = [
        "import janus_platform as janus\nplatform = janus.up()",
        "import httpx\nquery = {'query': 'tides'}\n"
        "found = httpx.post('https://search.janus.rodeo/search', json=query).json()['results']\nprint(len(found) > 0)",
        "import os\nanswer = os.environ['CHUTES_API_KEY'][:3]\nfrom openai import OpenAI\n"
        "models = platform.submit('x', name='y')",
        "print(models)",
        "platform.down()\nprint('end')",
    ]
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells])
    nbformat.write(notebook, tmp_path / "in.ipynb")
    done = run_notebook(shell, tmp_path / "in.ipynb", tmp_path / "out.ipynb", **{**there, "JANUS_MODE": "live"})
    assert done.returncode == 0, done.stderr[-2000:]
    begun, search, submitted, models, end = outputs(tmp_path / "out.ipynb")
    assert begun.count(" reachable ") == len(HOSTS) - 1
    assert "api.chutes.ai: CHUTES_API_KEY holds a key of the local platform" in begun
    assert (search, end) == ("True\n", "end\n")
    assert "`submit` works on the local platform only" in submitted and "it needs `models`" in models


def test_any_other_error_is_the_readers_to_see(shell: Shell, tmp_path: Path) -> None:
    cells = ["import janus_platform as janus\njanus.up()", "{}['missing']"]
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells])
    nbformat.write(notebook, tmp_path / "in.ipynb")
    done = run_notebook(shell, tmp_path / "in.ipynb", tmp_path / "out.ipynb", **CUT_OFF, **LIVE)
    assert done.returncode != 0 and "KeyError" in done.stderr


@pytest.mark.parametrize("error", [ValueError("x"), KeyError("other"), NameError("x", name="x"), httpx.HTTPError("x")])
def test_what_has_nothing_to_do_with_reach_is_not_skipped(error: Exception) -> None:
    assert Skipper([]).reason(error) is None


def test_names_that_a_skipped_cell_would_have_made_are_known_afterwards() -> None:
    skipper = Skipper([])
    skipper.skipped("import numpy as np\nfrom a import b\ndef f(): pass\nx, (y, z) = 1, (2, 3)\nfor i in x: pass")
    for name in ("np", "b", "f", "x", "y", "z", "i"):
        assert f"`{name}`" in str(skipper.reason(NameError("not there", name=name)))


def test_a_missing_key_and_a_key_of_the_local_platform_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("janus_platform.live.hosts._asked", lambda _: "")
    found = {one.name: one.reason for one in reach(load_contract(), {})}
    assert found.pop("inference") == "CHUTES_API_KEY is not set" and set(found.values()) == {""}
    local = {one.name: one.reason for one in reach(load_contract(), {"CHUTES_API_KEY": "cpk_local_x_y"})}
    assert "local platform" in local["inference"]


def test_reasons_are_words_of_our_own() -> None:
    request = httpx.Request("GET", "https://search.janus.rodeo/")
    for error in (httpx.ProxyError(NOWHERE), httpx.ConnectError(NOWHERE), httpx.ReadTimeout(NOWHERE)):
        error.request = request
        assert reason_for(error) and "hunter2" not in reason_for(error)
        said = Skipper([Host("search", "search.janus.rodeo", "")]).reason(error)
        assert said is not None and "search.janus.rodeo cannot be reached" in said and "hunter2" not in said


def test_what_only_the_local_platform_has_says_so() -> None:
    platform: Any = LivePlatform([])
    for ask in (lambda: platform.clock, lambda: platform.url, lambda: platform.submit("x")):
        with pytest.raises(LocalOnlyError, match="local platform only"):
            ask()
    assert json.loads(json.dumps(repr(platform)))
