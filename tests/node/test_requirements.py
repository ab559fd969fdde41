"""requirements.txt and wheels as they come from outside: what is taken, and every refusal by line and with a remedy."""

from __future__ import annotations

import stat
import zipfile
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from janus_platform.contract import load_contract
from janus_platform.implementations import TEMPLATE
from janus_platform.node.packages.errors import PackagesError, WheelError
from janus_platform.node.packages.pip_errors import explain
from janus_platform.node.packages.plan import read_plan
from janus_platform.node.packages.requirements import read_requirements
from janus_platform.node.packages.wheels import check_wheel
from tests.node.wheels import WHEEL, wheel, write_wheel

RULES = load_contract().packages
HASH = "sha256:" + "0a" * 32


def test_names_versions_markers_hashes_comments_and_continued_lines_are_taken() -> None:
    text = f"""# ours
    Httpx[http2]>=0.28,<1  # the client
    numpy==2.1.0 ; python_version > "3" \\
        --hash={HASH} \\
        --hash=sha256:{"0b" * 32}
    """
    with pytest.raises(PackagesError, match="line 2: httpx has no --hash"):
        read_requirements(text.encode(), RULES)
    first, second = read_requirements(text.replace("# the client", f"--hash={HASH}").encode(), RULES)
    assert (first.line, first.name, str(first.requirement)) == (2, "httpx", "Httpx[http2]<1,>=0.28")
    assert (second.line, len(second.hashes)) == (3, 2)
    assert second.text() == f'numpy==2.1.0; python_version > "3" --hash={HASH} --hash=sha256:{"0b" * 32}'


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("-r other.txt", "'-r' is not allowed"),
        ("--index-url=https://evil.example/simple", "'--index-url' is not allowed"),
        ("--extra-index-url https://evil.example", "is not allowed"),
        ("--find-links /etc", "is not allowed"),
        ("--trusted-host evil.example", "is not allowed"),
        ("-e .", "'-e' is not allowed"),
        ("git+https://github.com/a/b", "address or a path"),
        ("tiny @ https://evil.example/tiny-1-py3-none-any.whl", "address or a path"),
        ("tiny @ file:///etc/passwd", "address or a path"),
        ("../tiny", "address or a path"),
        ("tiny-1.0-py3-none-any.whl", "address or a path"),
        ("tiny --global-option=x", "option that is not allowed"),
        ("tiny==", "not a requirement"),
        ("${HOME}", "not a requirement"),
        ("tiny; python_version > '3' and (" + "(" * 400, "not a requirement"),
        ("x" * 1_001, "longer"),
        ("\x1b[2Jtiny", "\\x1b"),
    ],
)
def test_what_is_no_plain_requirement_is_refused_by_its_line(line: str, said: str) -> None:
    with pytest.raises(PackagesError) as refused:
        read_requirements(f"httpx\n\n{line}\n".encode(), RULES)
    assert said in str(refused.value) and str(refused.value).startswith("line 3: ") and "\x1b" not in str(refused.value)


def test_too_many_lines_too_many_bytes_and_another_encoding_are_refused() -> None:
    for content, said in [
        (b"tiny\n" * (RULES.max_requirements + 1), f"line {RULES.max_requirements + 1}"),
        (b"#" * (RULES.max_requirements_bytes + 1), "larger than"),
        ("tiny".encode("utf-16"), "not UTF-8"),
    ]:
        with pytest.raises(PackagesError, match=said):
            read_requirements(content, RULES)


@given(st.text(max_size=80))
def test_no_text_makes_the_reading_crash(text: str) -> None:
    try:
        read_requirements(text.encode("utf-8", "surrogatepass"), RULES)
    except PackagesError as error:
        assert len(str(error)) < 400


def test_what_the_platform_has_is_not_installed_again(tmp_path: Path) -> None:
    """The template's own file and its lock file need nothing, so they need no network."""
    assert read_plan(tmp_path, RULES) is None
    (tmp_path / "requirements.txt").write_bytes((TEMPLATE / "requirements.txt").read_bytes())
    plan = read_plan(tmp_path, RULES)
    assert plan is not None and plan.missing == () and set(plan.here) == {"httpx", "openai", "starlette", "uvicorn"}
    text = "httpx<0.1\nopenai\nnowhere-at-all\nuvicorn[nothing-such]\nodd; sys_platform == 'amiga'\n"
    (tmp_path / "requirements.txt").write_text(text)
    plan = read_plan(tmp_path, RULES)
    assert plan is not None and [one.name for one in plan.missing] == ["httpx", "nowhere-at-all", "uvicorn"]
    assert plan.here == ("openai",)


