"""Reading a bubblewrap command line: what is made or mounted where, while the sandbox is set up."""

from __future__ import annotations

from collections.abc import Iterator

# How many arguments each option of bubblewrap that is used here takes, and which of them is a path inside.
ARITY = {
    **dict.fromkeys(("--perms", "--size", "--hostname", "--cap-drop", "--cap-add", "--uid", "--gid", "--chdir"), 1),
    **dict.fromkeys(("--seccomp", "--info-fd", "--args"), 1),
}
DESTINATION = {
    "--dir": 0,
    "--tmpfs": 0,
    "--proc": 0,
    "--dev": 0,
    "--remount-ro": 0,
    "--ro-bind": 1,
    "--ro-bind-try": 1,
    "--bind": 1,
    "--symlink": 1,
}


def operations(command: list[str]) -> Iterator[tuple[str, str]]:
    """Each set-up operation and the path inside that it makes or mounts on, in their order."""
    words = iter(command[1 : command.index("--")])
    for word in words:
        if word in DESTINATION:
            arguments = [next(words) for _ in range(1 + DESTINATION[word])]
            yield word, arguments[-1]
        else:
            known = word in ARITY or word.startswith(("--unshare-", "--die-", "--disable-"))
            assert known, f"{word} is new here: say what it takes"
            for _ in range(ARITY.get(word, 0)):
                next(words)
