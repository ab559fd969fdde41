"""Turns the files of public benchmarks, as their authors publish them, into items. A record that is not so is an error.

Multiple choice is scored less what guessing reaches. The order of TruthfulQA's options is drawn once by question,
since in the file the right one always comes first.
"""

from __future__ import annotations

import csv
import gzip
import hashlib
import io
import json
import random
import re
import tarfile
from pathlib import Path
from typing import Any

MAX_BYTES = 256 * 1024 * 1024  # of a file, inflated
MAX_MEMBER_BYTES = 8 * 1024 * 1024
_LETTER = "Reply with the letter of the right answer only."
Raw = dict[str, Any]


def gsm8k(path: Path) -> list[Raw]:
    """Lines of `question` and `answer`, whose last line is `#### <number>` (openai/grade-school-math)."""
    items = []
    for number, line in enumerate(_lines(path)):
        value = re.search(r"####\s*(-?[\d,]+(?:\.\d+)?)\s*$", line["answer"])
        if not value:
            raise ValueError(f"line {number + 1} has no `#### <number>`")
        checks = [{"kind": "number", "value": float(value[1].replace(",", "")), "max_words": 600}]
        prompt = f"{line['question']}\n\nEnd with a line 'Answer: <number>'."
        items.append({"id": f"gsm8k-{number}", "category": "reasoning", "prompt": _plain(prompt), "checks": checks})
    return items


def human_eval(path: Path) -> list[Raw]:
    """Lines of `task_id`, `prompt`, `entry_point`, `test` (openai/human-eval)."""
    items = []
    for line in _lines(path):
        check = {"kind": "program", "function": line["entry_point"], "test": line["test"], "prefix": line["prompt"]}
        ask = "Complete this Python function. Reply with the whole function in one code block."
        name = f"humaneval-{line['task_id'].rpartition('/')[2]}"
        items.append(_item(name, "coding", f"{ask}\n\n```python\n{line['prompt']}```", check))
    return items


def mmlu(path: Path) -> list[Raw]:
    """A tar of `test/<subject>_test.csv`: question, four options, letter (hendrycks/test)."""
    items: list[Raw] = []
    with tarfile.open(path, "r:") as archive:
        for member in archive:
            subject = re.fullmatch(r"(?:data/)?test/([a-z_]+)_test\.csv", member.name)
            if not (subject and member.isfile()):
                continue
            if member.size > MAX_MEMBER_BYTES:
                raise ValueError(f"{member.name} is too large")
            file = archive.extractfile(member)
            assert file is not None, "it is a file"
            for number, row in enumerate(csv.reader(io.StringIO(file.read().decode("utf-8")))):
                question, *options, letter = row
                if len(options) != 4:
                    raise ValueError(f"{member.name} line {number + 1} has {len(options)} options")
                name = f"mmlu-{subject[1].replace('_', '-')}-{number}"
                items.append(_choice(name, "knowledge", question, options, letter))
    if not items:
        raise ValueError("it holds no test/<subject>_test.csv")
    return items


def truthful_qa(path: Path) -> list[Raw]:
    """A table of `Question`, `Best Answer`, `Incorrect Answers` by semicolons (sylinrl/TruthfulQA)."""
    items = []
    for number, row in enumerate(csv.DictReader(io.StringIO(_text(path)))):
        wrong = [answer.strip() for answer in row["Incorrect Answers"].split(";") if answer.strip()]
        options = [row["Best Answer"].strip(), *wrong][:26]
        if len(options) < 2:
            raise ValueError(f"row {number + 1} has no wrong answer")
        right = options[0]
        random.Random(hashlib.sha256(row["Question"].encode()).digest()).shuffle(options)
        letter = chr(ord("A") + options.index(right))
        items.append(_choice(f"truthfulqa-{number}", "knowledge", row["Question"], options, letter))
    return items


def mt_bench(path: Path) -> list[Raw]:
    """Lines of `question_id`, `turns` and, for some, `reference` (lm-sys/FastChat). A judge reads the answers."""
    rubric = "Is the answer helpful, correct, complete and clear, and no longer than it has to be?"
    items = []
    for line in _lines(path):
        check = {"kind": "judged", "rubric": rubric, "reference": str((line.get("reference") or [""])[0])}
        items.append(_item(f"mt-bench-{line['question_id']}", "chat", line["turns"][0], check))
    return items


def _choice(name: str, category: str, question: str, options: list[str], letter: str) -> Raw:
    listed = "\n".join(f"{chr(ord('A') + index)}) {option}" for index, option in enumerate(options))
    check = {"kind": "choice", "answer": letter.strip(), "options": len(options)}
    return _item(name, category, f"{question}\n\n{listed}\n\n{_LETTER}", check)


def _item(name: str, category: str, prompt: str, check: Raw) -> Raw:
    return {"id": name[:64].rstrip("-"), "category": category, "prompt": _plain(prompt), "checks": [check]}


def _plain(prompt: Any) -> str:
    if not isinstance(prompt, str) or not prompt.strip():
        raise ValueError("a question without a text")
    return prompt


def _lines(path: Path) -> list[Raw]:
    lines = [json.loads(line) for line in _text(path).split("\n") if line.strip()]
    if not all(isinstance(line, dict) for line in lines):
        raise ValueError("a line is not an object")
    return lines


def _text(path: Path) -> str:
    with gzip.open(path) if path.suffix == ".gz" else path.open("rb") as file:
        raw = file.read(MAX_BYTES + 1)
    if len(raw) > MAX_BYTES:
        raise ValueError(f"larger than {MAX_BYTES} bytes")
    return raw.decode("utf-8")
