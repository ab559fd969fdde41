"""What only one service has: page size and redirects, what bounds a program, the model catalogue."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import msgspec

from janus_platform.conformance.endpoint_probes import HOW, MoreTime
from janus_platform.conformance.http_client import Answer, HttpClient, dig
from janus_platform.conformance.report import DIFFERS, SKIPPED, Row, compare, unseen
from janus_platform.contract import CodeSandboxService, InferenceService, Model, Service, WebProxyService

ODD = "https://odd.example"  # the corpus' site on which everything goes wrong
_TIME_FOR_A_SLOW_MACHINE = 20.0
_OVER_MEMORY = "x = bytearray({over})\nfor i in range(0, len(x), 4096): x[i] = 1\nprint('kept')"
# A PNG of one pixel.
_PIXEL = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
_REFUSED = (400, 413, 422)
_NETWORK = "import socket\nsocket.create_connection(('1.1.1.1', 443), 3)"


def web_proxy(client: HttpClient, service: WebProxyService, more_time: MoreTime, web: str) -> Iterator[Row]:
    """Size, redirects and time of a fetch, on the corpus' own site for it."""
    where = f"services.{service.name}"
    if web != "corpus":
        for field in ("max_page_bytes", "max_redirects", "fetch_timeout_seconds"):
            yield unseen(
                f"{where}.{field}", HOW, SKIPPED, "Needs the bundled web. Start the platform with `--web corpus`."
            )
        return
    if service.rate_limit:
        more_time(service.rate_limit.per_seconds)
    large, loop, slow = (_fetch(client, service, page) for page in ("large", "loop", "slow"))
    limit = service.max_page_bytes
    yield compare(
        f"{where}.max_page_bytes", HOW, f"413, over {limit}", f"{large.status}, over {large.at('limit_bytes')}"
    )
    limit_message = f"more than {service.max_redirects} times"
    found = (
        limit_message
        if loop.status == 502 and limit_message in str(loop.at("detail"))
        else f"status {loop.status}: {loop.at('detail')}"
    )
    yield compare(f"{where}.max_redirects", HOW, limit_message, found)
    seconds = service.fetch_timeout_seconds
    ended = slow.status == 504 and seconds - 0.5 <= slow.seconds <= seconds + _TIME_FOR_A_SLOW_MACHINE
    expected = f"504 after {seconds} s"
    yield compare(
        f"{where}.fetch_timeout_seconds",
        HOW,
        expected,
        expected if ended else f"{slow.status} after {slow.seconds:.1f} s",
    )


def _fetch(client: HttpClient, service: Service, page: str) -> Answer:
    return client.ask(service.host, service.method, service.path, query={"url": f"{ODD}/{page}"})


def code_sandbox(client: HttpClient, service: CodeSandboxService) -> Iterator[Row]:
    """Languages and bounds as it declares them; time, memory and network as a program finds them."""
    where = f"services.{service.name}"
    said = client.ask(service.host, "GET", "/capabilities")
    languages = said.at("languages")
    yield compare(f"{where}.languages", "/capabilities", sorted(service.languages), sorted(languages or ()))
    for name, entry in (languages or {}).items():
        if not dig(entry, "installed"):
            yield unseen(
                f"{where}.languages",
                "/capabilities",
                SKIPPED,
                f"{name} is not installed on this machine: `janus doctor`.",
            )
    yield compare(
        f"{where}.max_timeout_seconds",
        "/capabilities",
        service.max_timeout_seconds,
        said.at("limits", "timeout_seconds"),
    )
    yield compare(
        f"{where}.max_memory_bytes", "/capabilities", service.max_memory_bytes, said.at("limits", "memory_bytes")
    )
    for name, bound in msgspec.structs.asdict(service.bounds).items():
        yield compare(f"{where}.bounds.{name}", "/capabilities", bound, said.at("limits", name))
    yield from _programs(client, service, where)


def _programs(client: HttpClient, service: CodeSandboxService, where: str) -> Iterator[Row]:
    late = _run(client, service, "while True: pass", timeout=1)
    yield compare(f"{where}.parameters.timeout.summary", HOW, "ended by time", f"ended by {late.at('ended_by')}")
    over = _run(client, service, _OVER_MEMORY.format(over=service.max_memory_bytes + 100_000_000), timeout=30)
    yield compare(f"{where}.max_memory_bytes", HOW, "not kept", "kept" if over.at("stdout") else "not kept")
    network = _run(client, service, _NETWORK, timeout=20)
    found = None if network.at("exit_code") is None else network.at("exit_code") == 0
    yield compare(f"{where}.network_access", HOW, service.network_access, found)


