"""The live search engine: the Brave Web Search API, its answers in the shape of the local engine's.

What the API takes and answers: https://api-dashboard.search.brave.com/app/documentation/web-search/get-started. Words
in quotes, `-` and `site:` mean the same there. Whatever it answers is taken for hostile: it is bounded in time and
size, and only plain text of it is passed on. The key goes into one request header, and nowhere else.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from html import unescape
from typing import Any
from urllib.parse import urlsplit

import aiohttp

from janus_platform.contract import LiveEngine
from janus_platform.services.framework.invisible import without_invisible
from janus_platform.services.framework.problem import Problem, invalid_field
from janus_platform.services.search.engine import Result, SearchResults
from janus_platform.services.search.query import parse_query, shortened
from janus_platform.services.search.snippet import one_line

KEY_PAGE = "https://api-dashboard.search.brave.com/app/keys"
# Brave marks the words that matched; nothing else in its answers is markup.
_MARKUP = re.compile(r"</?(?:strong|b|em|i|mark|span|br|p)(?:\s[^<>]*)?/?>", re.I)
# Codes of errors that Brave answers with status 422 although the query is not at fault.
_KEY_CODES = frozenset({"SUBSCRIPTION_TOKEN_INVALID", "SUBSCRIPTION_NOT_FOUND"})
_KEY = re.compile(r"[\x21-\x7e]+")
_DEFAULT_WAIT_SECONDS = 1
_MOST_WAIT_SECONDS = 31 * 24 * 3600


class BraveSearch:
    """Asks Brave's API as `live` describes it, with `key`. Without one, every search is a problem that says so."""

    def __init__(self, live: LiveEngine, key: str | None) -> None:
        self._live, self._key = live, (key or "").strip()
        self._session: aiohttp.ClientSession | None = None

    async def search(self, query: str, num_results: int) -> SearchResults:
        """See SearchEngine. Raises Problem: 422 query, 429 quota, 502 refused or broken, 503 no key, 504 too late."""
        if not _KEY.fullmatch(self._key):
            raise self._no_key()
        if parse_query(query).empty:
            raise invalid_field("query", "`query` has no word to search for. Name one that the page should hold.")
        status, headers, body = await self._ask(shortened(without_invisible(query)), num_results)
        answer = _parsed(body)
        if status != 200:
            raise self._refusal(status, headers, answer)
        if answer is None:
            raise _failed("It answered with something that is not a JSON object.")
        return _search_results(answer, num_results)

    def health(self) -> dict[str, Any]:
        """The engine's name, and what is missing when it has no key."""
        state: dict[str, Any] = {"engine": self._live.engine, "ready": bool(_KEY.fullmatch(self._key))}
        return state if state["ready"] else {**state, "notice": self._how_to_get_a_key()}

    async def close(self) -> None:
        """Close the connections."""
        if self._session is not None:
            await self._session.close()

    async def _ask(self, query: str, num_results: int) -> tuple[int, Mapping[str, str], bytes]:
        parameters = {"q": query, "count": str(num_results), "text_decorations": "false", "result_filter": "web"}
        try:
            async with self._opened().get(self._live.url, params=parameters, allow_redirects=False) as response:
                return response.status, response.headers, await self._read(response)
        except TimeoutError:
            raise Problem(
                504,
                "upstream-timeout",
                "The search engine took too long",
                f"Brave did not finish its answer within {self._live.timeout_seconds} s. Send the search again.",
            ) from None
        except (aiohttp.ClientError, OSError, ValueError):
            # The reason may name the address that a resolver or proxy gave; the log of the platform is no place for it.
            raise _failed("The connection failed.") from None

    async def _read(self, response: aiohttp.ClientResponse) -> bytes:
        body = bytearray()
        async for block in response.content.iter_chunked(65_536):
            body += block
            if len(body) > self._live.max_answer_bytes:
                raise _failed(f"Its answer has more than {self._live.max_answer_bytes:,} bytes.")
        return bytes(body)

    def _opened(self) -> aiohttp.ClientSession:
        if self._session is None:
            self._session = aiohttp.ClientSession(
                headers={"Accept": "application/json", "X-Subscription-Token": self._key},
                timeout=aiohttp.ClientTimeout(total=self._live.timeout_seconds),
                cookie_jar=aiohttp.DummyCookieJar(),
                trust_env=False,
            )
        return self._session

    def _refusal(self, status: int, headers: Mapping[str, str], answer: Mapping[str, Any] | None) -> Problem:
        error = _mapping((answer or {}).get("error"))
        code = str(error.get("code", ""))
        if status in (401, 403) or code in _KEY_CODES:
            return Problem(
                502,
                "upstream-key-refused",
                "The search engine refused the key",
                f"Brave does not accept the key in {self._live.key_variable}. Check it at {KEY_PAGE}, set the "
                "variable, and start the platform again.",
                upstream_status=status,
            )
        if status in (400, 422):
            message = one_line(str(error.get("detail", "")))[:200]
            return Problem(
                422,
                "invalid-query",
                "The search engine cannot read the query",
                f"Brave refused the query{f': {message}' if message else ''}. Use fewer or plainer words.",
                field="query",
                upstream_status=status,
            )
        if status == 429:
            wait = _wait_seconds(headers)
            return Problem(
                429,
                "upstream-rate-limited",
                "The search engine takes no more requests now",
                f"The plan of the key in {self._live.key_variable} allows no more searches at the moment. "
                f"Wait {wait} s (Retry-After) and send it again.",
                headers={"Retry-After": str(wait)},
                retry_after_seconds=wait,
            )
        return _failed(f"It answered {status}.", upstream_status=status)

    def _no_key(self) -> Problem:
        return Problem(
            503, "no-key", "The search engine has no key", self._how_to_get_a_key(), variable=self._live.key_variable
        )

    def _how_to_get_a_key(self) -> str:
        return (
            f"Searching the live web needs a key of the Brave Search API. Get one at {KEY_PAGE}, set "
            f"{self._live.key_variable}, and start the platform again; or run `janus up --web corpus` instead."
        )


