"""A shard: a fair part of a run's items, for several processes that ask one run together.

Every process works out the same split from the seed, so nothing has to be handed out. Of each category every shard gets
the same number of items, give or take one; an item and its twin, which are graded together, go to the same shard.
"""

from __future__ import annotations

import random
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from janus_bench.errors import BenchError
from janus_bench.suites.model import Item

MAX_SHARDS = 1000
_SHARD = re.compile(r"([0-9]{1,4})/([0-9]{1,4})")


@dataclass(frozen=True)
class Shard:
    """Part `index`, from 1, of `count` parts."""

    index: int
    count: int

    @classmethod
    def parse(cls, text: str) -> Shard:
        """The shard that `i/n` names. Raises BenchError."""
        found = _SHARD.fullmatch(text)
        shard = cls(int(found[1]), int(found[2])) if found else cls(0, 0)
        if not 1 <= shard.index <= shard.count <= MAX_SHARDS:
            remedy = f"Give --shard as i/n, from 1/n to n/n, n at most {MAX_SHARDS}: the second of four is 2/4."
            raise BenchError(f"{text!r} names no shard", remedy)
        return shard

    def __str__(self) -> str:
        return f"{self.index}/{self.count}"

    def of(self, items: Sequence[Item], seed: int) -> list[Item]:
        """Its items, in the order of `items`. Raises BenchError where there are fewer groups of items than shards."""
        groups = _groups(items, seed)
        if len(groups) < self.count:
            remedy = f"Split it into at most {len(groups)}."
            raise BenchError(f"the suite has too few items for {self.count} shards", remedy)
        mine = {item for group in self._mine(groups) for item in group.items}
        return [item for item in items if (item.id, item.repeat) in mine]

    def _mine(self, groups: Sequence[_Group]) -> list[_Group]:
        """Each group goes to the shard with the fewest items of its category so far, then the fewest of all."""
        of_category: Counter[tuple[str, int]] = Counter()
        of_all: Counter[int] = Counter()
        mine = []
        for group in groups:
            chosen = min(range(1, self.count + 1), key=lambda i: (of_category[group.category, i], of_all[i], i))
            of_category[group.category, chosen] += len(group.items)
            of_all[chosen] += len(group.items)
            if chosen == self.index:
                mine.append(group)
        return mine


@dataclass
class _Group:
    """What is graded together: an item and those whose twin it is, by id and repeat."""

    category: str
    items: list[tuple[str, int]] = field(default_factory=list)


def _groups(items: Sequence[Item], seed: int) -> list[_Group]:
    """The groups in the seed's order, the large ones first: small ones fill up what they leave uneven."""
    ids = {item.id for item in items}
    groups: dict[tuple[str, int], _Group] = {}
    for item in items:
        leader = (item.twin if item.twin in ids else item.id, item.repeat)
        groups.setdefault(leader, _Group(item.category)).items.append((item.id, item.repeat))
    ordered = [groups[leader] for leader in sorted(groups)]
    random.Random(f"{seed}:shards").shuffle(ordered)
    return sorted(ordered, key=lambda group: -len(group.items))
