"""Is it walled in?

Write `walled_in(report)`: whether a process that reports this is walled in. Three things must hold: its network has no
interface but `lo`, its user is not root, and it cannot write its own code.
"""

from janus_book.exercise import Hint


# %% answer
def walled_in(report):
    ### BEGIN SOLUTION
    own_network = report["interfaces"] == ["lo"]
    return own_network and report["uid"] != 0 and not report["code_writable"]
    ### END SOLUTION


# %% check
def check(walled_in):
    import json

    import httpx

    import janus_platform as janus
    from janus_platform.implementations import GUEST

    sound = {"interfaces": ["lo"], "uid": 1_900_000_001, "code_writable": False}
    for change, true, what in (
        ({}, True, "This one is walled in."),
        ({"interfaces": ["eth0", "lo"]}, False, "eth0 leads to a network."),
        ({"interfaces": ["lo", "eth0"]}, False, "eth0 leads to a network, wherever it is in the list."),
        ({"interfaces": ["eth0"]}, False, "eth0 leads to a network. One interface is not always lo."),
        ({"interfaces": []}, False, "Without lo it could not even reach the proxy. It should have lo and no other."),
        ({"uid": 0}, False, "User 0 is root."),
        ({"code_writable": True}, False, "It could change its own code."),
        ({"uid": 1_900_000_017}, True, "This one is walled in too: each implementation runs as a user of its own."),
        ({"uid": 65534}, True, "This one is walled in too: any user but root will do."),
    ):
        report = {**sound, **change}
        given = {**report, "interfaces": list(report["interfaces"])}
        try:
            said = walled_in(given)
        except Exception as error:
            raise Hint(
                f"For {report} walled_in raises {type(error).__name__}. The report has these three "
                "keys."
            ) from None
        if said is None:
            raise Hint("walled_in returns nothing yet. Three keys decide: interfaces, uid, code_writable.")
        if given != report:
            raise Hint("walled_in changes the report that it was given. Read it and leave it unchanged.")
        if not isinstance(said, bool):
            raise Hint(f"walled_in gave {said!r}. Return True or False: compare each key with what it should be.")
        if said != true:
            raise Hint(f"For {report} walled_in gave {said}. {what}")
    platform = janus.up()
    if all(one["name"] != "guest" for one in platform.implementations()):
        platform.submit(GUEST, name="guest")
    body = {"model": "guest", "messages": [{"role": "user", "content": "inside"}]}
    answer = httpx.post(f"{platform.url}/v1/chat/completions", json=body, timeout=60).json()
    real = walled_in(json.loads(answer["choices"][0]["message"]["content"]))
    return f"The guest on this machine {'is' if real else 'is not'} behind all three."


# %% mistakes
MISTAKES = {
    "def walled_in(report):\n    return report['interfaces'] == ['lo'] and report['uid'] == 1_900_000_001"
    " and not report['code_writable']": "a user of its own",
    "def walled_in(report):\n    return report['interfaces'] == ['lo'] and report['uid'] >= 1_000_000"
    " and not report['code_writable']": "any user but root",
    "def walled_in(report):\n    return report['uid'] and report['interfaces'] == ['lo']": "Return True or False",
    "def walled_in(report):\n    report['interfaces'].remove('lo')\n"
    "    return not report['interfaces'] and report['uid'] != 0 and not report['code_writable']": "changes the report",
    "def walled_in(report):\n    return report['network'] == ['lo'] and report['uid'] != 0": "The report has these",
    "def walled_in(report):\n    return report['interfaces'][0] == 'lo' and report['uid'] != 0"
    " and not report['code_writable']": "wherever it is in the list",
    "def walled_in(report):\n    return len(report['interfaces']) == 1 and report['uid'] != 0"
    " and not report['code_writable']": "not always lo",
    "def walled_in(report):\n    return True": "leads to a network",
    "def walled_in(report):\n    return 'lo' in report['interfaces'] and report['uid'] != 0"
    " and not report['code_writable']": "leads to a network",
    "def walled_in(report):\n    return report['interfaces'] == ['lo'] and not report['code_writable']": "is root",
    "def walled_in(report):\n    return report['interfaces'] == ['lo'] and report['uid'] != 0": "its own code",
}
