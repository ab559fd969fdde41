"""The contract's facts as two pages of the bundled web, a plain sentence each; `python -m tools.corpus_facts` writes.

A limit stands in the contract once; the pages that say it in words are made from it, and a test holds that they are the
ones that would be made now. The questions about the platform are written with them (corpus_questions.py).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from html import escape
from pathlib import Path

from janus_bench.constants import load_scoring
from janus_platform.contract import Contract, load_contract
from tools.corpus_questions import finished
from tools.environment import ROOT

SITE = ROOT / "janus_platform" / "corpus" / "sites" / "docs.janus.example"
Section = tuple[str, Sequence[str]]


def pages(contract: Contract) -> dict[str, str]:
    """Each page's file name and its article in HTML."""
    return {
        "service-facts.html": _page(
            "Hosts, limits and fields of the platform services",
            "Every sentence of this list is a fact of the platform's contract about one of its five services.",
            _of_services(contract),
        ),
        "rules.html": _page(
            "Limits and rules for implementations, requests and scores",
            "Every sentence of this list is a rule of the platform's contract or of its bench.",
            [*_of_implementations(contract), *_of_requests(contract), *_of_the_bench(contract)],
        ),
        **finished(contract, SITE),
    }


def _of_services(contract: Contract) -> Iterator[Section]:
    hosts = [service.host for service in contract.services.values()]
    yield (
        "All services",
        [
            f"An implementation can use {_number(len(hosts))} platform services: "
            f"{_list(s.title for s in contract.services.values())}.",
            f"It can reach the hosts {_list(hosts)}, on port {contract.egress.allowed_port}, and no other host.",
            "A rate limit counts per caller, which is the implementation; beyond the limit the service answers "
            "429 with "
            "Retry-After, the seconds to wait.",
        ],
    )
    for service in contract.services.values():
        name = f"The {service.title}" if service.name != "inference" else "Chutes Inference"
        told = [
            f"The host of {_the(name)} is {service.host}, and its method and path are {service.method} {service.path}."
        ]
        if limit := service.rate_limit:
            noun = {"search": "searches", "vector_index": "queries"}.get(service.name, "requests")
            told.append(
                f"The rate limit of {_the(name)} is {limit.requests} {noun} per minute: a caller may send "
                f"{limit.requests} requests in {limit.per_seconds} seconds."
            )
        elif service.name == "inference":
            told.append("Chutes Inference has no rate limit of its own; the credits of the key limit it.")
        else:
            told.append(f"{name} has no rate limit in the contract; it limits time and memory of each program.")
        noun = "parameter" if len(service.parameters) == 1 else "parameters"
        told.append(f"{name} takes the {noun} {_list([p.name for p in service.parameters])}.")
        told.append(f"{name} returns {_fields(service.response_fields)}.")
        yield service.title, [*told, *_of_one(contract, service.name)]


def _of_one(contract: Contract, name: str) -> Sequence[str]:
    proxy, search, sandbox, inference = contract.web_proxy, contract.search, contract.code_sandbox, contract.inference
    languages = {"javascript": "JavaScript"}
    if name == "web_proxy":
        return [
            f"The largest page that the web proxy fetches has {_size(proxy.max_page_bytes)}; a larger page is "
            f"refused with 413.",
            f"The web proxy waits {proxy.fetch_timeout_seconds} seconds for a page and follows "
            f"{proxy.max_redirects} redirects at most.",
            "The web proxy returns a page as clean Markdown, without navigation, scripts and footers.",
            "The web proxy respects robots.txt: a page that it forbids is refused with 403.",
        ]
    if name == "search":
        return [
            f"The Search API is powered by the {search.live.engine.capitalize()} Search API.",
            f"A search has at most {_maximum(search.parameters, 'num_results')} results, and "
            f"{_default(search.parameters, 'num_results')} where num_results is left out.",
        ]
    if name == "vector_index":
        index = contract.services[name]
        return [
            "The Vector Index searches indexed documentation of Chutes, Bittensor and common frameworks by meaning.",
            f"A query to the Vector Index gets at most {_maximum(index.parameters, 'top_k')} chunks, and "
            f"{_default(index.parameters, 'top_k')} where top_k is left out.",
            "An upload of one's own documents to the Vector Index is a future feature.",
        ]
    if name == "code_sandbox":
        return [
            f"The code sandbox runs programs in {_number(len(sandbox.languages))} languages: "
            f"{_list(languages.get(one, one.capitalize()) for one in sandbox.languages)}.",
            f"A program may run in the code sandbox for {sandbox.max_timeout_seconds} seconds at most, and for "
            f"{_default(sandbox.parameters, 'timeout')} seconds where timeout is left out.",
            f"A program in the code sandbox has {_size(sandbox.max_memory_bytes)} of memory.",
            "The code sandbox has no network access: a program in it reaches no host.",
            "A program can read and write files inside the code sandbox.",
        ]
    return [
        f"The base URL of the inference service is https://{inference.host}{inference.base_path}.",
        f"The key for inference is in the environment variable {contract.implementation.key_variable}, and is "
        f"sent as a "
        "bearer token in the Authorization header.",
        f"The models of Chutes Inference are {_list(model.name for model in inference.models)}.",
        "Chutes Inference speaks the OpenAI wire format, so the usual client works with another base URL.",
    ]


