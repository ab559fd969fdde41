"""Which implementation answers: `competitor_id` first, then `model` (FR-2, step 2)."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from janus_platform.contract import Contract
from janus_platform.gateway.directory import Directory, Upstream
from janus_platform.gateway.errors import NotDeployedError, NotReadyError, model_not_found, not_ready
from janus_platform.gateway.validation import ChatRequest

Leader = Callable[[], str | None]


class Router:
    """Chooses an implementation for each request; the balancer chooses among its nodes.

    The contract's default model stands for the leader: the first of the leaderboard, once it has beaten the baseline
    there (a run of the baseline on the same board, and a strictly higher composite). Where there is none, or the leader
    is no longer deployed or does not start, the baseline answers: a reader always gets an answer, and the response's
    `x-janus-implementation` header says whose it is. `full_name` says what a requested name stands for.
    """

    def __init__(
        self, contract: Contract, directory: Directory, leader: Leader, full_name: Callable[[str], str] = str
    ) -> None:
        self._default_model = contract.gateway.default_model
        self._routing_field = contract.wire.routing_field
        self._directory = directory
        self._leader, self._full_name = leader, full_name

    @property
    def current(self) -> str:
        """The name that the default model stands for at this moment."""
        leader = self._leader()
        return leader if leader is not None and leader in self._directory.names() else self._directory.baseline

    async def route(self, request: ChatRequest) -> tuple[str, Sequence[Upstream]]:
        """The chosen implementation's name and where its nodes listen. Raises ResponseError 404 or 503."""
        wanted, param = request.model, "model"
        if request.competitor is not None:
            wanted, param = request.competitor, self._routing_field
        if wanted != self._default_model:
            wanted = self._full_name(wanted)
            return wanted, await self._named(wanted, param)
        current, baseline = self.current, self._directory.baseline
        if current != baseline:
            try:
                return current, await self._directory.upstreams(current)
            except (NotDeployedError, NotReadyError):
                pass
        return baseline, await self._named(baseline, param)

    async def _named(self, name: str, param: str) -> Sequence[Upstream]:
        try:
            return await self._directory.upstreams(name)
        except NotDeployedError:
            raise model_not_found(name, param, [self._default_model, *self._directory.names()]) from None
        except NotReadyError as reason:
            raise not_ready(name, str(reason), reason.retry_after) from reason
