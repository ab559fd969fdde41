"""`janus doctor`: what stands in the platform's way on this machine, each with the remedy."""

from __future__ import annotations

import os
import shutil
import socket
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from janus_bench.home import home
from janus_platform.cli.browsers import candidates, find_browser, why_not
from janus_platform.contract import load_contract
from janus_platform.errors import PlatformError
from janus_platform.processes.child import NoAnswerError, ask
from janus_platform.runtime.state import runtime

if TYPE_CHECKING:
    from janus_platform.isolation.layers import Isolation

MIN_PYTHON = (3, 11)
MIN_FREE_BYTES = 500_000_000
_IMPORT_SECONDS = 60
_PROXY_NAMES = ("HTTPS_PROXY", "HTTP_PROXY", "ALL_PROXY", "NO_PROXY")
_CA_NAMES = ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "NODE_EXTRA_CA_CERTS")


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at: `level` is ok, note or problem; `remedy` is empty where nothing is to be done."""

    subject: str
    level: str
    found: str
    remedy: str = ""


def examine() -> list[Finding]:
    """Look at everything the platform needs. Only `problem` findings keep it from running."""
    looks: tuple[Callable[[], Iterator[Finding]], ...] = (
        _python,
        _home,
        _disk,
        _port,
        _inherited,
        _namespaces,
        _toolchains,
        _browser,
        _model,
        _language_model,
    )
    return [finding for look in looks for finding in look()]


def missing_options() -> list[Finding]:
    """What is missing or does not work here and is not needed; the set-up ends by naming it."""
    looks = (_namespaces, _toolchains, _browser)
    return [finding for look in looks for finding in look() if finding.level == "note"]


def _python() -> Iterator[Finding]:
    version = ".".join(map(str, sys.version_info[:3]))
    if sys.version_info >= MIN_PYTHON:
        yield Finding("Python", "ok", version)
    else:
        yield Finding("Python", "problem", version, "Install Python 3.11 or newer and make a new environment with it.")


def _home() -> Iterator[Finding]:
    files = runtime()
    was_there = files.folder.exists()
    try:
        files.made()
        if not was_there:
            files.clear()
    except PlatformError as error:
        yield Finding("home folder", "problem", str(home()), str(error))
        return
    yield Finding("home folder", "ok", str(home()))
    if files.state() is None and files.state_file.exists():
        yield Finding("state", "note", "left by a platform that was killed", "Nothing to do: `janus up` clears it.")


def _disk() -> Iterator[Finding]:
    folder = home()
    existing = next(p for p in (folder, *folder.parents) if p.exists())
    free = shutil.disk_usage(existing).free
    level = "ok" if free >= MIN_FREE_BYTES else "problem"
    remedy = "" if level == "ok" else "Free some space, or set JANUS_HOME to another disk."
    yield Finding("disk", level, f"{free / 1e9:.1f} GB free", remedy)


def _port() -> Iterator[Finding]:
    port = load_contract().gateway.port
    state = runtime().state() if os.access(home().parent, os.W_OK) else None
    if state is not None:
        yield Finding("platform", "ok", f"runs on port {state.gateway_port}")
        return
    with socket.socket() as probe:
        taken = probe.connect_ex(("127.0.0.1", port)) == 0
    if taken:
        yield Finding(
            "port", "problem", f"{port} is in use by another program", "End it, or use another: `janus up --port 8010`."
        )
    else:
        yield Finding("port", "ok", f"{port} is free")


def _inherited() -> Iterator[Finding]:
    for name in (*_PROXY_NAMES, *(n.lower() for n in _PROXY_NAMES)):
        if os.environ.get(name):
            remedy = "Nothing to do: `janus.up()` and `janus env` replace it while the platform is used."
            yield Finding("proxy variable", "note", f"{name} is set", remedy)
    for name in _CA_NAMES:
        if os.environ.get(name):
            remedy = "Nothing to do: it is replaced while the platform is used, and put back by `down()`."
            yield Finding("CA variable", "note", f"{name} is set", remedy)


def _namespaces() -> Iterator[Finding]:
    from janus_platform.isolation.layers import detect

    isolation = detect()
    if isolation.layer == "bubblewrap":
        yield _bubblewrap(isolation)
        return
    reasons = "; ".join(isolation.reasons) or "no namespaces"
    yield Finding(
        "isolation",
        "note",
        f"{isolation.layer} only: {reasons}",
        "Everything runs, less isolated; the code sandbox's GET /capabilities says what holds. On Ubuntu 24.04 allow "
        "unprivileged user namespaces: "
        "`sudo sysctl kernel.apparmor_restrict_unprivileged_userns=0`.",
    )


def _bubblewrap(isolation: Isolation) -> Finding:
    about = f"bubblewrap with its own namespaces, {isolation.program()}"
    if not isolation.flaws:
        return Finding("isolation", "ok", about)
    return Finding(
        "isolation",
        "note",
        about,
        "No submission or run is present while the sandbox is being set up, so none can reach these flaws. A "
        "fixed system bwrap (0.12.0, or a distribution's security update) is used as soon as it is installed.",
    )


def _toolchains() -> Iterator[Finding]:
    from janus_platform.runtime.state import cache_folder
    from janus_platform.services.code_sandbox.run_cache import RunCache
    from janus_platform.services.code_sandbox.toolchains import ToolchainMissingError, survey

    warm = RunCache(cache_folder("sandbox"))
    for language, tools in survey().items():
        subject = f"sandbox: {language}"
        if isinstance(tools, ToolchainMissingError):
            remedy = f"Only if you want it in the sandbox: {tools.install}."
            yield Finding(subject, "note", tools.reason, remedy)
        elif warm.ready(tools):
            yield Finding(subject, "ok", str(tools.tool))
        else:
            yield Finding(subject, "note", f"{tools.tool}, every program takes seconds", "Run `janus prepare` once.")


def _browser() -> Iterator[Finding]:
    path = find_browser()
    if path:
        yield Finding("browser for the page tests", "ok", path)
    else:
        broken = "; ".join(f"{path}: {why_not(path)}" for path in candidates())
        remedy = (
            "Only for `make test`: `apt-get install chromium`, or `.venv/bin/python -m playwright install chromium`."
        )
        yield Finding("browser for the page tests", "note", broken or "none found", remedy)


def _model() -> Iterator[Finding]:
    try:
        ask([sys.executable, "-c", "import numpy, tokenizers, safetensors"], seconds=_IMPORT_SECONDS)
    except NoAnswerError as error:
        reason = f"numpy, tokenizers or safetensors cannot be imported: {error}"
        yield Finding(
            "embedding model", "note", reason, "Install the extra [platform]: `pip install -e '.[platform]'`."
        )
        return
    from janus_platform.services.embedding.encoder import is_prepared
    from janus_platform.services.vector_index.prepare import model_folder

    cached = is_prepared(model_folder())
    remedy = "" if cached else "The vector index answers lexically until then: `janus prepare` (needs a network once)."
    yield Finding("embedding model", "ok" if cached else "note", "cached" if cached else "not fetched yet", remedy)


def _language_model() -> Iterator[Finding]:
    from janus_platform.services.inference.llama.start import is_installed
    from janus_platform.services.inference.models.files import is_here
    from janus_platform.services.inference.models.table import table

    here = [entry.name for entry in table() if is_here(entry)]
    remedy = "" if here else "Only for `janus up --model`: `janus model list`, then `janus model pull NAME`."
    if not is_installed():
        remedy = "Only for `janus up --model`: the extra [llm], `pip install 'xllamacpp>=2026.10'`."
        yield Finding("language model", "note", "llama.cpp is not installed", remedy)
    else:
        yield Finding("language model", "ok" if here else "note", ", ".join(here) or "none fetched", remedy)
