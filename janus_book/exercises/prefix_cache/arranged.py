"""Order a prompt for the cache.

An assistant has `rules`, which never change, a `date`, which changes once a day, and a `question`, which is new each
time. Write `arranged(rules, date, question)`: the messages of a chat request, each with `role` and `content`, in
which all three appear word for word and as much as possible is read only once. The last message is the user's and ends
with the question.
"""

from janus_book.exercise import Hint


# %% answer
def arranged(rules, date, question):
    """The messages, with what changes last."""
    ### BEGIN SOLUTION
    return [
        {"role": "system", "content": f"{rules}\nToday is {date}."},
        {"role": "user", "content": question},
    ]
    ### END SOLUTION


# %% check
def check(arranged):
    rules = "Answer in one sentence. Quote the room. Never guess."
    question, other = "Which room is oldest?", "Where is the café?"
    monday, tuesday = "2026-03-02", "2026-03-03"

    def asked(date, question):
        got = arranged(rules, date, question)
        if got is None:
            raise Hint("Your function returns nothing yet. Which of the three never changes? It comes first.")
        if not isinstance(got, list) or not got or not all(isinstance(one, dict) for one in got):
            raise Hint(f"Return a list of messages, each a dictionary. Yours returns {type(got).__name__}.")
        for one in got:
            if not isinstance(one.get("content"), str) or one.get("role") not in ("system", "user", "assistant"):
                raise Hint(f"Each message has a `role` (system, user, assistant) and a text as `content`, not {one!r}.")
        text = "".join(f"<{one['role']}>{one['content']}" for one in got)
        for name, part in (("rules", rules), ("date", date), ("question", question)):
            if part not in text:
                raise Hint(f"The {name} are missing." if name == "rules" else f"The {name} is missing.")
        if got[-1]["role"] != "user" or not got[-1]["content"].rstrip().endswith(question):
            raise Hint("The last message is the user's and ends with the question: models answer what comes last.")
        return text

    def shared(one, two):
        return next((n for n, (a, b) in enumerate(zip(one, two, strict=False)) if a != b), min(len(one), len(two)))

    first = asked(monday, question)
    if asked(monday, question) != first:
        raise Hint("Two equal calls give different messages. Whatever changes by itself ends the cache: leave it out.")
    end_of_rules, end_of_date = first.index(rules) + len(rules), first.index(monday) + len(monday)
    if shared(first, asked(tuesday, question)) < end_of_rules:
        raise Hint("On another day the rules are read again: the date comes before them.")
    if shared(first, asked(monday, other)) < end_of_rules:
        raise Hint("With another question the rules are read again: the question comes before them.")
    if shared(first, asked(monday, other)) < end_of_date:
        raise Hint("With another question on the same day the date is read again: the question comes before it.")
    if first.count(rules) > 1 or first.count(monday) > 1 or first.count(question) > 1:
        raise Hint("Something appears twice. Each token is read at least once: say each thing once.")
    return f"Another question leaves {shared(first, asked(monday, other))} of {len(first)} characters as they were."


# %% mistakes
MISTAKES = {
    "def arranged(rules, date, question):\n"
    "    pass": "returns nothing yet",
    "def arranged(rules, date, question):\n"
    "    return rules + date + question": "Return a list of messages",
    "def arranged(rules, date, question):\n"
    "    return [rules, date, question]": "Return a list of messages",
    "def arranged(rules, date, question):\n"
    "    return [{'role': 'system', 'text': rules}, {'role': 'user', "
    "'content': question}]": "Each message has a `role`",
    "def arranged(rules, date, question):\n"
    "    return [{'role': 'rules', 'content': rules + date}, {'role': "
    "'user', 'content': question}]": "Each message has a `role`",
    "def arranged(rules, date, question):\n"
    "    return [{'role': 'system', 'content': rules}, {'role': 'user', "
    "'content': question}]": "The date is missing",
    "def arranged(rules, date, question):\n"
    "    return [{'role': 'system', 'content': date}, {'role': 'user', "
    "'content': question}]": "The rules are missing",
    "def arranged(rules, date, question):\n"
    "    return [{'role': 'system', 'content': rules + date}]": "The question is missing",
    "def arranged(rules, date, question):\n"
    "    return [{'role': 'user', 'content': question}, {'role': "
    "'system', 'content': rules + date}]": "The last message is the user's",
    "def arranged(rules, date, question):\n"
    "    return [{'role': 'user', 'content': rules + question + date}]": "The last message is the user's",
    "def arranged(rules, date, question):\n"
    "    return [{'role': 'system', 'content': date + rules}, {'role': "
    "'user', 'content': question}]": "the date comes before them",
    "def arranged(rules, date, question):\n"
    "    return [{'role': 'user', 'content': question + rules + date + "
    "question}]": "the question comes before them",
    "def arranged(rules, date, question):\n"
    "    return [{'role': 'system', 'content': rules}, {'role': 'user', "
    "'content': question + date + question}]": "the question comes before it",
    "def arranged(rules, date, question):\n"
    "    return [{'role': 'system', 'content': rules + date}, {'role': "
    "'user', 'content': rules + question}]": "appears twice",
    "import itertools\n"
    "n = itertools.count()\n"
    "\n"
    "\n"
    "def arranged(rules, date, question):\n"
    "    return [{'role': 'system', 'content': f'{next(n)} {rules} "
    "{date}'}, {'role': 'user', 'content': question}]": "Two equal calls",
}
