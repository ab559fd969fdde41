"""Evidence over the gateway: `GET /v1/implementations/{name}/evidence?nonce=<64 hex>`, errors in OpenAI's shape."""

from __future__ import annotations

import json
from collections.abc import Callable, Coroutine
from typing import Any
from urllib.parse import parse_qsl

from janus_platform.attestation.errors import AttestationError, EvidenceRateError, NonceError, NotMeasuredError
from janus_platform.attestation.evidence_service import EvidenceService
from janus_platform.gateway.directory import Directory
from janus_platform.gateway.errors import (
    NotDeployedError,
    NotReadyError,
    ResponseError,
    invalid_field,
    model_not_found,
    not_ready,
)

MAX_QUERY_BYTES = 1_000


def evidence_page(desk: EvidenceService, directory: Directory) -> Callable[[str, bytes], Coroutine[Any, Any, bytes]]:
    """The callable that gives an implementation's evidence, by its name and the query; raises ResponseError."""

    async def page(name: str, query: bytes) -> bytes:
        nonce = _nonce(query)
        if name not in directory.names():
            raise model_not_found(name, "name", directory.names())
        try:
            return json.dumps(await desk.evidence(name, nonce)).encode()
        except EvidenceRateError as error:
            headers = {"retry-after": str(error.retry_after)}
            raise ResponseError(429, str(error), code="rate_limit_exceeded", headers=headers) from error
        except NotMeasuredError as error:
            raise ResponseError(409, str(error), code="nothing_measured") from error
        except NonceError as error:
            raise invalid_field("nonce", str(error)) from error
        except AttestationError as error:
            raise ResponseError(500, str(error), code="no_evidence") from error
        except NotReadyError as error:
            raise not_ready(name, str(error), error.retry_after) from error
        except NotDeployedError as error:  # Removed while it was asked about.
            raise model_not_found(name, "name", directory.names()) from error
        except OSError as error:
            raise ResponseError(500, f"{name} cannot be measured: {error.strerror}.", code="not_measurable") from error

    return page


def _nonce(query: bytes) -> str:
    try:
        parameters = parse_qsl(query[: MAX_QUERY_BYTES + 1].decode("ascii"), keep_blank_values=True, max_num_fields=10)
    except ValueError:
        parameters = []
    if len(query) > MAX_QUERY_BYTES or [name for name, _ in parameters] != ["nonce"]:
        raise invalid_field("nonce", "Give exactly one parameter: ?nonce=<64 hexadecimal digits>.")
    return parameters[0][1]
