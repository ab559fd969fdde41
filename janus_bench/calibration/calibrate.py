"""What the bench's clock is worth on this machine: its measurements held against a server that knows the truth.

Three runs: many paced streams at once, each with a planted stall; one stream whose pieces lie in the socket's buffer
already; and one stream for each kind of fault.
"""

from __future__ import annotations

import asyncio
import contextlib
import http.client
import json
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from janus_bench.calibration.plan import FAULTS, Plan, Truth
from janus_bench.errors import BenchError, RequestError
from janus_bench.scoring.metrics import percentile
from janus_bench.wire.chat import Answer, read_answer, read_answer_aside
from janus_bench.wire.client import Exchange, exchange
from janus_bench.wire.target import Target

_START_APART_SECONDS = 0.001
_TIMEOUT_SECONDS = 120.0
STALL_MS = 500.0
_BUFFERED_PIECES = 20_000
# The first stamps of a process come late: the kernel switches stamping on for the whole machine, in its own time.
_WARM_UP_STREAMS = 4


@dataclass(frozen=True)
class Calibration:
    """The bench's own error here. Lags in µs, other times in ms; each error is measured minus true.

    `stall_error_ms` is the largest of all streams, as a distance. `cpu_us_per_chunk` counts this process alone, reading
    and parsing together. `faults` maps each planted fault to what the bench called it.
    """

    streams: int
    pieces: int
    lost: int
    stamped_by: str
    receive_lag_us: dict[str, float]
    first_token_error_ms: dict[str, float]
    stall_error_ms: float
    cpu_us_per_chunk_paced: float
    cpu_us_per_chunk_buffered: float
    faults: dict[str, str]

    @property
    def faults_missed(self) -> list[str]:
        """The planted faults that the bench did not name rightly."""
        return [fault for fault, observed in self.faults.items() if observed != FAULTS[fault]]

    def to_dict(self) -> dict[str, Any]:
        """All figures, as JSON."""
        return asdict(self) | {"faults_missed": self.faults_missed}


@contextlib.contextmanager
def ground_truth() -> Iterator[Target]:
    """A ground-truth server in a process of its own. Raises BenchError where it does not start."""
    command = [sys.executable, "-m", "janus_bench.calibration.server"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdin is not None and process.stdout is not None
        line = process.stdout.readline().strip()
        if not line.isdigit():
            raise BenchError("the ground-truth server did not start", "See its error above.")
        try:
            yield Target("127.0.0.1", int(line), False, "/v1/chat/completions")
        finally:
            process.stdin.close()  # it ends with its input
            process.wait()


def read_truth(target: Target) -> dict[str, Truth]:
    """What the server noted since it was last asked, by the plan's id."""
    connection = http.client.HTTPConnection(target.host, target.port, timeout=_TIMEOUT_SECONDS)
    with contextlib.closing(connection):
        connection.request("GET", "/truth")
        notes = json.loads(connection.getresponse().read())
    return {name: Truth(received, tuple(emitted)) for name, (received, emitted) in notes.items()}


def request_of(plan: Plan) -> bytes:
    """The chat request that carries a plan."""
    messages = [{"role": "user", "content": plan.to_text()}]
    return json.dumps({"model": "ground-truth", "stream": True, "messages": messages}).encode()


async def ask(target: Target, plans: Sequence[Plan]) -> list[tuple[Exchange, Answer]]:
    """Ask for every plan at once, the streams started 1 ms apart, as a run does it. Raises RequestError."""
    turn = asyncio.Lock()

    async def one(number: int, plan: Plan) -> tuple[Exchange, Answer]:
        await asyncio.sleep(number * _START_APART_SECONDS)
        response = await exchange(target, request_of(plan), timeout=_TIMEOUT_SECONDS)
        return response, await read_answer_aside(response, turn)

    return await asyncio.gather(*(one(number, plan) for number, plan in enumerate(plans)))


def calibrate(*, streams: int = 64, pieces: int = 100, gap_ms: float = 10.0) -> Calibration:
    """Measure the bench's own error on this machine; takes some three seconds.

    Raises BenchError where the ground-truth server does not start, or a stream cannot be measured at all.
    """
    with ground_truth() as target:
        try:
            asyncio.run(ask(target, [Plan(f"w{n}", gap_ms=1, tokens=20) for n in range(_WARM_UP_STREAMS)]))
            read_truth(target)
            plans = [
                Plan(f"p{n}", first_ms=50, gap_ms=gap_ms, tokens=pieces, stall_after=pieces // 2, stall_ms=STALL_MS)
                for n in range(streams)
            ]
            measured, paced = _measured(target, plans)
            truths = read_truth(target)
            _, buffered = _measured(target, [Plan("b", tokens=_BUFFERED_PIECES)])
            faults = {fault: asyncio.run(_named(target, fault)) for fault in FAULTS}
        except RequestError as failure:
            raise BenchError(f"calibration failed: {failure.kind}", failure.detail) from None
    known = [(*answered, truths[plan.id]) for answered, plan in zip(measured, plans, strict=True)]
    return _compared(known, pieces, paced / (streams * pieces), buffered / _BUFFERED_PIECES, faults)


def _measured(target: Target, plans: Sequence[Plan]) -> tuple[list[tuple[Exchange, Answer]], float]:
    """What came of the plans, and what reading and parsing it took of this process's CPU, in µs."""
    before = time.process_time_ns()
    measured = asyncio.run(ask(target, plans))
    return measured, (time.process_time_ns() - before) / 1e3


async def _named(target: Target, fault: str) -> str:
    """What the bench calls a planted fault: the kind of error, else the first violation."""
    try:
        response = await exchange(target, request_of(Plan(fault, tokens=4, fault=fault)), timeout=_TIMEOUT_SECONDS)
        violations = read_answer(response).violations
    except RequestError as failure:
        return failure.kind
    return violations[0] if violations else "nothing"


def _compared(
    known: Sequence[tuple[Exchange, Answer, Truth]],
    pieces: int,
    paced_us: float,
    buffered_us: float,
    faults: dict[str, str],
) -> Calibration:
    lags, first_errors, stall_errors, lost = [], [], [], 0
    for response, answer, truth in known:
        stamps = [delta.at_ns for delta in answer.deltas]
        lost += len(truth.emitted_ns) - len(stamps)
        lags += [(seen - true) / 1e3 for seen, true in zip(stamps, truth.emitted_ns, strict=False)]
        true_first = truth.emitted_ns[0] - truth.received_ns
        first_errors.append((stamps[0] - response.sent_ns - true_first) / 1e6)
        stall_errors.append(abs(_stall_ms(stamps, pieces) - _stall_ms(truth.emitted_ns, pieces)))
    return Calibration(
        streams=len(known),
        pieces=pieces,
        lost=lost,
        stamped_by=known[0][0].stamped_by,
        receive_lag_us=_spread(lags),
        first_token_error_ms=_spread(first_errors),
        stall_error_ms=max(stall_errors),
        cpu_us_per_chunk_paced=paced_us,
        cpu_us_per_chunk_buffered=buffered_us,
        faults=faults,
    )


def _stall_ms(stamps_ns: Sequence[int], pieces: int) -> float:
    return (stamps_ns[pieces // 2] - stamps_ns[pieces // 2 - 1]) / 1e6


def _spread(values: Sequence[float]) -> dict[str, float]:
    return {f"p{percent}": percentile(values, percent) or 0.0 for percent in (50, 95, 99)}
