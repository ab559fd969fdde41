"""Tool calls of the local engine: the right tool, arguments from the user's words, the wire format, the way back."""

from __future__ import annotations

import json
from typing import Any

import jsonschema
import pytest

from tests.services.inference_rig import both, chat, send, service

TEXT, NUMBER = {"type": "string"}, {"type": "number"}


def tool(name: str, description: str, required: tuple[str, ...], **properties: Any) -> dict[str, Any]:
    parameters = {"type": "object", "properties": properties, "required": list(required)}
    return {"type": "function", "function": {"name": name, "description": description, "parameters": parameters}}


UNITS = {"type": "string", "enum": ["celsius", "fahrenheit"]}
ROOMS = {"type": "string", "enum": ["kitchen", "bedroom", "living room"]}
CODE = {"type": "string", "description": "Python source"}
TOOLS = [
    tool("get_weather", "Get the current weather for a location", ("location",), location=TEXT, unit=UNITS),
    tool("get_current_time", "Returns the time in a timezone", ("timezone",), timezone=TEXT),
    tool("search_web", "Search the web", ("query",), query=TEXT, num_results={"type": "integer", "default": 10}),
    tool("calculator", "Evaluate an arithmetic expression", ("expression",), expression=TEXT),
    tool("run_python", "Execute Python code in a sandbox", ("code",), code=CODE),
    tool("send_email", "Send an email", ("to", "subject", "body"), to=TEXT, subject=TEXT, body=TEXT),
    tool(
        "find_flights",
        "Find flights between two cities",
        ("origin", "destination"),
        origin=TEXT,
        destination=TEXT,
        date={"type": "string", "format": "date"},
        passengers={"type": "integer", "minimum": 1},
    ),
    tool("get_stock_price", "Get the stock price of a company", ("symbol",), symbol=TEXT),
    tool("multiply", "Multiply two numbers", ("a", "b"), a=NUMBER, b=NUMBER),
    tool("set_light", "Turn a light on or off", ("room", "on"), room=ROOMS, on={"type": "boolean"}),
]


def calls(text: str, **fields: Any) -> list[tuple[str, dict[str, Any]]]:
    response = chat(service(), text, **{"tools": TOOLS, **fields})
    assert response.status_code == 200, response.text
    choice = response.json()["choices"][0]
    made = choice["message"].get("tool_calls", [])
    assert choice["finish_reason"] == ("tool_calls" if made else "stop")
    return [(c["function"]["name"], json.loads(c["function"]["arguments"])) for c in made]


@pytest.mark.parametrize(
    ("text", "name", "arguments"),
    [
        ("What's the weather like in Paris today?", "get_weather", {"location": "Paris"}),
        ("How warm is it in New York, in fahrenheit?", "get_weather", {"location": "New York", "unit": "fahrenheit"}),
        ("weather in San Francisco, CA please", "get_weather", {"location": "San Francisco, CA"}),
        ("What time is it in Tokyo?", "get_current_time", {"timezone": "Tokyo"}),
        ("Search for papers about quantum dots", "search_web", {"query": "papers about quantum dots"}),
        ("Look up 5 results for tides", "search_web", {"num_results": 5}),
        ("What is (17 + 4) * 23?", "calculator", {"expression": "(17 + 4) * 23"}),
        ("Run `print(2 + 2)`", "run_python", {"code": "print(2 + 2)"}),
        (
            'Send an email to ada@example.com with subject "Lunch" saying "See you at noon"',
            "send_email",
            {"to": "ada@example.com", "subject": "Lunch", "body": "See you at noon"},
        ),
        (
            "Find flights to Rome from Oslo on 12 March 2026 for two passengers",
            "find_flights",
            {"origin": "Oslo", "destination": "Rome", "date": "2026-03-12", "passengers": 2},
        ),
        ("What's the stock price of Apple (AAPL)?", "get_stock_price", {"symbol": "AAPL"}),
        ("Multiply 6 by 7.5", "multiply", {"a": 6, "b": 7.5}),
        ("Turn on the light in the living room", "set_light", {"room": "living room", "on": True}),
        ("Turn off the bedroom light", "set_light", {"room": "bedroom", "on": False}),
    ],
)
def test_the_tool_that_fits_is_called_with_what_was_said(text: str, name: str, arguments: dict[str, Any]) -> None:
    [(called, filled)] = calls(text)
    assert called == name and filled.items() >= arguments.items()
    schema = next(t["function"]["parameters"] for t in TOOLS if t["function"]["name"] == name)
    jsonschema.validate(filled, schema)


@pytest.mark.parametrize("text", ["How do I bake bread?", "Hello!", "Who wrote Hamlet?", "Tell me a joke about cats"])
def test_what_fits_no_tool_is_answered_in_text(text: str) -> None:
    assert calls(text) == []


def test_what_has_to_be_said_and_was_not_is_asked_for() -> None:
    choice = chat(service(), "What's the weather?", tools=TOOLS).json()["choices"][0]
    assert "`location`" in choice["message"]["content"] and choice["finish_reason"] == "stop"


def test_several_things_are_several_calls_unless_that_is_ruled_out() -> None:
    text = "What is the weather in Paris and London?"
    assert [a["location"] for _, a in calls(text)] == ["Paris", "London"]
    assert len(calls(text, parallel_tool_calls=False)) == 1
    two = calls("What's the weather in Paris and what time is it in Tokyo?")
    assert two == [("get_weather", {"location": "Paris"}), ("get_current_time", {"timezone": "Tokyo"})]


