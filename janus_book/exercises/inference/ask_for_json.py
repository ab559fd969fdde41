"""Ask for fields instead of prose.

Write `properties`, the part of a JSON Schema that turns a sentence such as "Ada Lovelace is 36 years old and lives in
London." into an object with the fields `name`, `age` and `city`, the age as a whole number. The check requires all of
them, and sends sentences of its own.
"""

import json

from janus_book.exercise import Hint

PEOPLE = (("Ada Lovelace", 36, "London"), ("Grace Hopper", 85, "New York"), ("Emmy Noether", 53, "Rome"))


# %% answer
### BEGIN SOLUTION
properties = {
    "name": {"type": "string"},
    "age": {"type": "integer"},
    "city": {"type": "string"},
}
### END SOLUTION


# %% check
def check(properties):
    import os

    from openai import BadRequestError, OpenAI

    _look_at(properties)
    schema = {"type": "object", "properties": properties, "required": list(properties)}
    client = OpenAI(api_key=os.environ["CHUTES_API_KEY"], base_url="https://api.chutes.ai/v1")
    described = {"name": "person", "schema": schema}
    said = {}
    for name, age, city in PEOPLE:
        words = f"{name} is {age} years old and lives in {city}."
        try:
            reply = client.chat.completions.create(
                model="gpt-4o-mini",
                messages=[{"role": "user", "content": words}],
                response_format={"type": "json_schema", "json_schema": described},
            )
        except BadRequestError as error:
            raise Hint(f"The service refuses the schema: {error.body['message']}") from None
        said = json.loads(reply.choices[0].message.content)
        if missing := [field for field in ("name", "age", "city") if field not in said]:
            there = ", ".join(said) or "no field at all"
            raise Hint(f"The answer has no {missing[0]}; it has {there}. Name it in `properties`.")
        if more := [field for field in said if field not in ("name", "age", "city")]:
            raise Hint(f"The answer also has {more[0]}, about which the sentence says nothing. Ask for three fields.")
        if type(said["age"]) is not int:
            raise Hint(f"The age came as {said['age']!r}, which is not a whole number. Which `type` is?")
        if (said["name"], said["age"], said["city"]) != (name, age, city):
            raise Hint(f"From {words!r} came {said}. Does each field have the type of its value, and leave it open?")
    for name, its in properties.items():
        if fixed := {"enum", "const"} & set(its):
            raise Hint(f"{name!r} lists its values under `{min(fixed)}`. Another sentence has others: leave it open.")
    if (kind := properties["age"].get("type")) is None:
        raise Hint("The age came whole, but its schema names no `type` of its own. One word says that it is whole.")
    if kind not in ("integer", ["integer"]):
        raise Hint(f"The age came whole, but {kind!r} lets other things through as well. Which `type` does not?")
    return f"The last answer: {said}."


def _look_at(properties):
    if not isinstance(properties, dict):
        raise Hint("Set `properties` to a dict: for each field its name and its schema, as in the section on JSON.")
    if isinstance(properties.get("properties"), dict):
        raise Hint("That is more of the schema than asked for: only what is under its key `properties`.")
    for name, its in properties.items():
        if not isinstance(its, dict):
            raise Hint(f"{name!r} has {its!r}. Each field has a schema of its own, a dict that names its `type`.")
        if isinstance(its.get("type"), type):
            raise Hint(
                f"The type of {name!r} is the Python class {its['type'].__name__}. JSON Schema names types in words, "
                "as the section on JSON does."
            )


# %% mistakes
MISTAKES = {
    "properties = ['name', 'age', 'city']": "Set `properties` to a dict",
    'properties = {"age": {"type": "whole"}}': "refuses the schema",
    'properties = {"name": {"type": "string"}}': "has no age",
    'properties = {"Name": {"type": "string"}, "Age": {"type": "integer"}}': "it has Name, Age",
    'properties = {name: {"type": "string"} for name in ("name", "age", "city")}': "Which `type` is?",
    'properties = {"name": {"type": "string"}, "age": {"type": "number"}, "city": {"type": "string"}}': "came whole",
    'properties = {"name": {"type": str}, "age": {"type": int}, "city": {"type": str}}': "the Python class str",
    'properties = {"name": "string", "age": "integer", "city": "string"}': "a schema of its own",
    'properties = {"type": "object", "properties": {"name": {"type": "string"}}}': "only what is under",
    """properties = {
    "name": {"enum": ["Ada Lovelace", "Grace Hopper"]},
    "age": {"enum": [36, 85]},
    "city": {"enum": ["London", "New York"]},
}""": "and leave it open",
    """properties = {
    "name": {"type": "string"},
    "age": {"type": "integer"},
    "city": {"type": "string"},
    "job": {"type": "string"},
}""": "also has job",
    """properties = {
    "name": {"type": "string"},
    "age": {"enum": [36, 85, 53]},
    "city": {"type": "string"},
}""": "Another sentence has others",
    """properties = {
    "name": {"type": "string"},
    "age": {"anyOf": [{"type": "integer"}, {"type": "string"}]},
    "city": {"type": "string"},
}""": "names no `type`",
}
