"""What the contract says about a service: endpoints, parameters, response fields, problems, limits.

`parameters`, `response_fields` and `endpoint` are the specification's, word for word. What a service offers beyond them
stands in the same file, marked with the contract version `since` which it is there:

    extra_parameters        optional parameters of the main endpoint, such as a filter
    extra_response_fields   further fields of its answer
    extra_endpoints         further endpoints: method, path, summary, since, response_fields, …, and parameters
                            (`{name}` in the path)
    problems                the errors that only this service has: status, slug, summary
    error_shape             "problem" (RFC 9457) or "openai"; bearer_key: whether requests carry a key
    example                 a request that really runs: tests send it, the reference page shows it

`read_json` and `read_query` check both kinds of parameters; `GET /openapi.json` and the book's reference page are
written from them, and a test compares what a service really answers. A parameter or field may carry `schema`, further
JSON Schema keywords for what the plain entries cannot say. What only inference has is typed in inference.py.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from types import MappingProxyType
from typing import Any

from janus_platform.contract.inference import InferenceLimits, Model, UpstreamRules, read_inference
from janus_platform.contract.parsing import build, known, take

JSON = "application/json"


@dataclass(frozen=True)
class RateLimit:
    """At most `requests` requests of one caller in any window of `per_seconds` seconds."""

    requests: int
    per_seconds: int


@dataclass(frozen=True)
class Parameter:
    """One request parameter: JSON type, default and bounds. `since` is set where it extends the specification.

    Of type "any" where several are right: `schema` says which, and the service checks them itself.
    """

    name: str
    type: str
    required: bool = False
    default: Any = None
    minimum: int | None = None
    maximum: int | None = None
    max_length: int | None = None
    enum: tuple[str, ...] = ()
    summary: str = ""
    since: str | None = None
    schema: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class ResponseField:
    """One field of a response. `items` are the fields of each element of an array of objects.

    `optional` fields may be missing and `nullable` ones null; `since` is set where it extends the specification.
    """

    name: str
    type: str
    items: tuple[ResponseField, ...] = ()
    optional: bool = False
    nullable: bool = False
    summary: str = ""
    since: str | None = None
    schema: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class ProblemKind:
    """One kind of error: its HTTP status, the stable last part of its type URI, and when it comes.

    It is one of the service's main endpoint, unless it may come `everywhere`.
    """

    status: int
    slug: str
    summary: str
    everywhere: bool = False


@dataclass(frozen=True)
class Endpoint:
    """One method and path of a service, with what goes in and out. `example` holds values of the parameters."""

    method: str
    path: str
    summary: str
    since: str
    parameters: tuple[Parameter, ...] = ()
    response_fields: tuple[ResponseField, ...] = ()
    produces: tuple[str, ...] = (JSON,)
    example: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class DocumentedElsewhere:
    """What another public source says today about a field, where it differs from the contract."""

    field: str
    value: str
    source: str
    dated: dt.date
    note: str


@dataclass(frozen=True)
class LiveEngine:
    """The public API that a service asks when the platform runs with the live web; its key comes from a variable."""

    engine: str
    url: str
    key_variable: str
    timeout_seconds: int
    max_answer_bytes: int


@dataclass(frozen=True)
class SandboxBounds:
    """What the code sandbox bounds besides time and memory.

    Of one run: bytes of a stream that are kept, and beyond which it is ended; files handed back, number and bytes;
    bytes on its disk, of one file, of each of /tmp and /dev/shm, and in its sockets' buffers; open files of a process;
    entries on a disk; processes. Of all: runs at once,
    runs waiting, and for how long.
    """

    max_body_bytes: int
    stream_bytes: int
    flood_bytes: int
    returned_files: int
    returned_bytes: int
    disk_bytes: int
    file_bytes: int
    shared_bytes: int
    socket_bytes: int
    descriptors: int
    entries: int
    processes: int
    running: int
    waiting: int
    wait_seconds: int
    retry_after_seconds: int


@dataclass(frozen=True)
class Service:
    """One of the five platform services (FR-3). Fields that a service does not have are None or empty."""

    name: str
    since: str
    title: str
    host: str
    summary: str
    method: str
    path: str
    parameters: tuple[Parameter, ...]
    response_fields: tuple[ResponseField, ...]
    extra_parameters: tuple[Parameter, ...] = ()
    extra_response_fields: tuple[ResponseField, ...] = ()
    extra_endpoints: tuple[Endpoint, ...] = ()
    problems: tuple[ProblemKind, ...] = ()
    produces: tuple[str, ...] = (JSON,)
    error_shape: str = "problem"
    bearer_key: bool = False
    example: Mapping[str, Any] = field(default_factory=dict)
    features: tuple[str, ...] = ()
    future_features: tuple[str, ...] = ()
    rate_limit: RateLimit | None = None
    documented_elsewhere: tuple[DocumentedElsewhere, ...] = ()
    max_page_bytes: int | None = None
    max_redirects: int | None = None
    fetch_timeout_seconds: int | None = None
    user_agent: str | None = None
    languages: tuple[str, ...] = ()
    max_timeout_seconds: int | None = None
    max_memory_bytes: int | None = None
    network_access: bool | None = None
    bounds: SandboxBounds | None = None
    base_path: str | None = None
    catalog_url: str | None = None
    model_families: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    models: tuple[Model, ...] = ()
    limits: InferenceLimits | None = None
    upstream: UpstreamRules | None = None
    live: LiveEngine | None = None

    @property
    def origin(self) -> str:
        """The service's origin, such as `https://search.janus.rodeo`."""
        return f"https://{self.host}"

    @property
    def url(self) -> str:
        """The full address of the service's endpoint."""
        return self.origin + self.path

    @property
    def all_parameters(self) -> tuple[Parameter, ...]:
        """The specification's parameters, then the extensions."""
        return (*self.parameters, *self.extra_parameters)

    @property
    def endpoints(self) -> tuple[Endpoint, ...]:
        """The specification's endpoint with its extensions, then the extra ones."""
        main = Endpoint(
            method=self.method,
            path=self.path,
            summary=self.summary,
            since=self.since,
            parameters=self.all_parameters,
            response_fields=(*self.response_fields, *self.extra_response_fields),
            produces=self.produces,
            example=self.example,
        )
        return (main, *self.extra_endpoints)

    def parameter(self, name: str) -> Parameter:
        """The parameter of that name; KeyError when the contract has none."""
        return {p.name: p for p in self.all_parameters}[name]


