"""The chapter *Build an implementation*: the program as its later pages find it, and what all of its pages do with it.

Used by the notebooks `build_an_implementation*`. What a reader has written into the folder is never changed.
"""

from __future__ import annotations

import difflib
import runpy
import shutil
from pathlib import Path
from typing import Any

from IPython.display import Markdown
from openai import OpenAI

from janus_platform.implementations import ROAD, TEMPLATE

FOLDER = "my_implementation"
# `answer.py` as the chapter's first page leaves it.
BUILT = ROAD / "first" / "built.txt"
_LOOKS = {"content": "{}", "reasoning_content": "💭 {}\n", "usage": "\n🧾 {}\n"}


def begin(folder: str | Path = FOLDER) -> list[str]:
    """Write the program of the chapter's first page where it is missing; returns the names of the files there."""
    path = Path(folder)
    path.mkdir(exist_ok=True)
    for name, source in (("main.py", TEMPLATE / "main.py"), ("answer.py", BUILT)):
        if not (path / name).exists():
            shutil.copy(source, path / name)
    return sorted(file.name for file in path.iterdir() if file.is_file())


def ask(platform: Any, question: str, model: str = "mine") -> Any:
    """Ask through the gateway, print thoughts and answer, and return the request's trace."""
    client = OpenAI(base_url=f"{platform.url}/v1", api_key="any")
    thoughts, words = [], []
    stream = client.chat.completions.create(model=model, messages=[{"role": "user", "content": question}], stream=True)
    for chunk in stream:
        delta = chunk.choices[0].delta if chunk.choices else None
        thoughts.append(getattr(delta, "reasoning_content", None) or "")
        words.append(getattr(delta, "content", None) or "")
    print("💭", "".join(thoughts).strip())
    print("".join(words).strip())
    return platform.trace(stream.response.headers["x-request-id"])


async def try_here(question: str, folder: str | Path = FOLDER) -> None:
    """Run the folder's `answer.py` in this process and print what it yields, piece by piece put together."""
    answer = runpy.run_path(str(Path(folder) / "answer.py"))["answer"]
    print("".join([_LOOKS[field].format(value) async for field, value in answer(question)]))


class Growing:
    """A file that grows from step to step."""

    def __init__(self, path: str | Path) -> None:
        self._path = Path(path)
        self._before = self._lines()

    def changed(self) -> Markdown:
        """The lines that were added and removed since the last time, as a coloured difference."""
        before, self._before = self._before, self._lines()
        lines = list(difflib.unified_diff(before, self._before, n=1, lineterm=""))
        text = "\n".join(["```diff", *lines[2:], "```"])
        return Markdown(text)  # type: ignore[no-untyped-call]

    def _lines(self) -> list[str]:
        return self._path.read_text(encoding="utf-8").splitlines()
