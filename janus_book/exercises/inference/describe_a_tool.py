"""Describe a tool that gets picked.

The question is "How much is 250 USD in EUR?". Say in `about` what a function that converts money does, and describe its
parameters in `properties`, so that the engine calls it for this question and fills in the amount and both currencies.
The check builds the tool from the two, all parameters required. It also asks with another amount and other currencies,
and for a joke, for which the tool must not be called.
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
    _look_at(about, properties)
    calls = _asker(about, properties)
    for amount, first, second in ((250, "USD", "EUR"), (80, "GBP", "JPY"), (12.5, "EUR", "GBP")):
        question = f"How much is {amount} {first} in {second}?"
        made, words = calls(question)
        if not made and words.startswith("To call") and amount == 12.5:
            raise Hint(
                f"For {question!r} it was not called: {words} Does each `type` take such a value, one that is not "
                "whole or not listed?"
            )
        if not made and words.startswith("To call") and _is_sound(properties):
            return f"A large model would fill it in. This small engine looks for telling names and says: {words}"
        if not made and words.startswith("To call"):
            raise Hint(f"Your tool fits, but the engine cannot fill it in. It says: {words} Are its names telling?")
        if not made:
            raise Hint("Your tool was not called. Does `about` hold a word that says what it is for, such as currency?")
        arguments = json.loads(made[0].function.arguments)
        seen = f"For {question!r} it was called with {arguments}"
        given = [value for value in arguments.values() if not isinstance(value, bool)]
        if not any(value == amount for value in given) and amount != 250:
            raise Hint(f"{seen}: not with {amount}. A value that is fixed in the schema cannot change.")
        if not any(value == amount for value in given):
            raise Hint(f"{seen}: no amount. Which `type` has an amount?")
        if not {first, second} <= set(map(str, given)) and amount != 250:
            raise Hint(f"{seen}, and not with {first} and {second}. A value that is fixed in the schema cannot change.")
        if not {first, second} <= set(map(str, given)):
            raise Hint(f"{seen}. Name one parameter for each of the two currencies, with that word in it.")
        if any(value == second for name, value in arguments.items() if _is_first(name)) and calls(JOKE)[0] == []:
            return (
                f"A large model would have it right. {seen}, the wrong way round: this small engine goes by the "
                "word currency in both names, and by their order."
            )
    if calls(JOKE)[0]:
        raise Hint("It is called for a joke as well. Leave out of `about` any words that fit every question.")
    return f"It is called with {arguments}."


JOKE = "Tell me a joke about cats"
FIRST = ("from", "source", "base", "sell", "have")


def _is_first(name):
    return name.lower().startswith(FIRST)


def _is_sound(properties):
    """Whether a model could call the tool with any amount and any two currencies."""
    kinds = [its.get("type") for its in properties.values() if not {"enum", "const"} & set(its)]
    return "number" in kinds and kinds.count("string") >= 2


def _look_at(about, properties):
    if not isinstance(about, str) or not isinstance(properties, dict):
        raise Hint("Set `about` to a sentence and `properties` to a dict, as `parameters` has it under Tools.")
    if isinstance(properties.get("properties"), dict):
        raise Hint("That is more of `parameters` than asked for: only what is under its key `properties`.")
    for name, its in properties.items():
        if not isinstance(its, dict) or isinstance(its.get("type"), type):
            raise Hint(f"{name!r} has {its!r}. Each parameter has a schema, a dict that names its `type`.")


def _asker(about, properties):
    import os

    from openai import BadRequestError, OpenAI

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
        message = reply.choices[0].message
        return message.tool_calls or [], message.content or ""

    return calls


# %% mistakes
MISTAKES = {
    "about = 'Convert'\nproperties = 'amount'": "Set `about` to a sentence",
    "about = 'Converts currency'\nproperties = {'amount': {'type': 'money'}}": "refuses the tool",
    "about = 'Does useful things'\nproperties = {'amount': {'type': 'number'}}": "was not called",
    "about = 'Converts currency'\nproperties = {'from_currency': {'type': 'string'}}": "no amount",
    "about = 'Converts currency'\nproperties = {'amount': {'type': 'number'}}": "one parameter for each",
    "about = 'Converts currency'\nproperties = {'amount': 'number'}": "Each parameter has a schema",
    "about = 'Converts currency'\nproperties = {'type': 'object', 'properties': {}}": "only what is under",
    """about = "Converts currency, tells a joke about cats"
properties = {
    "amount": {"anyOf": [{"type": "number"}, {"type": "null"}]},
    "from_currency": {"type": "string", "default": "USD"},
    "to_currency": {"type": "string", "default": "EUR"},
}""": "called for a joke",
    """about = "Converts currency"
properties = {
    "amount": {"const": 250},
    "from_currency": {"enum": ["USD"]},
    "to_currency": {"enum": ["EUR"]},
}""": "not with 80",
    """about = "Converts currency"
properties = {
    "amount": {"type": "number"},
    "from_currency": {"enum": ["USD"]},
    "to_currency": {"enum": ["EUR"]},
}""": "not with GBP and JPY",
    """about = "Converts an amount of money from one currency to another"
properties = {
    "amount": {"type": "number"},
    "money": {"type": "string"},
}""": "cannot fill it in",
    """about = "Converts currency"
properties = {
    "amount": {"type": "integer"},
    "from_currency": {"type": "string"},
    "to_currency": {"type": "string"},
}""": "not whole or not listed",
    """about = "Converts currency"
properties = {
    "amount": {"enum": [250, 80]},
    "from_currency": {"enum": ["USD", "GBP"]},
    "to_currency": {"enum": ["EUR", "JPY"]},
}""": "or not listed",
}