def _of_implementations(contract: Contract) -> Iterator[Section]:
    limits, form, egress = contract.implementation, contract.submission, contract.egress
    yield (
        "What an implementation may use",
        [
            f"An implementation gets {_size(limits.memory_bytes)} of memory.",
            f"An implementation may use {limits.cores} processor cores.",
            f"An implementation gets {_size(limits.disk_bytes)} of disk space.",
            f"A request may take {limits.request_timeout_seconds // 60} minutes at most.",
            f"An implementation may reach {_list(egress.allowed_hosts)}; every other host is refused with 403.",
            f"An implementation can connect to port {egress.allowed_port} only.",
            f"The environment variable {limits.key_variable} has the API key of an implementation.",
        ],
    )
    yield (
        "What an implementation must offer",
        [
            f"The container of an implementation must serve the endpoints POST {limits.chat_path} and GET "
            f"{limits.health_path}.",
            f"The endpoint GET {limits.models_path} is recommended for an implementation, not required.",
            "An implementation must stream its answer token by token when the request says stream: true.",
            "The last chunk of a stream carries a finish_reason.",
        ],
    )
    yield (
        "Submission",
        [
            f"The description in the submission form must have {form.description_least} to "
            f"{form.description_most} characters.",
            f"A hotkey is an SS58 address and starts with the digit {form.hotkey_starts_with}.",
            "The licence of a submission must be approved by the Open Source Initiative (OSI), and its source "
            "must be public.",
            f"The reviewers check eight points: {'; '.join(form.review)}."
            if len(form.review) == 8
            else f"The reviewers check: {'; '.join(form.review)}.",
            "The changelog and the contact are optional fields of the submission form.",
        ],
    )


def _of_requests(contract: Contract) -> Iterator[Section]:
    gateway, wire = contract.gateway, contract.wire
    cost, seconds = wire.usage_fields
    yield (
        "Requests and answers",
        [
            f"The local gateway listens on port {gateway.port}, and takes chat requests at POST {gateway.chat_path}.",
            f"The address of the gateway's health check is {gateway.health_path}.",
            f"The gateway lists its models, which are the implementations, at {gateway.models_path}.",
            f"The model name {gateway.default_model} stands for the implementation that is number one on the "
            f"leaderboard.",
            f"The request field {wire.routing_field} routes a request to one implementation by its name.",
            f"The reasoning of an answer comes in the field {wire.reasoning_field}, and the answer itself in "
            f"{wire.content_field}.",
            f"Pictures and other files of an answer come in the field {wire.artifacts_field}.",
            f"The cost of an answer in US dollars is in the usage field {cost}.",
            f"The time that an answer used in the sandbox is in the usage field {seconds}.",
            f"The gateway ends a stream with data: {wire.end_of_stream}.",
            f"The body of a request to the gateway may have {_size(gateway.max_body_bytes)} at most.",
        ],
    )


def _of_the_bench(contract: Contract) -> Iterator[Section]:
    bench, weights = contract.bench, load_scoring()["weights"]
    shares = [f"{name} {round(100 * weight)} %" for name, weight in weights.items()]
    durations = {suite.name: suite.duration_seconds for suite in bench.suites if suite.duration_seconds}
    yield (
        "Score and leaderboard",
        [
            "The composite score is one number from 0 to 100: the weighted sum of five category scores, each "
            "from 0 to 100.",
            f"The weights of the categories in the score are {_list(shares)}.",
            *[
                f"The category {name} counts {round(100 * weight)} % in the composite score: that is its weight, "
                f"or share."
                for name, weight in weights.items()
            ],
            f"Quality has {_number(len(bench.quality_categories))} categories: {_list(bench.quality_categories)}.",
            "When two implementations have the same composite score, the earlier submission keeps its place; a "
            "new number "
            "one needs a strictly higher score.",
            *[f"The {name} suite of the bench takes {_duration(seconds)}." for name, seconds in durations.items()],
            f"The bench runner is installed with pip install {bench.package}.",
        ],
    )


def _page(title: str, promise: str, sections: Sequence[Section] | Iterator[Section]) -> str:
    parts = [f"<h1>{escape(title)}</h1>", f"<p>{escape(promise)}</p>"]
    for heading, sentences in sections:
        parts.append(f"<h2>{escape(heading)}</h2>")
        parts.append(f"<p>{escape(' '.join(sentences), quote=False)}</p>")
    return "\n".join(parts) + "\n"


def _the(name: str) -> str:
    return name[:1].lower() + name[1:] if name.startswith("The ") else name


def _fields(fields: Sequence[object]) -> str:
    told = []
    for one in fields:
        name, items = one.name, one.items  # type: ignore[attr-defined]
        told.append(f"{name} (each with {_list([item.name for item in items])})" if items else name)
    noun = "the field" if len(told) == 1 else "the fields"
    return f"{noun} {_list(told)}"


def _list(items: Iterator[str] | Sequence[str]) -> str:
    *most, last = list(items)
    return f"{', '.join(most)} and {last}" if most else last


def _number(count: int) -> str:
    words = "zero one two three four five six seven eight nine ten".split()
    return words[count] if count < len(words) else str(count)


def _size(count: int) -> str:
    unit, name = (10**9, "GB") if count >= 10**9 else (10**6, "MB")
    return f"{count // unit} {name}"


def _duration(seconds: int) -> str:
    return f"{seconds // 3600} hours" if seconds >= 7200 else f"{seconds // 60} minutes"


def _maximum(parameters: Sequence[object], name: str) -> object:
    return next(p.maximum for p in parameters if p.name == name)  # type: ignore[attr-defined]


def _default(parameters: Sequence[object], name: str) -> object:
    return next(p.default for p in parameters if p.name == name)  # type: ignore[attr-defined]


def write(folder: Path = SITE) -> None:
    """Write the pages into `folder`."""
    for name, article in pages(load_contract()).items():
        (folder / name).write_text(article, encoding="utf-8")


if __name__ == "__main__":
    write()
