"""Facts of the book, asked as its readers would; what an answer must say is computed from the contract, never typed.

A page of the corpus that tells another number than the contract fails here.
"""

from __future__ import annotations

import re

from janus_bench.constants import load_scoring
from janus_platform.contract import Contract, load_contract
from tests.answers.entry import Entry

KIND = "book fact"
# Pages that tell of the platform, beside the book's own.
_ABOUT_JANUS = (
    "docs.janus.example",
    "chutes.example",
    "bittensor.example/keys",
    "http.example/streaming-chat",
    "http.example/server-sent-events",
)


def facts() -> list[Entry]:
    """Every fact, as a question with what its answer must say."""
    contract = load_contract()
    pages = (*_ABOUT_JANUS, contract.repository.partition("://")[2])
    told = {
        **_of_services(contract),
        **_of_implementations(contract),
        **_of_the_gateway(contract),
        **_of_the_bench(contract),
        **_of_the_chat_page(contract),
    }
    return [Entry(KIND, question, must, pages=pages) for question, must in told.items()]


def _of_the_chat_page(contract: Contract) -> dict[str, tuple[str, ...]]:
    """What Janus Chat suggests to ask."""
    assert contract.search.rate_limit
    allowed = number(contract.search.rate_limit.requests, "requests?|searches")
    return {"How many requests per minute does the search API allow?": (allowed,)}


def _of_services(contract: Contract) -> dict[str, tuple[str, ...]]:
    proxy, search, sandbox = contract.web_proxy, contract.search, contract.code_sandbox
    index, inference = contract.services["vector_index"], contract.inference
    assert proxy.rate_limit and search.rate_limit and index.rate_limit
    calls = "requests?|searches|search requests?|queries|calls?|times"
    return {
        "What is the rate limit of the web proxy?": (number(proxy.rate_limit.requests, calls),),
        "how many searches per minute can i do": (number(search.rate_limit.requests, calls),),
        "What is the vector index's rate limit?": (number(index.rate_limit.requests, calls),),
        "how long may code run in the sandbox?": (duration(sandbox.max_timeout_seconds),),
        "How much memory does the code sandbox have?": (size(sandbox.max_memory_bytes),),
        "which languages can the code sandbox run?": tuple(re.escape(name) for name in sandbox.languages),
        "Does the code sandbox have network access?": ("no network|out of reach|without (?:a )?network|no access",),
        "what is the biggest page the web proxy fetches?": (size(proxy.max_page_bytes),),
        "What is the host of the web proxy?": (re.escape(proxy.host),),
        "which host is the search api on": (re.escape(search.host),),
        "What host does the vector index have?": (re.escape(index.host),),
        "host name of the code sandbox?": (re.escape(sandbox.host),),
        "Which host serves inference?": (re.escape(inference.host),),
        "Which method and path does the vector index use?": (f"{index.method} {re.escape(index.path)}",),
        "what does the search api return?": tuple(field.name for field in search.response_fields[0].items),
        "What fields does the sandbox return?": tuple(field.name for field in sandbox.response_fields),
        "In which format does the web proxy return a page?": ("Markdown",),
        "does the web proxy obey robots.txt": ("robots\\.txt",),
        "Which search engine powers the Search API?": (search.live.engine,),
        "how many platform services are there?": (number(len(contract.services), "(?:platform )?services"),),
    }


