"""Ask for fields instead of prose.

Write `properties`, the part of a JSON Schema that turns a sentence such as "Ada Lovelace is 36 years old and lives in
London." into an object with the fields `name`, `age` and `city`, the age as a whole number. The check requires all of
them, and sends sentences of its own.
"""

import json

from janus_book.exercise import Hint


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

    if not isinstance(properties, dict):
        raise Hint("Set `properties` to a dict: for each field its name and its schema, as in the section on JSON.")
    schema = {"type": "object", "properties": properties, "required": list(properties)}
    client = OpenAI(api_key=os.environ["CHUTES_API_KEY"], base_url="https://api.chutes.ai/v1")
    described = {"name": "person", "schema": schema}
    said = {}
    for name, age, city in (("Ada Lovelace", 36, "London"), ("Grace Hopper", 85, "New York")):
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
            raise Hint(f"The answer has no {missing[0]}. Name it in `properties`.")
        if not isinstance(said["age"], int):
            raise Hint(f"The age came as {said['age']!r}, which is no whole number. Which `type` is one?")
        if (said["name"], said["age"], said["city"]) != (name, age, city):
            raise Hint(f"From {words!r} came {said}. Does each field have the type of its value?")
    return f"The last answer: {said}."


# %% mistakes
MISTAKES = {
    "properties = ['name', 'age', 'city']": "Set `properties` to a dict",
    'properties = {"age": {"type": "whole"}}': "refuses the schema",
    'properties = {"name": {"type": "string"}}': "has no age",
    'properties = {name: {"type": "string"} for name in ("name", "age", "city")}': "Which `type` is one?",
}
