"""What the gateway serves for Janus Chat: the page's files with their security headers, and the trace of an answer."""

from __future__ import annotations

import base64
import hashlib
import json
import re

import jsonschema
import pytest

from janus_platform.gateway.access import AccessRules, digest
from janus_platform.gateway.chat_page import FOLDER
from tests.gateway.chat_page.rig import says
from tests.gateway.rig import CONTRACT, Served, ask, gateway, in_loop, upstream

PAGE, TRACES = CONTRACT.gateway.page_path, CONTRACT.gateway.traces_path


async def asked(served: Served, **headers: str) -> str:
    """Ask, read all of it, and give the request's id once its trace is complete."""
    async with served.client.stream(
        "POST", CONTRACT.gateway.chat_path, json=ask(stream=True), headers=headers
    ) as answer:
        await answer.aread()
    name = answer.headers["x-request-id"]
    await served.finished_trace(name)
    return name


@in_loop
async def test_every_file_of_the_page_comes_with_its_security_headers_and_is_not_sent_twice() -> None:
    async with upstream(says("Hello")) as up, gateway(up) as served:
        page = (await served.client.get(PAGE)).text
        sent = (".js", ".css", ".svg", ".png", ".woff2")
        files = [path.relative_to(FOLDER).as_posix() for path in FOLDER.rglob("*") if path.suffix in sent]
        names = [PAGE, "/chat/facts.js", *(f"/chat/{name}" for name in files)]
        assert {f"/{name}" for name in re.findall(r'(?:src|href)="(chat/[^"]+)"', page)} < {*names, "/chat/wide.svg"}
        for name in names:
            got = await served.client.get(name)
            policy = dict(part.split(" ", 1) for part in got.headers["content-security-policy"].split("; "))
            assert got.status_code == 200 and got.headers["x-content-type-options"] == "nosniff"
            assert policy["default-src"] == policy["frame-ancestors"] == "'none'"
            assert policy["script-src"] == policy["style-src"] == policy["connect-src"] == "'self'"
            assert got.headers["referrer-policy"] == "no-referrer" and got.headers["cache-control"] == "no-cache"
            for known in (got.headers["etag"], f'"x", W/{got.headers["etag"]}', "*"):
                again = await served.client.get(name, headers={"if-none-match": known})
                assert (again.status_code, again.content) == (304, b"")
                assert again.headers["etag"] == got.headers["etag"]
            assert (await served.client.get(name, headers={"if-none-match": '"other"'})).content == got.content
            head = await served.client.head(name)
            assert head.headers["content-length"] == str(len(got.content)) and head.content == b""


def test_the_page_holds_no_inline_code_and_names_no_other_place() -> None:
    page = (FOLDER / "index.html").read_text("utf-8")
    assert not re.search(r"<style|\sstyle=|\son\w+=|<script(?![^>]*\ssrc=)|//", page.removeprefix("<!doctype html>"))
    for path in [*FOLDER.glob("*.js"), *FOLDER.glob("vendor/*.js")]:
        code = path.read_text("utf-8")
        assert not re.search(
            r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function|DOMParser", code
        )


def test_what_the_page_vendors_is_what_npm_has_with_its_licence() -> None:
    folder = FOLDER / "vendor"
    vendored = json.loads((folder / "vendored.json").read_text("utf-8"))
    for name, entry in vendored.items():
        sha512 = base64.b64encode(hashlib.sha512((folder / name).read_bytes()).digest()).decode()
        assert entry["integrity"] == f"sha512-{sha512}", f"{name} is not the file of {entry['source']}"
        assert entry["version"] in entry["source"]
        assert f"{entry['package']}.LICENSE" in vendored
    files = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    assert set(vendored) == files - {"vendored.json"}


@in_loop
async def test_the_page_gets_the_limits_of_a_request_from_the_contract() -> None:
    async with upstream(says("Hello")) as up, gateway(up) as served:
        facts = json.loads((await served.client.get("/chat/facts.js")).text.split("freeze(")[1].split(")")[0])
        limits = CONTRACT.inference.limits
        assert facts["maxPictures"] == limits.max_images and facts["maxPictureBytes"] == limits.max_image_bytes
        assert facts["maxBodyBytes"] == CONTRACT.gateway.max_body_bytes
        assert facts["defaultModel"] == CONTRACT.gateway.default_model


