"""Reads the XML of a common transfer file pupil by pupil, within bounds that a hostile file cannot pass.

No document type, no entity and no processing beyond plain elements; at most 20 MB, 20 levels, 10,000 pupils, 4,000
signs in one element and 500 different tags. One pupil at a time is held in memory. Namespaces and the case of tags
are not regarded: the department's own writers differ in both.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from xml.parsers import expat

from booking.core.errors import BookingError
from booking.people.ctf_encoding import CannotDecode, decoded, same_encoding
from booking.people.import_problems import ImportProblem, ImportRefused

LARGEST = 20 * 1024 * 1024
DEEPEST = 20
MOST_PUPILS = 10_000
LONGEST_TEXT = 4_000
MOST_ELEMENTS = 3_000
"""In one pupil: a long school life with every assessment has some hundreds."""
MOST_NAMES = 500
"""Different tags and attributes: expat keeps each one that it meets until the end; the whole standard has some 200."""
LONGEST_TOKEN = 128 * 1024
"""One tag, comment or instruction. Without a bound an expat before 2.6.0 reads a long one again with every piece."""
OLDEST_EXPAT = (2, 5, 0)
"""Before 2.5.0 a broken file could write where it must not. What 2.6.0 mended, `LONGEST_TOKEN` keeps out; what was
mended since needs a document type, which is refused. So the 2.5.0 of Python 3.11 and of Debian 12 will do."""
BROKEN = {
    "no element found": "The file ends too soon.",
    "unclosed token": "The file ends too soon.",
    "unclosed CDATA section": "The file ends too soon.",
    "mismatched tag": "An element is not closed where it should be.",
    "undefined entity": "A sign is written as an entity that nobody explains.",
}


class OldExpat(BookingError):
    """This machine's XML reader has a known hole; nothing was read, and the message says what to update."""


@dataclass
class Node:
    """One element: its tag in small letters and as written, the line on which it begins, its text and its children."""

    tag: str
    name: str
    line: int
    text: str = ""
    children: list[Node] = field(default_factory=list)

    def first(self, *path: str) -> Node | None:
        """The first descendant along these tags, or None."""
        return next(self.all(*path), None)

    def all(self, *path: str) -> Iterator[Node]:
        """Every descendant along these tags, in the order of the file."""
        if not path:
            yield self
            return
        for child in self.children:
            if child.tag == path[0]:
                yield from child.all(*path[1:])


def check_expat(version: tuple[int, int, int] = expat.version_info) -> None:
    """Raise `OldExpat` when this Python's expat is older than 2.5.0."""
    if version < OLDEST_EXPAT:
        known = ".".join(map(str, version))
        raise OldExpat(
            f"XML is not read here: expat {known} has a known hole. Update Python, then try again."
        )


def read_elements(
    content: bytes,
    file: str,
    *,
    ignored: frozenset[str],
    on_header: Callable[[Node], None],
    on_pupil: Callable[[Node], None],
) -> Counter[str]:
    """Hand over the header and then each pupil; gives the tags beside them, by how often they stand there.

    What is `ignored` is never looked into. Raises `ImportRefused` for what is not a common transfer file, and for
    whatever passes a bound.
    """
    try:
        check_expat()
    except OldExpat as error:
        raise _refused(file, 0, str(error)) from error
    if len(content) > LARGEST:
        raise _refused(file, 0, "This file is larger than 20 MB. Export only the pupils.")
    parser = expat.ParserCreate("utf-8")
    parser.buffer_text = True
    reader = _Reader(file, parser, ignored, on_header, on_pupil)
    fed = 0
    try:
        encoding, pieces = decoded(content)
        reader.encoding = encoding
        for piece in pieces:
            parser.Parse(piece, False)
            fed += len(piece)
            if fed - parser.CurrentByteIndex > LONGEST_TOKEN:
                reader.refuse("One element or comment is longer than any such file needs.")
        parser.Parse(b"", True)
    except expat.ExpatError as error:
        said = expat.errors.messages[error.code]
        words = BROKEN.get(said, f"The file is broken here ({said}).")
        raise _refused(file, error.lineno, f"{words} Export it again.") from error
    except CannotDecode as error:
        raise _refused(file, parser.CurrentLineNumber, str(error)) from error
    if not reader.pupils:
        raise _refused(file, 0, "There is no pupil in this file.")
    return reader.unknown


