"""Values that a question names, taken from its text by the model: JSON or CSV."""

import csv
import io
import json
import re
from collections.abc import AsyncIterator
from typing import Any

from services import infer

NAMED = re.compile(r"`(\w+)`(,? (?:a|the) list of (?:the )?numbers)?")
LISTED = re.compile(
    r"\b(?:order|columns|fields|keys):? (\w+(?:, \w+)*(?:,? and \w+)?)"
)
WHOLE = set("year age count number amount id price quantity total".split())


def schema_in(question: str) -> dict[str, Any]:
    """The JSON schema of an object with the names in the question; {} without any."""
    names = {name: bool(many) for name, many in NAMED.findall(question)}
    if not names and (listed := LISTED.search(question)):
        names = dict.fromkeys(re.split(r",? and |, ", listed[1]), False)
    numbers = {"type": "array", "items": {"type": "integer"}}
    kinds = {
        name: numbers if many else {"type": "integer" if name in WHOLE else "string"}
        for name, many in names.items()
    }
    shape = {"type": "object", "properties": kinds, "required": list(kinds)}
    return {**shape, "additionalProperties": False} if kinds else {}


def written(values: dict[str, Any], question: str) -> str:
    """The values in the form that the question asks for."""
    rising = re.search(r"\b(rising|ascending|sorted)\b", question)
    for name, value in values.items():
        if rising and isinstance(value, list):
            values[name] = sorted(value)
    if "JSON" in question:
        return json.dumps(values, ensure_ascii=False)
    line = io.StringIO()
    csv.writer(line, lineterminator="").writerow(values.values())
    return line.getvalue()


async def answer(
    question: str, request: dict[str, Any]
) -> AsyncIterator[tuple[str, Any]]:
    """JSON or CSV, where the question names its fields."""
    schema = schema_in(question)
    if not schema or not re.search(r"\b(JSON|CSV)\b", question):
        return
    yield "reasoning_content", f"Filling in {', '.join(schema['properties'])}.\n"
    text = question.partition(": ")[2] or question
    form = {"name": "fields", "strict": True, "schema": schema}
    message, usage = await infer(
        [{"role": "user", "content": text}],
        response_format={"type": "json_schema", "json_schema": form},
    )
    yield "content", written(json.loads(message.content), question)
    yield "usage", usage
