"""The bench's clock against a server in another process that knows when it wrote each piece."""

from __future__ import annotations

import asyncio
import json
import select
import socket
import subprocess
import sys
import time

import pytest

from janus_bench.calibration import calibrate as calibration
from janus_bench.calibration.calibrate import ask, calibrate, ground_truth, read_truth, request_of
from janus_bench.calibration.plan import FAULTS, Plan
from janus_bench.scoring.metrics import rate
from janus_bench.wire.client import exchange
from janus_bench.wire.receiver import READER, Receiver

ON_LINUX = pytest.mark.skipif(sys.platform != "linux", reason="only Linux stamps reads in the kernel")


def test_every_piece_is_stamped_after_it_was_written_and_none_is_lost() -> None:
    plans = [Plan(f"s{n}", first_ms=5, gap_ms=2, tokens=20) for n in range(8)]
    with ground_truth() as target:
        asked = asyncio.run(ask(target, plans))
        truths = read_truth(target)
    for plan, (response, answer) in zip(plans, asked, strict=True):
        truth = truths[plan.id]
        assert len(answer.deltas) == len(truth.emitted_ns) == 20
        assert all(seen.at_ns >= true for seen, true in zip(answer.deltas, truth.emitted_ns, strict=True))
        assert response.started_ns <= response.connected_ns <= response.sent_ns <= truth.received_ns


@pytest.mark.parametrize("per_chunk", [1, 4, 40])
def test_the_rate_of_chunks_of_one_four_and_forty_tokens(per_chunk: int) -> None:
    """40 tokens at 50 a second, whatever the chunks: held against the moments at which the server wrote them."""
    plan = Plan("r", first_ms=5, gap_ms=20 * per_chunk, tokens=40 // per_chunk, per_chunk=per_chunk)
    with ground_truth() as target:
        answer = asyncio.run(ask(target, [plan]))[0][1]
        emitted = read_truth(target)["r"].emitted_ns
    found = rate(answer.deltas)
    if per_chunk == 40:
        assert found is None  # one chunk has no rate
    else:
        true = (40 - per_chunk) / ((emitted[-1] - emitted[0]) / 1e9)
        assert found == pytest.approx(true, rel=0.05)
        assert true <= 50.5  # never sooner than it was due


@ON_LINUX
def test_the_kernel_stamps_what_a_busy_loop_reads_late() -> None:
    busy_ns = 20_000_000

    async def main(port: int) -> None:
        receiver = Receiver(time.perf_counter_ns)
        transport, _ = await asyncio.get_running_loop().create_connection(lambda: receiver, "127.0.0.1", port)
        receiver.stamp_in_kernel()
        sender, _ = listening.accept()
        with sender:
            sender.send(b"HTTP/1.1 200 OK\r\n")
            await receiver.wake.wait()
            for _ in range(100):  # the kernel switches stamps on in its own time: the first ones come late
                receiver.wake.clear()
                # One write, and nothing after it: the kernel would join both, and give them the later one's stamp.
                sender.send(b"x-padding: 1\r\n")
                select.select([transport.get_extra_info("socket")], [], [], 30)
                arrived = time.perf_counter_ns()
                while time.perf_counter_ns() < arrived + busy_ns:
                    pass
                await receiver.wake.wait()
                if receiver.reads[-1][0] <= arrived:
                    break
        receiver.close()
        assert receiver.reads[-1][0] <= arrived
        assert receiver.late_ns >= busy_ns

    with socket.create_server(("127.0.0.1", 0)) as listening:
        asyncio.run(main(listening.getsockname()[1]))


def test_an_injected_clock_stamps_in_the_reader() -> None:
    ticks = iter(range(1_000_000))
    with ground_truth() as target:
        response = asyncio.run(exchange(target, request_of(Plan("t")), timeout=30, clock=lambda: next(ticks)))
    assert response.stamped_by == READER
    assert response.ended_ns < 1000


@ON_LINUX
def test_without_kernel_stamps_the_reader_stamps(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("janus_bench.wire.receiver._SO_TIMESTAMPNS", 0x7FFF)
    with ground_truth() as target:
        ((response, answer),) = asyncio.run(ask(target, [Plan("r", tokens=5, gap_ms=1)]))
    assert response.stamped_by == READER
    assert len(answer.deltas) == 5


@ON_LINUX
@pytest.mark.parametrize("age_seconds", [-5, 60])
def test_a_stamp_from_before_the_wall_clock_was_set_is_not_believed(
    monkeypatch: pytest.MonkeyPatch, age_seconds: int
) -> None:
    real = time.time_ns
    monkeypatch.setattr("janus_bench.wire.receiver.time.time_ns", lambda: real() + age_seconds * 10**9)
    with ground_truth() as target:
        ((response, _),) = asyncio.run(ask(target, [Plan("c", tokens=3, gap_ms=1)]))
    assert response.late_ns == 0
    assert response.sent_ns <= response.reads[0][0] <= time.perf_counter_ns()


@pytest.mark.parametrize("fault", FAULTS)
def test_a_planted_fault_is_called_by_its_name(fault: str) -> None:
    with ground_truth() as target:
        assert asyncio.run(calibration._named(target, fault)) == FAULTS[fault]


def test_calibration_finds_every_fault_and_loses_nothing() -> None:
    found = calibrate(streams=8, pieces=20, gap_ms=2)
    assert found.lost == 0
    assert found.faults_missed == []
    assert found.receive_lag_us["p50"] > 0
    assert found.cpu_us_per_chunk_buffered > 0


def test_the_calibrate_command_prints_json_alone_on_stdout() -> None:
    command = [sys.executable, "-m", "janus_bench.cli", "calibrate", "--streams", "2", "--json"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["streams"] == 2


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "null",
        '{"id": 1}',
        '{"id": "a", "tokens": 1e9}',
        '{"id": "a", "tokens": "many"}',
        '{"id": "a", "tokens": 1.5}',
        '{"id": "a", "first_ms": -1}',
        '{"id": "a", "fault": "x"}',
        '{"id": "a", "other": 1}',
        "[" * 100_000,
    ],
)
def test_a_message_without_a_plan_is_refused(text: str) -> None:
    with pytest.raises(ValueError):
        Plan.from_text(text)


def test_pieces_are_due_after_the_first_wait_a_gap_apart_and_the_stall_later() -> None:
    plan = Plan("a", first_ms=50, gap_ms=10, tokens=5, stall_after=3, stall_ms=500)
    assert plan.due_ms() == [50, 60, 70, 580, 590]
