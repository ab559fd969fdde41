"""What the baseline answers by programs: each skill on questions of its own, and what it rightly leaves alone."""

from __future__ import annotations

import asyncio
import json
import math
import sys
from pathlib import Path
from typing import Any

import pytest
from matplotlib import get_data_path
from PIL import Image, ImageDraw, ImageFont

from janus_platform.implementations import bundled

sys.path.insert(0, str(bundled()["research"]))

from composing import composed
from dates import dated
from functions import write_function
from lengths import most_sentences, within
from picture_reader import measured
from recall import recalled
from rewriting import rewritten
from rules import ruled
from seeing import answer
from sequences import describe, with_helpers
from shapes import plan_drawing
from steps import Text
from synthesis import find_examples, synthesise
from toolcalls import plan_calls, refuses_tools
from wordproblems import work_out


def value_of(expression: str) -> Any:
    names: dict[str, Any] = {"math": math}
    exec(with_helpers(expression), names)
    return eval(expression, names)


@pytest.mark.parametrize(
    ("question", "value"),
    [
        ("How many numbers from 1 to 200 are divisible by 6 or by 15?", 40),
        ("What is the sum of all odd numbers from 1 to 99?", 2500),
        ("How many prime numbers lie below 50?", 15),
        ("List all divisors of 84 that are at least 10.", [12, 14, 21, 28, 42, 84]),
        ("What is the largest divisor of 91 that is less than 91?", 13),
        ("A jacket costs 120 euros and is reduced by 25 %. What does it cost?", 90),
        ("The mean of 10, 20 and a third number is 21. What is the third number?", 33),
        ("A pump delivers 40 litres per minute. How many litres does it deliver in 3 hours?", 7200),
        ("How many minutes does a bus need for 24 km at 36 km/h?", 40),
        ("A kettle of 2000 W runs for 6 minutes. How much energy does it use? Answer in kWh.", 0.2),
        ("How many grams of 96 g are left after 20 days when the half-life is 5 days?", 6),
        ("A fund of 1000 grows by 10 % per year. How much is it after 3 years?", 1331),
        ("A meeting begins at 23:40 and lasts 45 minutes. When does it end?", "00:25"),
        ("Ann is older than Bob. Cid is older than Ann. Who is the oldest?", "Cid"),
        ("What is the sum of the digits of 25 times 17?", 11),
        ("A car uses 6 litres per 100 km. How many litres does it need for 250 km?", 15),
    ],
)
def test_a_word_problem_becomes_an_expression(question: str, value: Any) -> None:
    worked = work_out(question)
    assert worked is not None
    assert value_of(worked.expression) == (value if isinstance(value, str | list) else pytest.approx(value))


@pytest.mark.parametrize(
    "question",
    [
        "How many numbers from 1 to 90 are divisible by 7 and lucky?",
        "Two trains of 200 m and 300 m pass each other at 90 km/h and 54 km/h. How many seconds does it take?",
        "A job runs every 12 minutes and another every 18 minutes. After how many minutes do they run together?",
        "Ann is taller than Bob. Cid is taller than Bob. Who is the tallest?",
        "How many grams of flour are 500 g of flour?",
        "Why are there two high waters a day?",
    ],
)
def test_what_is_not_read_whole_is_not_worked_out(question: str) -> None:
    assert work_out(question) is None


def conversation(*said: str) -> list[dict[str, Any]]:
    return [{"role": "assistant" if n % 2 else "user", "content": text} for n, text in enumerate(said)]


@pytest.mark.parametrize(
    ("said", "question", "answer"),
    [
        ("My cat is called Momo and my car is red.", "What is my cat called?", "Momo"),
        ("I live in Bilbao.", "Where do I live?", "Bilbao"),
        ("Keys: Ann has 41, Bob has 52.", "Which key has Bob?", "52"),
        ("I'm Agnes Holm.", "What is my name?", "Agnes Holm"),
        ("The meeting is on Monday at 9:30.", "When is the meeting of my team?", "Monday at 9:30"),
    ],
)
def test_what_was_said_is_recalled(said: str, question: str, answer: str) -> None:
    assert recalled(conversation(said, "Noted.", question), question) == answer


def test_what_was_said_last_counts_and_a_correction_changes_what_came_before() -> None:
    changed = conversation("My budget is 300.", "Fine.", "My budget is 400.", "Fine.", "What is my budget?")
    assert recalled(changed, "What is my budget?") == "400"
    corrected = conversation(
        "Book a flight to Oslo.", "Done.", "I meant Lima, not Oslo.", "Done.", "To which city is my flight?"
    )
    assert recalled(corrected, "To which city is my flight?") == "Lima"


def test_a_question_about_the_world_is_not_answered_from_the_conversation() -> None:
    said = conversation("I like physics.", "Good.", "What is entanglement?")
    assert recalled(said, "What is entanglement?") is None
    assert recalled(said[-1:], "What is my name?") is None


