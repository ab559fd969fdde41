"""Public benchmarks as suites by name: from the user's own copy, or downloaded when asked for. None is bundled.

`--suite gsm8k` looks for the published files in `$JANUS_BENCH_DATA/gsm8k/`, then where `fetch` keeps its downloads.
What is downloaded, from where, how large and under which licence is said first. Where a checksum is pinned, another
file is refused; where none is, that is said, and the suite's own hash in the report tells which file it was.

Not tried: the project is tested without a network, so no test downloads these files. Addresses and checksums
are those that public projects which use the benchmarks record, several of them alike, as of November 2026. TruthfulQA
and MT-Bench have none pinned: their publishers change the files in place.
"""

from __future__ import annotations

import hashlib
import os
import sys
import tarfile
import urllib.error
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from janus_bench.errors import SuiteError
from janus_bench.home import home
from janus_bench.suites.model import Suite
from janus_bench.suites.problems import problems
from janus_bench.suites.published import gsm8k, human_eval, mmlu, mt_bench, truthful_qa

DATA_VARIABLE = "JANUS_BENCH_DATA"
TIMEOUT_SECONDS = 60
_STEP = 1 << 16


@dataclass(frozen=True)
class Benchmark:
    """A public benchmark: where it lies, under which licence, and what turns its files into items.

    `files` are names in the user's copy, any of which is enough; the first is what `url` brings. `megabytes` bounds the
    download. `sha256` is empty where the publisher changes the file without a version.
    """

    name: str
    title: str
    licence: str
    url: str
    files: tuple[str, ...]
    megabytes: float
    convert: Callable[[Path], list[dict[str, Any]]]
    sha256: str = ""


BENCHMARKS: dict[str, Benchmark] = {
    one.name: one
    for one in (
        Benchmark(
            "gsm8k",
            "GSM8K, grade school mathematics (Cobbe et al. 2021), test split",
            "MIT",
            "https://raw.githubusercontent.com/openai/grade-school-math/master/grade_school_math/data/test.jsonl",
            ("test.jsonl",),
            2,
            gsm8k,
            "3730d312f6e3440559ace48831e51066acaca737f6eabec99bccb9e4b3c39d14",
        ),
        Benchmark(
            "humaneval",
            "HumanEval, Python functions with tests (Chen et al. 2021)",
            "MIT",
            "https://raw.githubusercontent.com/openai/human-eval/master/data/HumanEval.jsonl.gz",
            ("HumanEval.jsonl.gz", "HumanEval.jsonl"),
            1,
            human_eval,
            "b796127e635a67f93fb35c04f4cb03cf06f38c8072ee7cee8833d7bee06979ef",
        ),
        Benchmark(
            "mmlu",
            "MMLU, multiple choice in 57 subjects (Hendrycks et al. 2021), test split",
            "MIT",
            "https://people.eecs.berkeley.edu/~hendrycks/data.tar",
            ("data.tar",),
            200,
            mmlu,
            "bec563ba4bac1d6aaf04141cd7d1605d7a5ca833e38f994051e818489592989b",
        ),
        Benchmark(
            "truthfulqa",
            "TruthfulQA, questions that invite a false answer (Lin et al. 2022), multiple choice",
            "Apache-2.0",
            "https://raw.githubusercontent.com/sylinrl/TruthfulQA/main/TruthfulQA.csv",
            ("TruthfulQA.csv",),
            2,
            truthful_qa,
        ),
        Benchmark(
            "mt-bench",
            "MT-Bench, open questions of two turns, the first asked (Zheng et al. 2023); needs a judge",
            "Apache-2.0",
            "https://raw.githubusercontent.com/lm-sys/FastChat/main/fastchat/llm_judge/data/mt_bench/question.jsonl",
            ("question.jsonl",),
            1,
            mt_bench,
        ),
    )
}


def load_public(name: str) -> Suite:
    """The suite of a public benchmark. Raises SuiteError where it is not to be had, or is another file."""
    benchmark = BENCHMARKS[name]
    path = own_copy(benchmark) or fetch(benchmark)
    try:
        raw_items = benchmark.convert(path)
    except (ValueError, KeyError, IndexError, TypeError, OSError, EOFError, RecursionError, tarfile.TarError) as error:
        raise SuiteError(f"{path} is not {benchmark.title} as published: {error}", _remedy(benchmark)) from None
    issues = problems(raw_items)
    if issues:
        raise SuiteError(f"{path}: {issues[0]}", _remedy(benchmark))
    return Suite(name, f"{benchmark.title}. Licence: {benchmark.licence}.", tuple(raw_items))


def own_copy(benchmark: Benchmark) -> Path | None:
    """The first published file that lies in the user's folder, or where downloads are kept."""
    given = os.environ.get(DATA_VARIABLE)
    folders = ([Path(given).expanduser() / benchmark.name] if given else []) + [_kept(benchmark)]
    return next((folder / name for folder in folders for name in benchmark.files if (folder / name).is_file()), None)


def fetch(benchmark: Benchmark, *, say: Callable[[str], None] = lambda line: print(line, file=sys.stderr)) -> Path:
    """Download a benchmark, after saying what it is. Raises SuiteError; nothing half downloaded is kept."""
    say(f"{benchmark.title}.")
    if not benchmark.sha256:
        say("No checksum is pinned for it, so any file is accepted.")
    say(f"Licence: {benchmark.licence}. At most {benchmark.megabytes:g} MB from {benchmark.url}")
    path = _kept(benchmark) / benchmark.files[0]
    part = path.with_suffix(f"{path.suffix}.{os.getpid()}.part")
    digest, size = hashlib.sha256(), 0
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with urllib.request.urlopen(benchmark.url, timeout=TIMEOUT_SECONDS) as response, part.open("wb") as kept:
            while piece := response.read(_STEP):
                size += len(piece)
                if size > benchmark.megabytes * 1e6:
                    raise SuiteError(f"{benchmark.url} is larger than {benchmark.megabytes:g} MB", _remedy(benchmark))
                digest.update(piece)
                kept.write(piece)
        if benchmark.sha256 and digest.hexdigest() != benchmark.sha256:
            raise SuiteError(f"{benchmark.url} is not the expected file (SHA-256)", _remedy(benchmark))
        part.replace(path)
    except (OSError, ValueError, urllib.error.URLError) as error:
        reason = getattr(error, "reason", None) or error
        raise SuiteError(f"cannot download {benchmark.url}: {reason}", _remedy(benchmark)) from None
    finally:
        part.unlink(missing_ok=True)
    say(f"{size:,} bytes, SHA-256 {digest.hexdigest()}, kept in {path.parent}")
    return path


def _kept(benchmark: Benchmark) -> Path:
    return home() / "benchmarks" / benchmark.name


def _remedy(benchmark: Benchmark) -> str:
    return f"Put {benchmark.files[0]} from {benchmark.url} into ${DATA_VARIABLE}/{benchmark.name}/."
