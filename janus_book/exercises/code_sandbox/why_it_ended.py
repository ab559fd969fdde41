"""Say why a program ended.

Write `why(answer)`: given an answer of the sandbox, return `"time"` if its time was up, `"memory"` if it hit the memory
limit, `"failed"` if it ended with an exit code other than 0 for any other reason, and `"done"` otherwise.
"""

import httpx

from janus_book.exercise import Hint

GREEDY = """
import mmap
kept = [mmap.mmap(-1, 10**7) for _ in range(90)]
for part in kept:
    part.write(b"x" * 10**7)
"""
LIMITS = "Look at the limits' fields first."
# Programs, each with the reason why it ends, and where to look when another is given. The slow one is asked first: on a
# busy machine any other may take as long, and who goes by the time would be sent to look at the wrong thing.
SEEN = {
    "import time; time.sleep(1.2)": ("done", "It was slow, but had more time; one field says when time was up."),
    "print('all is well')": ("done", "Nothing struck, and the exit code is 0."),
    "import sys; sys.exit(3)": ("failed", "Any exit code but 0 says that it failed."),
    "import time; time.sleep(30)": ("time", LIMITS),
    GREEDY: ("memory", LIMITS),
    "import sys; sys.exit(124)": ("failed", "Here the program chose 124 itself: an exit code does not tell a limit."),
    "import sys; sys.exit(137)": ("failed", "Here the program chose 137 itself: an exit code does not tell a limit."),
    "import sys; print('old', file=sys.stderr)": ("done", "It only warned on stderr, which is no failure."),
}


# %% answer
def why(answer):
    ### BEGIN SOLUTION
    if answer["timed_out"]:
        return "time"
    if answer["oom"]:
        return "memory"
    return "done" if answer["exit_code"] == 0 else "failed"
    ### END SOLUTION


# %% check
def check(why):
    from janus_platform.contract import load_contract

    url = load_contract().code_sandbox.url
    for code, (reason, look) in SEEN.items():
        body = {"language": "python", "code": code, "timeout": 1 if reason == "time" else 20}
        answer = httpx.post(url, json=body, timeout=60).json()
        given = dict(answer)
        got = why(given)
        shown = {name: answer[name] for name in ("exit_code", "timed_out", "oom")}
        if got is None:
            raise Hint(f"why returns nothing for {shown}. Which two fields say that a limit struck?")
        if given != answer:
            raise Hint("why changes the answer that it was given; the next reader of that answer will miss something.")
        if not isinstance(got, str):
            raise Hint(f"why gives {got!r} for {shown}; one word is asked for, as a string.")
        if got != reason and got.lower() == reason:
            raise Hint(f"why gives {got!r}: the right word, but the task has it in small letters (lower case).")
        if got == "program":
            raise Hint("`ended_by` says that the program ended by itself, but not whether it succeeded. What does?")
        if got != reason:
            raise Hint(f"why says {got!r} for {shown}; {reason!r} is right. {look}")
    return f"{len(SEEN)} programs, four reasons, and some that only looked as if they had hit a limit."


# %% mistakes
MISTAKES = {
    """def why(answer):
    return {0: "done", 124: "time", 137: "memory"}.get(answer["exit_code"], "failed")
""": "the program chose 124 itself",
    """def why(answer):
    return "done" if answer["exit_code"] == 0 else "failed"
""": "Look at the limits' fields first",
    """def why(answer):
    if answer["timed_out"]:
        return "time"
    if answer["exit_code"] == 137:
        return "memory"
    return "failed" if answer["exit_code"] else "done"
""": "the program chose 137 itself",
    """def why(answer):
    if answer["timed_out"]:
        return "time"
    if answer["oom"]:
        return "memory"
    return "failed" if answer["exit_code"] == 1 else "done"
""": "Any exit code but 0",
    """def why(answer):
    if answer["timed_out"]:
        return "time"
    if answer["oom"]:
        return "memory"
    return "failed" if answer["stderr"] or answer["exit_code"] else "done"
""": "only warned",
    """def why(answer):
    if answer["duration_ms"] > 900:
        return "time"
    if answer["oom"]:
        return "memory"
    return "failed" if answer["exit_code"] else "done"
""": "had more time",
    """def why(answer):
    return answer["ended_by"]
""": "ended by itself, but not whether",
    """def why(answer):
    if answer.pop("timed_out"):
        return "time"
    if answer.pop("oom"):
        return "memory"
    return "failed" if answer["exit_code"] else "done"
""": "changes the answer",
    """def why(answer):
    if answer["timed_out"]:
        return "Time"
    if answer["oom"]:
        return "Memory"
    return "Failed" if answer["exit_code"] else "Done"
""": "in small letters",
}
