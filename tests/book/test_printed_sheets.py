"""The sheets for a class: one page of A4 each, with the plan's own minutes and the contract's hosts and limits."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.sync_api import Browser
from printed_sheets import sheet

from janus_platform.contract import load_contract
from tools.environment import ROOT


@pytest.mark.parametrize("name", ["learner", "teacher"])
def test_a_sheet_is_one_page_of_paper_and_asks_no_other_host(browser: Browser, built_book: Path, name: str) -> None:
    tab = browser.new_page()
    asked: list[str] = []
    tab.on("request", lambda request: asked.append(request.url))
    tab.goto((built_book / "book" / "teach" / f"{name}_sheet.html").as_uri())
    printed = tab.pdf(prefer_css_page_size=True)
    tab.close()
    assert len(re.findall(rb"/Type\s*/Page\b", printed)) == 1
    assert len(asked) == 1


def test_the_sheets_say_what_the_contract_and_the_plan_say() -> None:
    learner, teacher = sheet("learner"), sheet("teacher")
    for service in load_contract().services.values():
        assert service.host in learner
    plan = (ROOT / "book" / "teach" / "paths.md").read_text("utf-8").split("## Half a day")[1].split("\n## ")[0]
    minutes = re.findall(r"^\| [^|]+ \| (\d+) \|", plan, re.M)
    assert len(minutes) > 5 and re.findall(r'<td style="text-align:right">(\d+)</td>', teacher) == minutes
    assert "[[" not in learner + teacher
