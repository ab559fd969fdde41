"""Formulas: LaTeX becomes MathML while the book is built, and what cannot be read is said."""

from __future__ import annotations

import xml.etree.ElementTree as ET

import pytest
from typeset_math import UnreadFormula, typeset

MATHML = "{http://www.w3.org/1998/Math/MathML}"


def test_a_formula_is_mathml_and_keeps_its_latex() -> None:
    drawn = ET.fromstring(typeset(r" s = \frac{a < b}{2} ", "block"))
    assert drawn.tag == f"{MATHML}math" and drawn.get("display") == "block"
    (note,) = drawn.iter(f"{MATHML}annotation")
    assert note.text == r"s = \frac{a < b}{2}"
    (fraction,) = drawn.iter(f"{MATHML}mfrac")
    assert "".join(fraction.itertext()) == "a<b2"


@pytest.mark.parametrize("latex", [r"\frac{a}{", r"\nonsense{3}", "x^", r"\left( a", r"\text{<b>b</b>}"])
def test_what_is_no_formula_is_refused_with_a_reason(latex: str) -> None:
    with pytest.raises(UnreadFormula, match=r"cannot be read|unknown command|holds <b>"):
        typeset(latex, "inline")
