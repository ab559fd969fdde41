"""A run in shards is the same run: a fair split that every process finds alone, and one report of all of them."""

from __future__ import annotations

import json
import shutil
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from typer.testing import CliRunner

import janus_bench
from janus_bench import api
from janus_bench.cli import app
from janus_bench.cluster.merge import merge
from janus_bench.errors import BenchError
from janus_bench.leaderboard.publish import publish
from janus_bench.leaderboard.verification import check_report
from janus_bench.report.document import SCHEMA_FILE
from janus_bench.report.report import Report
from janus_bench.run import store
from janus_bench.run.shard import Shard
from janus_bench.suites.loader import load_suite
from tests.bench.answers import Implementation
from tests.bench.ground_truth import serving

SEED, COUNT = 7, 4
# What a clock says, or where and when a run was made; everything else of two reports must be equal.
TIMES = {"id", "created", "timing", "lag_ms", "start_late_ms", "stamps", "shards", "notes"}


def timeless(document: dict[str, Any]) -> dict[str, Any]:
    """A report without anything that a clock had a part in."""
    kept = {name: value for name, value in document.items() if name not in TIMES}
    for name in ("composite", "intervals", "rerun_intervals", "scores"):  # speed and streaming are times
        kept.pop(name)
    kept["quality"] = document["scores"]["quality"], document["quality"]
    kept["items"] = [
        {name: value for name, value in item.items() if not name.endswith("_ms")} for item in document["items"]
    ]
    return kept


@pytest.fixture(scope="module")
def whole_and_shards(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Report, list[Report]]]:
    """The quick suite asked by one process, and by four, each a shard."""
    folder = tmp_path_factory.mktemp("shards")
    with serving(Implementation(load_suite("quick"), SEED)) as server:

        def asked(name: str, **how: Any) -> Report:
            return janus_bench.run(server.url, progress=False, seed=SEED, output=folder / name, **how)

        yield asked("whole"), [asked(str(index), shard=f"{index}/{COUNT}") for index in range(1, COUNT + 1)]


def folders(reports: list[Report]) -> list[str]:
    return [str(report.folder) for report in reports]


@pytest.mark.parametrize("count", [1, 2, 4, 7, 16])
@pytest.mark.parametrize("seed", [0, 7])
def test_every_item_is_in_one_shard_and_each_shard_has_as_much_of_each_category(count: int, seed: int) -> None:
    items = load_suite("full").items(seed, 2)
    shards = [Shard(index, count).of(items, seed) for index in range(1, count + 1)]
    assert sorted((item.id, item.repeat) for shard in shards for item in shard) == sorted(
        (item.id, item.repeat) for item in items
    )
    sizes = [len(shard) for shard in shards]
    assert max(sizes) - min(sizes) <= 2
    for category in {item.category for item in items}:
        counts = [sum(item.category == category for item in shard) for shard in shards]
        # An item and its twin go together, so a category with twins may differ by two.
        twins = any(item.twin for item in items if item.category == category)
        assert max(counts) - min(counts) <= 1 + twins, category


def test_an_unanswerable_item_is_asked_where_its_twin_is() -> None:
    items = load_suite("full").items(3, 1)
    for index in range(1, 6):
        mine = Shard(index, 5).of(items, 3)
        ids = {item.id for item in mine}
        assert all(item.twin in ids for item in mine if item.twin)


def test_another_seed_splits_otherwise() -> None:
    suite = load_suite("full")
    first, second = ({item.id for item in Shard(1, 4).of(suite.items(seed), seed)} for seed in (1, 2))
    assert first != second


@pytest.mark.parametrize("text", ["", "0/4", "5/4", "1", "1/0", "a/b", "1/2/3", "1/1001", "-1/2", "1/ 2", "١/٢"])
def test_what_names_no_shard_is_refused(text: str) -> None:
    with pytest.raises(BenchError, match="names no shard"):
        Shard.parse(text)


def test_more_shards_than_items_are_refused() -> None:
    with pytest.raises(BenchError, match="at most"):
        Shard(1, 500).of(load_suite("chat").items(0), 0)


def test_four_shards_make_the_report_that_one_process_makes(
    whole_and_shards: tuple[Report, list[Report]], tmp_path: Path
) -> None:
    whole, shards = whole_and_shards
    merged = merge(folders(shards[::-1]), output=tmp_path / "merged")
    assert timeless(merged.to_dict()) == timeless(whole.to_dict())
    document = merged.to_dict()
    assert [one["index"] for one in document["shards"]] == [1, 2, 3, 4]
    assert sum(one["requests"]["done"] for one in document["shards"]) == document["requests"]["done"]
    # A shard that was over before the first look at its loop has no lag.
    assert (document["lag_ms"]["p95"] or 0) == max(one["lag_ms"]["p95"] or 0 for one in document["shards"])
    jsonschema.Draft202012Validator(json.loads(SCHEMA_FILE.read_text())).validate(document)


def test_a_merged_run_is_shown_rescored_and_verified_as_any_other(
    whole_and_shards: tuple[Report, list[Report]], tmp_path: Path
) -> None:
    merged = merge(folders(whole_and_shards[1]), output=tmp_path / "merged")
    assert api.rescore(str(merged.folder)).same
    assert merged.folder is not None
    check_report(store.read_report(merged.folder), store.read_records(merged.folder), load_suite("quick"))