def _run(client: HttpClient, service: Service, code: str, *, timeout: int) -> Answer:
    return client.ask(
        service.host, service.method, service.path, body={"language": "python", "code": code, "timeout": timeout}
    )


def inference(client: HttpClient, bare: HttpClient, service: InferenceService) -> Iterator[Row]:
    """The catalogue, model by model; the key; and the counted limits of one request. `bare` is a client without key."""
    where = f"services.{service.name}"
    without = bare.ask(service.host, service.method, service.path, body=dict(service.example))
    yield compare(f"{where}.bearer_key", HOW, "401 without a key", f"{without.status} without a key")
    listed = client.ask(service.host, "GET", f"{service.base_path}/models")
    yield compare(
        f"{where}.base_path",
        HOW,
        "models are listed",
        "models are listed" if listed.at("data") else f"status {listed.status}",
    )
    yield from models(service, listed)
    yield from _counted(client, service, where)


def models(service: InferenceService, listed: Answer) -> Iterator[Row]:
    """Each model of the contract against `GET /v1/models`, and those that the contract does not have."""
    where = f"services.{service.name}"
    found = {dig(each, "id"): each for each in listed.at("data") or [] if isinstance(each, dict)}
    for model in service.models:
        entry = found.get(model.name)
        if entry is None:
            yield Row(f"{where}.models.{model.name}", "/v1/models", "listed", "not listed", DIFFERS)
            continue
        yield from _model(f"{where}.models.{model.name}", model, entry)
    own = {model.name for model in service.models}
    families = {dig(each, "family") for each in found.values()}
    for family, names in service.model_families.items():
        missing = [name for name in names if name in own and name not in found]
        missing += [] if family in families else [family]
        yield compare(f"{where}.model_families.{family}", "/v1/models", [], missing, "These are not listed.")
    if other := sorted(str(name) for name in found if name not in own):
        note = f"{len(other)} models that the contract does not have."
        yield Row(f"{where}.models", "/v1/models", "", ", ".join(other), DIFFERS, note)


def _model(path: str, model: Model, entry: Any) -> Iterator[Row]:
    pairs = {
        "family": (model.family, dig(entry, "family")),
        "kind": (model.kind, dig(entry, "kind")),
        "engine": (model.engine, dig(entry, "engine")),
        "context_tokens": (model.context_tokens, dig(entry, "context_length")),
        "prompt_usd_per_million": (model.prompt_usd_per_million, dig(entry, "pricing", "per_million_prompt_tokens")),
        "completion_usd_per_million": (
            model.completion_usd_per_million,
            dig(entry, "pricing", "per_million_completion_tokens"),
        ),
        "features": (list(model.features), dig(entry, "features")),
    }
    for field, (expected, found) in pairs.items():
        yield compare(f"{path}.{field}", "/v1/models", expected, found)


def _counted(client: HttpClient, service: InferenceService, where: str) -> Iterator[Row]:
    for field, body_of in _bodies(service).items():
        most = getattr(service.limits, field)
        path = f"{service.base_path}/embeddings" if field == "max_inputs" else service.path
        at, over = (client.ask(service.host, "POST", path, body=body_of(count)) for count in (most, most + 1))
        if at.status == 503:
            yield unseen(f"{where}.limits.{field}", HOW, SKIPPED, "Its model is not prepared: `janus prepare`.", most)
            continue
        # A body of nothing but spaces is never a request; that it is read to its end is what counts.
        fits = at.status != 413 if field == "max_body_bytes" else at.status == 200
        found = f"{'accepted' if fits else at.status}, {'refused' if over.status in _REFUSED else over.status}"
        yield compare(f"{where}.limits.{field}", "probe at the bound, and one more", "accepted, refused", found)


def _bodies(service: InferenceService) -> dict[str, Callable[[int], Any]]:
    """For each counted limit, a request that holds so many."""
    message = {"role": "user", "content": "hi"}
    picture = {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{_PIXEL}"}}
    chat = {"model": dict(service.example)["model"], "messages": [message], "max_tokens": 1}
    embedding = next((model.name for model in service.models if model.kind == "embedding"), "")
    return {
        "max_body_bytes": lambda count: b" " * count,
        "max_messages": lambda count: {**chat, "messages": [message] * count},
        "max_tools": lambda count: {**chat, "tools": [_tool(number) for number in range(count)]},
        "max_stops": lambda count: {**chat, "stop": ["~"] * count},
        "max_images": lambda count: {**chat, "messages": [{"role": "user", "content": [picture] * count}]},
        "max_inputs": lambda count: {"model": embedding, "input": ["a"] * count},
    }


def _tool(number: int) -> dict[str, Any]:
    return {"type": "function", "function": {"name": f"f{number}", "parameters": {"type": "object"}}}
