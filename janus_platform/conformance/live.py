"""The contract against the real hosts: what can be asked of them in fairness, and plainly what cannot be reached.

Each host gets a handful of requests: its OpenAPI document where it has one, the documented example, and for inference
the list of models. No limit is exhausted and no bound overstepped: a limit is compared where the host states it. Keys
come from the environment, go to their own host only, and are taken out of everything that is reported.
"""

from __future__ import annotations

import contextlib
import os
import ssl
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from pathlib import Path
from urllib.parse import urlsplit

from janus_platform.conformance.endpoint_probes import check_answer, send, stated_limit
from janus_platform.conformance.fields import leaves
from janus_platform.conformance.http_client import Answer, HttpClient, UnreachableError
from janus_platform.conformance.openapi_check import check_openapi
from janus_platform.conformance.report import DIFFERS, KNOWN, SKIPPED, UNREACHABLE, Report, Row, compare, unseen
from janus_platform.conformance.service_probes import models
from janus_platform.contract import Contract, InferenceService, Service
from janus_platform.errors import PlatformError
from janus_platform.services.framework.openapi import PATH as OPENAPI_PATH

SECONDS = 20.0
# A short answer is enough to compare its fields, and is what somebody pays for.
MAX_TOKENS = 8
LOCAL_KEY = "The key in this shell is the local platform's. Run it in a shell without `janus env`."
_ONLY_HERE = "It has no public host: `janus check` compares it on the local platform."
LOCAL_SECTIONS = (
    "gateway implementation egress attestation monitoring secrets bench wire node classroom submission".split()
)


@dataclass(frozen=True)
class LiveOptions:
    """Where the hosts really are.

    `connect` leads a host elsewhere, `ca` is an authority to trust, `proxy` the way out; `environment` holds the keys.
    """

    connect: Mapping[str, tuple[str, int]] = field(default_factory=dict)
    ca: Path | None = None
    proxy: str | None = None
    environment: Mapping[str, str] = field(default_factory=lambda: os.environ)

    @classmethod
    def of(cls, connect: list[str], ca: Path | None, proxy: str | None) -> LiveOptions:
        """From the command line; `connect` holds HOST=ADDRESS:PORT. Raises PlatformError for what is none."""
        found: dict[str, tuple[str, int]] = {}
        for each in connect:
            host, _, place = each.partition("=")
            address, _, port = place.rpartition(":")
            if not host or not address or not port.isdecimal() or not 0 < int(port) < 65536:
                raise PlatformError(f"{each!r} is not HOST=ADDRESS:PORT, such as search.janus.rodeo=127.0.0.1:8443.")
            found[host] = (address.strip("[]"), int(port))
        if proxy is not None and urlsplit(proxy).scheme not in ("http", "https"):
            raise PlatformError("A proxy is an http:// or https:// address.")
        return cls(found, ca, proxy)


def check_live(contract: Contract, options: LiveOptions) -> Report:
    """Compare the real hosts with the contract. Raises PlatformError where the CA file cannot be read."""
    services = list(contract.services.values())
    with ThreadPoolExecutor(len(services)) as pool:
        rows = [row for found in pool.map(lambda s: _service(contract, s, options), services) for row in found]
    rows += [unseen(section, "none", SKIPPED, _ONLY_HERE) for section in LOCAL_SECTIONS]
    keys = [options.environment.get(contract.implementation.key_variable, "")]
    return Report.of("live", contract.version, [_known(contract, row) for row in rows], keys)


def _service(contract: Contract, service: Service, options: LiveOptions) -> list[Row]:
    where = f"services.{service.name}"
    rows: list[Row] = []
    client = _client_of(contract, service, options)
    try:
        for row in _asked(contract, service, options, client):
            rows.append(row)
    except UnreachableError as error:
        count = sum(name.startswith(f"{where}.") for name in leaves(contract))
        note = f"{error}; {count} fields of this service were not compared."
        rows.append(unseen(f"{where}.host", "connect", UNREACHABLE, f"{note[0].upper()}{note[1:]}", service.host))
    except Exception as error:  # An answer of any shape may come; one that cannot be read is a difference.
        rows.append(Row(where, "answer", "", "", DIFFERS, f"The answer could not be read ({type(error).__name__})."))
    finally:
        client.close()
    return rows