class _Reader:
    """Builds one element at a time below the root, and forgets it once it was handed over."""

    encoding = ""

    def __init__(
        self,
        file: str,
        parser: expat.XMLParserType,
        ignored: frozenset[str],
        on_header: Callable[[Node], None],
        on_pupil: Callable[[Node], None],
    ) -> None:
        self.file, self.parser, self.ignored = file, parser, ignored
        self.on_header, self.on_pupil = on_header, on_pupil
        self.path: list[str] = []
        self.open: list[Node] = []
        self.text: list[str] = []
        self.names: set[str] = set()
        self.length = self.elements = self.pupils = self.skipping = 0
        self.unknown: Counter[str] = Counter()
        self._attach()

    def _attach(self) -> None:
        """Take the parser's events, and refuse the ones that no such file needs."""
        parser = self.parser
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._characters
        parser.XmlDeclHandler = self._declaration
        parser.StartDoctypeDeclHandler = self._doctype
        parser.EntityDeclHandler = self._doctype
        parser.ExternalEntityRefHandler = self._doctype
        parser.SetParamEntityParsing(expat.XML_PARAM_ENTITY_PARSING_NEVER)

    def _declaration(self, _version: str, encoding: str | None, _standalone: int) -> None:
        if encoding and not same_encoding(encoding, self.encoding):
            self.refuse(f"The file says that it is written in {encoding[:20]}, and it is not. Use UTF-8.")

    def _doctype(self, *_: object) -> int:
        self.refuse(
            "The file declares a document type or entities. No such file needs them, so it is refused."
        )
        return 0

    def _start(self, written: str, attributes: dict[str, str]) -> None:
        name = written.rpartition(":")[2]
        tag = name.lower()
        if not self.path and tag != "ctfile":
            self.refuse("This is not a common transfer file: it does not begin with CTfile.")
        self._bound(written, attributes)
        self.path.append(tag)
        if len(self.path) > DEEPEST:
            self.refuse(f"The elements are more than {DEEPEST} levels deep.")
        self.text, self.length = [], 0
        if self.skipping or tag in self.ignored:
            self.skipping += 1
        elif self.open or self._begins_one():
            self._add(tag, name)
        elif self.path not in (["ctfile"], ["ctfile", "ctfpupildata"]):
            self.unknown[name] += 1
            self.skipping += 1

    def _bound(self, written: str, attributes: dict[str, str]) -> None:
        if sum(map(len, attributes.values())) > LONGEST_TEXT:
            self.refuse("An element has more attributes than any such file needs.")
        self.names.add(written)
        self.names.update(attributes)
        if len(self.names) > MOST_NAMES:
            self.refuse(f"The file has more than {MOST_NAMES} different tags. No such file needs them.")

    def _begins_one(self) -> bool:
        return self.path in (["ctfile", "header"], ["ctfile", "ctfpupildata", "pupil"])

    def _add(self, tag: str, name: str) -> None:
        if not self.open:
            self.elements = 0
        self.elements += 1
        if self.elements > MOST_ELEMENTS:
            self.refuse(f"One pupil has more than {MOST_ELEMENTS:,} elements.")
        node = Node(tag, name, self.parser.CurrentLineNumber)
        if self.open:
            self.open[-1].children.append(node)
        self.open.append(node)

    def _characters(self, text: str) -> None:
        """Blanks between elements are not counted, nor kept where they alone would fill the memory."""
        self.length += len(text)
        if self.length > LONGEST_TEXT:
            if text.strip():
                self.refuse(f"A text is longer than {LONGEST_TEXT:,} signs.")
        elif self.open and not self.skipping:
            self.text.append(text)

    def _end(self, _name: str) -> None:
        self.path.pop()
        text, self.text, self.length = self.text, [], 0
        if self.skipping:
            self.skipping -= 1
        elif self.open:
            node = self.open.pop()
            if not node.children:
                node.text = "".join(text).strip()
            if not self.open:
                self._hand_over(node)

    def _hand_over(self, node: Node) -> None:
        if node.tag == "header":
            self.on_header(node)
            return
        self.pupils += 1
        if self.pupils > MOST_PUPILS:
            self.refuse(f"More than {MOST_PUPILS:,} pupils. Is this the right file?")
        self.on_pupil(node)

    def refuse(self, reason: str) -> None:
        """Raise `ImportRefused` with the line that is being read."""
        raise _refused(self.file, self.parser.CurrentLineNumber, reason)


def _refused(file: str, line: int, reason: str) -> ImportRefused:
    return ImportRefused([ImportProblem(file, line, "", "", reason)])
