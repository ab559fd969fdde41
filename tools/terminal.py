"""Steps on the terminal: what runs, how long it took, and, when it fails, its last lines and what to do next."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

LAST_LINES = 30


class StepError(Exception):
    """A step could not be done. `remedy` says what to do next; `output` is the end of what the command printed."""

    def __init__(self, message: str, *, remedy: str = "", output: str = "") -> None:
        super().__init__(message)
        self.remedy = remedy
        self.output = output
        for note in (output, remedy):
            if note:
                self.add_note(note)


class Terminal:
    """Prints one line a step. With `verbose`, commands print as they run."""

    def __init__(self, *, verbose: bool = False) -> None:
        self.verbose = verbose
        self._live = sys.stdout.isatty() and not verbose

    @contextmanager
    def step(self, title: str) -> Iterator[None]:
        """Names a step while it runs, then prints its outcome and time. Exceptions pass through."""
        if self._live:
            print(f"  … {title}", end="\r", flush=True)
        elif self.verbose:
            print(f"  … {title}", flush=True)
        started = time.monotonic()
        try:
            yield
        except BaseException:
            print(f"  ✗ {title} ({time.monotonic() - started:.1f} s)", flush=True)
            raise
        print(f"  ✓ {title} ({time.monotonic() - started:.1f} s)", flush=True)

    def say(self, text: str) -> None:
        """One line of information."""
        print(text, flush=True)

    def run(
        self,
        command: Sequence[str | Path],
        *,
        remedy: str = "",
        env: Mapping[str, str] | None = None,
        cwd: Path | None = None,
    ) -> None:
        """Run a command to its end. Raises StepError with its last lines when it is missing or fails."""
        words = [str(word) for word in command]
        with tempfile.TemporaryFile() as kept:
            sink = None if self.verbose else kept
            try:
                code = subprocess.call(words, stdin=subprocess.DEVNULL, stdout=sink, stderr=sink, env=env, cwd=cwd)
            except OSError as error:
                raise StepError(f"{words[0]} could not be started: {error.strerror}", remedy=remedy) from error
            if code:
                raise StepError(f"`{shown(words)}` ended with {code}", remedy=remedy, output=_tail(kept))

    def show(
        self, command: Sequence[str | Path], *, env: Mapping[str, str] | None = None, cwd: Path | None = None
    ) -> int:
        """Run a command whose own output is the point, on this terminal; returns its exit code.

        Ctrl-C is the command's to handle: JupyterLab asks before it ends, pytest prints its summary.
        """
        before = signal.signal(signal.SIGINT, lambda *_: None)
        try:
            return subprocess.call([str(word) for word in command], env=env, cwd=cwd)
        finally:
            signal.signal(signal.SIGINT, before)

    def failed(self, failure: StepError) -> None:
        """Print a failure: the command's last lines, what happened, what to do."""
        lines = [failure.output.rstrip(), f"\nFailed: {failure}"]
        lines += [f"What to do: {failure.remedy}"] if failure.remedy else []
        print("\n".join(line for line in lines if line), file=sys.stderr, flush=True)


def shown(words: Sequence[str]) -> str:
    """A command as one would type it, with paths relative to here."""
    here = os.getcwd() + os.sep
    return " ".join(word.removeprefix(here) for word in words)


def _tail(kept: object) -> str:
    kept.seek(0)  # type: ignore[attr-defined]
    text: str = kept.read().decode(errors="replace")  # type: ignore[attr-defined]
    return "\n".join(text.splitlines()[-LAST_LINES:])
