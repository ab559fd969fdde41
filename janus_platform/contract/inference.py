"""What the contract says about inference alone: the models with their prices, and the limits of engine and upstream.

The specification names models and no prices. Prices, context sizes and features here are the local platform's own; what
Chutes says instead stands under `documented_elsewhere`. This module imports nothing of the platform.
"""

from __future__ import annotations

from janus_platform.contract.parsing import Number, Table

# What a model can do beyond answering in text.
FEATURES = ("tools", "json", "vision", "reasoning")
KINDS = ("chat", "embedding")


class Model(Table, frozen=True):
    """One model name: its kind, the engine that serves it here, context size in tokens and US dollars per million."""

    name: str
    family: str
    kind: str
    engine: str
    context_tokens: int
    prompt_usd_per_million: float
    completion_usd_per_million: float = 0.0
    features: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.kind not in KINDS or not set(self.features) <= set(FEATURES):
            raise ValueError(f"Kind of {self.name} is one of {KINDS}, its features are among {FEATURES}")
        if min(self.context_tokens, self.prompt_usd_per_million, self.completion_usd_per_million) < 0:
            raise ValueError(f"Context and prices of {self.name} are not negative")

    def cost_usd(self, prompt_tokens: int, completion_tokens: int) -> float:
        """What so many tokens cost, in US dollars to nine places."""
        cost = prompt_tokens * self.prompt_usd_per_million + completion_tokens * self.completion_usd_per_million
        return round(cost / 1e6, 9)


class InferenceLimits(Table, frozen=True):
    """How much one request may hold. Images: decoded bytes and pixels of each. Inputs: texts to embed."""

    max_body_bytes: int
    max_messages: int
    max_tools: int
    max_stops: int
    max_images: int
    max_image_bytes: int
    max_image_pixels: int
    max_inputs: int
    max_schema_nodes: int
    max_schema_depth: int


class UpstreamRules(Table, frozen=True):
    """How an OpenAI-compatible upstream is set up (environment variables) and how long it is waited for.

    A request is tried again at most `retries` times, before its first token only, after waits that start at
    `backoff_seconds` and double, none longer than `max_wait_seconds`.
    """

    address_variable: str
    key_variable: str
    models_variable: str
    chutes_domain: str
    connect_seconds: Number
    first_token_seconds: Number
    total_seconds: Number
    models_seconds: Number
    retries: int
    backoff_seconds: Number
    max_wait_seconds: Number
    max_event_bytes: int
    max_answer_bytes: int


class ModelEngineRules(Table, frozen=True):
    """How a model file is run by llama.cpp, and what its tokens cost here, in US dollars per million.

    At most `slots` answers at once, each with `context_tokens` of prompt and answer; beyond them `waiting` requests for
    at most `wait_seconds`. `reserve_bytes` of memory stay free for everything else. A process that ended is started
    again after `restart_seconds`, then after waits that double up to `max_restart_seconds`.
    """

    prompt_usd_per_million: float
    completion_usd_per_million: float
    context_tokens: int
    slots: int
    waiting: int
    wait_seconds: Number
    retry_after_seconds: int
    max_choices: int
    max_logprobs: int
    max_biases: int
    max_grammar_bytes: int
    load_seconds: Number
    first_token_seconds: Number
    total_seconds: Number
    restart_seconds: Number
    max_restart_seconds: Number
    reserve_bytes: int
