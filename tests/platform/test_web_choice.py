"""Which web the web proxy and the search answer from: the bundled corpus, or the real one."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from janus_platform.errors import PlatformError
from janus_platform.runtime.launcher import Options
from janus_platform.services.framework.problem import type_uri
from tests.platform.conftest import Shell

# No name server knows this host (RFC 6761, 6.4), so the real web answers without a network, too.
NOWHERE = (
    "import httpx, janus_platform as janus; janus.up()\n"
    "print(httpx.get('https://proxy.janus.rodeo/fetch', params={'url': 'https://nothing.invalid/'}).text)"
)


def test_the_platform_answers_from_the_corpus_unless_told_otherwise(up: Callable[[], Shell]) -> None:
    assert up().status()["web"] == "corpus"
    assert "the local web has no such host" in up().python(NOWHERE).stdout


def test_a_live_platform_fetches_from_the_real_web_and_says_so(shell: Shell) -> None:
    done = shell.janus("up", "--detach", "--port", "0", "--web", "live", "--json")
    assert done.returncode == 0, done.stderr
    status = json.loads(done.stdout)
    proxy = next(service for service in status["services"] if service["name"] == "web_proxy")
    assert (status["web"], proxy["detail"]["web"]) == ("live", "live")
    assert "web: live" in shell.janus("status").stdout
    answer = json.loads(shell.python(NOWHERE).stdout)
    assert (answer["status"], answer["type"]) == (502, type_uri("unreachable"))


@pytest.mark.parametrize("ask", [{"web": "live"}, {}])
def test_joining_a_corpus_platform_with_a_wish_for_the_real_web_says_what_runs(
    up: Callable[[], Shell], ask: dict[str, str]
) -> None:
    code = (
        f"import janus_platform as janus\ntry: janus.up(**{ask!r})\nexcept janus.PlatformError as error: print(error)"
    )
    done = up().python(code, JANUS_WEB="live")
    assert "already runs with --web corpus" in done.stdout
    assert "janus down" in done.stdout


def test_what_is_asked_for_wins_over_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JANUS_WEB", "live")
    assert Options().wanted_web == "live"
    assert Options(web="corpus").wanted_web == "corpus"
    monkeypatch.setenv("JANUS_WEB", "")
    assert Options().wanted_web is None


def test_a_web_that_does_not_exist_is_refused_by_the_name_it_came_under(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(PlatformError, match=r"^web is one of corpus, live"):
        Options(web="dark")
    monkeypatch.setenv("JANUS_WEB", "dark")
    with pytest.raises(PlatformError, match="JANUS_WEB is one of"):
        Options()
