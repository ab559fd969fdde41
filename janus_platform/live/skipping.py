"""The skipping of cells that cannot run in live mode: they say why, and the notebook goes on.

A cell is skipped where its host cannot be reached, its key is not set, it asks for something that only the local
platform has, or it needs a name that a skipped cell would have made. No other error is touched.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from janus_platform.contract import load_contract
from janus_platform.egress.environment import ca_variables, proxy_variables
from janus_platform.live.hosts import Host, reason_for
from janus_platform.live.platform import LocalOnlyError

MARK = "Skipped in live mode:"
LOCAL_VARIABLES = {*proxy_variables(""), *ca_variables(Path())}


class Skipper:
    """Decides about errors, from what was found when the mode began; remembers what skipped cells did not make."""

    def __init__(self, hosts: Sequence[Host]) -> None:
        self._hosts: Mapping[str, Host] = {one.host: one for one in hosts}
        self._key = load_contract().implementation.key_variable
        self._missing: set[str] = set()

    def reason(self, error: BaseException) -> str | None:
        """Why a cell that ended with `error` is skipped; None where the error is the reader's own to see."""
        if isinstance(error, LocalOnlyError):
            return str(error)
        if isinstance(error, KeyError) and error.args == (self._key,):
            return f"{self._key} is not set."
        if isinstance(error, KeyError) and error.args and error.args[0] in LOCAL_VARIABLES:
            return f"{error.args[0]} is a variable that only the local platform sets."
        if isinstance(error, NameError) and error.name in self._missing:
            return f"it needs `{error.name}`, which a skipped cell would have made."
        return self._unreached(error)

    def skipped(self, source: str) -> None:
        """Remember the names that the cell would have bound."""
        try:
            tree = ast.parse(source)
        except SyntaxError:  # A cell with magics binds what nobody can tell.
            return
        for node in ast.walk(tree):
            if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
                self._missing.add(node.id)
            elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
                self._missing.add(node.name)
            elif isinstance(node, ast.Import | ast.ImportFrom):
                self._missing |= {alias.asname or alias.name.partition(".")[0] for alias in node.names}

    def _unreached(self, error: BaseException) -> str | None:
        """What stands behind a failed connection: httpx's errors, and openai's around them, name the request."""
        if not isinstance(error, _connection_errors()):
            return None
        host = getattr(getattr(getattr(error, "request", None), "url", None), "host", "")
        known = self._hosts.get(host)
        if not host:
            return None
        if known is None:
            return f"{host} is none of the contract's hosts; the page needs what the local platform does with it."
        return f"{host} cannot be reached: {known.reason or reason_for(error)}."


def skip_cells(hosts: Sequence[Host]) -> None:
    """Have the IPython that runs, if one does, print a reason in place of a traceback, and go on with the next cell."""
    shell: Any = _ipython()
    if shell is None:
        return
    skipper, failed = Skipper(hosts), set[int]()

    def on_error(self: Any, kind: type, error: BaseException, trace: Any, tb_offset: int | None = None) -> None:
        reason = skipper.reason(error)
        if reason is None:
            self.showtraceback((kind, error, trace), tb_offset=tb_offset)
        else:
            print(MARK, reason)
            failed.add(id(error))

    def after(result: Any) -> None:
        if result.error_in_exec is not None and id(result.error_in_exec) in failed:
            failed.discard(id(result.error_in_exec))
            skipper.skipped(result.info.raw_cell)
            result.error_in_exec = None

    shell.set_custom_exc((Exception,), on_error)
    for one in list(shell.events.callbacks["post_run_cell"]):
        if getattr(one, "_janus_live", False):
            shell.events.unregister("post_run_cell", one)
    after._janus_live = True  # type: ignore[attr-defined]
    shell.events.register("post_run_cell", after)


def _connection_errors() -> tuple[type[BaseException], ...]:
    import httpx

    errors: list[type[BaseException]] = [httpx.TransportError]
    if (openai := sys.modules.get("openai")) is not None:
        errors.append(openai.APIConnectionError)
    return tuple(errors)


def _ipython() -> Any:
    if "IPython" not in sys.modules:
        return None
    from IPython.core.getipython import get_ipython

    return get_ipython()
