"""`janus new`: the files that a submission needs, written into a folder. What already stands there stays as it is.

Python's template is an implementation that runs and repeats the question, with Dockerfile, licence, lock file and
README; those for Node.js and Go search for the question and name what they found.
"""

from __future__ import annotations

from pathlib import Path

from janus_platform.errors import PlatformError
from janus_platform.implementations import TEMPLATE, TEMPLATES
from janus_platform.node.registry import NAME

_PLACEHOLDER = "NAME"
# The file of each template in which its author goes on.
NEXT = {"python": "answer.py", "node": "answer.js", "go": "answer.go"}


def new(folder: str | Path, name: str | None = None, language: str = "python") -> list[str]:
    """Write what is missing of the template into `folder` and return the names of the files written.

    `name` is what the implementation will be called, by default the folder's own name; `language` is one of python,
    node and go. Raises PlatformError for a name that could not be submitted, for another language, and for a folder
    that cannot be written.
    """
    if (template := TEMPLATES.get(language)) is None:
        raise PlatformError(f"There is no template for {language[:40]!r}. There are: {', '.join(TEMPLATES)}.")
    target = Path(folder).expanduser()
    called = name or target.resolve().name.lower().replace("_", "-")
    if not NAME.fullmatch(called):
        remedy = "Use 1 to 63 lower-case letters, digits and hyphens: --name NAME."
        raise PlatformError(f"{called!r} cannot name an implementation. {remedy}")
    try:
        target.mkdir(parents=True, exist_ok=True)
        files = {path.name: path for path in (TEMPLATE / "LICENSE", *template.iterdir()) if path.is_file()}
        return [name for name, path in sorted(files.items()) if _written(path, target, called)]
    except OSError as error:
        raise PlatformError(f"Cannot write to {target}: {error.strerror}. Choose another folder.") from None


def _written(source: Path, folder: Path, name: str) -> bool:
    """Whether the file was missing, and is now there."""
    text = source.read_text(encoding="utf-8")
    if source.name == "README.md":
        text = text.replace(_PLACEHOLDER, name)
    try:
        with (folder / source.name).open("x", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError:
        return False
    return True
