"""What the practice pages' recordings are made with: two culprits, a conversation, and questions with their pages."""

from __future__ import annotations

GATHERED = '''"""Three calls, together; so at least its author thinks."""

import asyncio

import httpx

CALL = {"language": "bash", "code": "sleep 0.1"}


async def call():
    answer = httpx.post("https://sandbox.janus.rodeo/execute", json=CALL)
    return answer.status_code


async def answer(question):
    statuses = await asyncio.gather(call(), call(), call())
    for word in f"{len(statuses)} calls were made.".split(" "):
        yield "content", word + " "
'''
SUSPECT = '''"""Starts a slow chart, thinks aloud, asks a model, and writes on."""

import asyncio
import os

import httpx

CHART = {"language": "bash", "code": "sleep 1.5"}
KEY = {"authorization": f"Bearer {os.environ['CHUTES_API_KEY']}"}


async def answer(question):
    async with httpx.AsyncClient(timeout=30) as http:
        chart = asyncio.create_task(http.post("https://sandbox.janus.rodeo/execute", json=CHART))
        for word in "A chart is being drawn while I read the question twice . ".split(" "):
            yield "reasoning_content", word + " "
            await asyncio.sleep(0.04)
        body = {"model": "gpt-4o", "messages": [{"role": "user", "content": question}], "max_tokens": 40}
        said = await http.post("https://api.chutes.ai/v1/chat/completions", json=body, headers=KEY)
        for word in said.json()["choices"][0]["message"]["content"].split(" "):
            yield "content", word + " "
            await asyncio.sleep(0.04)
        await chart
        for word in "The chart is done.".split(" "):
            yield "content", word + " "
'''

GUIDE = "You are the guide of a small harbour museum. " + " ".join(
    f"Room {n} shows the boats of the year {1800 + 7 * n} and how they were built." for n in range(1, 9)
)
QUESTIONS = [
    "Where are the oldest boats?",
    "Which room comes after that?",
    "How were they built?",
    "Which room would a child like best?",
    "And which one would a shipwright like?",
    "How long does a visit take?",
    "Is there a boat of 1835?",
    "Which rooms have we talked about?",
    "What should I see if I have ten minutes?",
    "Thank you. One sentence to remember?",
]

# Asked as somebody would who does not know the page's words.
ANSWERED_BY = {
    "spooky action between far particles": "https://encyclopedia.example/wiki/quantum-entanglement",
    "thought experiment against quantum mechanics by Einstein and two colleagues": (
        "https://encyclopedia.example/wiki/epr-paradox"
    ),
    "why do we never see a cat half alive": "https://encyclopedia.example/wiki/quantum-decoherence",
    "how plants make sugar from light": "https://encyclopedia.example/wiki/photosynthesis",
    "why did the king of France lose his head": "https://encyclopedia.example/wiki/french-revolution",
    "why does the sea rise twice a day": "https://physics.org/tides",
    "can a quantum state be sent over a distance": "https://physics.org/teleportation",
    "how far can measured correlations go beyond the classical bound": "https://physics.org/bell-inequality",
    "how two computers begin a connection": "https://networking.example.org/tcp/handshake",
    "how a connection ends politely": "https://networking.example.org/tcp/closing",
    "why senders slow down when the network is full": "https://networking.example.org/tcp/congestion-control",
    "from a name to an IP address": "https://networking.example.org/dns",
    "how a browser and a server agree on keys": "https://networking.example.org/tls/handshake",
    "wait for many things at once in Python": "https://python.example/asyncio",
    "make values one at a time instead of a whole list": "https://python.example/generators",
    "start another program from Python": "https://python.example/subprocess",
    "clean up whatever happens, the with statement": "https://python.example/context-managers",
    "ranking by rare words": "https://retrieval.example/bm25",
    "turning sentences into lists of numbers": "https://retrieval.example/embeddings",
    "nearest neighbours among millions of points": "https://retrieval.example/vector-search",
    "let a model answer from documents that were found": "https://retrieval.example/rag",
    "how to judge whether results are any good": "https://retrieval.example/evaluation",
    "prove to a stranger what a machine runs": "https://confidential.example/attestation",
    "who decides how validators weigh miners": "https://bittensor.example/yuma-consensus",
}
