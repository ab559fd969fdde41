"""From what the user named to an engine that can load it: the extra, the file and the memory are looked at first."""

from __future__ import annotations

import importlib.util
from pathlib import Path

from janus_platform.clock import Clock
from janus_platform.contract import Contract
from janus_platform.services import ServiceError
from janus_platform.services.inference.llama.engine import LlamaEngine
from janus_platform.services.inference.llama.memory import free_memory, need_of, slots_that_fit, threads
from janus_platform.services.inference.llama.requests import Abilities
from janus_platform.services.inference.llama.supervisor import Launch
from janus_platform.services.inference.llama.vocabulary import control_tokens
from janus_platform.services.inference.models.files import resolve
from janus_platform.services.inference.models.gguf import read_head

PACKAGE = "xllamacpp"


class EngineMissingError(ServiceError):
    """llama.cpp is not installed, or something else answers in its place; the message says what to do."""


def is_installed() -> bool:
    """Whether the extra [llm] is there."""
    return importlib.util.find_spec(PACKAGE) is not None


def model_engine(wanted: str, contract: Contract, socket: Path, *, clock: Clock) -> LlamaEngine:
    """The engine for a model's name or a GGUF file's path; it serves on `socket`, and is not started yet.

    Raises ServiceError where the extra or the file is missing or not right, or the memory is too small.
    """
    if not is_installed():
        raise EngineMissingError(
            "A model needs llama.cpp, the extra [llm]: `pip install 'xllamacpp>=2026.10'`, or in a clone "
            "`pip install -e '.[llm]'`. Or start without --model."
        )
    rules, service = contract.inference.model_engine, contract.inference
    file = resolve(wanted)
    head = read_head(file.path)
    context = min(rules.context_tokens, file.context or rules.context_tokens)
    need = need_of(file.path.stat().st_size, head.values, context)
    slots = slots_that_fit(need, rules.slots, free_memory() - rules.reserve_bytes, file.name)
    # A file may be called as a model of the contract is; both must be told apart.
    name = f"{file.name}.gguf" if file.name in {model.name for model in service.models} else file.name
    return LlamaEngine(
        name,
        Launch(file.path, socket, context, slots, threads()),
        Abilities(context, control_tokens=control_tokens(file.path, head)),
        rules,
        service.limits,
        service.upstream,
        clock=clock,
    )
