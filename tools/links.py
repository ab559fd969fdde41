"""Asks every address that the pages and notebooks link to, once each, and names those that do not answer.

An address that cannot be asked is left out and counted: this machine's own, reserved example names, and the platform's
hosts, which `janus check --live` asks with a key.
"""

from __future__ import annotations

import json
import re
import tomllib
import urllib.error
import urllib.request
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import urlsplit

from tools.environment import ROOT
from tools.terminal import StepFailed, Terminal

TRIES = 3
SECONDS = 20
AT_ONCE = 8
# Refused to programs, not gone: a reader's browser is let in.
LETS_ONLY_PEOPLE_IN = {401, 403, 405, 429}
_ADDRESS = re.compile(r"https?://[^\s<>\"'`)\]}\\|]+")
_RESERVED = re.compile(r"(^|\.)(example(\.\w+)?|test|invalid|localhost)$|^127\.|^10\.|^\[")
_CODE = re.compile(r"^(`{3,}).*?^\1`*\s*$|`[^`\n]+`", re.M | re.S)


def check(terminal: Terminal, root: Path = ROOT) -> None:
    """Ask them all. Raises StepFailed naming each dead address and where it stands."""
    found = addresses(root)
    asked = {address: places for address, places in found.items() if is_public(address, own_hosts(root))}
    terminal.say(f"  {len(asked)} addresses; {len(found) - len(asked)} others cannot be asked from here")
    with ThreadPoolExecutor(AT_ONCE) as pool:
        answers = dict(zip(asked, pool.map(answer, asked), strict=True))
    dead = [f"{said:>4}  {address}  in {', '.join(asked[address])}" for address, said in answers.items() if said]
    if dead:
        raise StepFailed(
            f"{len(dead)} links lead nowhere", output="\n".join(dead), remedy="Mend or remove them, then run it again."
        )


def addresses(root: Path) -> dict[str, list[str]]:
    """Each address in the prose of pages and notebooks, with the files it stands in. Code is not prose."""
    found: dict[str, list[str]] = {}
    files = [*sorted(root.glob("*.md")), *sorted(root.glob("book/*.md")), *sorted(root.glob("notebooks/*.ipynb"))]
    for file in files:
        for address in _ADDRESS.findall(_CODE.sub("", prose(file))):
            places = found.setdefault(address.rstrip(".,;:*_"), [])
            if (name := file.relative_to(root).as_posix()) not in places:
                places.append(name)
    return found


def prose(file: Path) -> str:
    """A page's text; of a notebook its Markdown cells."""
    text = file.read_text(encoding="utf-8")
    if file.suffix != ".ipynb":
        return text
    return "\n\n".join("".join(cell["source"]) for cell in json.loads(text)["cells"] if cell["cell_type"] == "markdown")


def own_hosts(root: Path) -> set[str]:
    """The platform's hosts, and the repository's address while it still names no owner."""
    contract = tomllib.loads((root / "janus_platform" / "contract" / "contract.toml").read_text(encoding="utf-8"))
    return {*contract["egress"]["allowed_hosts"], contract["repository"]}


def is_public(address: str, own: Iterable[str]) -> bool:
    """False for an address that answers to nobody here."""
    host = urlsplit(address).hostname or ""
    return not _RESERVED.search(host) and host not in own and "/OWNER/" not in address and "." in host


def answer(address: str) -> str:
    """Empty when the address answers; else its status or what went wrong, after some tries."""
    said = ""
    for _ in range(TRIES):
        request = urllib.request.Request(address, headers={"User-Agent": "Mozilla/5.0 (link check of a book)"})
        try:
            with urllib.request.urlopen(request, timeout=SECONDS) as response:
                response.read(1)
            return ""
        except urllib.error.HTTPError as error:
            if error.code in LETS_ONLY_PEOPLE_IN:
                return ""
            said = str(error.code)
        except (OSError, ValueError) as error:
            said = type(getattr(error, "reason", error)).__name__
    return said
