"""The bytes of an XML file as UTF-8, piece by piece, out of the few encodings that systems of schools write.

The bytes are never read in an encoding that they merely claim: a file is decoded here, strictly, and the parser gets
UTF-8 alone. UTF-7, EBCDIC and the like, in which a sign may hide from whoever looks at the bytes, are refused.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator

PIECE = 64 * 1024
_MARKS = (
    (codecs.BOM_UTF32_LE, ""),
    (codecs.BOM_UTF32_BE, ""),
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
"""Longest first where one begins another; an empty name is one that is not read."""
_NAMES = {
    "utf-8": "utf-8", "utf8": "utf-8", "us-ascii": "ascii", "ascii": "ascii",
    "iso-8859-1": "iso-8859-1", "latin-1": "iso-8859-1", "latin1": "iso-8859-1",
    "windows-1252": "cp1252", "cp1252": "cp1252",
    "utf-16": "utf-16", "utf16": "utf-16", "utf-16le": "utf-16-le", "utf-16be": "utf-16-be",
}  # fmt: skip
_DECLARED = re.compile(rb"""<\?xml[^>]{0,100}?\sencoding\s*=\s*["']([^"'>]{0,40})["']""")
_USE = "Save or export it as UTF-8."


class CannotDecode(ValueError):
    """These bytes are not text in an encoding that is read; its words are for the person."""


def decoded(content: bytes) -> tuple[str, Iterator[bytes]]:
    """The encoding that the bytes are in, and the text as UTF-8 in pieces, without a mark at its beginning.

    Raises `CannotDecode`, at once or with the piece that does not fit.
    """
    encoding, skip = _encoding(content)
    return encoding, _pieces(content, encoding, skip)


def same_encoding(declared: str, actual: str) -> bool:
    """Whether a file that declares one encoding may be read in another: UTF-16 leaves the order to the mark."""
    name = _NAMES.get(declared.lower(), "")
    return name == actual or (name == "utf-16" and actual.startswith("utf-16-"))


def _encoding(content: bytes) -> tuple[str, int]:
    """The encoding by the mark, by the zeros of UTF-16, or as declared, with the length of the mark."""
    for mark, name in _MARKS:
        if content.startswith(mark):
            return _known(name, "UTF-32"), len(mark)
    if content[:4] in (b"<\x00?\x00", b"<\x00C\x00"):
        return "utf-16-le", 0
    if content[:4] in (b"\x00<\x00?", b"\x00<\x00C"):
        return "utf-16-be", 0
    declared = _DECLARED.match(content)
    if declared is None:
        return "utf-8", 0
    told = declared[1].decode("ascii", "replace")
    name = _known(_NAMES.get(told.lower(), ""), told)
    if name.startswith("utf-16"):
        raise CannotDecode(f"The file says that it is written in {told}, and it is not. {_USE}")
    return name, 0


def _known(name: str, told: str) -> str:
    if not name:
        raise CannotDecode(f"The file is written in {told[:20]}, which we do not read. {_USE}")
    return name


def _pieces(content: bytes, encoding: str, skip: int) -> Iterator[bytes]:
    """What can be read comes first, so that the parser knows the line on which it ends."""
    decoder = codecs.getincrementaldecoder(encoding)("strict")
    for start in range(skip, len(content), PIECE):
        wrong = ""
        try:
            text = decoder.decode(content[start : start + PIECE], final=start + PIECE >= len(content))
        except UnicodeDecodeError as error:
            text = error.object[: error.start].decode(encoding)
            wrong = f"From here on the file is not {encoding.upper()}. {_USE}"
        before, nul, _ = text.partition("\x00")
        yield before.encode()
        if nul or wrong:
            raise CannotDecode("The file holds a NUL, which no text does. Export it again." if nul else wrong)