def test_the_key_follows_what_is_asked_for_and_the_wheels(tmp_path: Path) -> None:
    def key(text: str) -> str:
        (tmp_path / "requirements.txt").write_text(text)
        plan = read_plan(tmp_path, RULES)
        assert plan is not None
        return plan.key

    before = key("tiny\nhttpx\n")
    assert before == key("# a comment\nhttpx\ntiny\n") != key("tiny==1\n")
    wheel(tmp_path / "wheels", "tiny", "1.0")
    assert key("tiny\n") != before


def test_a_good_wheel_says_what_it_holds(tmp_path: Path) -> None:
    size, files = check_wheel(wheel(tmp_path, "tiny", "1.0"), RULES)
    assert files == 4 and 0 < size < 1_000


LINK = zipfile.ZipInfo("tiny/link")
LINK.external_attr = (stat.S_IFLNK | 0o777) << 16


@pytest.mark.parametrize(
    ("entry", "said"),
    [
        ("../../evil.py", "leads out"),
        ("/etc/cron.d/evil", "leads out"),
        ("tiny/../../evil.py", "leads out"),
        ("..\\evil.py", "leads out"),
        ("C:/evil.py", "leads out"),
        (LINK, "link or a device"),
        ("tiny.py", "two files with the same name"),
    ],
)
@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_a_wheel_that_would_write_elsewhere_is_refused(tmp_path: Path, entry: str | zipfile.ZipInfo, said: str) -> None:
    path = wheel(tmp_path, "tiny", "1.0")
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr(entry, "evil")
    with pytest.raises(WheelError, match=said):
        check_wheel(path, RULES)


def test_bombs_broken_files_and_files_that_are_no_wheel_are_refused(tmp_path: Path) -> None:
    bomb = wheel(tmp_path, "bomb", "1.0")
    with zipfile.ZipFile(bomb, "a", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("zeros", bytes(3_000_000))
    with pytest.raises(WheelError, match="unpacks to 3,000,"):
        check_wheel(bomb, msgspec.structs.replace(RULES, max_bytes=1_000_000))
    with pytest.raises(WheelError, match="more than 3 files"):
        check_wheel(bomb, msgspec.structs.replace(RULES, max_files=3))
    with pytest.raises(WheelError, match="more than 10 bytes"):
        check_wheel(bomb, msgspec.structs.replace(RULES, max_wheel_bytes=10))
    cut = tmp_path / "cut-1.0-py3-none-any.whl"
    cut.write_bytes(bomb.read_bytes()[:400])
    with pytest.raises(WheelError, match=r"cut-1\.0-py3-none-any\.whl cannot be read"):
        check_wheel(cut, RULES)
    with pytest.raises(WheelError, match="not a valid wheel name"):
        check_wheel(bomb.rename(tmp_path / "evil.whl"), RULES)
    bare = write_wheel(tmp_path / "bare-1.0-py3-none-any.whl", {"bare-1.0.dist-info/WHEEL": WHEEL})
    with pytest.raises(WheelError, match="has no METADATA"):
        check_wheel(bare, RULES)
    scripts = {"tiny-1.0.dist-info/entry_points.txt": "[console_scripts]\n../../../evil = tiny:main\n"}
    with pytest.raises(WheelError, match="script whose name is a path"):
        check_wheel(wheel(tmp_path, "tiny", "1.0", **scripts), RULES)
    described = {"big-1.0.dist-info/METADATA": "x" * 1_000_001, "big-1.0.dist-info/WHEEL": WHEEL}
    with pytest.raises(WheelError, match="description of more than"):
        check_wheel(write_wheel(tmp_path / "big-1.0-py3-none-any.whl", described), RULES)


@pytest.mark.parametrize(
    ("printed", "said"),
    [
        ("/usr/bin/python3: No module named pip", "the platform's Python has no pip"),
        ("Usage:\n\nno such option: --report", "pip is too old"),
        ("ERROR: Could not install packages due to an OSError: [Errno 28] No space left on device", "disk is full"),
        ("ERROR: Exception:\nsomething odd", "pip failed: something odd"),
        ("", "it said nothing"),
    ],
)
def test_what_pip_says_becomes_a_sentence_with_what_to_do(printed: str, said: str) -> None:
    assert said in explain(printed)
