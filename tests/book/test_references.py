"""The generated reference holds every command, option, path, field, error code, variable and limit there is."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest
from cli_reference import PROGRAMS, commands_of, program, reference
from configuration_reference import limits, variables
from contract_table import PARTS
from gateway_reference import error_codes, errors, metrics, request, routes

from janus_platform.conformance.fields import leaves
from janus_platform.contract import environment as configuration
from janus_platform.contract import load_contract
from janus_platform.gateway.validation import OPTIONAL
from tools.environment import ROOT

CONTRACT = load_contract()
# Set for others, or by the system, and not something to configure.
NOT_SETTINGS = {
    "HTTPS_PROXY",
    "SSL_CERT_FILE",
    "PATH",
    "HOME",
    "MPLCONFIGDIR",
    "OPENBLAS_NUM_THREADS",
    "JANUS_GATEWAY_ACCESS",
    "TERM",
    "COLUMNS",
}
_NAME = re.compile(r"[A-Z][A-Z0-9]*(_[A-Z0-9]+)+|PATH|HOME|HOST|PORT|LOCALAPPDATA|TERM|COLUMNS")


@pytest.mark.parametrize("name", PROGRAMS)
def test_every_command_and_option_of_help_is_in_the_reference(name: str) -> None:
    text = "\n".join(reference(name))
    command = [sys.executable, "-m", f"{PROGRAMS[name]}.cli"]
    for word, _ in commands_of(program(name)):
        assert f"### `{name} {word}`" in text
        section = text.partition(f"### `{name} {word}`")[2].partition("\n### ")[0]
        done = subprocess.run(
            [*command, *word.split(), "--help"], capture_output=True, text=True, timeout=60, check=True
        )
        options = set(re.findall(r"(?<![\w-])--[a-z][a-z-]+", done.stdout)) - {"--help"}
        assert {option for option in options if f"`{option}`" not in section and f"{option} " not in section} == set()


def test_every_field_that_the_gateway_checks_is_in_the_reference_with_what_it_must_be() -> None:
    rows = dict(re.findall(r"^\| `(\w+)` \| (.+) \|$", request(CONTRACT), re.M))
    assert set(rows) == {"model", "messages", *OPTIONAL}
    assert rows["temperature"] == "a number between 0 and 2"
    assert "list of at most 4 entries" in rows["stop"]
    assert "anything" not in rows.values()


def test_every_path_of_the_gateway_is_in_the_reference() -> None:
    listed = " ".join(path for _, path, _ in routes(CONTRACT))
    for name, path in msgspec.structs.asdict(CONTRACT.gateway).items():
        assert not name.endswith("_path") or f"`{path}" in listed, name
    assert CONTRACT.attestation.evidence_path in listed


def test_every_error_code_of_the_gateways_source_is_in_the_reference_and_means_something() -> None:
    sources = [*(ROOT / "janus_platform/gateway").glob("*.py"), ROOT / "janus_platform/gateway/evidence.py"]
    codes = {code for path in sources for code in re.findall(r'code="(\w+)"', path.read_text("utf-8"))}
    table = errors(CONTRACT)
    # What a refused connection is answered with stands in the server, before the gateway.
    assert {code for code in codes - {"malformed_request"} if f"`{code}`" not in table} == set()
    assert [code for _, code, meaning in error_codes() if not meaning] == []


def test_the_gateways_series_are_in_the_reference() -> None:
    assert metrics(CONTRACT).count("janus_gateway_") >= 6


def read_variables(path: Path) -> set[str]:
    """The names of the environment variables that a module reads: literals beside `environ`, and `…_VARIABLE`s."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Subscript | ast.Call) and re.match(r"(os\.)?environ\b", ast.unparse(node)):
            part = node.slice if isinstance(node, ast.Subscript) else next(iter(node.args), None)
            if isinstance(part, ast.Constant) and isinstance(part.value, str) and _NAME.fullmatch(part.value):
                found.add(part.value)
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str):
            names = [target.id for target in node.targets if isinstance(target, ast.Name)]
            if any(re.fullmatch(r"_?([A-Z]+_)?(VARIABLE|ENDPOINT)", n) for n in names) and _NAME.fullmatch(
                node.value.value
            ):
                found.add(node.value.value)
    return found


def test_every_variable_that_the_code_reads_is_in_the_table_and_every_row_is_read_somewhere() -> None:
    packages = ("janus_platform", "janus_bench", "janus_book", "tools")
    sources = [path for package in packages for path in sorted((ROOT / package).rglob("*.py"))]
    listed = {variable.name for variable in configuration.variables(CONTRACT)}
    read = {name: path for path in sources for name in read_variables(path)}
    assert {n: str(p.relative_to(ROOT)) for n, p in read.items() if n not in listed | NOT_SETTINGS} == {}
    text = "".join(p.read_text("utf-8") for p in sources if p.name != "environment.py")
    text += (ROOT / "janus_platform/contract/contract.toml").read_text("utf-8")
    assert {name for name in listed if name not in text} == set()


def test_the_pages_show_every_variable_and_every_limit() -> None:
    shown = variables(CONTRACT)
    assert all(f"| `{v.name}` |" in shown for v in configuration.variables(CONTRACT))
    bounds = limits(CONTRACT)
    for path, value in leaves(CONTRACT).items():
        sized = path.endswith(("_bytes", "_seconds")) and isinstance(value, int)
        if sized and not any(part in path for part in ("parameters.", ".models.", "rate_limit.")):
            assert f"`{path}`" in bounds


def test_the_contract_page_shows_every_field_outside_the_services() -> None:
    text = "\n".join(PARTS[part](CONTRACT) for part in ("rooms", "limits", "bench", "elsewhere"))
    for path, value in leaves(CONTRACT).items():
        room = path.partition(".")[0]
        if room not in ("services", "gateway", "implementation", "bench") and not path.endswith(("since", "elsewhere")):
            assert f"`{path}`" in text, path
        if room in ("gateway", "implementation") and isinstance(value, str):
            assert value in text, path
