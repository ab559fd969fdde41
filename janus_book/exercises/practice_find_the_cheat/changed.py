"""What was slipped in after the entry?

A board keeps the events that a node measured when a program was entered. Later the node measures what runs. Write
`changed(entered, ran)`: a dictionary from the name of each event that differs to `"new"`, `"gone"` or `"changed"`. An
event is a dictionary with `register`, `name` and `value`; two registers may hold the same name, so write names as in
`"code main.py"`.
"""

from janus_book.exercise import Hint


# %% answer
def changed(entered, ran):
    before = {f"{one['register']} {one['name']}": one["value"] for one in entered}
    ### BEGIN SOLUTION
    after = {f"{one['register']} {one['name']}": one["value"] for one in ran}
    found = {name: "gone" for name in before if name not in after}
    found |= {name: "new" for name in after if name not in before}
    both = before.keys() & after.keys()
    return found | {name: "changed" for name in both if before[name] != after[name]}
    ### END SOLUTION


# %% check
def check(changed):
    from janus_book.checking import expect
    from janus_book.practice import recorded

    def events(text):
        return [dict(zip(("register", "name", "value"), one.split(), strict=True)) for one in text.split(", ")]

    for entered, ran, true, why in (
        ("code a 1, code b 2", "code a 1, code b 2", {}, "Nothing differs."),
        ("code a 1, code b 2", "code a 1, code b 3", {"code b": "changed"}, "b has another value."),
        ("code a 1", "code a 1, code c 9", {"code c": "new"}, "c was not there before."),
        ("code a 1, code b 2", "code a 1", {"code b": "gone"}, "b is there no longer."),
        ("code a 1, code b 2", "code b 2, code a 1", {}, "They come in another order, and that changes no file."),
        (
            "code a 1, egress a 1",
            "code a 1, egress a 2",
            {"egress a": "changed"},
            "Two registers have an event `a`; only the one of egress changed.",
        ),
        (
            "code a 1, code b 2",
            "code b 1, code c 2",
            {"code a": "gone", "code b": "changed", "code c": "new"},
            "One is gone, one has another value, one is new.",
        ),
    ):
        said = changed(events(entered), events(ran))
        expect(said, dict, "changed", "Make a dictionary of `ran` as well, then compare their names first.")
        if strange := [name for name in said if not isinstance(name, str) or len(name.split()) != 2]:
            raise Hint(f"A name in yours is {strange[0]!r}: register and name are wanted, as in 'code main.py'.")
        if strange := [word for word in said.values() if word not in ("new", "gone", "changed")]:
            raise Hint(f"Yours says {strange[0]!r}: the words are new, gone and changed.")
        if said != true:
            raise Hint(f"Entered: {entered}; ran: {ran}. {why} changed gave {said}.")
    logs = recorded("find_the_cheat")["logs"]
    found = changed(logs["entered"], logs["ran"])
    wanted = {"code known.json": "new", "code main.py": "changed", "code README.md": "gone"}
    if found != wanted:
        raise Hint(f"The made-up events are right; of the recorded ones yours says {found}.")
    return "main.py was changed, and beside it lies a new file, known.json: the suite's questions."


# %% mistakes
MISTAKES = {
    "def changed(entered, ran):\n    return {}": "b has another value",
    "def changed(entered, ran):\n    return entered != ran": "Wanted is a dictionary",
    "def changed(entered, ran):\n    return [one for one in ran if one not in entered]": "Wanted is a dictionary",
    """def changed(entered, ran):
    before = {one["name"]: one["value"] for one in entered}
    after = {one["name"]: one["value"] for one in ran}
    return {name: "changed" for name in before if before[name] != after.get(name)}
""": "register and name are wanted",
    """def changed(entered, ran):
    before = {f"{one['register']} {one['name']}": one["value"] for one in entered}
    after = {f"{one['register']} {one['name']}": one["value"] for one in ran}
    return {name: "changed" for name in before if before[name] != after[name]}
""": "c was not there before",
    """def changed(entered, ran):
    before = {f"{one['register']} {one['name']}": one["value"] for one in entered}
    after = {f"{one['register']} {one['name']}": one["value"] for one in ran}
    return {name: "changed" for name in before if before[name] != after.get(name)}
""": "c was not there before",
    """def changed(entered, ran):
    before = {f"{one['register']} {one['name']}": one["value"] for one in entered}
    after = {f"{one['register']} {one['name']}": one["value"] for one in ran}
    return {name: "new" for name in after if before.get(name) != after[name]}
""": "b has another value",
    """def changed(entered, ran):
    before = {f"{one['register']} {one['name']}": one["value"] for one in entered}
    after = {f"{one['register']} {one['name']}": one["value"] for one in ran}
    found = {name: "new" for name in after if name not in before}
    return found | {name: "changed" for name in before if name in after and before[name] != after[name]}
""": "b is there no longer",
    """def changed(entered, ran):
    before = {f"{one['register']} {one['name']}": one["value"] for one in entered}
    after = {f"{one['register']} {one['name']}": one["value"] for one in ran}
    found = {name: "gone" for name in after if name not in before}
    found |= {name: "new" for name in before if name not in after}
    return found | {name: "changed" for name in before if name in after and before[name] != after[name]}
""": "c was not there before",
    """def changed(entered, ran):
    before = {f"{one['register']} {one['name']}": one["value"] for one in entered}
    after = {f"{one['register']} {one['name']}": one["value"] for one in ran}
    found = {name: "removed" for name in before if name not in after}
    return found | {name: "changed" for name in after if before.get(name) != after[name]}
""": "changed gave {'code c': 'changed'}",
    """def changed(entered, ran):
    found = {}
    for one, other in zip(entered, ran):
        if one != other:
            found[f"{one['register']} {one['name']}"] = "changed"
    return found
""": "c was not there before",
    """def changed(entered, ran):
    before = {one["name"]: one for one in entered}
    after = {one["name"]: one for one in ran}
    found = {}
    for name in [*before, *after]:
        one = before.get(name) or after[name]
        label = f"{one['register']} {name}"
        if name not in after:
            found[label] = "gone"
        elif name not in before:
            found[label] = "new"
        elif before[name] != after[name]:
            found[label] = "changed"
    return found | ({"code a": "changed"} if "egress a" in found else {})
""": "Two registers have an event",
    """def changed(entered, ran):
    before = {f"{one['register']} {one['name']}": one["value"] for one in entered}
    after = {f"{one['register']} {one['name']}": one["value"] for one in ran}
    found = {name: "removed" for name in before if name not in after}
    found |= {name: "new" for name in after if name not in before}
    return found | {name: "changed" for name in before if name in after and before[name] != after[name]}
""": "the words are new",
    """def changed(entered, ran):
    before = {f"{one['register']} {one['name']}": place for place, one in enumerate(entered)}
    after = {f"{one['register']} {one['name']}": place for place, one in enumerate(ran)}
    found = {name: "gone" for name in before if name not in after}
    found |= {name: "new" for name in after if name not in before}
    return found | {name: "changed" for name in before if name in after and before[name] != after[name]}
""": "b has another value",
}
