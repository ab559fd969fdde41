"""What cheats earn, over many seeds: the largest composite of each, on the quick suite and on the full one.

    python -m tests.benchmarks.bench_cheats --runs 20 [--suite quick|full]

A run is a seed. Beside the cheats of tests/bench/cheats.py, whose bound is 5 points, stands one that knows the right
answers of ten other seeds: what a memory of a public suite grows to.
"""

from __future__ import annotations

import argparse
from collections import defaultdict

from janus_bench.suites.loader import load_suite
from tests.bench.cheats import Cheat, cheats, learned
from tests.bench.lab import scored
from tests.benchmarks.figures import Figure, show

MOST, FIRST_SEED = 5.0, 20_000
TEN = "learned from ten seeds"


def measure(suite_name: str, runs: int) -> list[Figure]:
    """The largest composite of each cheat over `runs` seeds."""
    suite, found = load_suite(suite_name), defaultdict[str, list[float]](list)
    for seed in range(FIRST_SEED, FIRST_SEED + runs):
        items = suite.items(seed)
        ten: dict[str, Cheat] = {TEN: learned(suite, range(seed + 1000, seed + 1010))}
        for name, cheat in (cheats(suite, seed) | ten).items():
            found[name].append(scored(items, cheat).composite)
    return [
        Figure(
            f"{suite_name}: {name}", max(values), "of 100", None if name == TEN else MOST, (min(values), max(values))
        )
        for name, values in sorted(found.items(), key=lambda entry: -max(entry[1]))
    ]


def main() -> None:
    """Print every figure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=20)
    parser.add_argument("--suite", choices=("quick", "full"), action="append")
    arguments = parser.parse_args()
    for suite in arguments.suite or ("quick", "full"):
        show(f"bench_cheats_{suite}", measure(suite, arguments.runs))


if __name__ == "__main__":
    main()
