"""The fields of `POST /execute` that the contract's types cannot check: input files by name, and standard input."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from typing import Any

from janus_platform.services.code_sandbox.run import Program
from janus_platform.services.framework.problem import invalid_field

MAX_NAME = 100
_FORM = '{"name": "data.csv", "text": "a,b"}, or with "data" in Base64 instead of "text"'


def program_of(body: Mapping[str, Any], source: str) -> Program:
    """The program that a checked body asks for; `source` is the name that its own source file has.

    Raises Problem 422 naming the field.
    """
    files: dict[str, bytes] = {}
    for entry in body["files"] or ():
        name, content = _file(entry)
        if name == source:
            raise invalid_field("files", f"`{source}` is the program itself. Give the file a different name.")
        if name in files:
            raise invalid_field("files", "`files` names one file twice. Send each once.")
        files[name] = content
    return Program(body["code"], (body["stdin"] or "").encode(), files)


def _file(entry: Any) -> tuple[str, bytes]:
    if not isinstance(entry, dict) or not isinstance(entry.get("name"), str):
        raise invalid_field("files", f"Each of `files` must be an object such as {_FORM}.")
    name: str = entry["name"]
    text, data = entry.get("text"), entry.get("data")
    if not _is_plain(name):
        raise invalid_field(
            "files",
            f"A file's name must be 1 to {MAX_NAME} printable characters, no slash, and not start with a dot.",
        )
    sent = [content for content in (text, data) if content is not None]
    if len(sent) != 1 or not isinstance(sent[0], str):
        raise invalid_field("files", f"Each of `files` needs one string, `text` or `data`, such as {_FORM}.")
    try:
        return name, base64.b64decode(sent[0], validate=True) if text is None else sent[0].encode("utf-8")
    except (binascii.Error, ValueError):
        raise invalid_field("files", "`data` must be Base64 (RFC 4648, section 4), and `text` valid Unicode.") from None


def _is_plain(name: str) -> bool:
    # A lone surrogate is not printable, so every such name can be encoded.
    return (
        0 < len(name.encode("utf-8", "replace")) <= MAX_NAME
        and name.isprintable()
        and name[0] != "."
        and "/" not in name
    )
