"""Say why a program ended.

Write `why(answer)`: from an answer of the sandbox, `"time"` where its time was up, `"memory"` where the memory limit
struck, `"failed"` where it ended by itself with another exit code than 0, and `"done"` otherwise.
"""

import httpx

from janus_book.exercise import Hint

GREEDY = """
import mmap
kept = [mmap.mmap(-1, 10**7) for _ in range(90)]
for part in kept:
    part.write(b"x" * 10**7)
"""
SEEN = {
    "print('all is well')": "done",
    "import sys; sys.exit(3)": "failed",
    "import time; time.sleep(30)": "time",
    GREEDY: "memory",
    "import sys; sys.exit(124)": "failed",
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

    url = load_contract().services["code_sandbox"].url
    for code, reason in SEEN.items():
        body = {"language": "python", "code": code, "timeout": 1 if reason == "time" else 20}
        answer = httpx.post(url, json=body, timeout=60).json()
        got = why(answer)
        shown = {name: answer[name] for name in ("exit_code", "timed_out", "oom")}
        if got is None:
            raise Hint(f"why returns nothing for {shown}. Which two fields say that a limit struck?")
        if got != reason and code.endswith("(124)"):
            raise Hint(
                f"why says {got!r} for {shown}: the program chose 124 itself. An exit code alone does not tell; "
                "the two fields do."
            )
        if got != reason:
            raise Hint(f"why says {got!r} for {shown}; {reason!r} is right. Look at the limits' fields first.")
    return "Five programs, four reasons, and one that only looked as if its time was up."


# %% mistakes
MISTAKES = {
    """def why(answer):
    return {0: "done", 124: "time", 137: "memory"}.get(answer["exit_code"], "failed")
""": "the program chose 124 itself",
    """def why(answer):
    return "done" if answer["exit_code"] == 0 else "failed"
""": "Look at the limits' fields first",
}