@pytest.mark.parametrize(
    ("rule", "said", "answer"),
    [
        ('If the user says "open", reply with YES; otherwise reply with NO.', "Open!", "YES"),
        ('If the user says "open", reply with YES; otherwise reply with NO.', "Please open the door", "NO"),
        ('If the message contains "refund", answer "A17". To everything else answer "B2".', "I want a refund", "A17"),
        ("Whatever the user asks, reply with the single word PAUSED.", "What is DNS?", "PAUSED"),
        ("You are a helpful assistant.", "What is DNS?", None),
        ("Always reply with the name of your source.", "What is DNS?", None),
    ],
)
def test_a_rule_of_the_system_message_decides(rule: str, said: str, answer: str | None) -> None:
    assert ruled([{"role": "system", "content": rule}, {"role": "user", "content": said}]) == answer


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        ("Sort these words alphabetically, separated by commas and spaces: pear, fig, apple", "apple, fig, pear"),
        ("Write the word 'tide' in capital letters, separated by hyphens.", "T-I-D-E"),
        ("Put the numbers 7, 30 and 12 in descending order, one per line.", "30\n12\n7"),
        ("How many letters has the word 'lighthouse'?", "10"),
        ("What is the last word of this sentence: the boat turns at noon", "noon"),
        ("Replace each a by o in the word banana.", "bonono"),
        ("Write the words reef, dune and moss as a numbered list.", "1. reef\n2. dune\n3. moss"),
        ("Say the word hurray exactly three times, separated by spaces.", "hurray hurray hurray"),
        ("Translate the word 'tide' into French.", None),
        ("Who wrote the play 'Hamlet'?", None),
    ],
)
def test_a_text_is_changed_as_it_says(question: str, answer: str | None) -> None:
    assert rewritten(question) == answer


async def _pieces(*texts: str) -> Any:
    for text in texts:
        yield Text(text)


async def _said(sentences: int, *texts: str) -> str:
    return "".join([step.text async for step in within(_pieces(*texts), sentences) if isinstance(step, Text)])


def test_an_answer_ends_after_the_sentences_that_were_wanted() -> None:
    assert most_sentences("In at most two sentences: what is a tide?") == 2
    assert most_sentences("What is a tide? One short sentence.") == 1
    assert most_sentences("What is a tide? One sentence, with your source.") is None
    assert most_sentences("How many sentences has this text?") is None
    texts = ("A tide rises 1.5 m", ". [1", "] It falls. [2]", " It rests.", "\n\nSources:\n- [1] a")
    assert asyncio.run(_said(1, *texts)).strip() == "A tide rises 1.5 m."
    assert asyncio.run(_said(2, *texts)).strip() == "A tide rises 1.5 m. It falls."
    assert asyncio.run(_said(5, *texts)).strip() == "A tide rises 1.5 m. It falls. It rests."


def test_small_documents_are_composed() -> None:
    described = (
        "Reply with JSON only: an object with `id` set to 7, `open` set to true and `tags`, the list of the words b, a "
        "in alphabetical order."
    )
    assert json.loads(composed(described) or "") == {"id": 7, "open": True, "tags": ["a", "b"]}
    assert composed("Explain what a JSON object is.") is None


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        ("Write 5 March 2030 as DD/MM/YYYY.", "05/03/2030"),
        ("Which weekday is 2026-11-30?", "Monday"),
        ("How many days lie between 1 May 2025 and 2025-06-01?", "31"),
        ("What happened on 14 July 1789?", None),
        ("Write 31 February 2030 as DD/MM/YYYY.", None),
    ],
)
def test_dates_are_written_and_counted(question: str, answer: str | None) -> None:
    assert dated(question) == answer


@pytest.mark.parametrize(
    ("described", "call", "result"),
    [
        ("`f(numbers)` that returns the product of all numbers of a list that are larger than 2.", "f([1, 3, 5])", 15),
        ("`f(words)` that returns how many words of a list of words are longer than 3 letters.", "f(['a', 'tide'])", 1),
        ("`f(n)` that returns the sum of the cubes of all numbers from 1 to n.", "f(3)", 36),
        ("`f(x)` that returns 2·x³ − x + 1.", "f(2)", 15),
        ("`f(v)` for which f([1, 2]) gives [4, 2] and f([5]) gives [10].", "f([0, 3])", [6, 0]),
    ],
)
def test_a_function_is_written_from_its_description(described: str, call: str, result: Any) -> None:
    written = write_function(f"Write a Python function {described} Reply with one Python code block.")
    assert written is not None
    names: dict[str, Any] = {}
    exec(written.check(), names)
    assert eval(call, names) == result