def test_a_shard_says_that_it_is_one_and_is_not_published(whole_and_shards: tuple[Report, list[Report]]) -> None:
    shard = whole_and_shards[1][1]
    document = shard.to_dict()
    assert document["shard"] == {"index": 2, "count": 4} and document["complete"]
    assert "merge all 4" in document["notes"][0]
    jsonschema.Draft202012Validator(json.loads(SCHEMA_FILE.read_text())).validate(document)
    with pytest.raises(BenchError, match="not a whole run"):
        publish(shard, name="mine")


def _without(shards: list[Report], _: Path) -> list[str]:
    return folders(shards[1:])


def _twice(shards: list[Report], _: Path) -> list[str]:
    return folders([*shards, shards[0]])


def _changed(section: str, key: str, value: Any) -> Any:
    def runs(shards: list[Report], folder: Path) -> list[str]:
        source = shards[1].folder
        assert source is not None
        copy = shutil.copytree(source, folder / "changed")
        document = json.loads((copy / "report.json").read_text())
        target = document[section] if section else document
        target[key] = value
        (copy / "report.json").write_text(json.dumps(document))
        return [str(copy), *folders([shards[0], *shards[2:]])]

    return runs


def _records_of_another(shards: list[Report], folder: Path) -> list[str]:
    source, other = shards[1].folder, shards[2].folder
    assert source is not None and other is not None
    copy = shutil.copytree(source, folder / "changed")
    shutil.copy(other / "records.jsonl", copy / "records.jsonl")
    return [str(copy), *folders([shards[0], *shards[2:]])]


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (_without, "missing: 1"),
        (_twice, "1/4 is there twice"),
        (_changed("settings", "seed", 8), "another settings seed"),
        (_changed("suite", "hash", "0" * 64), "another suite hash"),
        (_changed("target", "url", "http://elsewhere:1/v1/chat/completions"), "another target url"),
        (_changed("settings", "model", "other"), "another settings model"),
        (_changed("scoring", "hash", "0" * 64), "another scoring hash"),
        (_changed("", "shard", {"index": 2, "count": 5}), "parts of 4 and of 5"),
        (_changed("", "complete", False), "was stopped early"),
        (_records_of_another, "not those of one whole run"),
        (lambda shards, _: [], "nothing to merge"),
    ],
)
def test_what_does_not_belong_together_is_refused_by_name(
    whole_and_shards: tuple[Report, list[Report]], tmp_path: Path, wrong: Any, said: str
) -> None:
    with pytest.raises(BenchError, match=said):
        merge(wrong(whole_and_shards[1], tmp_path), output=tmp_path / "merged")
    assert not (tmp_path / "merged").exists()


def test_a_whole_run_is_no_shard(whole_and_shards: tuple[Report, list[Report]]) -> None:
    whole, shards = whole_and_shards
    with pytest.raises(BenchError, match="is not a shard"):
        merge(folders([whole, *shards]))


def test_a_shard_whose_client_was_too_busy_is_named(
    whole_and_shards: tuple[Report, list[Report]], tmp_path: Path
) -> None:
    runs = _changed("", "lag_ms", {"n": 9, "p50": 5.0, "p95": 45.0, "p99": 50.0, "max": 60.0})(
        whole_and_shards[1], tmp_path
    )
    document = merge(runs, output=tmp_path / "merged").to_dict()
    assert [one["index"] for one in document["shards"] if one["busy"]] == [2]
    assert any("shard 2/4 was too busy" in note and "45 ms" in note for note in document["notes"])
    assert document["lag_ms"]["p95"] == 45.0


def test_a_shard_without_the_seed_of_all_is_refused(whole_and_shards: tuple[Report, list[Report]]) -> None:
    url = whole_and_shards[0].to_dict()["target"]["url"]
    with pytest.raises(BenchError, match="one seed"):
        janus_bench.run(url, shard="1/4", progress=False)
    with pytest.raises(BenchError, match="not a whole run"):
        janus_bench.run(url, shard="1/4", seed=1, to_publish=True, progress=False)


def test_a_shard_is_gone_on_with_as_that_shard_alone(tmp_path: Path) -> None:
    with serving(Implementation(load_suite("chat"), SEED)) as server:
        how: dict[str, Any] = {"suite": "chat", "progress": False, "seed": SEED, "output": tmp_path / "one"}
        first = janus_bench.run(server.url, shard="1/2", **how)
        (tmp_path / "one" / "report.json").unlink()
        lines = (tmp_path / "one" / "records.jsonl").read_text().splitlines()
        (tmp_path / "one" / "records.jsonl").write_text(lines[0] + "\n" + lines[1][:20])
        for other in ("2/2", None):
            with pytest.raises(BenchError, match="another shard"):
                janus_bench.run(server.url, shard=other, resume=True, **how)
        again = janus_bench.run(server.url, shard="1/2", resume=True, **how)
    assert Counter(record.item for record in again.records) == Counter(record.item for record in first.records)


def test_the_command_line_makes_a_seed_asks_shards_and_merges(tmp_path: Path) -> None:
    runner = CliRunner()
    seed = runner.invoke(app, ["seed"]).stdout.strip()
    assert seed.isdigit()
    with serving(Implementation(load_suite("chat"), int(seed))) as server:
        for index in (1, 2):
            options = ["--target", server.url, "--suite", "chat", "--seed", seed, "--shard", f"{index}/2"]
            result = runner.invoke(app, ["run", *options, "--output", str(tmp_path / str(index)), "--json"])
            assert result.exit_code == 0, result.output
    result = runner.invoke(app, ["merge", str(tmp_path / "1"), str(tmp_path / "2"), "--json"])
    assert result.exit_code == 0 and json.loads(result.stdout)["requests"]["planned"] == load_suite("chat").size
