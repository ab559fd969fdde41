"""Programs in the code sandbox, and the pictures that they draw, as steps of an answer."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from typing import Any

from plotting import Plot, png_of, value_of
from questions import Question
from services import Execution, ServiceError, Services
from steps import Picture, Step, Text, Usage, say

MAX_PICTURE_CHARACTERS = 8_000_000


async def execute(services: Services, code: str, usage: Usage, files: Sequence[dict[str, str]] = ()) -> Execution:
    """Run Python `code` in the sandbox beside `files`, and count its seconds. Raises ServiceError."""
    done = await services.execute(code, files)
    usage.add({"sandbox_seconds": done.seconds})
    return done


async def shown(question: Question, plot: Plot, drawing: Any, before: str) -> AsyncIterator[Step]:
    """The picture that `drawing`, a running program, prints, and its caption; or a sentence on why there is none."""
    try:
        done: Execution = await drawing
    except ServiceError as error:
        yield Text(f"{before}I could not draw the plot: {error}.")
        return
    picture = png_of(done.stdout) if done.exit_code == 0 else None
    if picture is None or len(picture) > MAX_PICTURE_CHARACTERS:
        yield Text(f"{before}I could not draw the plot: {last_line(done)}")
        return
    yield Picture("plot.png", picture)
    async for step in say(before + plot.caption):
        yield step
    if (value := value_of(done.stdout)) is not None:
        shown = f"{value:.6g}" if question.form.decimals is None else f"{value:.{question.form.decimals}f}"
        async for step in say(f" {question.form.shown(f'At {plot.at}, y = {shown}.', shown)}"):
            yield step


def last_line(done: Execution) -> str:
    """The last line that a failed program left, at most 300 characters."""
    lines = done.stderr.strip().splitlines()
    return lines[-1][:300] if lines else f"the program ended with exit code {done.exit_code}"
