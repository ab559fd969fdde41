"""The page "Add a sixth service": its edits, applied to a copy, give a service that answers and is checked."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tools.environment import ROOT

PAGE = (ROOT / "book" / "add_a_service.md").read_text("utf-8")
SECONDS = 120
FOREIGN = ("HTTPS_PROXY", "HTTP_PROXY", "ALL_PROXY", "NO_PROXY", "SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "JANUS_HOME")
_HOST = "units.janus.rodeo"


def blocks(language: str) -> list[str]:
    """The bodies of the page's blocks of one language, in order."""
    return re.findall(rf"^```{re.escape(language)}\n(.*?)^```$", PAGE, re.M | re.S)


@dataclass
class Copy:
    """A checkout with the page's edits, and a home for its platform."""

    root: Path
    home: Path

    def run(self, *words: str, stdin: str | None = None) -> subprocess.CompletedProcess[str]:
        kept = {k: v for k, v in os.environ.items() if k.upper() not in FOREIGN}
        environment = {**kept, "JANUS_HOME": str(self.home), "PYTHONPATH": str(self.root)}
        return subprocess.run(
            [sys.executable, *words],
            env=environment,
            cwd=self.root,
            input=stdin,
            capture_output=True,
            text=True,
            timeout=SECONDS,
            check=False,
        )

    def janus(self, *words: str) -> subprocess.CompletedProcess[str]:
        return self.run("-m", "janus_platform.cli", *words)


def edited(root: Path) -> Path:
    """A copy of the packages with the page's edits in it."""
    for package in ("janus_platform", "janus_bench"):
        shutil.copytree(ROOT / package, root / package, ignore=shutil.ignore_patterns("__pycache__"))
    for diff in blocks("diff"):
        # `git apply` finds the place by its lines: numbers may move, the lines around an edit may not.
        done = subprocess.run(
            ["git", "apply", "--recount", "--unidiff-zero", "-C1", "-"],
            input=diff,
            cwd=root,
            capture_output=True,
            text=True,
            timeout=SECONDS,
            check=False,
        )
        assert done.returncode == 0, f"an edit of the page no longer applies:\n{done.stderr}\n{diff}"
    (written,) = re.findall(r"^```\{code-block\} python\n:caption: (\S+)\n\n(.*?)^```$", PAGE, re.M | re.S)
    (root / written[0]).write_text(written[1], encoding="utf-8")
    return root


@pytest.fixture(scope="module")
def copy() -> Iterator[Copy]:
    with tempfile.TemporaryDirectory(prefix="janus-") as folder:
        made = Copy(edited(Path(folder, "checkout")), Path(folder, "home"))
        done = made.janus("up", "--detach", "--port", "0", "--json")
        assert done.returncode == 0, done.stderr
        yield made
        made.janus("down")


def variables(copy: Copy) -> str:
    """A program's first lines, which send its requests through the copy's platform as a caller of its own."""
    lines = copy.janus("env").stdout.splitlines()
    pairs = dict(line.removeprefix("export ").split("=", 1) for line in lines if line.startswith("export "))
    values = {name: value.strip("'") for name, value in pairs.items()}
    return f"import os\nos.environ.update({values!r})\n"


def test_the_service_answers_as_the_page_shows(copy: Copy) -> None:
    (program,) = [block for block in blocks("python") if _HOST in block]
    done = copy.run("-", stdin=variables(copy) + program)
    assert done.returncode == 0, done.stderr[-2000:]
    assert done.stdout == blocks("text")[-1]


def test_the_new_service_is_compared_like_every_other_and_agrees(copy: Copy) -> None:
    done = copy.janus("check", "--json")
    report = json.loads(done.stdout)
    rows = [row for row in report["rows"] if row["field"].startswith("services.units")]
    assert done.returncode == 0, [row for row in report["rows"] if row["result"] == "differs"]
    probed = {(row["field"], row["how"]) for row in rows if row["result"] == "same"}
    assert ("services.units.rate_limit.requests", "probe") in probed
    assert ("services.units.parameters.from.enum", "probe") in probed
    assert ("services.units.host", "through egress") in probed
    assert report["contract_version"] == "1.1.0"


def test_without_the_edits_the_host_is_blocked(platform_variables: dict[str, str]) -> None:
    program = (
        f"import httpx\ntry:\n    httpx.get('https://{_HOST}/')\nexcept httpx.ProxyError as error:\n    print(error)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", f"import janus_platform\njanus_platform.up()\n{program}"],
        env=platform_variables,
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )
    assert "403" in done.stdout, done.stderr[-2000:]


def test_a_host_without_a_service_keeps_the_platform_from_starting(tmp_path: Path) -> None:
    made = Copy(edited(tmp_path / "checkout"), tmp_path / "home")
    contract = made.root / "janus_platform" / "contract" / "contract.toml"
    text = contract.read_text("utf-8")
    contract.write_text(text.replace(f'    "{_HOST}",\n', "", 1), encoding="utf-8")
    done = made.run("-c", "from janus_platform.contract import load_contract; load_contract()")
    assert "egress.allowed_hosts differs from the services' hosts" in done.stderr


def test_the_new_page_of_changes_names_the_service(copy: Copy) -> None:
    program = (
        f"import sys; sys.path.insert(0, {str(ROOT / 'book' / '_ext')!r})\n"
        "from contract_marks import history, load_contract\nprint(history(load_contract()))"
    )
    told = copy.run("-c", program).stdout
    assert told.index("## Contract 1.1.0") < told.index("`services.units`") < told.index("## Contract 1.0.0")