def _client_of(contract: Contract, service: Service, options: LiveOptions) -> HttpClient:
    try:
        context = _context(options)
    except OSError as error:
        raise PlatformError(f"{options.ca} cannot be read as certificates in PEM form.") from error
    keys = {service.host: key} if (key := _key(contract, service, options)) else {}
    return HttpClient(context, proxy=options.proxy, keys=keys, connect=options.connect, seconds=SECONDS)


def _context(options: LiveOptions) -> ssl.SSLContext:
    if options.ca is not None:
        return ssl.create_default_context(cafile=str(options.ca))
    if not _is_local(options):
        return ssl.create_default_context()
    # SSL_CERT_FILE is the local platform's here: the system's own places hold the authorities of real hosts.
    system = ssl.get_default_verify_paths()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    for places in ({"cafile": system.openssl_cafile}, {"capath": system.openssl_capath}):
        with contextlib.suppress(OSError):
            context.load_verify_locations(**places)
    return context


def _key(contract: Contract, service: Service, options: LiveOptions) -> str | None:
    if not service.bearer_key or _is_local(options):
        return None
    return options.environment.get(contract.implementation.key_variable) or None


def _is_local(options: LiveOptions) -> bool:
    """Whether the shell was prepared by `janus env`: then its key is the local platform's, and no real host's."""
    proxy = options.environment.get("HTTPS_PROXY") or options.environment.get("https_proxy") or ""
    try:
        parts = urlsplit(proxy)
        return parts.hostname in ("127.0.0.1", "localhost") and bool(parts.username and parts.password)
    except ValueError:
        return False


def _asked(contract: Contract, service: Service, options: LiveOptions, client: HttpClient) -> Iterator[Row]:
    where = f"services.{service.name}"
    document = client.ask(service.host, "GET", OPENAPI_PATH, with_key=False)
    yield compare(f"{where}.host", "connect", service.host, service.host)
    if document.status == 200 and isinstance(document.json, dict):
        yield from check_openapi(contract, service, document.json)
    else:
        yield unseen(f"{where}.parameters", OPENAPI_PATH, SKIPPED, f"It does not describe itself: {document.status}.")
    if service.bearer_key and not client.keys:
        name = contract.implementation.key_variable
        note = LOCAL_KEY if _is_local(options) else f"It needs a key: set {name}."
        yield unseen(f"{where}.path", "answer", SKIPPED, note)
        return
    example = dict(service.example)
    if isinstance(service, InferenceService):
        listed = client.ask(service.host, "GET", f"{service.base_path}/models")
        yield from models(service, listed)
        example |= {"model": _one_of(example["model"], listed), "max_tokens": MAX_TOKENS}
    answer = send(client, service, example)
    yield from _answer(where, service, answer)
    yield from _limit(where, service, answer)


def _one_of(wanted: str, listed: Answer) -> str:
    """The contract's model where it is listed, else the first that is."""
    found = [str(each["id"]) for each in listed.at("data") or [] if isinstance(each, dict) and "id" in each]
    return wanted if wanted in found or not found else found[0]


def _answer(where: str, service: Service, answer: Answer) -> Iterator[Row]:
    if answer.status in (401, 403, 429) or answer.status >= 500:
        yield unseen(
            f"{where}.response_fields", "answer", SKIPPED, f"The documented example is answered {answer.status}."
        )
    else:
        yield from check_answer(where, service.endpoints[0], answer)


def _limit(where: str, service: Service, answer: Answer) -> Iterator[Row]:
    limit, stated = service.rate_limit, stated_limit(answer)
    if stated is None:
        yield unseen(f"{where}.rate_limit", "header", SKIPPED, "It does not state its limit (RateLimit-Policy).")
    elif limit is None:
        yield Row(f"{where}.rate_limit", "header", "none", f"{stated[0]} in {stated[1]} s", DIFFERS)
    else:
        yield compare(f"{where}.rate_limit.requests", "header", limit.requests, stated[0])
        yield compare(f"{where}.rate_limit.per_seconds", "header", limit.per_seconds, stated[1])


def _known(contract: Contract, row: Row) -> Row:
    """A difference that `documented_elsewhere` names is known, with its source and date."""
    if row.result != DIFFERS or not row.field.startswith("services."):
        return row
    _, name, *rest = row.field.split(".")
    for entry in contract.services[name].documented_elsewhere:
        if rest[:1] == [entry.field] or (entry.field == "host" and rest[:1] in (["path"], ["base_path"])):
            return replace(row, result=KNOWN, note=f"{entry.note} Read {entry.dated}: {entry.source}")
    return row