def _search_results(answer: Mapping[str, Any], num_results: int) -> SearchResults:
    """Brave's answer as results: those of `web.results` that have a web address."""
    web, query = _mapping(answer.get("web")), _mapping(answer.get("query"))
    entries = web.get("results")
    results = [_result(entry) for entry in entries if isinstance(entry, dict)] if isinstance(entries, list) else []
    altered = query.get("altered")
    corrected = plain_text(altered) if isinstance(altered, str) else ""
    return SearchResults(tuple(result for result in results if result is not None)[:num_results], corrected or None)


def _result(entry: Mapping[str, Any]) -> Result | None:
    title, url, description = (entry.get(name) for name in ("title", "url", "description"))
    if not isinstance(url, str) or not _is_web_address(url):
        return None
    snippet = plain_text(description) if isinstance(description, str) else ""
    return Result(plain_text(title) if isinstance(title, str) else url, url, snippet)


def plain_text(marked: str) -> str:
    """Brave's display text without its highlighting, its entities resolved, on one line."""
    return one_line(_utf8(unescape(_MARKUP.sub("", marked))))


def _is_web_address(url: str) -> bool:
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and bool(parts.hostname) and url.isprintable() and " " not in url


def _utf8(text: str) -> str:
    # JSON can spell lone surrogates, which no answer of ours could carry.
    return text.encode("utf-8", "replace").decode("utf-8")


def _parsed(body: bytes) -> Mapping[str, Any] | None:
    try:
        answer = json.loads(body)
    except (ValueError, RecursionError):
        return None
    return answer if isinstance(answer, dict) else None


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _wait_seconds(headers: Mapping[str, str]) -> int:
    """How long to wait: `Retry-After` in seconds, else the longest of Brave's windows that has nothing left."""
    after = headers.get("Retry-After", "")
    resets, remaining = (_numbers(headers.get(f"X-RateLimit-{name}", "")) for name in ("Reset", "Remaining"))
    used_up = [reset for reset, left in zip(resets, remaining, strict=False) if left == 0]
    stated = _numbers(after) or [max(used_up)] if _numbers(after) or used_up else resets[:1]
    wait = stated[0] if stated else _DEFAULT_WAIT_SECONDS
    return min(max(wait, _DEFAULT_WAIT_SECONDS), _MOST_WAIT_SECONDS)


def _numbers(header: str) -> list[int]:
    """The whole numbers of a header such as `1, 1419704`; nothing when it is anything else."""
    parts = [part.strip() for part in header.split(",")]
    return [int(part) for part in parts] if all(re.fullmatch(r"[0-9]{1,9}", part) for part in parts) else []


def _failed(reason: str, **members: Any) -> Problem:
    return Problem(
        502,
        "upstream-failed",
        "The search engine failed",
        f"Brave gave no usable answer. {reason} Send the search again later, or run `janus up --web corpus`.",
        **members,
    )
