"""llama.cpp's process: whatever it does, the platform answers; and what is known beforehand is not tried."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from pathlib import Path

import msgspec
import pytest

from janus_platform.clock import SystemClock
from janus_platform.contract import ModelEngineRules
from janus_platform.services.inference.errors import ApiError
from janus_platform.services.inference.llama import start
from janus_platform.services.inference.llama.memory import PROGRAM_BYTES, Need, TooLargeError, need_of, slots_that_fit
from janus_platform.services.inference.llama.slots import Slots
from janus_platform.services.inference.llama.start import EngineMissingError, model_engine
from janus_platform.services.inference.llama.vocabulary import pattern_of
from janus_platform.services.inference.local.extractive import FINGERPRINT
from janus_platform.services.inference.models.errors import ModelMissingError, NotAModelError
from tests.services.inference_rig import CONTRACT
from tests.services.llama_rig import NAME, Served, llama_file, model_path, served

RULES = CONTRACT.inference.model_engine


def after_loading(model: Served) -> dict[str, object]:
    """The model's state once it is decided."""
    asyncio.run_coroutine_threadsafe(model.engine.process.decided(), model.loop).result()
    return model.health()


@pytest.mark.parametrize(("layers", "said"), [(1000, "signal 6"), (1, "exit code 1")])
def test_a_file_that_llama_cpp_cannot_load_leaves_the_local_engine_answering(
    tmp_path: Path, layers: int, said: str
) -> None:
    model_path()
    with served(str(llama_file(tmp_path / "odd.gguf", layers=layers))) as model:
        health = after_loading(model)
        assert health["model_state"] == "failed" and said in str(health["model_problem"])
        assert model.post(model="gpt-4o").json()["system_fingerprint"] == FINGERPRINT
        status, code, _, message = model.error(model="odd")
        assert (status, code) == (503, "model_not_ready") and said in message


def test_a_process_that_ended_is_started_again_and_said_to_be_away_meanwhile() -> None:
    model_path()
    with served(NAME) as model:
        assert after_loading(model)["model_state"] == "ready"
        killed = model.engine.process.child_pid
        os.kill(killed, signal.SIGKILL)
        refused = model.post(max_tokens=1)
        assert (refused.status_code, refused.json()["error"]["code"]) == (503, "model_not_ready")
        assert refused.headers["retry-after"] == str(RULES.retry_after_seconds)
        while model.health()["model_state"] != "ready" or model.engine.process.child_pid in (0, killed):
            time.sleep(0.05)
        assert model.post(max_tokens=1).status_code == 200
        assert model.health()["model_restarts"] == 1


def refusal(wanted: str, tmp_path: Path) -> str:
    """What is said of a model that is not even begun with."""
    with pytest.raises((EngineMissingError, ModelMissingError, NotAModelError, TooLargeError)) as raised:
        model_engine(wanted, CONTRACT, tmp_path / "model.sock", clock=SystemClock())
    return str(raised.value)


def test_without_the_extra_the_message_says_how_it_is_installed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(start, "PACKAGE", "no_such_package")
    assert "pip install 'xllamacpp>=2026.10'" in refusal(NAME, tmp_path)


def test_a_file_that_is_missing_cut_or_of_another_kind_is_not_begun_with(tmp_path: Path) -> None:
    pytest.importorskip(start.PACKAGE)
    assert "no file" in refusal(str(tmp_path / "none.gguf"), tmp_path)
    (tmp_path / "other.gguf").write_bytes(b"PK" * 100)
    assert "is not a GGUF file" in refusal(str(tmp_path / "other.gguf"), tmp_path)
    whole = llama_file(tmp_path / "cut.gguf", layers=1)
    whole.write_bytes(whole.read_bytes()[:-20])
    assert "is cut" in refusal(str(whole), tmp_path)


def test_a_model_larger_than_the_memory_is_not_begun_with(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip(start.PACKAGE)
    monkeypatch.setattr(start, "free_memory", lambda: RULES.reserve_bytes + PROGRAM_BYTES)
    said = refusal(str(llama_file(tmp_path / "small.gguf", layers=1)), tmp_path)
    assert "needs 0.3 GB of memory" in said and "janus model list" in said


def test_a_model_gets_as_many_slots_as_fit() -> None:
    need = Need(file_bytes=1_000_000_000, slot_bytes=500_000_000)
    one = need.total(1)
    assert [slots_that_fit(need, 4, free, "m") for free in (one, one + 10**9, 10**12)] == [1, 3, 4]
    with pytest.raises(TooLargeError):
        slots_that_fit(need, 4, one - 1, "m")


def test_the_memory_of_a_slot_is_counted_from_the_head() -> None:
    # SmolLM2 135M: 30 layers, 3 of 9 heads for keys and values, 64 wide, 2 bytes a number.
    values = {
        "general.architecture": "llama",
        "llama.block_count": 30,
        "llama.embedding_length": 576,
        "llama.attention.head_count": 9,
        "llama.attention.head_count_kv": 3,
    }
    assert need_of(98_362_432, values, 4_096).slot_bytes == 30 * 3 * 64 * 2 * 2 * 4_096


def test_thousands_of_control_tokens_are_found_at_once_and_the_longest_of_them() -> None:
    tokens = (*(f"<unused{number}>" for number in range(6_000)), "<|im|>", "<|im|>>", "<s>")
    pattern = pattern_of(tokens)
    assert pattern is not None and pattern.findall("a<unused77><|im|>><s><|im|<unused6000>") == [
        "<unused77>",
        "<|im|>>",
        "<s>",
    ]
    assert pattern_of(()) is None and pattern.sub("", "<unused599" * 6_000) == "<unused599" * 6_000


def test_who_comes_to_a_full_queue_is_turned_away() -> None:
    rules = rules_with(waiting=1)

    async def main() -> None:
        slots, leave = Slots(1, rules), asyncio.Event()

        async def hold() -> None:
            async with slots.one():
                await leave.wait()

        held = [asyncio.create_task(hold()) for _ in range(2)]
        await asyncio.sleep(0)
        assert (slots.busy, slots.waiting) == (1, 1)
        with pytest.raises(ApiError) as raised:
            async with slots.one():
                pass
        assert raised.value.status == 503 and raised.value.headers == {"Retry-After": str(rules.retry_after_seconds)}
        held[1].cancel()
        await asyncio.gather(held[1], return_exceptions=True)
        assert slots.waiting == 0
        leave.set()
        await held[0]
        async with slots.one():
            assert slots.busy == 1
        assert slots.busy == 0

    asyncio.run(main())


def test_who_waits_too_long_is_turned_away() -> None:
    async def main() -> None:
        slots = Slots(1, rules_with(wait_seconds=0))
        async with slots.one():
            with pytest.raises(ApiError, match="did not come to this request"):
                async with slots.one():
                    pass
        assert (slots.busy, slots.waiting) == (0, 0)

    asyncio.run(main())


def rules_with(**changed: float) -> ModelEngineRules:
    """The contract's rules, some of them changed."""
    return msgspec.structs.replace(RULES, **changed)
