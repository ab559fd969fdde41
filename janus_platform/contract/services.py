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
JSON Schema keywords for what the plain entries cannot say. The tables of inference alone are in inference.py.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

from janus_platform.contract.inference import InferenceLimits, Model, ModelEngineRules, UpstreamRules
from janus_platform.contract.parsing import ContractError, Table, convert, entry

JSON = "application/json"


class RateLimit(Table, frozen=True):
    """At most `requests` requests of one caller in any window of `per_seconds` seconds."""

    requests: int
    per_seconds: int


class Parameter(Table, frozen=True):
    """One request parameter: JSON type, default and bounds. `since` is set where it extends the specification.

    Of type "any" where several are right: `schema` says which, and the service checks them itself.
    """

    name: str
    type: str
    required: bool = False
    default: str | bool | int | float | tuple[Any, ...] | None = None
    minimum: int | None = None
    maximum: int | None = None
    max_length: int | None = None
    enum: tuple[str, ...] = ()
    summary: str = ""
    since: str | None = None
    schema: Mapping[str, Any] = {}


class ResponseField(Table, frozen=True):
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
    schema: Mapping[str, Any] = {}


class ProblemKind(Table, frozen=True):
    """One kind of error: its HTTP status, the stable last part of its type URI, and when it comes.

    It is one of the service's main endpoint, unless it may come `everywhere`.
    """

    status: int
    slug: str
    summary: str
    everywhere: bool = False


class Endpoint(Table, frozen=True):
    """One method and path of a service, with what goes in and out. `example` holds values of the parameters."""

    method: str
    path: str
    summary: str
    since: str
    parameters: tuple[Parameter, ...] = ()
    response_fields: tuple[ResponseField, ...] = ()
    produces: tuple[str, ...] = (JSON,)
    example: Mapping[str, Any] = {}


class DocumentedElsewhere(Table, frozen=True):
    """What another public source says today about a field, where it differs from the contract."""

    field: str
    value: str
    source: str
    dated: dt.date
    note: str


class LiveEngine(Table, frozen=True):
    """The public API that a service asks when the platform runs with the live web; its key comes from a variable."""

    engine: str
    url: str
    key_variable: str
    timeout_seconds: int
    max_answer_bytes: int


class SandboxBounds(Table, frozen=True):
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


class Service(Table, frozen=True, kw_only=True):
    """What every platform service has (FR-3). A service with settings of its own has a class of its own below."""

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
    example: Mapping[str, Any] = {}
    features: tuple[str, ...] = ()
    future_features: tuple[str, ...] = ()
    rate_limit: RateLimit | None = None
    documented_elsewhere: tuple[DocumentedElsewhere, ...] = ()

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


class WebProxyService(Service, frozen=True, kw_only=True):
    """How large a page may be, how often it may lead elsewhere, and who asks for it."""

    max_page_bytes: int
    max_redirects: int
    fetch_timeout_seconds: int
    user_agent: str


class SearchService(Service, frozen=True, kw_only=True):
    """The search service, with the engine of the live web."""

    live: LiveEngine


class CodeSandboxService(Service, frozen=True, kw_only=True):
    """The languages, and what bounds a program."""

    languages: tuple[str, ...]
    max_timeout_seconds: int
    max_memory_bytes: int
    network_access: bool
    bounds: SandboxBounds


class InferenceService(Service, frozen=True, kw_only=True):
    """The models, and the limits of the engines and of an upstream."""

    base_path: str
    catalog_url: str
    model_families: Mapping[str, tuple[str, ...]]
    models: tuple[Model, ...]
    limits: InferenceLimits
    upstream: UpstreamRules
    model_engine: ModelEngineRules


# A service that is not named here has no settings of its own.
KINDS: Mapping[str, type[Service]] = {
    "web_proxy": WebProxyService,
    "search": SearchService,
    "code_sandbox": CodeSandboxService,
    "inference": InferenceService,
}


class _EndpointAddress(Table, frozen=True):
    method: str
    path: str


def read_service(name: str, raw: Mapping[str, Any]) -> Service:
    """The service of the table `[services.NAME]`. Raises ContractError naming an entry that is not right."""
    path = f"$.services.{name}"
    if unknown := {"name", "method", "path"} & raw.keys():
        raise ContractError(f"`{path}.{min(unknown)}` in contract.toml is an unknown entry. Remove it.")
    address = convert(entry(raw, "endpoint", path), _EndpointAddress, f"{path}.endpoint")
    rest = {key: value for key, value in raw.items() if key != "endpoint"}
    return convert(
        {**rest, "name": name, "method": address.method, "path": address.path}, KINDS.get(name, Service), path
    )
