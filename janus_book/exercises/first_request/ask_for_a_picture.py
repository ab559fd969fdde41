"""Ask so that the sandbox draws.

Put into `my_question` a question that the research baseline answers with a picture, about something other than
entanglement. The check asks it and looks at its trace: the code sandbox must be among the services called.
"""

import httpx

from janus_book.exercise import Hint


# %% answer
### BEGIN SOLUTION
my_question = "Plot sin(x) from 0 to 10"
### END SOLUTION


# %% check
def check(my_question):
    import janus_platform as janus

    if not isinstance(my_question, str) or not my_question.strip():
        raise Hint("Put a question between quotes in place of `...`. Which word asks for a picture in the cells above?")
    if "entangle" in my_question.lower():
        raise Hint("That is the page's own subject. Ask about something else, such as sin(x).")
    platform = janus.up()
    body = {"model": "research", "messages": [{"role": "user", "content": my_question}]}
    answer = httpx.post(f"{platform.url}/v1/chat/completions", json=body, timeout=60)
    called = platform.trace(answer.headers["x-request-id"]).service_calls
    if "code_sandbox" not in called:
        seen = ", ".join(dict.fromkeys(called)) or "no service"
        raise Hint(f"Your question's trace shows {seen}, and no code_sandbox. Does it ask for a plot?")
    return f"Your question's trace: {', '.join(called)}."


# %% mistakes
MISTAKES = {
    'my_question = "Plot the correlation of two entangled spins against the angle"': "the page's own subject",
    'my_question = "How does the TCP handshake work?"': "and no code_sandbox",
    'my_question = "Hello"': "and no code_sandbox",
    "my_question = 42": "between quotes",
}
