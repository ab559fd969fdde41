import os
import re
import time

import httpx
from openai import AsyncOpenAI

llm = AsyncOpenAI(
    api_key=os.environ["CHUTES_API_KEY"], base_url="https://api.chutes.ai/v1"
)

OPERATORS = {"times": "*", "plus": "+", "minus": "-"}


def sum_in(question):
    """The sum that a question asks for, as Python; None where there is none."""
    words = question.replace("?", " ").split()
    text = " ".join(OPERATORS.get(word, word) for word in words)
    found = re.search(r"\d[\d ]*[-+*/%][-+*/% \d]*\d", text)
    return found and found[0]


async def calculate(task):
    begun, thought = time.monotonic(), f"Calculating {task} "
    yield "reasoning_content", thought
    async with httpx.AsyncClient(timeout=30) as http:
        body = {"language": "python", "code": f"print({task})", "timeout": 10}
        done = await http.post("https://sandbox.janus.rodeo/execute", json=body)
    said = done.json().get("stdout", "").strip() or "I cannot work it out."
    yield "content", said
    seen = len(re.findall(r"\w+|[^\w\s]", thought + said))
    tokens = {"prompt_tokens": 0, "completion_tokens": seen}
    yield "usage", {**tokens, "sandbox_seconds": round(time.monotonic() - begun, 3)}


async def answer(question):
    if task := sum_in(question):
        async for step in calculate(task):
            yield step
        return
    async with httpx.AsyncClient(timeout=30) as http:
        yield "reasoning_content", f"Searching for: {question} "
        body = {"query": question, "num_results": 1}
        found = await http.post("https://search.janus.rodeo/search", json=body)
        results = found.json().get("results")
        if not results:
            yield "content", f"My search gave me no page ({found.status_code})."
            return
        best = results[0]
        yield "reasoning_content", f"Reading {best['url']} "
        address = {"url": best["url"]}
        page = await http.get("https://proxy.janus.rodeo/fetch", params=address)
        text = page.json().get("content")
        if text is None:
            yield "reasoning_content", f"Refused: {page.status_code}. "
            text = best["snippet"]
        yield "reasoning_content", "Asking the vector index. "
        body = {"query": question, "top_k": 3}
        near = await http.post("https://vector.janus.rodeo/query", json=body)
    passages = f"[1] {best['title']} — {best['url']}\n{text[:8000]}"
    for number, chunk in enumerate(near.json().get("chunks", []), 2):
        passages += f"\n\n[{number}] {chunk['source']}\n{chunk['content']}"
    prompt = f"Question: {question}\n\nPassages:\n{passages}"
    messages = [{"role": "user", "content": prompt}]
    stream = await llm.chat.completions.create(
        model="gpt-4o-mini",
        messages=messages,
        stream=True,
        stream_options={"include_usage": True},
    )
    async for chunk in stream:
        if chunk.choices and chunk.choices[0].delta.content:
            yield "content", chunk.choices[0].delta.content
        if chunk.usage:
            yield "usage", chunk.usage.model_dump(exclude_none=True)
    yield "content", f"\n\nSources:\n- [{best['title']}]({best['url']})"