@pytest.mark.parametrize(
    "described",
    [
        "`f(items)` that returns the items shuffled by their mood.",
        "`f(numbers)` that returns the median of a list.",
        "`f(n)` that returns n lists of 3 numbers each, every second list reversed.",
        "`f(a, b)` that returns the Levenshtein distance of two texts.",
    ],
)
def test_no_function_is_made_up(described: str) -> None:
    assert write_function(f"Write a Python function {described}") is None


def test_one_example_is_too_few_and_a_contradiction_has_no_expression() -> None:
    assert synthesise("f", ["x"], list(find_examples("f(2) gives 4", "f"))) is None
    assert synthesise("f", ["x"], list(find_examples("f(2) gives 4, f(2) gives 5", "f"))) is None
    assert describe("how many numbers from 1 to 10 are happy") is None


def tool(name: str, description: str, **properties: Any) -> dict[str, Any]:
    parameters = {"type": "object", "required": list(properties), "properties": properties}
    return {"type": "function", "function": {"name": name, "description": description, "parameters": parameters}}


LAMP = tool("set_lamp", "Switches a lamp.", room={"type": "string"}, on={"type": "boolean"})
TRAIN = tool(
    "find_trains",
    "Finds trains.",
    origin={"type": "string"},
    destination={"type": "string"},
    date={"type": "string", "description": "YYYY-MM-DD"},
)


@pytest.mark.parametrize(
    ("request_text", "wanted"),
    [
        ("Switch the lamp in the attic off.", [("set_lamp", {"room": "attic", "on": False})]),
        (
            "Find trains from Graz to Linz on 5 May 2031.",
            [("find_trains", {"origin": "Graz", "destination": "Linz", "date": "2031-05-05"})],
        ),
        ("Find trains from Graz to Linz.", []),  # no day
        ("Find trains from Graz to Linz on 5 May 2031 for 3 people.", []),  # nothing takes the three
        ("What is entanglement?", []),
    ],
)
def test_a_tool_is_called_where_the_request_says_every_argument(request_text: str, wanted: Any) -> None:
    calls = [call["function"] for call in plan_calls({"tools": [LAMP, TRAIN]}, request_text)]
    assert [(call["name"], json.loads(call["arguments"])) for call in calls] == wanted


def test_tools_are_left_alone_where_the_user_or_the_program_says_so() -> None:
    assert refuses_tools("Answer yourself, please.") and not refuses_tools("Use the tool.")
    named = {"tools": [LAMP, TRAIN], "tool_choice": {"type": "function", "function": {"name": "find_trains"}}}
    assert plan_calls(named, "Switch the lamp in the attic off.") == []
    assert plan_calls({"tools": "none", "tool_choice": 7}, "Switch the lamp off.") == []


def test_a_picture_is_drawn_only_where_every_colour_has_a_place() -> None:
    assert plan_drawing("Make a picture of 20 by 20 pixels: the left half red, the right half rgb(1, 2, 3).")
    assert plan_drawing("Make a picture of 20 by 20 pixels: the left half red, a blue elephant in the middle.") is None
    assert plan_drawing("Make a picture of 99999 by 2 pixels, all red.") is None


def _picture(path: Path, text: str = "", font: str = "DejaVuSerif.ttf") -> dict[str, Any]:
    image = Image.new("RGB", (240, 120), (255, 255, 255))
    canvas = ImageDraw.Draw(image)
    if text:
        fonts = Path(get_data_path()) / "fonts" / "ttf"
        canvas.text((20, 30), text, fill=(0, 0, 0), font=ImageFont.truetype(str(fonts / font), 36))
    else:
        canvas.rectangle((150, 70, 200, 110), fill=(31, 71, 200))
    image.save(path, "PNG")
    return measured(path)


@pytest.mark.parametrize(("text", "font"), [("40718", "DejaVuSans.ttf"), ("9265", "DejaVuSerif-Bold.ttf")])
def test_printed_digits_are_read_in_fonts_that_it_knows_and_near_ones(tmp_path: Path, text: str, font: str) -> None:
    seen = [_picture(tmp_path / "picture-1", text, font)]
    assert answer("Which number is written in the picture?", seen) == text


def test_sizes_colours_and_places_are_measured_and_nothing_else_is_said(tmp_path: Path) -> None:
    seen = [_picture(tmp_path / "picture-1")]
    assert answer("How many pixels wide and high is the picture?", seen) == "240x120"
    assert answer("What colour is the square?", seen) == "blue"
    assert answer("In which corner is the blue square?", seen) == "lower right"
    assert answer("Which colours does this picture have?", seen) == "white, blue"
    assert answer("What colour is the background?", seen) == "white"
    assert answer("What is the person in the picture doing?", seen) is None
    assert answer("What colour is the square?", []) is None


def test_noise_is_measured_too(tmp_path: Path) -> None:
    Image.effect_noise((300, 300), 90).convert("RGB").save(tmp_path / "picture-1", "PNG")
    assert measured(tmp_path / "picture-1")["width"] == 300
