"""The page with the judge's prompt says what a judge is really given."""

from __future__ import annotations

from judge_prompts import CODE, gold, request

from janus_bench.scoring.llm_judge import gold_answers


def test_the_table_holds_every_gold_answer_in_one_row() -> None:
    rows = gold().splitlines()[2:]
    assert len(rows) == len(gold_answers())
    for row, entry in zip(rows, gold_answers(), strict=True):
        assert entry["question"] in row
        assert f"| {entry['grade']} |" in row
        assert ("| yes |" in row) == bool(entry.get("injected"))


def test_the_request_shows_an_answer_between_marks() -> None:
    planted = next(entry for entry in gold_answers() if entry.get("injected"))
    assert f"<answer-{CODE}>\n{planted['answer']}\n</answer-{CODE}>" in request()
