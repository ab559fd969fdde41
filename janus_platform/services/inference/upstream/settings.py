"""Which upstream answers instead of the local engine, read from the environment once, when the platform starts.

JANUS_INFERENCE_UPSTREAM   base URL such as http://127.0.0.1:11434/v1 (Ollama), or vLLM's, llama.cpp's, Chutes'
JANUS_INFERENCE_KEY        its key, if it wants one; for Chutes, CHUTES_API_KEY serves as well
JANUS_INFERENCE_MODELS     what it calls the contract's models: gpt-4o-mini=llama3.2,o1=qwen3; *=… means all others
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from janus_platform.contract import Contract
from janus_platform.errors import PlatformError

# The local platform issues such keys to its own callers; they are worth nothing elsewhere and go nowhere else.
LOCAL_KEY = "cpk_local_"
ALL = "*"


class UpstreamNotUsable(PlatformError):
    """A variable is not right; the message says which, and what to set it to."""


@dataclass(frozen=True)
class UpstreamSettings:
    """A checked upstream: base URL without a slash at its end, key ("" for none), and names by contract name."""

    base_url: str
    key: str = field(default="", repr=False)
    models: Mapping[str, str] = field(default_factory=dict)

    @property
    def host(self) -> str:
        """Where it is, for labels: host and port, nothing secret."""
        return urlsplit(self.base_url).netloc

    def model(self, name: str) -> str:
        """What the upstream calls a model."""
        return self.models.get(name) or self.models.get(ALL) or name


def read_settings(environment: Mapping[str, str], contract: Contract) -> UpstreamSettings | None:
    """The upstream that the environment names; None where it names none. Raises UpstreamNotUsable."""
    rules = contract.inference.upstream
    if not (address := environment.get(rules.address_variable, "").strip()):
        return None
    host = _checked(address, rules.address_variable)
    key = environment.get(rules.key_variable, "").strip()
    if not key and (host == rules.chutes_domain or host.endswith(f".{rules.chutes_domain}")):
        key = environment.get(contract.implementation.key_variable, "").strip()
    key = "" if key.startswith(LOCAL_KEY) else key
    if not key.isascii() or not key.isprintable():
        raise UpstreamNotUsable(f"{rules.key_variable} holds characters that no key has. Copy it again.")
    return UpstreamSettings(address.rstrip("/"), key, _models(environment.get(rules.models_variable, ""), contract))


def _checked(address: str, variable: str) -> str:
    example = f"Set {variable} to a base URL such as http://127.0.0.1:11434/v1."
    try:
        parts = urlsplit(address)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        raise UpstreamNotUsable(f"{variable} is no URL. {example}") from None
    if parts.scheme not in ("http", "https") or not host or port == 0:
        raise UpstreamNotUsable(f"{variable} is no http or https URL. {example}")
    if parts.username or parts.password or parts.query or parts.fragment:
        raise UpstreamNotUsable(f"{variable} holds more than host, port and path. {example}")
    return host


def _models(text: str, contract: Contract) -> dict[str, str]:
    rules = contract.inference.upstream
    pairs = [part.strip().partition("=") for part in text.split(",") if part.strip()]
    if wrong := [name for name, sign, target in pairs if not sign or not name.strip() or not target.strip()]:
        raise UpstreamNotUsable(
            f"{rules.models_variable} has no name on both sides of {wrong[0]!r}. "
            "Write it as gpt-4o-mini=llama3.2,o1=qwen3; *=llama3.2 means all others."
        )
    return {name.strip(): target.strip() for name, _, target in pairs}
