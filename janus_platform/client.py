"""The platform as a reader holds it: `platform = janus.up()` in a notebook, and what can be asked of it from there."""

from __future__ import annotations

import contextlib
import os
import secrets
import time
from collections.abc import Callable, Iterator, Mapping, MutableMapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from janus_platform.classroom.settings import wanted_program
from janus_platform.drawing import Drawing, states_of
from janus_platform.errors import NotRunningError, RequestRefusedError
from janus_platform.runtime.control_client import ControlClient, Lease
from janus_platform.runtime.launcher import Options, ensure_running, join
from janus_platform.runtime.state import Runtime, runtime
from janus_platform.traces.client_span import ClientSpan
from janus_platform.traces.view import Trace

if TYPE_CHECKING:
    from janus_platform.attestation.report import Report
    from janus_platform.live import LivePlatform

# A trace is complete a moment after its last chunk arrived; the wait only covers that moment.
TRACE_SECONDS = 3.0


class CallerClock:
    """This caller's time on the platform, by which its rate limits are counted."""

    def __init__(self, client: ControlClient, caller: str) -> None:
        self._client, self._caller = client, caller

    def advance(self, seconds: float) -> None:
        """Move this caller's time on by 0 to 86400 `seconds`, so that nothing has to wait for a window to pass."""
        self._client.post("/clock", caller=self._caller, seconds=seconds)


class Platform:
    """A running platform, seen by one caller. Made by `up()`."""

    def __init__(self, client: ControlClient, lease: Lease, caller: str, kept: Mapping[str, str | None]) -> None:
        self._client, self._lease, self._kept = client, lease, dict(kept)
        # In a classroom, the learner is the caller.
        self.caller = str(lease.welcome.get("caller", caller))
        self.clock = CallerClock(client, self.caller)
        self.url: str = lease.welcome["status"]["gateway"]["url"]

    def status(self) -> dict[str, Any]:
        """What runs and how it is, as `status.schema.json` describes it."""
        return dict(self._client.get("/status"))

    def drawing(self) -> Drawing:
        """The platform as it runs, drawn, with which parts answer at the moment."""
        return Drawing(states_of(self.status()))

    def submit(
        self,
        path: str | Path | None = None,
        *,
        name: str,
        url: str | None = None,
        instances: int = 1,
        progress: Callable[[str], None] | None = None,
        **form: str,
    ) -> dict[str, Any]:
        """Try out the implementation in the folder `path` and deploy it as `name` on `instances` nodes.

        Instead of a folder, `url` may say where one runs already. `form` is the submission form: hotkey, source,
        license, description, changelog, contact. `progress`, such as `print`, gets a line for each package of the
        folder's requirements.txt that is installed. Returns the checklist. Raises PlatformError naming the checks that
        failed; then nothing is deployed.
        """
        folder = None if path is None else str(Path(path).expanduser().resolve())
        return self._client.submit(progress=progress, path=folder, url=url, name=name, instances=instances, **form)

    def implementations(self) -> list[dict[str, Any]]:
        """Every implementation that the gateway can route to."""
        return list(self._client.get("/implementations")["implementations"])

    def remove(self, name: str) -> None:
        """End and forget an implementation. Raises PlatformError when there is none of that name."""
        self._client.delete("/implementations", name)

    def logs(self, name: str) -> str:
        """The latest output of an implementation."""
        return str(self._client.get("/implementations", name, "log")["log"])

    def evidence(self, name: str, nonce: str) -> dict[str, Any]:
        """The evidence of an implementation for a nonce of 64 hexadecimal digits. Simulated: software keys sign it."""
        return self._client.evidence(name, nonce)

    def verify(self, name: str, *, golden: str | Path | None = None, save_golden: bool = False) -> Report:
        """Ask for evidence with a fresh nonce and check it, with golden values where some were saved."""
        from janus_platform.attestation.client import verify_running

        path = None if golden is None else Path(golden)
        return verify_running(self.evidence, name, golden=path, save_golden=save_golden)

    def rotate_keys(self, name: str | None = None) -> dict[str, Any]:
        """New keys for an implementation, or for all of them; no request is dropped."""
        return dict(self._client.post("/keys", **({} if name is None else {"implementation": name})))

    def rotate_own_key(self) -> dict[str, Any]:
        """A new key for this caller, put into this process's variables; the old one ends after the grace period."""
        done = dict(self._client.post("/keys", caller=self.caller))
        exchange(os.environ, self._client.get("/environment", caller=self.caller))
        return done

    def top(self) -> dict[str, Any]:
        """What each implementation uses and does, and what is out of the ordinary: `top.schema.json`."""
        return dict(self._client.get("/top"))

    def requests(self, name: str | None = None) -> list[dict[str, Any]]:
        """The latest chat requests, oldest first, their content redacted."""
        return list(self._client.get("/requests", implementation=name)["requests"])

    def blocked(self, caller: str | None = None) -> list[dict[str, Any]]:
        """What the egress proxy blocked of this caller or of another, such as an implementation; oldest first.

        Each is `{"at", "caller", "target", "reason"}`, the time in seconds since the epoch.
        """
        return list(self._client.get("/egress", caller=caller or self.caller)["blocked"])

    def trace(self, name: str = "latest") -> Trace:
        """The trace of a request id, trace id or completion id; of the latest request when none is given.

        Raises PlatformError when the platform has no such trace.
        """
        deadline = time.monotonic() + TRACE_SECONDS
        while True:
            try:
                content = self._client.get("/traces", name)
                if content["complete"] or time.monotonic() > deadline:
                    return Trace(content)
            except RequestRefusedError:
                if time.monotonic() > deadline:
                    raise
            time.sleep(0.01)

    def traces(self, count: int = 20) -> list[dict[str, Any]]:
        """The newest traces, newest first: id, begin, duration and the names of the spans in order.

        A service call that could not be placed is a trace of its own; its `attached` reads "unattributed".
        """
        return list(self._client.get("/traces", count=str(count))["traces"])

    def client_span(self) -> ClientSpan:
        """A span around a request: `with platform.client_span() as call:`, and send `call.headers` along."""
        return ClientSpan(lambda **span: self._client.post("/traces", **span))

    @contextlib.contextmanager
    def limits_off(self) -> Iterator[None]:
        """Turn the rate limits of all callers off while this lasts, for a benchmark say; `status` shows it.

        They come back when it ends, or this process does, or the last of several at once.
        """
        with contextlib.closing(self._client.limits_off()):
            yield

    def down(self) -> None:
        """Leave the platform and put this process's own variables back; it ends when its last user has left."""
        global _current
        exchange(os.environ, self._kept)
        # Once only: what stands there later is the user's own, or a newer platform's.
        self._kept = {}
        self._lease.close()
        if _current is self:
            _current = None

    def detach(self) -> None:
        """Have the platform stay when its last user has left, until `janus down`."""
        self._client.post("/detach")

    def alive(self) -> bool:
        """Whether the platform still runs."""
        return self._lease.alive()

    def held_at(self, files: Runtime) -> bool:
        """Whether this is the platform of `files`, and still runs."""
        return self._client.path == files.control_socket and self.alive()

    def __repr__(self) -> str:
        return f"<Platform {self.url} as {self.caller}>"


