"""What runs elsewhere than on a desk: workflows call the targets of make.py, may do little, and are pinned."""

from __future__ import annotations

import json
import re
import subprocess
import tomllib
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

import pytest
import yaml

from tools.environment import ROOT
from tools.targets import TARGETS

WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
_MAKE = re.compile(r"(?:\bmake\.py|^\s*make|&& make) +([a-z-]+)", re.M)


def read(file: Path) -> dict[str, Any]:
    """A workflow. YAML 1.1 reads the key `on` as true."""
    content: dict[Any, Any] = yaml.safe_load(file.read_text("utf-8"))
    return {"on" if key is True else key: value for key, value in content.items()}


def steps(workflow: dict[str, Any]) -> list[dict[str, Any]]:
    return [step for job in workflow["jobs"].values() for step in job["steps"]]


@pytest.fixture(params=WORKFLOWS, ids=lambda file: file.stem)
def workflow(request: pytest.FixtureRequest) -> dict[str, Any]:
    return read(request.param)


def test_there_is_a_workflow_for_each_task() -> None:
    assert {file.stem for file in WORKFLOWS} == {"book", "contract-drift", "links", "release", "test"}


def test_workflow_calls_targets_that_there_are(workflow: dict[str, Any]) -> None:
    called = [target for step in steps(workflow) for target in _MAKE.findall(step.get("run", ""))]
    assert called
    assert set(called) <= set(TARGETS)


def test_workflow_may_only_read_unless_a_job_says_what_it_writes(workflow: dict[str, Any]) -> None:
    assert workflow["permissions"] == {"contents": "read"}
    for job in workflow["jobs"].values():
        writing = {scope for scope, level in job.get("permissions", {}).items() if level == "write"}
        assert len(writing) <= 2
        assert not writing & {"actions", "packages", "pull-requests", "security-events"}
        if writing:
            assert "pull_request" not in workflow["on"] or "github.event_name != 'pull_request'" in job["if"]


def test_actions_are_pinned_to_a_commit_and_named(workflow: dict[str, Any]) -> None:
    for step in steps(workflow):
        if "uses" in step:
            assert re.fullmatch(r"[\w.-]+/[\w.-]+@[0-9a-f]{40}", step["uses"]), step["uses"]
    for file in WORKFLOWS:
        for line in re.findall(r"^.*\buses: .*$", file.read_text("utf-8"), re.M):
            assert re.search(r"# v\d+\.\d+\.\d+$", line), f"{file.name}: say the version of {line.strip()}"


def test_checkout_leaves_no_token_and_jobs_end(workflow: dict[str, Any]) -> None:
    for job in workflow["jobs"].values():
        assert job["timeout-minutes"] <= 60
        for step in job["steps"]:
            if step.get("uses", "").startswith("actions/checkout@"):
                assert step["with"]["persist-credentials"] is False


def test_what_runs_the_notebooks_on_ubuntu_has_the_walls_that_a_desk_has() -> None:
    for name in ("book", "release", "test"):
        for job in read(ROOT / ".github" / "workflows" / f"{name}.yml")["jobs"].values():
            said = [step.get("run", "") for step in job["steps"]]
            runs = [at for at, run in enumerate(said) if re.search(r"make\.py (book|test)\b", run)]
            allowed = [at for at, run in enumerate(said) if "apparmor_restrict_unprivileged_userns=0" in run]
            assert not runs or (allowed and allowed[0] < runs[0]), name


def test_no_workflow_runs_twice_at_once_for_the_same_thing(workflow: dict[str, Any]) -> None:
    assert workflow["concurrency"]["group"]


def test_scripts_get_what_others_wrote_only_through_variables(workflow: dict[str, Any]) -> None:
    assert [step["run"] for step in steps(workflow) if "${{" in step.get("run", "")] == []


def test_tests_run_on_both_systems_three_pythons_and_both_ends_of_the_dependencies() -> None:
    jobs = read(ROOT / ".github" / "workflows" / "test.yml")["jobs"]
    matrix = jobs["test"]["strategy"]["matrix"]
    assert {name.partition("-")[0] for name in matrix["system"]} == {"ubuntu", "macos"}
    assert len(matrix["python"]) == 3
    ends = jobs["dependencies"]["strategy"]["matrix"]["include"]
    assert {end["option"] for end in ends} == {"--lowest", "--upgrade"}


def test_drift_reads_the_exit_codes_that_janus_check_has() -> None:
    from janus_platform.cli.check import DRIFT, NOTHING_COMPARED

    text = (ROOT / ".github" / "workflows" / "contract-drift.yml").read_text("utf-8")
    assert f"outputs.code == '{DRIFT}'" in text
    assert f"0|{DRIFT}|{NOTHING_COMPARED})" in text


def test_commits_are_checked_with_the_pinned_ruff_and_by_the_page_contract() -> None:
    repositories = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text("utf-8"))["repos"]
    hooks = {hook["id"]: (repository, hook) for repository in repositories for hook in repository["hooks"]}
    assert {"ruff-check", "ruff-format", "nbstripout", "codespell", "page-contract"} <= set(hooks)
    # What is committed: a job that tests the lowest or newest of everything has written other pins over it.
    command = ["git", "-c", f"safe.directory={ROOT}", "show", "HEAD:requirements-test.txt"]
    pins = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    pinned = re.search(r"^ruff==(\S+)", pins, re.M)
    assert pinned
    assert hooks["ruff-check"][0]["rev"] == f"v{pinned[1]}"
    chosen = re.compile(hooks["page-contract"][1]["files"])
    assert chosen.search("book/architecture.md")
    assert chosen.search("notebooks/search.ipynb")
    assert not chosen.search("README.md")


def test_page_contract_hook_goes_through_the_doorkeeper_which_finds_a_newer_python() -> None:
    text = (ROOT / ".pre-commit-config.yaml").read_text("utf-8")
    assert "entry: python3 make.py pages\n" in text


@pytest.mark.parametrize("start", ["", "./"])
def test_typos_on_purpose_are_skipped_however_a_file_is_named(start: str) -> None:
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["codespell"]
    for file in ("tests/house/test_make.py", "janus_platform/corpus/sites/physics.org/tides.html"):
        assert (ROOT / file).is_file()
        assert any(fnmatch(start + file, pattern) for pattern in settings["skip"].split(","))
    assert not any(fnmatch(start + "book/architecture.md", pattern) for pattern in settings["skip"].split(","))


def test_devcontainer_and_editor_settings_name_what_is_there() -> None:
    text = (ROOT / ".devcontainer" / "devcontainer.json").read_text("utf-8")
    container = json.loads(re.sub(r"^\s*//.*$", "", text, flags=re.M))
    assert set(_MAKE.findall(container["updateContentCommand"])) <= set(TARGETS)
    editor = json.loads((ROOT / ".vscode" / "settings.json").read_text("utf-8"))
    wanted = json.loads((ROOT / ".vscode" / "extensions.json").read_text("utf-8"))
    assert editor["python.defaultInterpreterPath"].endswith("/.venv/bin/python")
    assert wanted["recommendations"] == container["customizations"]["vscode"]["extensions"]


def test_contributing_names_targets_and_folders_that_there_are() -> None:
    text = (ROOT / "CONTRIBUTING.md").read_text("utf-8")
    assert set(re.findall(r"(?:^|`)make ([a-z-]+)", text, re.M)) <= set(TARGETS)
    for folder in re.findall(r"`([\w./-]+/)`", text):
        assert (ROOT / folder).is_dir(), folder
