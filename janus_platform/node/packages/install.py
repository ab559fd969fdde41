"""The installing process: `python -I -m janus_platform.node.packages.install JOB`, where JOB is a JSON object.

It resolves, fetches, looks through, unpacks and compiles below the folder that it is given, with limits on what it may
use, and prints a JSON object a line: {"progress"}, at the end {"failed"} or {"done"}. Whoever started it bounds its
time and the folder's size, and ends its whole tree.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import resource
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit
from urllib.request import url2pathname

from janus_platform.contract import PackageRules
from janus_platform.node.packages.errors import PackagesError
from janus_platform.node.packages.here import python_tag
from janus_platform.node.packages.pip import Pip
from janus_platform.node.packages.pip_errors import explain
from janus_platform.node.packages.wheels import check_wheel

PACKAGES, MANIFEST = "packages", "environment.json"
# As an implementation sees its environment; a traceback names its files there.
INSIDE = "/packages"
_DATA_BYTES = 2_000_000_000
_NICE = 10
_MANY, _COMPILE_SECONDS = 500, 60.0


def install(draft: Path, lines: Sequence[str], wheels: Path | None, rules: PackageRules) -> dict[str, Any]:
    """Install what `lines` ask for below `draft`; what was installed. Raises PackagesError or OSError."""
    temporary, fetched = draft / "temporary", draft / "fetched"
    temporary.mkdir()
    fetched.mkdir()
    pip, asked, report = Pip(temporary, say), draft / "requirements.txt", draft / "report.json"
    asked.write_text("\n".join(lines) + "\n", encoding="utf-8")
    _check_own(wheels, rules)
    items = _resolved(pip, asked, report, wheels)
    files = _fetched(pip, items, draft, wheels)
    _check_sizes([check_wheel(file, rules) for file in files], rules)
    packages = []
    for item, file in zip(items, files, strict=True):
        name, version = item["metadata"]["name"], item["metadata"]["version"]
        say(f"installing {name} {version}")
        packages.append({"name": name, "version": version, "file": file.name, "sha256": _sha256(file)})
    target = draft / PACKAGES
    target.mkdir()
    if files:
        code, output = pip.unpack(files, target)
        if code:
            raise PackagesError(explain(output))
        _compile(target)
    for left in (temporary, fetched):
        shutil.rmtree(left)
    report.unlink()
    size, count = usage(target)
    _check_sizes([(size, count)], rules)
    return {"python": python_tag(), "packages": packages, "bytes": size, "files": count}


def usage(folder: Path) -> tuple[int, int]:
    """Bytes and number of the files below `folder`; what goes meanwhile is left out."""
    size = count = 0
    for parent, _, names in os.walk(folder):
        for name in names:
            try:
                size += os.lstat(os.path.join(parent, name)).st_size
            except FileNotFoundError:
                continue
            count += 1
    return size, count


def say(line: str) -> None:
    """Tell whoever waits what is done now."""
    print(json.dumps({"progress": line[:500]}), flush=True)


def _check_own(wheels: Path | None, rules: PackageRules) -> None:
    for path in sorted(wheels.glob("*.whl")) if wheels else ():
        check_wheel(path, rules)


def _resolved(pip: Pip, asked: Path, report: Path, wheels: Path | None) -> list[dict[str, Any]]:
    """From the wheels that came along alone where they are enough, else from the index and them."""
    code = 1
    if wheels:
        code, _ = pip.resolve(asked, report, wheels=wheels, index=False)
    if code:
        code, output = pip.resolve(asked, report, wheels=wheels, index=True)
    if code:
        raise PackagesError(explain(output))
    return list(json.loads(report.read_text(encoding="utf-8"))["install"])


def _fetched(pip: Pip, items: Sequence[dict[str, Any]], draft: Path, wheels: Path | None) -> list[Path]:
    """The wheel of each item, in the draft's own folder."""
    folder, names, missing = draft / "fetched", list[str](), list[dict[str, Any]]()
    for item in items:
        address = urlsplit(item["download_info"]["url"])
        name = unquote(address.path.rpartition("/")[2])
        names.append(name)
        if address.scheme == "file":
            shutil.copyfile(url2pathname(address.path), folder / name)
        else:
            missing.append(item)
    if missing:
        pins = draft / "pins.txt"
        pins.write_text("".join(f"{_pin(item)}\n" for item in missing), encoding="utf-8")
        code, output = pip.download(pins, folder, wheels=wheels)
        if code:
            raise PackagesError(explain(output))
        pins.unlink()
    for item, name in zip(items, names, strict=True):
        expected = item["download_info"].get("archive_info", {}).get("hashes", {}).get("sha256")
        if not (folder / name).is_file() or expected not in (None, _sha256(folder / name)):
            raise PackagesError(f"{item['metadata']['name']}: the index changed while it was asked. Submit again.")
    return [folder / name for name in names]


def _pin(item: dict[str, Any]) -> str:
    return f"{item['metadata']['name']}=={item['metadata']['version']}"


def _check_sizes(sizes: Sequence[tuple[int, int]], rules: PackageRules) -> None:
    size, count = (sum(column) for column in zip(*sizes, strict=True)) if sizes else (0, 0)
    if size > rules.max_bytes or count > rules.max_files:
        raise PackagesError(
            f"the packages have {size:,} bytes in {count:,} files; {rules.max_bytes:,} in {rules.max_files:,} are "
            "allowed. Ask for less."
        )


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _compile(target: Path) -> None:
    """Compile it once, since nobody can write there later. What does not compile stays as it is."""
    for cache in list(target.rglob("__pycache__")):
        shutil.rmtree(cache)
    if sum(1 for _ in target.rglob("*.py")) > _MANY:
        say("compiling")
    command = [sys.executable, "-I", "-m", "compileall", "-q", "--invalidation-mode", "checked-hash"]
    with contextlib.suppress(subprocess.TimeoutExpired):  # Python compiles the rest whenever it needs it.
        subprocess.run(
            [*command, "-s", str(target), "-p", INSIDE, str(target)],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False,
            timeout=_COMPILE_SECONDS,
        )  # fmt: skip


def _limit(rules: PackageRules) -> None:
    os.umask(0o022)
    os.nice(_NICE)
    largest = max(rules.max_bytes, rules.max_wheel_bytes)
    for which, value in ((resource.RLIMIT_FSIZE, largest), (resource.RLIMIT_DATA, _DATA_BYTES)):
        hard = resource.getrlimit(which)[1]
        value = value if hard == resource.RLIM_INFINITY else min(value, hard)
        resource.setrlimit(which, (value, value))


def main(job: dict[str, Any]) -> dict[str, Any]:
    """What came of the job, as the last line says it."""
    rules = PackageRules(**job["rules"])
    try:
        _limit(rules)
        wheels = Path(job["wheels"]) if job["wheels"] else None
        return {"done": install(Path(job["draft"]), job["lines"], wheels, rules)}
    except PackagesError as error:
        return {"failed": str(error)}
    except (OSError, MemoryError) as error:
        return {"failed": f"the packages cannot be installed: {error or type(error).__name__}"}


if __name__ == "__main__":
    print(json.dumps(main(json.loads(sys.argv[1]))), flush=True)
