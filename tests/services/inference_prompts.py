"""Passages about two subjects, and the prompt that asks about them, for the tests of the inference service."""

from __future__ import annotations

from janus_platform.services.inference.local.prompt import Message

QUANTUM = """# Quantum entanglement

Quantum entanglement is a link between particles that share **one** quantum state, so that neither has one of its own.
It was first discussed by Albert Einstein, Boris Podolsky and Nathan Rosen in 1935. Schrödinger named it that year.

| entanglement | kind |
|---|---|
| photons | polarisation |

```python
print("entanglement in code is never quoted as a sentence.")
```

- [Home](/) | [Entanglement](/entanglement)

Measuring one particle fixes what a measurement of the other will show. This does not let anyone send a message faster
than light. [Entangled photons](https://physics.org/pairs) leave a nonlinear crystal in about 1 of 10 million cases."""
BREAD = """Bread rises because yeast turns sugar into carbon dioxide. A dough needs about 90 minutes at 24 °C to double.
Salt slows the yeast down. Knead the dough for 12 minutes before it rests."""


def prompt(question: str, *passages: str) -> list[Message]:
    blocks = "\n\n".join(
        f"[{n}] Page {n} — https://example.com/{n}\n{text}" for n, text in enumerate(passages, start=1)
    )
    return [
        Message("system", "Answer from the passages."),
        Message("user", f"Question: {question}\n\nPassages:\n{blocks}"),
    ]
