"""The processes of the gateway's benchmark: ground truth, load, and what stands between them or does not."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil

from tests.benchmarks.figures import ROOT

CHAT = "/v1/chat/completions"
MODEL = "truth"
START_SECONDS = 120
INSTALL_SECONDS = 900
LITELLM = ROOT / "_build" / "litellm"
# Without it Python would compile the project anew in each process.
_ENVIRONMENT = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}


@dataclass(frozen=True)
class Between:
    """What stands between load and ground truth: its name, port, and processes; nothing has the truth's own.

    One that is `slow` gets fewer and shorter streams: it would otherwise take minutes.
    """

    name: str
    port: int
    pids: tuple[int, ...]
    slow: bool = False

    def cpu_seconds(self) -> float:
        """User and system time of its processes so far, to the nanosecond where Linux says so."""
        return sum(map(_cpu_seconds, self.pids))

    def memory_bytes(self) -> int:
        """Their resident memory."""
        return sum(psutil.Process(pid).memory_info().rss for pid in self.pids)


def _cpu_seconds(pid: int) -> float:
    total = 0
    for task in Path(f"/proc/{pid}/task").glob("*/schedstat"):
        with contextlib.suppress(OSError):
            total += int(task.read_text().split()[0])
    return total / 1e9


@contextmanager
def _module(name: str, *arguments: str) -> Iterator[tuple[int, int]]:
    """A module of this folder in a process of its own: its pid, and the port that it prints."""
    command = [sys.executable, "-m", f"tests.benchmarks.{name}", *arguments]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT, env=_ENVIRONMENT
    ) as process:
        assert process.stdin is not None and process.stdout is not None
        yield process.pid, int(process.stdout.readline())
        process.stdin.close()


@contextmanager
def nothing(log: Path) -> Iterator[Between]:
    """The ground-truth server itself; its emit times go to `log`."""
    with _module("gateway_truth", "--log", str(log)) as (pid, port):
        yield Between("nothing in between", port, (pid,))


@contextmanager
def gateway(upstream: int, folder: Path) -> Iterator[Between]:
    """The gateway in front of the server on `upstream`."""
    with _module("gateway_served", "--upstream", str(upstream), "--log", str(folder / "gateway.log")) as (pid, port):
        yield Between("gateway", port, (pid,))


_NGINX = """
daemon off; worker_processes 1; pid {folder}/nginx.pid; error_log {folder}/nginx.log;
events {{ worker_connections 8192; }}
http {{
  access_log off; client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy;
  fastcgi_temp_path {folder}/f; uwsgi_temp_path {folder}/u; scgi_temp_path {folder}/s;
  upstream truth {{ server 127.0.0.1:{upstream}; keepalive 512; }}
  server {{
    listen 127.0.0.1:{port} backlog=2048;
    location / {{
      proxy_pass http://truth; proxy_http_version 1.1; proxy_set_header Connection ""; proxy_buffering off;
    }}
  }}
}}
"""


@contextmanager
def nginx(upstream: int, folder: Path) -> Iterator[Between | None]:
    """nginx with `proxy_pass` and without buffering; None where it is not installed."""
    program = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin:/usr/local/sbin")
    if program is None:
        yield None
        return
    port, file = _free_port(), folder / "nginx.conf"
    file.write_text(_NGINX.format(folder=folder, upstream=upstream, port=port))
    with subprocess.Popen([program, "-c", str(file), "-p", str(folder)], stderr=subprocess.DEVNULL) as process:
        try:
            _until_it_listens(port, process)
            children = psutil.Process(process.pid).children()
            yield Between("nginx proxy_pass", port, (process.pid, *(child.pid for child in children)))
        finally:
            process.terminate()


class NotThere(Exception):
    """Something that would stand in between cannot be had here; the message says why."""


@contextmanager
def litellm(upstream: int, folder: Path) -> Iterator[Between]:
    """LiteLLM's proxy, installed once into a virtual environment of its own. Raises NotThere."""
    python = _installed_litellm()
    port, file, said = _free_port(), folder / "litellm.yaml", folder / "litellm.log"
    parameters = {"model": f"openai/{MODEL}", "api_base": f"http://127.0.0.1:{upstream}/v1", "api_key": "sk-x"}
    file.write_text(json.dumps({"model_list": [{"model_name": MODEL, "litellm_params": parameters}]}))
    command = [str(python.with_name("litellm")), "--config", str(file), "--port", str(port), "--host", "127.0.0.1"]
    environment = {
        **_ENVIRONMENT,
        "LITELLM_LOCAL_MODEL_COST_MAP": "True",  # The table of prices that it brings along, not one that it fetches.
        "LITELLM_DANGEROUSLY_PERMIT_WEAK_OR_UNSET_MASTER_KEY": "true",  # The others ask for no key either.
    }
    with said.open("wb") as log, subprocess.Popen(command, stdout=log, stderr=log, env=environment) as process:
        try:
            _until_it_listens(port, process)
            family = [process.pid, *(child.pid for child in psutil.Process(process.pid).children(recursive=True))]
            yield Between("LiteLLM", port, tuple(family), slow=True)
        except TimeoutError as error:
            raise NotThere(f"{error}. It said: {said.read_text('utf-8', 'replace')[-500:].strip()}") from error
        finally:
            process.terminate()


def _installed_litellm() -> Path:
    """The Python of its virtual environment, made if need be."""
    python = LITELLM / "bin" / "python"
    if python.with_name("litellm").exists():
        return python
    try:
        subprocess.run([sys.executable, "-m", "venv", str(LITELLM)], check=True, capture_output=True)
        install = [str(python), "-m", "pip", "install", "-q", "litellm[proxy]"]
        done = subprocess.run(install, check=False, capture_output=True, text=True, timeout=INSTALL_SECONDS)
    except (subprocess.SubprocessError, OSError) as error:
        raise NotThere(f"it could not be installed: {error}") from error
    if done.returncode:
        raise NotThere(f"it could not be installed: {done.stderr.strip().splitlines()[-1:]}")
    return python


def load(between: Between, **job: Any) -> dict[str, Any]:
    """Have the load generator do one job, in a process of its own."""
    command = [sys.executable, "-m", "tests.benchmarks.gateway_load"]
    given = json.dumps({"port": between.port, "path": CHAT, "model": MODEL, **job}) + "\n"
    done = subprocess.run(command, input=given, capture_output=True, text=True, check=True, cwd=ROOT, env=_ENVIRONMENT)
    return dict(json.loads(done.stdout))


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _until_it_listens(port: int, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + START_SECONDS
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    body = json.dumps({"model": MODEL, "messages": [{"role": "user", "content": "Hello"}]}).encode()
    request = urllib.request.Request(
        f"http://127.0.0.1:{port}{CHAT}", body, {"content-type": "application/json", "authorization": "Bearer sk-x"}
    )
    while time.monotonic() < deadline and process.poll() is None:
        with contextlib.suppress(OSError):
            opener.open(request, timeout=5).close()
            return
        time.sleep(0.05)
    raise TimeoutError(f"nothing answers on port {port}")