def test_tool_choice_is_obeyed() -> None:
    weather = "What's the weather like in Paris?"
    assert calls(weather, tool_choice="none") == []
    assert [name for name, _ in calls("Hello!", tool_choice="required")] != []
    named = {"type": "function", "function": {"name": "search_web"}}
    assert calls(weather, tool_choice=named)[0][0] == "search_web"


def test_the_official_client_reads_calls_whole_and_in_deltas() -> None:
    asked = "What is the weather in Paris and London?"
    whole, chunks = both({"model": "gpt-4o", "messages": [{"role": "user", "content": asked}], "tools": TOOLS})
    assert whole.choices[0].message.content is None and whole.choices[0].finish_reason == "tool_calls"
    deltas = [d for c in chunks if c.choices for d in c.choices[0].delta.tool_calls or []]
    heads = [d for d in deltas if d.id]
    assert [(h.index, h.type, h.function.name, h.function.arguments) for h in heads] == [
        (0, "function", "get_weather", ""),
        (1, "function", "get_weather", ""),
    ]
    for place, call in enumerate(whole.choices[0].message.tool_calls):
        pieces = [d.function.arguments for d in deltas if d.index == place]
        assert len(pieces) > 3 and "".join(pieces) == call.function.arguments
    assert chunks[-2].choices[0].finish_reason == "tool_calls"


def answered(result: str, **fields: Any) -> dict[str, Any]:
    call = {"id": "call_1", "type": "function", "function": {"name": "get_weather", "arguments": "{}"}}
    messages = [
        {"role": "user", "content": "What's the weather like in Paris?"},
        {"role": "assistant", "content": None, "tool_calls": [call]},
        {"role": "tool", "tool_call_id": "call_1", "content": result},
    ]
    body = {"model": "gpt-4o", "messages": messages, "tools": TOOLS, **fields}
    response = send(service(), "POST", "/v1/chat/completions", body)
    assert response.status_code == 200, response.text
    return dict(response.json()["choices"][0])


@pytest.mark.parametrize(
    ("result", "said"),
    [
        ('{"temperature": 18, "sky": "cloudy"}', "According to get_weather: temperature is 18; sky is cloudy."),
        ("18 °C and cloudy", "get_weather returned: 18 °C and cloudy"),
        ("18", "get_weather returned: 18"),
        ("", "get_weather returned nothing."),
        ("[]", "get_weather returned []."),
    ],
)
def test_a_tools_result_is_answered_from(result: str, said: str) -> None:
    choice = answered(result)
    assert choice["message"]["content"] == said and choice["finish_reason"] == "stop"


def test_a_long_result_is_quoted_where_it_answers() -> None:
    filler = "The archive holds many records of older seasons in the valley. " * 5
    said = answered(f"{filler}The weather in Paris is mild with a light wind from the west. {filler}")
    assert "The weather in Paris is mild" in said["message"]["content"]


def test_under_required_a_result_leads_to_another_call() -> None:
    assert answered("18", tool_choice="required")["finish_reason"] == "tool_calls"


@pytest.mark.parametrize(
    ("parameters", "words"),
    [
        ({"type": "string"}, "object"),
        ({"type": "objekt"}, "type"),
        ({"type": "object", "properties": {"a": {"$ref": "#/$defs/none"}}}, "points at nothing"),
    ],
)
def test_parameters_that_are_no_schema_are_named(parameters: dict[str, Any], words: str) -> None:
    broken = {"type": "function", "function": {"name": "f", "parameters": parameters}}
    response = chat(service(), "f", tools=[TOOLS[0], broken])
    assert response.status_code == 400
    assert response.json()["error"]["param"] == "tools[1].function.parameters"
    assert words in response.json()["error"]["message"]


def test_a_tool_without_parameters_can_be_called() -> None:
    bare = {"type": "function", "function": {"name": "list_files", "description": "List all files"}}
    response = chat(service(), "List the files", tools=[bare])
    call = response.json()["choices"][0]["message"]["tool_calls"][0]["function"]
    assert call == {"name": "list_files", "arguments": "{}"}


def test_a_cut_call_says_length() -> None:
    choice = chat(service(), "weather in Paris", tools=TOOLS, max_tokens=2).json()["choices"][0]
    assert choice["finish_reason"] == "length" and choice["message"]["tool_calls"]


def test_two_tools_of_one_name_are_refused() -> None:
    error = chat(service(), "x", tools=[TOOLS[0], TOOLS[0]]).json()["error"]
    assert error["param"] == "tools[1].function.name"


CURRENCIES = {"type": "string", "enum": ["USD", "EUR", "GBP", "JPY"]}


@pytest.mark.parametrize(
    ("source", "target", "schema"),
    [
        ("from", "to", {"type": "string"}),
        ("base", "quote", {"type": "string"}),
        ("fromCurrency", "toCurrency", {"type": "string"}),
        ("from_currency", "to_currency", CURRENCIES),
        ("from", "to", CURRENCIES),
    ],
)
@pytest.mark.parametrize("turned", [False, True])
@pytest.mark.parametrize(
    "text", ["How much is 80 GBP in JPY?", "Convert 80 GBP to JPY", "Change 80 GBP into JPY, please"]
)
def test_two_currencies_go_where_the_names_of_the_parameters_say(
    text: str, turned: bool, source: str, target: str, schema: dict[str, Any]
) -> None:
    properties = {"amount": {"type": "number"}, source: schema, target: schema}
    if turned:
        properties = dict(reversed(properties.items()))
    function = {
        "name": "helper",
        "description": "Convert an amount of money from one currency to another",
        "parameters": {"type": "object", "properties": properties, "required": list(properties)},
    }
    tools = [{"type": "function", "function": function}]
    assert calls(text, tools=tools) == [("helper", {"amount": 80, source: "GBP", target: "JPY"})]
