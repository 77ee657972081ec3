"""The Internet Printing Protocol as bytes (RFC 8010, 8011): requests that are written, answers that are read.

Only what is needed to print a PDF and to ask what became of it. Version 1.1, which every IPP printer and CUPS speak.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

PRINT_JOB, VALIDATE_JOB, GET_JOB, GET_JOBS, GET_PRINTER = 0x0002, 0x0004, 0x0009, 0x000A, 0x000B
OPERATION, JOB, END, PRINTER = 0x01, 0x02, 0x03, 0x04
INTEGER, BOOLEAN, ENUM = 0x21, 0x22, 0x23
TEXT, NAME, KEYWORD, URI, CHARSET, LANGUAGE, MIME = 0x41, 0x42, 0x44, 0x45, 0x47, 0x48, 0x49
TEXT_WITH_LANGUAGE, NAME_WITH_LANGUAGE = 0x35, 0x36
FIRST_VALUE_TAG = 0x10
LONGEST_VALUE = 1023
"""A name or a text may be longer in the protocol; ours never are."""

Value = int | bool | str | bytes


class NotIpp(ValueError):
    """What came back cannot be read as an answer of IPP."""


@dataclass(frozen=True)
class Attribute:
    """One attribute with its values, all of one kind (`tag`)."""

    tag: int
    name: str
    values: tuple[Value, ...]


@dataclass(frozen=True)
class Answer:
    """A printer's answer: its status, and the attributes of each group in their order, as (group, attributes)."""

    status: int
    request_id: int
    groups: tuple[tuple[int, Mapping[str, tuple[Value, ...]]], ...] = field(default=())

    @property
    def is_ok(self) -> bool:
        """Whether the printer did what it was asked to (successful-ok and its variants)."""
        return self.status < 0x0100

    def group(self, tag: int) -> Mapping[str, tuple[Value, ...]]:
        """The first group of a kind, or nothing."""
        return next((found for one, found in self.groups if one == tag), {})

    def each(self, tag: int) -> list[Mapping[str, tuple[Value, ...]]]:
        """All groups of a kind, such as the jobs of a list."""
        return [found for one, found in self.groups if one == tag]


def request(
    operation: int,
    request_id: int,
    attributes: Iterable[Attribute],
    job: Iterable[Attribute] = (),
    document: bytes = b"",
) -> bytes:
    """A request with its operation and job attributes, and the document behind them."""
    parts = [struct.pack(">BBhi", 1, 1, operation, request_id), bytes([OPERATION])]
    charset = (Attribute(CHARSET, "attributes-charset", ("utf-8",)),)
    language = (Attribute(LANGUAGE, "attributes-natural-language", ("en-gb",)),)
    parts += [_written(one) for one in (*charset, *language, *attributes)]
    wanted = [_written(one) for one in job]
    if wanted:
        parts += [bytes([JOB]), *wanted]
    return b"".join([*parts, bytes([END]), document])


def _written(attribute: Attribute) -> bytes:
    parts = []
    for number, value in enumerate(attribute.values):
        name = attribute.name.encode("ascii") if number == 0 else b""
        content = _content(attribute.tag, value)
        parts.append(struct.pack(">BH", attribute.tag, len(name)) + name)
        parts.append(struct.pack(">H", len(content)) + content)
    return b"".join(parts)


def _content(tag: int, value: Value) -> bytes:
    if tag == BOOLEAN:
        return bytes([bool(value)])
    if isinstance(value, int):
        return struct.pack(">i", value)
    content = value.encode() if isinstance(value, str) else value
    return content[:LONGEST_VALUE].decode(errors="ignore").encode() if tag in {TEXT, NAME} else content


def read_answer(content: bytes) -> Answer:
    """An answer from its bytes; raises `NotIpp` when they are cut off or something else."""
    try:
        _, status, request_id = struct.unpack_from(">HHi", content)
        return Answer(status, request_id, tuple(_groups(content)))
    except (struct.error, IndexError, UnicodeDecodeError) as error:
        raise NotIpp("the answer is not IPP, or it was cut off") from error


def _groups(content: bytes) -> Iterator[tuple[int, Mapping[str, tuple[Value, ...]]]]:
    """Each group of attributes; members of collections, which nothing here asks for, count as more values."""
    place, group, name = 8, 0, ""
    found: dict[str, tuple[Value, ...]] = {}
    while (tag := content[place]) != END:
        place += 1
        if tag < FIRST_VALUE_TAG:
            if group:
                yield group, found
            group, found, name = tag, {}, ""
            continue
        given, place = _piece(content, place)
        value, place = _piece(content, place)
        name = given.decode("ascii") if given else name
        found[name] = (*found.get(name, ()), _read(tag, value))
    if group:
        yield group, found


def _piece(content: bytes, place: int) -> tuple[bytes, int]:
    (length,) = struct.unpack_from(">H", content, place)
    end = place + 2 + length
    if end > len(content):
        raise IndexError
    return content[place + 2 : end], end


def _read(tag: int, content: bytes) -> Value:
    if tag in {INTEGER, ENUM} and len(content) == 4:
        return int(struct.unpack(">i", content)[0])
    if tag == BOOLEAN and len(content) == 1:
        return content != b"\0"
    if tag in {TEXT_WITH_LANGUAGE, NAME_WITH_LANGUAGE}:
        _, place = _piece(content, 0)
        return _piece(content, place)[0].decode(errors="replace")
    return content.decode(errors="replace") if TEXT <= tag <= MIME else content