def _of_implementations(contract: Contract) -> dict[str, tuple[str, ...]]:
    limits, form, egress = contract.implementation, contract.submission, contract.egress
    lengths = (form.description_least, form.description_most)
    return {
        "How much memory does an implementation get?": (size(limits.memory_bytes),),
        "how many cores may my implementation use": (number(limits.cores, "(?:processor |CPU )?cores"),),
        "How much disk space is there for an implementation?": (size(limits.disk_bytes),),
        "How long may a request take?": (duration(limits.request_timeout_seconds),),
        "which endpoints must my container serve?": (re.escape(limits.chat_path), re.escape(limits.health_path)),
        "Which environment variable has the API key?": (limits.key_variable,),
        "which port can an implementation connect to?": (rf"\b{egress.allowed_port}\b",),
        "Which hosts may an implementation reach?": tuple(re.escape(host) for host in egress.allowed_hosts),
        "what digit does a hotkey start with": (
            rf"\b(?:with|digit)(?: an?| the)?(?: digit)? {form.hotkey_starts_with}\b",
        ),
        "How long must the description in the submission form be?": tuple(rf"\b{length}\b" for length in lengths),
        "What do the reviewers check about the licence?": ("licence is valid|Open Source Initiative|OSI",),
    }


def _of_the_gateway(contract: Contract) -> dict[str, tuple[str, ...]]:
    gateway, wire = contract.gateway, contract.wire
    cost, sandbox_time = wire.usage_fields
    return {
        "Which request field routes to one implementation?": (wire.routing_field,),
        "in which field does the reasoning come?": (wire.reasoning_field,),
        "Which field carries pictures and files?": (wire.artifacts_field,),
        "Where do I see what an answer cost?": (cost,),
        "which usage field has the time used in the sandbox": (sandbox_time,),
        "How does the gateway end a stream?": (re.escape(wire.end_of_stream),),
        "Which model name stands for the number one?": (rf"\b{gateway.default_model}\b",),
        "what is the address of the gateway's health check?": (re.escape(gateway.health_path),),
        "Where does the gateway list its models?": (re.escape(gateway.models_path),),
        "On which port does the local gateway listen?": (rf"\b{gateway.port}\b",),
    }


def _of_the_bench(contract: Contract) -> dict[str, tuple[str, ...]]:
    bench, weights = contract.bench, load_scoring()["weights"]
    suites = {suite.name: suite.duration_seconds for suite in bench.suites}
    assert suites["quick"] and suites["full"]
    return {
        "How much does quality count in the composite?": (percent(weights["quality"]),),
        "what is the weight of speed in the score": (percent(weights["speed"]),),
        "What share of the score is cost?": (percent(weights["cost"]),),
        "how much is streaming worth in the score?": (percent(weights["streaming"]),),
        "What weight does modality have?": (percent(weights["modality"]),),
        "How long does the quick suite take?": (duration(suites["quick"]),),
        "how long does the full suite run?": (duration(suites["full"]),),
        "Which categories does quality have?": tuple(name.replace("_", "[ _]") for name in bench.quality_categories),
        "How do I install the bench runner?": (re.escape(bench.package),),
    }


def number(value: int, unit: str) -> str:
    """A pattern for a count of `unit`, in figures or, up to ten, as a word."""
    words = "zero one two three four five six seven eight nine ten".split()
    figures = f"(?:{value}|{words[value]})" if value < len(words) else str(value)
    return rf"\b{figures}\b,? (?:{unit})\b"


def duration(seconds: int) -> str:
    """A pattern for a time, in the largest whole unit or in seconds."""
    found = [rf"\b{seconds} ?s(?:econds)?\b"]
    found += [rf"\b{seconds // 60}[ -](?:min|minutes?)\b"] if seconds % 60 == 0 else []
    found += [rf"\b{seconds // 3600}[ -](?:h|hours?)\b"] if seconds % 3600 == 0 else []
    return "|".join(found)


def size(bytes_: int) -> str:
    """A pattern for a number of bytes, in the largest decimal unit."""
    unit, name = next((unit, name) for unit, name in ((10**9, "GB"), (10**6, "MB"), (1, "B")) if bytes_ >= unit)
    return rf"\b{bytes_ // unit} ?{name}\b"


def percent(share: float) -> str:
    """A pattern for a share, as per cent or as a fraction."""
    return rf"\b{round(share * 100)} ?(?:%|per ?cent)|\b{share:.2f}\b"
