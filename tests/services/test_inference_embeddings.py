"""Embeddings: the wire format, its refusals, and the real model where it is set up."""

from __future__ import annotations

import asyncio
import base64
import struct
from pathlib import Path
from typing import Any

import httpx
import pytest

from janus_platform.services.framework.turns import Turns
from janus_platform.services.inference.minilm import MiniLM
from tests.services.inference_rig import SERVICE, send, service
from tests.services.model import shared_model

LIMITS = SERVICE.limits
PATH = "/v1/embeddings"


def post(app: Any = None, **fields: Any) -> httpx.Response:
    return send(app or service(), "POST", PATH, {"model": "embedding-model", "input": "banana", **fields})


def test_a_string_and_a_list_of_strings_are_embedded_in_order() -> None:
    assert [d["embedding"] for d in post().json()["data"]] == [[0.5, 0, 0]]
    both = post(input=["banana", "eel"]).json()["data"]
    assert [d["index"] for d in both] == [0, 1] and both[1]["embedding"] == pytest.approx([0, 2 / 3, 0])


def test_base64_is_little_endian_float32() -> None:
    text = post(encoding_format="base64").json()["data"][0]["embedding"]
    assert struct.unpack("<3f", base64.b64decode(text)) == (0.5, 0, 0)


@pytest.mark.parametrize(
    ("fields", "param"),
    [
        ({"input": None}, "input"),
        ({"input": []}, "input"),
        ({"input": ""}, "input"),
        ({"input": ["a", " "]}, "input[1]"),
        ({"input": [1, 2, 3]}, "input"),
        ({"input": [[1, 2], [3]]}, "input"),
        ({"input": {"text": "a"}}, "input"),
        ({"input": ["a"] * (LIMITS.max_inputs + 1)}, "input"),
        ({"encoding_format": "int8"}, "encoding_format"),
        ({"dimensions": 2}, "dimensions"),
        ({"dimensions": 0}, "dimensions"),
        ({"model": "gpt-4o"}, "model"),
        ({"model": 3}, "model"),
    ],
)
def test_a_bad_field_is_400_and_named(fields: dict[str, Any], param: str) -> None:
    response = post(**fields)
    assert response.status_code == 400, response.text
    assert response.json()["error"]["param"] == param


def test_the_models_own_length_may_be_asked_for() -> None:
    assert post(dimensions=3).status_code == 200


def test_an_unknown_model_is_404() -> None:
    response = post(model="text-embedding-3-small")
    assert response.status_code == 404 and "GET /v1/models" in response.json()["error"]["message"]


def test_without_the_weights_it_is_503_and_says_what_to_run(tmp_path: Path) -> None:
    response = post(service(embedder=MiniLM(tmp_path)))
    assert response.status_code == 503 and "janus prepare" in response.json()["error"]["message"]


def test_a_model_that_is_set_up_later_is_found(tmp_path: Path) -> None:
    folder, app = tmp_path / "model", service(embedder=MiniLM(tmp_path / "model"))
    assert post(app).status_code == 503
    folder.symlink_to(shared_model())
    assert post(app).status_code == 200


def test_vectors_of_like_meaning_are_close_and_of_unit_length() -> None:
    texts = ["How do tides work?", "The moon pulls the sea up and down.", "A recipe for bread with yeast."] * 10
    made = asyncio.run(MiniLM(shared_model()).embed(texts, 256))

    def cosine(a: int, b: int) -> float:
        return float(sum(x * y for x, y in zip(made.vectors[a], made.vectors[b], strict=True)))

    assert len(made.vectors) == 30 and len(made.vectors[0]) == 384
    assert cosine(0, 0) == pytest.approx(1, abs=1e-5)
    assert cosine(0, 1) > cosine(0, 2) + 0.2
    assert made.tokens > len(texts) * 5


def test_a_text_over_the_models_length_is_refused_and_not_cut() -> None:
    app = service(embedder=MiniLM(shared_model()))
    error = post(app, input=["short", "word " * 300]).json()["error"]
    assert (error["code"], error["param"]) == ("context_length_exceeded", "input[1]") and "302" in error["message"]


def test_callers_take_turns_however_many_requests_one_of_them_has() -> None:
    async def main() -> list[str]:
        turns, order = Turns([None]), list[str]()

        async def work(caller: str) -> None:
            async with turns.turn(caller):
                order.append(caller)
                await asyncio.sleep(0)

        given_up = [asyncio.create_task(work("a")) for _ in range(2)]
        tasks = [asyncio.create_task(work(caller)) for caller in "aaaaabbc"]
        await asyncio.sleep(0)
        given_up[1].cancel()
        await asyncio.gather(*given_up, *tasks, return_exceptions=True)
        return order

    order = asyncio.run(main())
    assert sorted(order) == sorted("aaaaaabbc") and order.index("b") <= 2 and order.index("c") <= 3


def test_a_large_request_is_embedded_as_a_small_one() -> None:
    texts = ["banana", "é" * 40_000]
    assert [d["embedding"] for d in post(input=texts[:1]).json()["data"]] == [[0.5, 0, 0]]
    refused = post(input=texts)
    assert refused.status_code == 400 and refused.json()["error"]["param"] == "input[1]"
    large = post(input=[*texts[:1], *["an apple a day " * 30] * 200]).json()["data"]
    assert len(large) == 201 and large[0]["embedding"] == [0.5, 0, 0]
