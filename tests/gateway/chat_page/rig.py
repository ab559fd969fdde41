"""Janus Chat in a browser: a gateway in a thread of its own, upstreams that play a script, and all that a page did."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from playwright.sync_api import Browser, ConsoleMessage, Dialog, Page, Request

from janus_platform.gateway.access import AccessRules
from tests.gateway.rig import DONE, PATIENCE, Directory, Exchange, Script, chunk, gateway, upstream

_WATCH = """
window.violations = [];
addEventListener("securitypolicyviolation", ({ violatedDirective, blockedURI }) => {
    violations.push(violatedDirective + " " + blockedURI);
});
"""
# A script, frame or handler that came out of an answer.
_ALIEN = """() => [...document.querySelectorAll("#turns *, #model *, #kept *, #tray *")].filter((one) =>
    !one.matches("math,math :not(a,img,svg,annotation-xml,semantics)")
    && !one.matches("article,h2,h3,h4,h5,h6,p,span,bdi,div,details,summary,button,ul,ol,li,a,code,pre,em,strong,del,"
        + "br,hr,blockquote,table,caption,thead,tbody,tr,th,td,figure,figcaption,img,small,option,input")
    || [...one.attributes].some(({ name }) => /^(on.*|srcdoc|action|formaction)$/.test(name))
    || (one.matches("a") && (!/^https?:$/.test(one.protocol) || one.rel !== "noopener noreferrer"))
    || (one.matches("img") && !/^data:image\\/(png|jpeg|webp|gif);base64,/.test(one.src))
).map((one) => one.outerHTML.slice(0, 200))"""


class GatewayThread:
    """A gateway over implementations `impl` and `other`; set `script` to what the next request is answered with."""

    def __init__(self, rules: AccessRules | None = None, names: Iterable[str] = ("impl", "other")) -> None:
        self.url = ""
        self.script: Script = says("Hello")
        self._rules, self._names = rules, list(names)
        self._ready, self._over = threading.Event(), asyncio.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._serve()), daemon=True)

    def start(self) -> GatewayThread:
        """Return once the gateway answers."""
        self._thread.start()
        assert self._ready.wait(PATIENCE)
        return self

    def stop(self) -> None:
        """End the gateway and its thread."""
        self._loop.call_soon_threadsafe(self._over.set)
        self._thread.join(PATIENCE)

    def release(self, event: asyncio.Event) -> None:
        """Set an event that a script waits for."""
        self._loop.call_soon_threadsafe(event.set)

    async def _serve(self) -> None:
        self._loop = asyncio.get_running_loop()
        async with upstream(lambda exchange: self.script(exchange)) as up:
            known = Directory(dict.fromkeys(self._names, up), baseline=self._names[0])
            async with gateway(known, rules=self._rules) as served:
                self.url = served.url
                self._ready.set()
                await self._over.wait()
        # Their connections are closed: what still serves one ends by itself.
        if left := asyncio.all_tasks() - {asyncio.current_task()}:
            await asyncio.wait(left, timeout=PATIENCE)


@dataclass
class Visit:
    """A page of the chat and what it did: messages in the console, requests to others, dialogs."""

    page: Page
    url: str
    errors: list[str] = field(default_factory=list)
    foreign: list[str] = field(default_factory=list)
    questions: int = 0
    dialogs: list[str] = field(default_factory=list)

    def ask(self, question: str = "Hello?") -> None:
        """Type a question, send it, and return when its answer is over."""
        before = self.page.locator(".answer").count()
        self.page.fill("#question", question)
        self.page.press("#question", "Enter")
        self.finished(before + 1)

    def finished(self, number: int = 1) -> None:
        """Return when that many answers are over."""
        self.page.locator('.answer[aria-busy="false"]').nth(number - 1).wait_for()

    def kept(self, condition: str = "true") -> list[dict[str, Any]]:
        """The conversations that the browser keeps, newest first, as soon as `condition` holds for `all` of them."""
        script = """async ([patience]) => {
            const store = await import("/chat/store.js");
            for (const end = performance.now() + patience; performance.now() < end;) {
                const all = await Promise.all((await store.titles()).map(({ id }) => store.load(id)));
                if (CONDITION) return all;
                await new Promise((resolve) => setTimeout(resolve, 20));
            }
            throw new Error("not kept: CONDITION");
        }"""
        return list(self.page.evaluate(script.replace("CONDITION", condition), [1000 * PATIENCE]))

    def text(self, selector: str) -> str:
        return self.page.locator(selector).last.inner_text()

    def alien(self) -> list[str]:
        """What stands in the conversation although no answer may put it there."""
        return list(self.page.evaluate(_ALIEN))

    def check_quiet(self) -> None:
        """Nothing ran, nothing left the page, the policy had nothing to refuse."""
        assert self.alien() == []
        assert self.page.evaluate("violations") == []
        assert self.page.evaluate("typeof window.pwned") == "undefined"
        assert self.page.title() == "Janus Chat"
        assert (self.errors, self.foreign, self.dialogs) == ([], [], [])


@contextmanager
def visit(browser: Browser, url: str, script: str = "", **context: Any) -> Iterator[Visit]:
    """The chat page in a fresh profile, once its list of implementations is there; `script` runs before the page's."""
    profile = browser.new_context(**{"viewport": {"width": 1280, "height": 900}, **context})
    profile.set_default_timeout(PATIENCE * 1000)
    page = profile.new_page()
    seen = Visit(page, url)
    host = urlsplit(url).netloc

    def console(message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            seen.errors.append(message.text)

    def requested(request: Request) -> None:
        if urlsplit(request.url).scheme != "data" and urlsplit(request.url).netloc != host:
            seen.foreign.append(request.url)

    def opened(dialog: Dialog) -> None:
        if dialog.type == "beforeunload":  # The page's own question before a conversation is lost.
            seen.questions += 1
            dialog.accept()
            return
        seen.dialogs.append(dialog.message)
        dialog.dismiss()

    page.on("console", console)
    page.on("pageerror", lambda error: seen.errors.append(str(error)))
    page.on("dialog", opened)
    profile.on("request", requested)
    page.add_init_script(_WATCH + script)
    page.goto(url)
    try:
        yield seen
    finally:
        profile.close()


def event(**fields: Any) -> bytes:
    """A chunk with whatever fields."""
    return b"data: " + json.dumps(fields).encode() + b"\n\n"


def plays(*parts: bytes) -> Callable[[Exchange], None]:
    """An upstream that streams these events."""

    def script(exchange: Exchange) -> None:
        exchange.start_stream()
        for part in parts:
            exchange.chunk(part)
        exchange.end()

    return script


def says(text: str, *more: bytes, reasoning: str = "") -> Script:
    """An upstream that streams `text` in pieces, then what else is given, then a proper end."""
    thoughts = [chunk(reasoning_content=reasoning)] if reasoning else []
    pieces = [chunk(content=text[at : at + 7]) for at in range(0, len(text), 7)]
    return plays(*thoughts, *pieces, *more, chunk("stop"), DONE)


def heard(requests: list[dict[str, Any]], word: str) -> Script:
    """An upstream that keeps the body of each request and answers with `word` and their number."""

    def script(exchange: Exchange) -> None:
        requests.append(json.loads(exchange.body))
        plays(chunk(content=f"{word} {len(requests)}"), chunk("stop"), DONE)(exchange)

    return script