_current: Platform | None = None


def up(
    *,
    port: int | None = None,
    limits: str | None = None,
    web: str | None = None,
    model: str | None = None,
    detach: bool = False,
) -> Platform | LivePlatform:
    """Start the local platform, or join the one that runs, and send this process's requests through it.

    `web` is `corpus` (the bundled pages, the default) or `live` (web proxy and search answer from the real web); the
    variable `JANUS_WEB` stands for it. `model` is a language model that answers beside the local engine: a name of
    `janus model list`, or a GGUF file's path; `JANUS_MODEL` stands for it. Sets this process's proxy, CA and key
    variables until `down()`. With `JANUS_MODE=live` in the environment it does neither: the same code then talks to the
    real hosts, and what cannot be reached is said. Raises PlatformError with a remedy; then whatever was joined before
    still is.
    """
    global _current
    options = Options(port=port, limits=limits, web=web, model=model, detach=detach, program=wanted_program())
    if os.environ.get("JANUS_MODE") == "live":
        from janus_platform.live import begin

        return begin()
    files = runtime()
    if _current is not None and not _current.held_at(files):
        _current.down()
    if _current is not None:
        ensure_running(files, options)
        if detach:
            _current.detach()
        return _current
    caller = f"notebook-{secrets.token_hex(4)}"
    client, lease = join(files, options, lambda client: (client, client.lease(caller)))
    _current = Platform(client, lease, caller, exchange(os.environ, lease.welcome["environment"]))
    return _current


def down() -> None:
    """Leave the platform that `up()` joined; does nothing when there is none."""
    if _current is not None:
        _current.down()


def running() -> ControlClient:
    """A client of the platform that runs. Raises NotRunningError."""
    files = runtime()
    if files.state() is None:
        raise NotRunningError
    return ControlClient(files.control_socket)


def exchange(environment: MutableMapping[str, str], wanted: Mapping[str, str | None]) -> dict[str, str | None]:
    """Set the `wanted` variables (None removes one) and return what stood there before, in the same form."""
    before = {name: environment.get(name) for name in wanted}
    for name, value in wanted.items():
        if value is None:
            environment.pop(name, None)
        else:
            environment[name] = value
    return before
