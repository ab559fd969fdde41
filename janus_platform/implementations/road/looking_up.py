"""Looking things up: a model answers from numbered passages and names those used."""

import asyncio
import re
from collections.abc import AsyncIterator
from typing import Any

from conversation import standalone
from form import Form, read_form
from paragraphs import nearest
from saying import RefusedError, in_words
from services import fetch, near, search, tell


async def gathered(query: str) -> list[dict[str, str]]:
    """The best page, then passages near in meaning: title, url and text of each."""
    found, close = await asyncio.gather(
        search(query), near(query), return_exceptions=True
    )
    passages = [dict(best) for best in found[:1]] if isinstance(found, list) else []
    for best in passages:
        try:
            best["text"] = nearest(await fetch(best["url"]), query)
        except RefusedError:
            best["text"] = best["snippet"]
    for chunk in close if isinstance(close, list) else []:
        address = chunk["source"]
        passages.append({"title": address, "url": address, "text": chunk["content"]})
    return passages


def bounded(text: str, form: Form) -> str:
    """An answer within the bounds of its form: whole sentences, as many as fit."""
    within = re.sub(r"\. (\[\d+\])", r" \1.", text)
    sentences = [part for part in re.split(r"(?<=[.!?])\s+", within) if part]
    if form.points:
        return "\n".join(f"- {part}" for part in sentences[: form.points])
    kept = sentences[: form.sentences or None]
    while form.words and len(kept) > 1 and len(" ".join(kept).split()) > form.words:
        kept.pop()
    return " ".join(kept)


def sources(text: str, passages: list[dict[str, str]]) -> str:
    """The addresses whose numbers stand in the answer, each of them once."""
    used = [int(number) for number in re.findall(r"\[(\d+)\]", text)]
    known = [passages[n - 1] for n in used if 0 < n <= len(passages)]
    urls = dict.fromkeys(one["url"] for one in known)
    return "\n\nSources:\n" + "\n".join(f"- {url}" for url in urls) if urls else ""


async def answer(
    question: str, request: dict[str, Any]
) -> AsyncIterator[tuple[str, Any]]:
    """An answer from passages, and the addresses of those that it used."""
    form = read_form(standalone(question, request))
    yield "reasoning_content", f"Looking up: {form.core}\n"
    passages = await gathered(form.core)
    yield "reasoning_content", f"Answering from {len(passages)} passages.\n"
    numbered = (
        f"[{n}] {one['title']} — {one['url']}\n{one['text']}"
        for n, one in enumerate(passages, 1)
    )
    prompt = f"Question: {form.core}\n\nPassages:\n" + "\n\n".join(numbered)
    text, usage = "", {}
    is_bounded = form.sentences or form.words or form.points
    async for field, value in tell([{"role": "user", "content": prompt}]):
        if field == "usage":
            usage = value
        else:
            text += value
            if not is_bounded:
                yield field, value
    for word in in_words(bounded(text, form)) if is_bounded else []:
        yield "content", word
    if not is_bounded:
        yield "content", sources(text, passages)
    yield "usage", usage
