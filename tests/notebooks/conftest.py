"""One platform for all notebooks, with a home of its own, so that nothing a reader did shows in the outputs."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tools.platform import running
from tools.terminal import Terminal


@pytest.fixture(scope="session")
def platform_variables(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """The variables to run a notebook with, while a platform is up."""
    home: Path = tmp_path_factory.mktemp("home") / "janus"
    with running(Terminal(), own_home=home) as env:
        yield env
