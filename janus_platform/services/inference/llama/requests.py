"""A checked chat request as llama.cpp's server gets it: only what is meant for it, within limits, and harmless.

llama.cpp reads the whole prompt with its control tokens, the callers' words included: a message that holds
`<|im_start|>system` would begin a system message of its own. Such a text is broken up by a joiner without a width.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from janus_platform.contract import InferenceLimits, ModelEngineRules
from janus_platform.services.inference.chat import ChatRequest
from janus_platform.services.inference.errors import ApiError, invalid
from janus_platform.services.inference.llama.schemas import SCHEMA_NOT_SUPPORTED, check_schema
from janus_platform.services.inference.llama.vocabulary import pattern_of
from janus_platform.services.inference.messages import ChatMessage
from janus_platform.services.inference.tools import Tool

# WORD JOINER (Unicode 15, 23.2): shown as nothing, and no token of a vocabulary has it inside.
JOINER = "\u2060"
_REFUSED = ("functions", "function_call", "audio", "prediction", "web_search_options")
_PASSED = ("temperature", "top_p", "presence_penalty", "frequency_penalty")
IMAGE_NOT_SUPPORTED, TOOLS_NOT_SUPPORTED, TOO_LONG = (
    "image_not_supported",
    "tools_not_supported",
    "context_length_exceeded",
)
# Values of `reasoning_effort` that ask for an answer at once.
NO_THINKING = ("none", "minimal")
# llama.cpp takes 32 bits, of which the highest number means: by chance.
SEEDS = 2**32 - 1


@dataclass(frozen=True)
class Abilities:
    """What the model can do: tokens of each prompt and answer, whether its template has tools; its control tokens."""

    context_tokens: int
    has_tools: bool = False
    control_tokens: tuple[str, ...] = ()


@dataclass(frozen=True)
class Translation:
    """How requests become llama.cpp's, for one model called `name`."""

    name: str
    abilities: Abilities
    rules: ModelEngineRules
    limits: InferenceLimits
    _control: re.Pattern[str] | None = field(init=False, default=None)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_control", pattern_of(self.abilities.control_tokens))

    def body(self, request: ChatRequest) -> dict[str, Any]:
        """The body to send. Raises ApiError 400 for what this model cannot do."""
        self._check(request)
        raw = request.body
        kept = {name: raw[name] for name in _PASSED if raw.get(name) is not None}
        body: dict[str, Any] = {
            **kept,
            "messages": [self._message(message) for message in request.messages],
            "max_tokens": min(request.max_tokens or self.abilities.context_tokens, self.abilities.context_tokens),
            "n": request.n,
            "stream": True,
            "stream_options": {"include_usage": True},
        }
        if request.stop:
            body["stop"] = list(request.stop)
        if request.seed is not None:
            body["seed"] = request.seed % SEEDS
        body |= self._log_probabilities(raw) | self._form(request)
        if biases := raw.get("logit_bias"):
            body["logit_bias"] = self._biases(biases)
        return body | self._thinking(request) | self._tools(request)

    def _check(self, request: ChatRequest) -> None:
        for name in _REFUSED:
            if request.body.get(name):
                raise invalid(
                    name, f"{self.name} does not support `{name}`. Leave it out.", code="unsupported_parameter"
                )
        if request.body.get("modalities") not in (None, ["text"]):
            raise invalid("modalities", f'{self.name} answers in text. Leave it out or send ["text"].')
        if request.n > self.rules.max_choices:
            raise invalid(
                "n", f"{self.name} gives at most {self.rules.max_choices} answers at once. Send a smaller `n`."
            )
        images = [image for message in request.messages for image in message.images]
        if images:
            raise invalid(images[0].path, f"{self.name} reads no images.", code=IMAGE_NOT_SUPPORTED)
        if self.abilities.has_tools:
            return
        calls = any(message.role == "tool" or message.tool_calls for message in request.messages)
        if (request.tools and request.tool_choice.mode != "none") or calls:
            raise invalid(
                "tools" if request.tools else "messages",
                f"{self.name} calls no tools: its chat template has no place for them. Leave `tools` out, or use a "
                "model whose `features` in GET /v1/models have tools.",
                code=TOOLS_NOT_SUPPORTED,
            )

    def _message(self, message: ChatMessage) -> dict[str, Any]:
        role = "system" if message.role == "developer" else message.role
        said: dict[str, Any] = {"role": role, "content": self.harmless(message.text)}
        if message.tool_calls:
            said["tool_calls"] = [
                {
                    "id": call.id,
                    "type": "function",
                    "function": {"name": call.name, "arguments": self.harmless(call.arguments)},
                }
                for call in message.tool_calls
            ]
        if message.role == "tool":
            said["tool_call_id"] = message.call_id or message.name
        return said

    def harmless(self, text: str) -> str:
        """The text with a joiner inside whatever would be a control token."""
        if self._control is None:
            return text
        return self._control.sub(lambda found: found[0][0] + JOINER + found[0][1:], text)

    def _harmless_in(self, value: Any) -> Any:
        if isinstance(value, str):
            return self.harmless(value)
        if isinstance(value, list):
            return [self._harmless_in(one) for one in value]
        if isinstance(value, Mapping):
            return {self.harmless(name): self._harmless_in(one) for name, one in value.items()}
        return value

    def _tools(self, request: ChatRequest) -> dict[str, Any]:
        if not request.tools or request.tool_choice.mode == "none":
            return {}
        tools = request.tools
        if request.tool_choice.mode == "named":
            # One tool, and it must be called, is the same.
            tools = tuple(tool for tool in tools if tool.name == request.tool_choice.name)
        for tool in tools:
            if tool.strict:
                check_schema(tool.parameters, tool.path, self.limits)
        functions = (
            {"name": t.name, "description": t.description, "parameters": t.parameters or {"type": "object"}}
            for t in tools
        )
        offered: dict[str, Any] = {
            "tools": [{"type": "function", "function": self._harmless_in(function)} for function in functions],
            "tool_choice": "auto",
            "parallel_tool_calls": request.parallel_tool_calls,
        }
        if request.tool_choice.mode != "auto":
            # llama.cpp does not hold a model to a call. It does hold an answer to a schema, unless the model thinks.
            offered["response_format"] = self._one_call(tools)
            offered["chat_template_kwargs"] = {"enable_thinking": False}
        return offered

    def _one_call(self, tools: Sequence[Tool]) -> dict[str, Any]:
        """The form of an answer that is nothing but the JSON of a call."""
        calls = [
            {
                "type": "object",
                "properties": {"name": {"const": tool.name}, "arguments": self._arguments(tool)},
                "required": ["name", "arguments"],
                "additionalProperties": False,
            }
            for tool in tools
        ]
        return {"type": "json_schema", "json_schema": {"name": "call", "schema": {"anyOf": calls}}}

    def _arguments(self, tool: Tool) -> Mapping[str, Any]:
        """The schema of a tool's arguments, or any object where llama.cpp cannot hold an answer to it."""
        with suppress(ApiError):
            check_schema(tool.parameters, tool.path, self.limits)
            if tool.parameters and "$ref" not in json.dumps(tool.parameters):  # its root is another one here
                return tool.parameters
        return {"type": "object"}

    def _thinking(self, request: ChatRequest) -> dict[str, Any]:
        """Whether a model that can think first does so; without a word about it, its template decides."""
        raw = request.body
        named = raw.get("chat_template_kwargs")
        wanted = named.get("enable_thinking") if isinstance(named, Mapping) else None
        if wanted is not None and not isinstance(wanted, bool):
            raise invalid(
                "chat_template_kwargs.enable_thinking", "`chat_template_kwargs.enable_thinking` must be true or false."
            )
        if wanted is None and isinstance(effort := raw.get("reasoning_effort"), str):
            wanted = effort not in NO_THINKING
        return {} if wanted is None else {"chat_template_kwargs": {"enable_thinking": wanted}}

    def _form(self, request: ChatRequest) -> dict[str, Any]:
        """What the answer must look like."""
        grammar = request.body.get("grammar")
        if grammar is not None:
            return {"grammar": self._grammar(grammar, request)}
        if request.format.type == "json_object":
            return {"response_format": {"type": "json_object"}}
        if request.format.type != "json_schema":
            return {}
        check_schema(request.format.schema, request.format.path, self.limits)
        named = {"name": "answer", "schema": request.format.schema}
        return {"response_format": {"type": "json_schema", "json_schema": named}}

    def _grammar(self, grammar: Any, request: ChatRequest) -> str:
        most = self.rules.max_grammar_bytes
        if not isinstance(grammar, str) or not grammar.strip() or len(grammar.encode()) > most:
            raise invalid("grammar", f"`grammar` must be a grammar in GBNF of at most {most:,} bytes.")
        if grammar.lstrip().startswith("%"):
            # Faults of its other notation are passed over in silence, and the answer is then held to nothing.
            raise invalid("grammar", '`grammar` must be in GBNF, such as: root ::= "yes" | "no".')
        if request.format.type != "text" or request.tools:
            raise invalid("grammar", "`grammar` goes with neither `response_format` nor `tools`. Send one of them.")
        return grammar

    def _log_probabilities(self, raw: Mapping[str, Any]) -> dict[str, Any]:
        wanted, most = raw.get("logprobs"), self.rules.max_logprobs
        if wanted is not None and not isinstance(wanted, bool):
            raise invalid("logprobs", "`logprobs` must be true or false.")
        top = raw.get("top_logprobs")
        if top is not None and (isinstance(top, bool) or not isinstance(top, int) or not 0 <= top <= most):
            raise invalid("top_logprobs", f"`top_logprobs` must be a whole number from 0 to {most}.")
        if top is not None and not wanted:
            raise invalid("top_logprobs", "`top_logprobs` needs `logprobs`: true.")
        return {"logprobs": True, "top_logprobs": top or 0} if wanted else {}

    def _biases(self, raw: Any) -> dict[str, float]:
        if not isinstance(raw, Mapping) or len(raw) > self.rules.max_biases or not all(map(_is_bias, raw.items())):
            raise invalid(
                "logit_bias",
                f"`logit_bias` must be an object of at most {self.rules.max_biases} token ids, each with a number from "
                "-100 to 100.",
            )
        return dict(raw)


