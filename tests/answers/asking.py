"""Asking a running platform's baseline through its gateway, many questions at a time."""

from __future__ import annotations

import asyncio
import base64
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from janus_bench.home import home
from tests.platform.conftest import Shell

ROOT = Path(__file__).parents[2]
BASELINE = "research"
TOGETHER = 16
_SOURCE = re.compile(r"^- \[(\d+)\] \[([^\]\n]*)\]\(([^)\s]+)\)", re.M)
_DECLINES = re.compile(
    r"\b(?:cannot|can't|could not|do(?:es)? not|don't|have no|has no|found no|find no|none of|nothing (?:about|on|in)"
    r"|not covered|no answer|lack)\b",
    re.I,
)


@dataclass(frozen=True)
class Answer:
    """What came for a question: the text, how many pictures, and what the assistant had said before."""

    text: str
    pictures: int = 0
    said_before: tuple[str, ...] = ()

    @property
    def prose(self) -> str:
        """The text without the list of sources."""
        return self.text.partition("\nSources:")[0].strip()

    @property
    def sources(self) -> tuple[str, ...]:
        """The addresses under "Sources:", without scheme."""
        listed = self.text.partition("\nSources:")[2]
        return tuple(url.partition("://")[2] for _, _, url in _SOURCE.findall(listed))

    @property
    def declines(self) -> bool:
        """Whether it says that it does not know."""
        return not self.sources and _DECLINES.search(self.prose) is not None

    @property
    def cites(self) -> bool:
        """Whether it claims to rest on a page."""
        return bool(self.sources) or re.search(r"\[\d+\]", self.prose) is not None


@dataclass(frozen=True)
class Asked:
    """A question, what the user asked before it, in turn, and the PNG that is sent with it, as a path from the root."""

    question: str
    before: tuple[str, ...] = ()
    picture: str = ""

    @property
    def content(self) -> str | list[dict[str, Any]]:
        """The question as it is sent."""
        if not self.picture:
            return self.question
        data = base64.b64encode((ROOT / self.picture).read_bytes()).decode()
        image = {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{data}"}}
        return [{"type": "text", "text": self.question}, image]


@contextmanager
def platform(folder: Path) -> Iterator[str]:
    """The gateway's address of a new platform without rate limits, with the embedding model if the machine has it."""
    shell = Shell(folder / "home")
    shell.home.mkdir(parents=True)
    if (home() / "cache").is_dir():
        (shell.home / "cache").symlink_to(home() / "cache")
    done = shell.janus("up", "--detach", "--port", "0", "--limits", "off", "--json")
    if done.returncode:
        raise RuntimeError(done.stderr)
    try:
        yield str(shell.status()["gateway"]["url"])
    finally:
        shell.janus("down")


def ask_all(url: str, questions: Sequence[Asked], model: str = BASELINE) -> list[Answer]:
    """The answers in the order of the questions; a conversation is held turn by turn, with the baseline's own words."""

    async def everything() -> list[Answer]:
        slots = asyncio.Semaphore(TOGETHER)
        async with httpx.AsyncClient(trust_env=False, timeout=120) as client:

            async def one(asked: Asked) -> Answer:
                async with slots:
                    return await _conversation(client, f"{url}/v1/chat/completions", asked, model)

            async with asyncio.TaskGroup() as group:
                tasks = [group.create_task(one(asked)) for asked in questions]
            return [task.result() for task in tasks]

    return asyncio.run(everything())


async def _conversation(client: httpx.AsyncClient, address: str, asked: Asked, model: str) -> Answer:
    messages: list[dict[str, Any]] = []
    said: list[str] = []
    for turn in (*asked.before, asked.content):
        messages.append({"role": "user", "content": turn})
        response = await client.post(address, json={"model": model, "messages": messages})
        response.raise_for_status()
        body = response.json()
        said.append(str(body["choices"][0]["message"]["content"] or ""))
        messages.append({"role": "assistant", "content": said[-1]})
    return Answer(said[-1], len(body.get("artifacts", [])), tuple(said[:-1]))
