"""Ask so that the sandbox draws.

Write a question of your own which the research baseline answers with a picture, about something else than entanglement.
The check asks your question and looks at its trace: the code sandbox must be among the services that were called.
"""

import httpx

from janus_book.exercise import Hint


# %% answer
### BEGIN SOLUTION
question = "Plot sin(x) from 0 to 10"
### END SOLUTION


# %% check
def check(question):
    import janus_platform as janus

    if not isinstance(question, str) or not question.strip():
        raise Hint("Put a question between quotes in place of `...`. Which word asks for a picture in the cells above?")
    if "entangle" in question.lower():
        raise Hint("That is the page's own subject. Ask about another: a formula such as sin(x), say.")
    platform = janus.up()
    body = {"model": "research", "messages": [{"role": "user", "content": question}]}
    answer = httpx.post(f"{platform.url}/v1/chat/completions", json=body, timeout=60)
    called = platform.trace(answer.headers["x-request-id"]).service_calls
    if "code_sandbox" not in called:
        seen = ", ".join(dict.fromkeys(called)) or "no service"
        raise Hint(f"Your question's trace shows {seen}, and no code_sandbox. Does it ask to plot something?")
    return f"Your question's trace: {', '.join(called)}."


# %% mistakes
MISTAKES = {
    'question = "Plot the correlation of two entangled spins against the angle"': "the page's own subject",
    'question = "How does the TCP handshake work?"': "and no code_sandbox",
    'question = "Hello"': "and no code_sandbox",
    "question = 42": "between quotes",
}
