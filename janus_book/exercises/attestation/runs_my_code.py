"""Compare with your own sources.

Golden values that came from the node are only as good as the moment at which you saved them. It is better to measure
your own copy of the sources. Write `runs_my_code(evidence, folder)`: whether the code that the first node measured is
exactly the code in `folder`. `read_logs(evidence, contract)` returns the event logs by node, `log.of("code")` returns
the code events of a log, and `measure.code(folder)` returns the events of a folder.
"""

from janus_platform.attestation import measure
from janus_platform.attestation.verify import read_logs
from janus_platform.contract import load_contract

from janus_book.exercise import Hint

contract = load_contract()


# %% answer
def runs_my_code(evidence, folder):
    log = read_logs(evidence, contract)["node-1"]
    ### BEGIN SOLUTION
    return log.of("code") == measure.code(folder)
    ### END SOLUTION


# %% check
def check(runs_my_code):
    import shutil
    import tempfile
    from pathlib import Path

    from janus_platform.attestation import EventLog
    from janus_platform.implementations import bundled

    with tempfile.TemporaryDirectory() as place:
        folder = Path(place, "mine")
        shutil.copytree(bundled()["echo"], folder, ignore=shutil.ignore_patterns(".*", "__pycache__"))
        (folder / "tools.py").write_text("TWO = 2\n")
        events = [*measure.code(folder), *measure.egress(contract.egress.allowed_hosts, 443)]
        log = EventLog(contract.attestation.registers, events)
        evidence = {"event_logs": {"node-1": log.plain()}}
        same = runs_my_code(evidence, folder)
        if same is None:
            raise Hint("Your function returns nothing yet. Which two lists of events should be equal?")
        if not isinstance(same, bool):
            raise Hint(f"Return True or False, not {type(same).__name__}.")
        if not same:
            raise Hint("This is the folder that was measured, and you say it is not. Compare only the code events.")
        main, tools = folder / "main.py", folder / "tools.py"
        sources = main.read_bytes(), tools.read_bytes()
        main.write_bytes(sources[0].replace(b"smallest", b"smallesT", 1))
        if runs_my_code(evidence, folder):
            raise Hint("One byte of main.py has changed, and you did not notice. Compare values, not only names.")
        main.write_bytes(sources[0])
        tools.write_bytes(b"TWO = 3\n")
        if runs_my_code(evidence, folder):
            raise Hint("tools.py, the second file, has changed, and you did not notice. Compare every event.")
        main.write_bytes(sources[1])
        tools.write_bytes(sources[0])
        if runs_my_code(evidence, folder):
            raise Hint(
                "main.py and tools.py have changed places, and you did not notice. Which value belongs to which "
                "name?"
            )
        main.write_bytes(sources[0])
        tools.unlink()
        if runs_my_code(evidence, folder):
            raise Hint("tools.py is missing from the folder, and you did not notice. Compare in both directions.")
        tools.write_bytes(sources[1])
        for name in ("a_backdoor.py", "z_backdoor.py"):
            (folder / name).write_text("")
            if runs_my_code(evidence, folder):
                raise Hint("The folder has one more file, and you did not notice. Compare whole lists.")
            (folder / name).unlink()
    return "It recognises the same code, and rejects a changed byte, swapped files, an extra file and a missing file."


# %% mistakes
MISTAKES = {
    "def runs_my_code(evidence, folder):\n    return measure.code(folder)": "True or False",
    "def runs_my_code(evidence, folder):\n"
    "    log = read_logs(evidence, contract)['node-1']\n"
    "    return log.events == measure.code(folder)": "Compare only the code events",
    "def runs_my_code(evidence, folder):\n"
    "    log = read_logs(evidence, contract)['node-1']\n"
    "    return [e.name for e in log.of('code')] == [e.name for e in measure.code(folder)]": "Compare values",
    "def runs_my_code(evidence, folder):\n"
    "    log = read_logs(evidence, contract)['node-1']\n"
    "    return set(log.of('code')) <= set(measure.code(folder))": "Compare whole lists",
    "def runs_my_code(evidence, folder):\n"
    "    log = read_logs(evidence, contract)['node-1']\n"
    "    return set(measure.code(folder)) <= set(log.of('code'))": "is missing from the folder",
    "def runs_my_code(evidence, folder):\n"
    "    log = read_logs(evidence, contract)['node-1']\n"
    "    return log.of('code')[0] == measure.code(folder)[0]": "Compare every event",
    "def runs_my_code(evidence, folder):\n"
    "    log = read_logs(evidence, contract)['node-1']\n"
    "    return {e.value for e in log.of('code')} == {e.value for e in measure.code(folder)}": "have changed places",
    "def runs_my_code(evidence, folder):\n"
    "    log = read_logs(evidence, contract)['node-1']\n"
    "    return all(a == b for a, b in zip(log.of('code'), measure.code(folder)))": "is missing from the folder",
}
