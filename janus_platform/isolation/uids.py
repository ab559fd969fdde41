"""Uids for isolated programs, one for each: no account has them, and no other program on the host runs under them.

Only root needs them. Each platform process takes a block of them for itself by locking a file, so that platforms that
know nothing of each other never share one. Where a container maps few uids, or the lock's folder cannot be written,
they are unique within this process.
"""

from __future__ import annotations

import fcntl
import itertools
import os
import threading
from functools import cache
from pathlib import Path

# Between systemd's ranges for containers and for foreign images: nobody is given these uids (systemd, UIDS-GIDS).
FIRST_UID, _LAST_UID = 1_900_000_000, 2_147_000_000
# Implementations, runs and sandboxes that stand ready have one each.
_BLOCK_UIDS = 1_024
_SMALL_MAP_UIDS = 256
_LOCKS = Path("/run/janus-uids")

_leased: set[int] = set()
_leased_lock = threading.Lock()
_turn = itertools.count()


def free_uid() -> int:
    """A uid that nothing else runs under; give it back with `release_uid`.

    Raises OSError when this process has lent all it has.
    """
    first, count = _block(os.getpid())
    with _leased_lock:
        # In turn: what was killed counts against its uid (RLIMIT_NPROC) until somebody has collected it, and a program
        # that gets the uid of a fork bomb at once may start no thread.
        for uid in (first + next(_turn) % count for _ in range(count)):
            if uid not in _leased:
                _leased.add(uid)
                return uid
    raise OSError(f"all {count} uids for isolated programs are in use; end some of them first")


def release_uid(uid: int) -> None:
    """Give `uid` back, once nothing runs under it any more."""
    with _leased_lock:
        _leased.discard(uid)


@cache
def _block(pid: int) -> tuple[int, int]:
    """The first uid of this process's own block, and how many it has."""
    highest, blocks = _highest_uid(), (_LAST_UID - FIRST_UID) // _BLOCK_UIDS
    if highest < _LAST_UID:
        return highest - _SMALL_MAP_UIDS, _SMALL_MAP_UIDS
    own = next((n % blocks for n in range(pid, pid + blocks) if _locked(n % blocks)), pid % blocks)
    return FIRST_UID + own * _BLOCK_UIDS, _BLOCK_UIDS


def _locked(block: int) -> bool:
    """Whether the block is this process's own from now on. Its lock ends with the process, whatever ends that."""
    try:
        _LOCKS.mkdir(mode=0o700, exist_ok=True)
        descriptor = os.open(_LOCKS / str(block), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    except OSError:
        return block == os.getpid() % ((_LAST_UID - FIRST_UID) // _BLOCK_UIDS)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(descriptor)
        return False
    return True  # Held open for as long as the process lives.


def _highest_uid() -> int:
    # uid_map(5): lines of "first inside, first outside, count".
    try:
        lines = Path("/proc/self/uid_map").read_text(encoding="ascii").splitlines()
        return max(int(start) + int(count) - 1 for start, _, count in (line.split() for line in lines))
    except (OSError, ValueError):
        return 65_000