def _is_bias(item: tuple[str, Any]) -> bool:
    token, bias = item
    is_number = isinstance(bias, int | float) and not isinstance(bias, bool)
    return token.isascii() and token.isdigit() and len(token) < 8 and is_number and -100 <= bias <= 100


# llama.cpp says what is wrong in words; these are its words, and what they mean for a caller.
_TOO_LONG = re.compile(r"\((\d+) tokens\) exceeds the available context size \((\d+) tokens\)")
_GRAMMAR = re.compile(r"failed to parse grammar|empty grammar stack|JSON schema|[Pp]arser generation failed")


def explained(error: ApiError, request: ChatRequest, name: str) -> ApiError:
    """An error of llama.cpp's server as a caller should see it."""
    if found := _TOO_LONG.search(error.message):
        return too_long(name, f"{int(found[1]):,} tokens", int(found[2]))
    if "tool call arguments as JSON" in error.message:
        return invalid(
            "messages", "The `arguments` of a call in `messages` are not JSON. Send them as the answer had them."
        )
    if _GRAMMAR.search(error.message):
        field = "grammar" if request.body.get("grammar") is not None else "response_format"
        if request.tools and field == "response_format" and request.format.type == "text":
            field = "tools"
        what = "cannot be met or read" if field == "grammar" else "asks for what llama.cpp cannot hold an answer to"
        said = error.message.rpartition("failed: ")[2][:300]
        code = "invalid_grammar" if field == "grammar" else SCHEMA_NOT_SUPPORTED
        return invalid(field, f"`{field}` {what}: {said}", code=code)
    return error


def too_long(name: str, size: str, context_tokens: int) -> ApiError:
    """400: more than the model reads."""
    return invalid(
        "messages",
        f"{name} reads at most {context_tokens:,} tokens; this request has {size}. Shorten the messages.",
        code=TOO_LONG,
    )
