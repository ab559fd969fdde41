"""Name the cheat from its report.

Write `verdict(report)`: what a report's category scores say about the implementation. `report["scores"]` maps
`quality`, `speed`, `cost` and `streaming` to numbers from 0 to 100. Return `"not answering"` if quality is below 10,
`"false bill"` if cost is, `"false stream"` if streaming is, and `"honest"` otherwise. The check benches four
implementations and hands you their reports.
"""

from janus_book.exercise import Hint


# %% answer
def verdict(report):
    scores = report["scores"]
    ### BEGIN SOLUTION
    if scores["quality"] < 10:
        return "not answering"
    if scores["cost"] < 10:
        return "false bill"
    return "false stream" if scores["streaming"] < 10 else "honest"
    ### END SOLUTION


# %% check
def check(verdict):
    import tempfile

    import janus_bench
    from janus_bench.suites.loader import load_suite
    from janus_book.tiny_target import serving

    known = {}
    for item in load_suite("reasoning").items(0):
        answer = vars(item.checks[0]).get("value")
        known[item.prompt] = f"{'I worked it out, one step at a time. ' * 8}\nAnswer: {answer}"
    bills = {"completion_tokens": 90, "prompt_tokens": 40, "cost_usd": 0.0001}, {"completion_tokens": 0, "cost_usd": 0}

    def honest(question, usage=bills[0]):
        for word in known.get(question, "I am ready.").split(" "):
            yield word + " "
            yield 0.002
        yield {"usage": usage}

    def free(question):
        return honest(question, bills[1])

    def buffered(question):
        text = known.get(question, "I am ready.")
        yield from (text[:60], text[60:], {"usage": bills[0]})

    def echo(question):
        yield from (word + " " for word in question.split())

    # the worst first: an answer that looks at one score alone fails there
    cases = {"not answering": echo, "false bill": free, "false stream": buffered, "honest": honest}
    next_step = {
        "not answering": "Which score should be asked first?",
        "false bill": "Which of them is low, where the answers are right?",
        "false stream": "Which of them is low, where the answers are right?",
        "honest": "None of those that count is below 10.",
    }

    def said(report):
        try:
            return verdict(report)
        except KeyError as error:
            raise Hint(f"There is no {error}. `report['scores']` has the scores, and they stand by name.") from None
        except TypeError as error:
            if "NoneType" not in str(error):
                raise
            raise Hint("A score may be None, which cannot be compared. Name the three that you need.") from None

    if said({"scores": {"quality": 0.0, "speed": 0.0, "cost": 0.0, "streaming": 0.0}}) in (None, ...):
        raise Hint("Your function returns nothing yet. Look at quality first: without it the others are 0 too.")
    for wanted, cheat in cases.items():
        with tempfile.TemporaryDirectory() as room, serving(cheat) as url:
            report = janus_bench.run(url, "reasoning", progress=False, seed=0, output=f"{room}/run").to_dict()
        found = said(report)
        if found != wanted:
            shown = ", ".join(f"{name} {value:.0f}" for name, value in report["scores"].items() if value is not None)
            raise Hint(f"{shown}: that is {wanted!r}, and yours says {found!r}. {next_step[wanted]}")
    whole = {"quality": 60.0, "speed": 60.0, "cost": 60.0, "streaming": 60.0}
    for name, cheat in (("quality", "not answering"), ("cost", "false bill"), ("streaming", "false stream")):
        for value, wanted in ((9.9, cheat), (10.0, "honest")):
            found = said({"scores": {**whole, name: value}})
            if found != wanted:
                raise Hint(f"With 60 everywhere and {value} for {name} it is {wanted!r}, and yours says {found!r}.")
    if (found := said({"scores": {**whole, "speed": 1.0}})) != "honest":
        raise Hint(f"Slow but right in everything else is 'honest', and yours says {found!r}.")
    return "Four reports, four verdicts: a cheat loses where it cheats."


# %% mistakes
MISTAKES = {
    "def verdict(report):\n    return 'honest'": "that is 'not answering'",
    "def verdict(report):\n"
    "    s = report['scores']\n"
    "    if s['streaming'] < 10:\n"
    "        return 'false stream'\n"
    "    return 'not answering' if s['quality'] < 10 else 'honest'": "should be asked first",
    "def verdict(report):\n"
    "    s = report['scores']\n"
    "    if s['quality'] < 10:\n"
    "        return 'not answering'\n"
    "    return 'false bill' if s['cost'] < 10 else 'honest'": "'false stream'",
    "def verdict(report):\n"
    "    s = report['scores']\n"
    "    if s['quality'] < 0.1:\n"
    "        return 'not answering'\n"
    "    if s['cost'] < 0.1:\n"
    "        return 'false bill'\n"
    "    return 'false stream' if s['streaming'] < 0.1 else 'honest'": "9.9 for quality",
    "def verdict(report):\n"
    "    s = report['scores']\n"
    "    if s['quality'] <= 10:\n"
    "        return 'not answering'\n"
    "    if s['cost'] <= 10:\n"
    "        return 'false bill'\n"
    "    return 'false stream' if s['streaming'] <= 10 else 'honest'": "10.0 for quality",
    "def verdict(report):\n"
    "    s = report['scores']\n"
    "    names = {'quality': 'not answering', 'cost': 'false bill', 'streaming': 'false stream'}\n"
    "    return names.get(min(s, key=s.get), 'honest')": "Name the three",
    """def verdict(report):
    return 'not answering' if report['quality'] < 10 else 'honest'
""": "stand by name",
}
