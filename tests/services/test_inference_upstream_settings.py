"""How an upstream is set up by environment variables, and how the events of its streams are read."""

from __future__ import annotations

import pytest

from janus_platform.services.inference.upstream.event_reader import EventReader, StreamTooLargeError
from janus_platform.services.inference.upstream.settings import UpstreamNotUsable, read_settings
from tests.services.inference_rig import CONTRACT
from tests.services.upstream_rig import RULES


@pytest.mark.parametrize("cuts", [1, 2, 3, 7, 100])
def test_events_are_read_however_their_bytes_are_cut(cuts: int) -> None:
    text = b": ping\r\n\r\ndata: one\r\n\r\ndata:two\rdata: three\r\revent: x\ndata: four\n\n"
    reader = EventReader(1_000, 10_000)
    found = [data for at in range(0, len(text), cuts) for data in reader.feed(text[at : at + cuts])]
    assert found == [b"one", b"two\nthree", b"four"]


def test_an_event_reader_keeps_its_bounds() -> None:
    with pytest.raises(StreamTooLargeError):
        for _ in range(20):
            list(EventReader(1_000, 10_000).feed(b"x" * 1_001))
    reader = EventReader(1_000, 2_000)
    with pytest.raises(StreamTooLargeError):
        for _ in range(3):
            list(reader.feed(b"data: x\n\n" * 100))


ADDRESS, KEY, MODELS = RULES.address_variable, RULES.key_variable, RULES.models_variable


def test_without_the_variable_there_is_no_upstream() -> None:
    assert read_settings({KEY: "x"}, CONTRACT) is None


@pytest.mark.parametrize(
    ("environment", "key"),
    [
        ({ADDRESS: "http://127.0.0.1:11434/v1/"}, ""),
        ({ADDRESS: "http://127.0.0.1:11434/v1/", "CHUTES_API_KEY": "cpk_mine"}, ""),
        ({ADDRESS: "https://llm.chutes.ai/v1", "CHUTES_API_KEY": "cpk_mine"}, "cpk_mine"),
        ({ADDRESS: "https://llm.chutes.ai/v1", "CHUTES_API_KEY": "cpk_local_x_1"}, ""),
        ({ADDRESS: "https://evilchutes.ai/v1", "CHUTES_API_KEY": "cpk_mine"}, ""),
        ({ADDRESS: "https://llm.chutes.ai/v1", "CHUTES_API_KEY": "cpk_mine", KEY: "other"}, "other"),
    ],
)
def test_a_key_is_sent_only_where_it_belongs(environment: dict[str, str], key: str) -> None:
    settings = read_settings(environment, CONTRACT)
    assert settings is not None and settings.key == key
    assert not settings.base_url.endswith("/") and "mine" not in repr(settings)


def test_the_mapping_of_names_is_read() -> None:
    settings = read_settings({ADDRESS: "http://h/v1", MODELS: "gpt-4o = llama3.2, *=qwen3:8b"}, CONTRACT)
    assert settings is not None
    assert (settings.model("gpt-4o"), settings.model("o1")) == ("llama3.2", "qwen3:8b")


@pytest.mark.parametrize(
    "environment",
    [
        {ADDRESS: "localhost:11434"},
        {ADDRESS: "ftp://host/v1"},
        {ADDRESS: "http://"},
        {ADDRESS: "http://user:secret@host/v1"},
        {ADDRESS: "http://host:99999/v1"},
        {ADDRESS: "http://host/v1?key=1"},
        {ADDRESS: "http://host/v1", MODELS: "gpt-4o"},
        {ADDRESS: "http://host/v1", MODELS: "=x"},
        {ADDRESS: "http://host/v1", KEY: "a\nb"},
    ],
)
def test_a_variable_that_is_not_right_is_named(environment: dict[str, str]) -> None:
    with pytest.raises(UpstreamNotUsable, match="JANUS_INFERENCE_") as caught:
        read_settings(environment, CONTRACT)
    assert "secret" not in str(caught.value)
