"""Compare with your own sources.

Golden values that came from the node are only as good as the moment when you saved them. Better: measure your own
copy of the sources. Write `runs_my_code(evidence, folder)`: whether the code that the first node measured is exactly
the code in `folder`. `read_logs(evidence, contract)` returns the event logs by node, `log.of("code")` its events, and
`measure.code(folder)` the events of a folder.
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
        shutil.copytree(bundled()["echo"], folder)
        events = [*measure.code(folder), *measure.egress(contract.egress.allowed_hosts, 443)]
        log = EventLog(contract.attestation.registers, events)
        evidence = {"event_logs": {"node-1": log.plain()}}
        same = runs_my_code(evidence, folder)
        if same is None:
            raise Hint("Your function returns nothing yet. Which two lists of events should be equal?")
        if not isinstance(same, bool):
            raise Hint(f"Return True or False, not {type(same).__name__}.")
        if not same:
            raise Hint("The folder is the one that was measured, and you say it is not. Compare only the code events.")
        path = folder / "main.py"
        path.write_bytes(path.read_bytes().replace(b"smallest", b"smallesT", 1))
        if runs_my_code(evidence, folder):
            raise Hint("One byte of main.py is another now, and you did not notice. Compare values, not only names.")
        path.write_bytes(path.read_bytes().replace(b"smallesT", b"smallest", 1))
        (folder / "backdoor.py").write_text("")
        if runs_my_code(evidence, folder):
            raise Hint("A file more lies in the folder, and you did not notice. Compare whole lists.")
    return "The same code is recognised; one changed byte and one more file are not."


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
}