def read_service(name: str, raw: Mapping[str, Any]) -> Service:
    """The service of the table `[services.NAME]`. Raises ContractError naming an entry that is not right."""
    where = f"services.{name}"
    entry = dict(with_elsewhere(raw, where))
    known(entry, {f.name for f in fields(Service)} - {"name", "method", "path"} | {"endpoint"}, where)
    endpoint = take(entry, "endpoint", where)
    del entry["endpoint"]
    entry["method"], entry["path"] = take(endpoint, "method", where), take(endpoint, "path", where)
    for required in ("parameters", "response_fields"):
        take(entry, required, where)
    entry.update(_parameters_and_fields(entry, where))
    if "bounds" in entry:
        entry["bounds"] = build(SandboxBounds, entry["bounds"], f"{where}.bounds")
    if "live" in entry:
        entry["live"] = build(LiveEngine, entry["live"], f"{where}.live")
    if "rate_limit" in entry:
        entry["rate_limit"] = build(RateLimit, entry["rate_limit"], f"{where}.rate_limit")
    if "model_families" in entry:
        entry["model_families"] = MappingProxyType({f["name"]: tuple(f["models"]) for f in entry["model_families"]})
    entry.update(read_inference(entry, where))
    for key, kind in (("extra_endpoints", _endpoint), ("problems", _problem)):
        if key in entry:
            entry[key] = tuple(kind(item, f"{where}.{key}") for item in entry[key])
    return build(Service, {"name": name, **entry}, where)


def with_elsewhere(raw: Mapping[str, Any], where: str) -> dict[str, Any]:
    """`raw` with its `documented_elsewhere` entries typed."""
    entry = dict(raw)
    if "documented_elsewhere" in entry:
        entry["documented_elsewhere"] = tuple(
            build(DocumentedElsewhere, e, f"{where}.documented_elsewhere") for e in entry["documented_elsewhere"]
        )
    return entry


def _parameters_and_fields(entry: Mapping[str, Any], where: str) -> dict[str, Any]:
    typed: dict[str, Any] = {}
    for key in ("parameters", "extra_parameters"):
        if key in entry:
            typed[key] = tuple(build(Parameter, p, f"{where}.{key}") for p in entry[key])
    for key in ("response_fields", "extra_response_fields"):
        if key in entry:
            typed[key] = tuple(_field(f, f"{where}.{key}") for f in entry[key])
    return typed


def _field(raw: Mapping[str, Any], where: str) -> ResponseField:
    items = tuple(_field(item, f"{where}.items") for item in raw.get("items", ()))
    return build(ResponseField, {**raw, "items": items}, where)


def _endpoint(raw: Mapping[str, Any], where: str) -> Endpoint:
    return build(Endpoint, {**raw, **_parameters_and_fields(raw, where)}, where)


def _problem(raw: Mapping[str, Any], where: str) -> ProblemKind:
    return build(ProblemKind, raw, where)
