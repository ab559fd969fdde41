"""Bytes of a page to text: which character set they are in, found as browsers find it, and whether they are text.

Sources: WHATWG HTML, 13.2.3.2 (the order), WHATWG Encoding, 4.2 (the labels), WHATWG MIME Sniffing, 5 and 6.
"""

from __future__ import annotations

import codecs
import re

import webencodings

_BYTE_ORDER_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_PARAMETER = re.compile(r"charset\s*=\s*[\"']?([\w.:-]{1,40})", re.IGNORECASE)
_PRESCANNED_BYTES = 1_024
_COMMENT = re.compile(rb"<!--.*?(-->|$)", re.DOTALL)
_META = re.compile(rb"<meta[^>]{0,400}?charset\s*+=\s*+[\"']?+\s*+([\w.:-]{1,40})", re.IGNORECASE)
_XML = re.compile(rb"^\s*<\?xml[^>]{0,200}?encoding\s*=\s*[\"']([\w.:-]{1,40})", re.IGNORECASE)
# Labels that browsers do not know, and pages write nevertheless.
_ALIASES = {"latin-1": "latin1", "cp936": "gbk"}
# Labels of no character set of their own, which say that a body is not to be read as text.
_UNREADABLE = frozenset({"replacement", "x-user-defined"})
# How much of a body is looked at, and how common documents that are no text begin (WHATWG MIME Sniffing, 5.2 and 6).
_SNIFFED_BYTES = 1_445
_SIGNATURES = (b"%PDF-", b"PK\x03\x04", b"\x89PNG", b"GIF8", b"\xff\xd8\xff", b"\x1f\x8b", b"%!PS-")


def decode(body: bytes, content_type: str) -> str:
    """The text of `body`: by byte-order mark, `Content-Type`, `<meta>` or XML declaration, else by its bytes.

    Without any declaration it is UTF-8, or windows-1252 where it cannot be UTF-8. Undecodable bytes become U+FFFD.
    """
    for mark, name in _BYTE_ORDER_MARKS:
        if body.startswith(mark):
            return body[len(mark) :].decode(name, errors="replace")
    codec = _declared(body, content_type)
    return body.decode(codec, errors="replace") if codec else _guessed(body)


def is_binary(body: bytes, content_type: str) -> bool:
    """Whether `body` is no text, whatever its server calls it: a PDF sent as text/html, say."""
    if body.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return False
    if body.startswith(_SIGNATURES):
        return True
    declared = _PARAMETER.search(content_type)
    is_utf_16 = bool(declared and (_codec(declared[1]) or "").startswith("utf-16"))
    return not is_utf_16 and b"\x00" in body[:_SNIFFED_BYTES]


def _declared(body: bytes, content_type: str) -> str | None:
    in_header = _PARAMETER.search(content_type)
    if in_header and (codec := _codec(in_header[1])):
        return codec
    start = _COMMENT.sub(b"", body[:_PRESCANNED_BYTES])
    in_page = _META.search(start) or _XML.search(start)
    codec = _codec(in_page[1].decode("ascii", "replace")) if in_page else None
    # A page that declares UTF-16 in readable ASCII is not in UTF-16 (WHATWG HTML, 13.2.3.2).
    return "utf-8" if codec and codec.startswith("utf-16") else codec


def _codec(label: str) -> str | None:
    """Python's codec for a label; None where browsers do not know it either."""
    label = label.lower()
    encoding = webencodings.lookup(_ALIASES.get(label, label))
    if encoding is None or encoding.name in _UNREADABLE:
        return None
    # Browsers decode both with the larger of the two (WHATWG Encoding, 10.1.1).
    return "gb18030" if encoding.name == "gbk" else str(encoding.codec_info.name)


def _guessed(body: bytes) -> str:
    text = body.decode("utf-8", errors="replace")
    wrong = text.count("\ufffd")
    # One damaged character in a page of good ones is damage; more damage than good means another character set.
    good = len(text) - len(text.encode("ascii", "ignore")) - wrong if wrong else 0
    return body.decode("cp1252", errors="replace") if wrong > good else text
