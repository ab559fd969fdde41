"""A function is found in plain words, and nothing but arithmetic of one variable is ever taken for one."""

from __future__ import annotations

import math

import pytest

from tests.implementations import rig  # noqa: F401  (makes the implementation's modules importable)

from formulas import find_formula, named_curve  # isort: skip


@pytest.mark.parametrize(
    ("text", "source", "low", "high"),
    [
        ("plot cos(x)", "cos(x)", -2 * math.pi, 2 * math.pi),
        ("draw y = x² - 2x from -1 to 3", "x ** 2 - 2 * x", -1, 3),
        ("graph 3(x+1)^2 between 0 and 2", "3 * (x + 1) ** 2", 0, 2),
        ("plot e^x", "e ** x", -10, 10),
        ("plot ln(x) over 1 to 100", "log(x)", 1, 100),
        ("plot E(θ) = -cos(θ) for θ from 0 to 2π", "-cos(x)", 0, 2 * math.pi),
    ],
)
def test_a_function_is_found_with_its_range(text: str, source: str, low: float, high: float) -> None:
    formula = find_formula(text)
    assert formula is not None and formula.source == source
    assert (formula.low, formula.high) == pytest.approx((low, high))


@pytest.mark.parametrize(
    "text",
    [
        "plot the correlation against the angle",
        "plot 3 + 4",
        "plot x",
        "plot e(x)",
        "plot sin(cos)(x)",
        "plot x and y",
        "plot " + "(" * 150 + "x" + ")" * 150,
        "plot __import__('os').system('x')",
        "plot (lambda x: x)(1)",
    ],
)
def test_what_is_no_function_of_x_is_not_taken_for_one(text: str) -> None:
    assert find_formula(text) is None


@pytest.mark.parametrize(
    ("text", "source"),
    [
        ("Draw a graph of exponential decay", "exp(-x)"),
        ("Plot exponential growth", "exp(x)"),
        ("Show me a sine wave", "sin(x)"),
        ("plot the normal distribution", "exp(-x**2/2)/sqrt(2*pi)"),
    ],
)
def test_a_curve_asked_for_by_name_is_drawn_in_its_standard_form(text: str, source: str) -> None:
    formula = named_curve(text)
    assert formula is not None and formula.source == source


def test_no_curve_is_made_up_for_another_topic() -> None:
    assert named_curve("Plot the population of Ulaanbaatar") is None
