"""Describe a tool that gets picked.

The question is "How much is 250 USD in EUR?". Say in `about` what a function that converts money does, and describe its
parameters in `properties`, so that the engine calls it for this question and fills in the amount and both currencies.
The check builds the tool from the two, all parameters required. It also asks for a joke, for which the tool must not be
called.
"""

import json

from janus_book.exercise import Hint


# %% answer
### BEGIN SOLUTION
about = "Convert an amount of money from one currency to another"
properties = {
    "amount": {"type": "number"},
    "from_currency": {"type": "string"},
    "to_currency": {"type": "string"},
}
### END SOLUTION


# %% check
def check(about, properties):
    import os

    from openai import BadRequestError, OpenAI

    if not isinstance(about, str) or not isinstance(properties, dict):
        raise Hint("Set `about` to a sentence and `properties` to a dict, as `parameters` has it under Tools.")
    parameters = {"type": "object", "properties": properties, "required": list(properties)}
    function = {"name": "helper", "description": about, "parameters": parameters}
    tool = {"type": "function", "function": function}
    client = OpenAI(api_key=os.environ["CHUTES_API_KEY"], base_url="https://api.chutes.ai/v1")

    def calls(question):
        messages = [{"role": "user", "content": question}]
        try:
            reply = client.chat.completions.create(model="gpt-4o-mini", messages=messages, tools=[tool])
        except BadRequestError as error:
            raise Hint(f"The service refuses the tool: {error.body['message']}") from None
        return reply.choices[0].message.tool_calls or []

    made = calls("How much is 250 USD in EUR?")
    if not made:
        raise Hint("Your tool was not called. Does `about` hold a word that says what it is for, such as currency?")
    arguments = json.loads(made[0].function.arguments)
    if 250 not in arguments.values():
        raise Hint(f"It was called with {arguments}: no amount. Which `type` has an amount?")
    if not {"USD", "EUR"} <= set(map(str, arguments.values())):
        raise Hint(f"It was called with {arguments}. Name one parameter for each of the two currencies.")
    if calls("Tell me a joke about cats"):
        raise Hint("It is called for a joke as well. Leave words out of `about` that fit every question.")
    return f"It is called with {arguments}."


# %% mistakes
MISTAKES = {
    "about = 'Convert'\nproperties = 'amount'": "Set `about` to a sentence",
    "about = 'Converts currency'\nproperties = {'amount': {'type': 'money'}}": "refuses the tool",
    "about = 'Does useful things'\nproperties = {'amount': {'type': 'number'}}": "was not called",
    "about = 'Converts currency'\nproperties = {'from_currency': {'type': 'string'}}": "no amount",
    "about = 'Converts currency'\nproperties = {'amount': {'type': 'number'}}": "one parameter for each",
    """about = "Converts currency, tells a joke about cats"
properties = {
    "amount": {"anyOf": [{"type": "number"}, {"type": "null"}]},
    "from_currency": {"type": "string", "default": "USD"},
    "to_currency": {"type": "string", "default": "EUR"},
}""": "called for a joke",
}
