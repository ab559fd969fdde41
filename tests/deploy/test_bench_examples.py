"""The examples of a run in shards: what a cluster would start is started here, and the manifests are Kubernetes'."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest
import yaml

from janus_bench.suites.loader import load_suite
from tests.bench.answers import Implementation
from tests.bench.ground_truth import serving
from tools.environment import ROOT, variables

EXAMPLES = ROOT / "deploy" / "bench"
SEED, SUITE, SHARDS = 11, "chat", 2
PATIENCE = 240
Start = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Runs a command of an example in a folder of its own, with a target and what the example asks to be told."""
    with serving(Implementation(load_suite(SUITE), SEED)) as server:
        told = {"TARGET": server.url, "MODEL": "janus", "SUITE": SUITE, "SEED": str(SEED), "SHARDS": str(SHARDS)}
        # The folder of the environment's own programs, `janus-bench` among them, comes first.
        environment = {**os.environ, **variables(), **told, "JANUS_HOME": str(tmp_path / "home")}

        def start(*command: str, **more: str) -> subprocess.CompletedProcess[str]:
            return subprocess.run(
                command, cwd=tmp_path, env=environment | more, capture_output=True, text=True, timeout=PATIENCE,
                check=False,
            )  # fmt: skip

        yield start


def manifests() -> list[dict[str, Any]]:
    return list(yaml.safe_load_all((EXAMPLES / "kubernetes.yaml").read_text(encoding="utf-8")))


def script_of(job: str, runs: Path) -> str:
    """What the pod of a Job runs, with the shared volume in another place."""
    found = next(one for one in manifests() if one["kind"] == "Job" and one["metadata"]["name"] == job)
    container = found["spec"]["template"]["spec"]["containers"][0]
    assert container["command"] == ["sh", "-c"]
    return str(container["args"][0]).replace("/runs/", f"{runs}/")


def is_whole(folder: Path) -> bool:
    report = json.loads((folder / "report.json").read_text(encoding="utf-8"))
    return bool(report["requests"]["done"] == load_suite(SUITE).size and len(report["shards"]) == SHARDS)


@pytest.mark.parametrize("manifest", manifests(), ids=lambda one: f"{one['kind']}-{one['metadata']['name']}")
def test_every_manifest_is_valid_for_every_kubernetes_that_is_maintained(manifest: dict[str, Any]) -> None:
    for version in ("1.34", "1.35", "1.36"):
        kubernetes_validate.validate(manifest, version, strict=True)


def test_a_wrong_key_in_a_manifest_is_found() -> None:
    job = next(one for one in manifests() if one["kind"] == "Job")
    job["spec"]["template"]["spec"]["containers"][0]["imagePullPolicies"] = "Always"
    with pytest.raises(kubernetes_validate.ValidationError):
        kubernetes_validate.validate(job, "1.36", strict=True)


def test_the_jobs_pods_ask_all_shards_and_the_second_job_merges_them(start: Start, tmp_path: Path) -> None:
    script = script_of("janus-bench", tmp_path)
    for index in range(SHARDS):
        asked = start("sh", "-c", script, JOB_COMPLETION_INDEX=str(index))
        assert asked.returncode == 0, asked.stderr
    merged = start("sh", "-c", script_of("janus-bench-merge", tmp_path))
    assert merged.returncode == 0, merged.stderr
    assert is_whole(tmp_path / str(SEED) / "merged")


def test_a_pod_that_is_started_again_goes_on(start: Start, tmp_path: Path) -> None:
    script, folder = script_of("janus-bench", tmp_path), tmp_path / str(SEED) / "0"
    assert start("sh", "-c", script, JOB_COMPLETION_INDEX="0").returncode == 0
    records = (folder / "records.jsonl").read_text()
    (folder / "report.json").unlink()
    (folder / "records.jsonl").write_text(records[: len(records) // 2])
    again = start("sh", "-c", script, JOB_COMPLETION_INDEX="0")
    assert again.returncode == 0, again.stderr
    assert (folder / "report.json").is_file()
    # And one more time, after it was done.
    assert start("sh", "-c", script, JOB_COMPLETION_INDEX="0").returncode == 0


def test_the_slurm_array_asks_all_shards(start: Start, tmp_path: Path) -> None:
    for index in range(1, SHARDS + 1):
        task = {"SLURM_ARRAY_TASK_ID": str(index), "SLURM_ARRAY_TASK_COUNT": str(SHARDS)}
        asked = start("bash", str(EXAMPLES / "slurm.sh"), **task)
        assert asked.returncode == 0, asked.stderr
    merged = start("sh", "-c", f"janus-bench merge runs/{SEED}/[0-9]* --output merged")
    assert merged.returncode == 0, merged.stderr
    assert is_whole(tmp_path / "merged")


def test_the_slurm_script_without_a_seed_says_how_to_get_one(start: Start) -> None:
    asked = start("bash", str(EXAMPLES / "slurm.sh"), SEED="", SLURM_ARRAY_TASK_ID="1", SLURM_ARRAY_TASK_COUNT="2")
    assert asked.returncode and "janus-bench seed" in asked.stderr


def test_gnu_parallel_asks_and_merges(start: Start, tmp_path: Path) -> None:
    done = start("bash", str(EXAMPLES / "parallel.sh"), str(SHARDS))
    assert done.returncode == 0, done.stderr
    made = [
        path for path in (tmp_path / "home" / "runs").glob("*/report.json") if "shards" in json.loads(path.read_text())
    ]
    assert len(made) == 1 and is_whole(made[0].parent)