def test_what_the_page_loads_at_first_is_small_and_code_and_formulas_come_later() -> None:
    def imports(name: str) -> set[str]:
        found = re.findall(r'^import (?:[^"]+ from )?"\./([^"]+)";', (FOLDER / name).read_text("utf-8"), re.M)
        return {name, *(deep for one in found if one != "facts.js" for deep in imports(one))}

    first = {"index.html", "chat.css", "answer.css", "icon.svg", *imports("chat.js")}
    assert "vendor/markdown-it.min.js" in first and not first & {"highlight.js", "math.js"}
    assert sum((FOLDER / name).stat().st_size for name in first) <= 200_000


@in_loop
async def test_the_drawing_says_which_parts_answer_and_is_small() -> None:
    async def states() -> dict[str, bool]:
        return {"search": True, "inference": False}

    async with upstream(says("Hello")) as up, gateway(up, states=states) as served:
        for kind in ("wide", "upright"):
            answer = await served.client.get(f"/chat/{kind}.svg")
            assert answer.headers["content-type"] == "image/svg+xml" and int(answer.headers["content-length"]) < 2_500
            assert answer.text.count("It answers.") == 2 and answer.text.count("It does not answer.") == 2
            assert "<script" not in answer.text and "script-src" not in answer.headers["content-security-policy"]


@pytest.mark.parametrize(
    "path",
    [
        "/chat",
        "/chat/",
        "/chat/../app.py",
        "/chat/%2e%2e/app.py",
        "/chat/__init__.py",
        "/chat/vendor",
        "/chat/vendor/vendored.json",
    ],
)
def test_nothing_but_the_page_is_served(path: str) -> None:
    @in_loop
    async def tried() -> None:
        async with upstream(says("Hello")) as up, gateway(up) as served:
            assert (await served.client.get(path)).status_code == 404
            assert (await served.client.post(PAGE)).status_code == 405

    tried()


@in_loop
async def test_the_page_needs_no_key_and_the_trace_does() -> None:
    async with upstream(says("Hello")) as up, gateway(up, rules=AccessRules((digest("sk-1"),), ())) as served:
        assert (await served.client.get(PAGE)).status_code == 200
        key = {"authorization": "Bearer sk-1"}
        name = await asked(served, **key)
        assert (await served.client.get(f"{TRACES}/{name}")).status_code == 401
        assert (await served.client.get(f"{TRACES}/{name}", headers=key)).status_code == 200


@in_loop
async def test_a_trace_is_found_by_the_id_of_its_answer_only_and_holds_times_not_callers() -> None:
    async with upstream(says("A secret", reasoning="A thought")) as up, gateway(up) as served:
        name = await asked(served)
        got = await served.client.get(f"{TRACES}/{name}")
        trace = got.json()
        assert trace["complete"] and {"gateway", "implementation"} <= {span["name"] for span in trace["spans"]}
        assert not re.search("secret|thought|Hello|caller", got.text)
        chosen = await asked(served, **{"x-request-id": "chosen-by-a-client"})
        assert chosen == "chosen-by-a-client"
        for other in (trace["trace_id"], "chatcmpl-7", chosen, "req_" + "0" * 24, "", "x/y", "%00"):
            missing = await served.client.get(f"{TRACES}/{other}")
            assert missing.status_code == 404, other
        assert missing.json()["error"]["code"] == "trace_not_found"


def test_the_trace_has_the_documented_form() -> None:
    schema = json.loads((FOLDER.parents[2] / "schemas" / "trace.schema.json").read_text("utf-8"))

    @in_loop
    async def tried() -> None:
        async with upstream(says("Hello")) as up, gateway(up) as served:
            name = await asked(served)
            jsonschema.validate((await served.client.get(f"{TRACES}/{name}")).json(), schema)

    tried()
