"""Reads an XML file piece by piece, within bounds that a hostile file cannot pass.

No document type, no entity and no processing beyond plain elements; at most 20 levels, 4,000 signs in one element, 500
different tags, and as many bytes and pieces as the kind of file allows. One piece at a time is held in memory.
Namespaces and the case of tags are not regarded: those who write such files differ in both.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from xml.parsers import expat

from booking.core.errors import BookingError
from booking.core.xml_encoding import CannotDecode, decoded, same_encoding

MEGABYTE = 1024 * 1024
DEEPEST = 20
LONGEST_TEXT = 4_000
MOST_ELEMENTS = 3_000
"""In one piece: a pupil's long school life with every assessment has some hundreds."""
MOST_NAMES = 500
"""Different tags and attributes: expat keeps each one that it meets until the end; a whole standard has some 200."""
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


class XmlRefused(BookingError):
    """The file is broken, hostile or of another kind, from this line on (0: as a whole); its words are the reason."""

    def __init__(self, line: int, reason: str) -> None:
        super().__init__(reason)
        self.line = line


class OldExpat(BookingError):
    """This machine's XML reader has a known hole; nothing was read, and the message says what to update."""


@dataclass(frozen=True)
class XmlKind:
    """A kind of file: how it begins, what it is called, and how much of it is read."""

    root: str
    name: str
    one: str
    many: str
    most: int
    megabytes: int
    smaller: str


@dataclass
class Node:
    """One element: its tag in small letters and as written, the line on which it begins, what it says and holds."""

    tag: str
    name: str
    line: int
    attributes: Mapping[str, str]
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


def read_pieces(
    content: bytes,
    kind: XmlKind,
    pieces: Mapping[tuple[str, ...], Callable[[Node], None]],
    *,
    counted: tuple[str, ...],
    ignored: frozenset[str] = frozenset(),
) -> Counter[str]:
    """Hand each element that stands at one of these paths (small letters) to its function, in the order of the file.

    `counted` is the path of which the kind allows so many; what is `ignored` is never looked into. Gives the tags that
    stand beside the paths, by how often. Raises `XmlRefused`.
    """
    try:
        check_expat()
    except OldExpat as error:
        raise XmlRefused(0, str(error)) from error
    if len(content) > kind.megabytes * MEGABYTE:
        raise XmlRefused(0, f"This file is larger than {kind.megabytes} MB. {kind.smaller}")
    parser = expat.ParserCreate("utf-8")
    parser.buffer_text = True
    reader = _Reader(parser, kind, pieces, counted, ignored)
    fed = 0
    try:
        encoding, parts = decoded(content)
        reader.encoding = encoding
        for part in parts:
            parser.Parse(part, False)
            fed += len(part)
            if fed - parser.CurrentByteIndex > LONGEST_TOKEN:
                reader.refuse("One element or comment is longer than any such file needs.")
        parser.Parse(b"", True)
    except expat.ExpatError as error:
        said = expat.errors.messages[error.code]
        words = BROKEN.get(said, f"The file is broken here ({said}).")
        raise XmlRefused(error.lineno, f"{words} Export it again.") from error
    except CannotDecode as error:
        raise XmlRefused(parser.CurrentLineNumber, str(error)) from error
    return reader.unknown


class _Reader:
    """Builds one element at a time below the root, and forgets it once it was handed over."""

    encoding = ""

    def __init__(
        self,
        parser: expat.XMLParserType,
        kind: XmlKind,
        pieces: Mapping[tuple[str, ...], Callable[[Node], None]],
        counted: tuple[str, ...],
        ignored: frozenset[str],
    ) -> None:
        self.parser, self.kind, self.pieces = parser, kind, pieces
        self.counted, self.ignored = counted, ignored
        self.on_the_way = {path[:length] for path in pieces for length in range(1, len(path))}
        self.path: list[str] = []
        self.open: list[Node] = []
        self.text: list[str] = []
        self.names: set[str] = set()
        self.length = self.elements = self.found = self.skipping = 0
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
        if not self.path and tag != self.kind.root.lower():
            self.refuse(f"This is not {self.kind.name}: it does not begin with {self.kind.root}.")
        self._bound(written, attributes)
        self.path.append(tag)
        if len(self.path) > DEEPEST:
            self.refuse(f"The elements are more than {DEEPEST} levels deep.")
        self.text, self.length = [], 0
        if self.skipping or tag in self.ignored:
            self.skipping += 1
        elif self.open or tuple(self.path) in self.pieces:
            self._add(tag, name, attributes)
        elif tuple(self.path) not in self.on_the_way:
            self.unknown[name] += 1
            self.skipping += 1

    def _bound(self, written: str, attributes: dict[str, str]) -> None:
        if sum(map(len, attributes.values())) > LONGEST_TEXT:
            self.refuse("An element has more attributes than any such file needs.")
        self.names.add(written)
        self.names.update(attributes)
        if len(self.names) > MOST_NAMES:
            self.refuse(f"The file has more than {MOST_NAMES} different tags. No such file needs them.")

    def _add(self, tag: str, name: str, attributes: Mapping[str, str]) -> None:
        if not self.open:
            self.elements = 0
        self.elements += 1
        if self.elements > MOST_ELEMENTS:
            self.refuse(f"One {self.kind.one} has more than {MOST_ELEMENTS:,} elements.")
        node = Node(tag, name, self.parser.CurrentLineNumber, attributes)
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
        path = tuple(self.path)
        self.path.pop()
        text, self.text, self.length = self.text, [], 0
        if self.skipping:
            self.skipping -= 1
        elif self.open:
            node = self.open.pop()
            if not node.children:
                node.text = "".join(text).strip()
            if not self.open:
                self._hand_over(path, node)

    def _hand_over(self, path: tuple[str, ...], node: Node) -> None:
        if path == self.counted:
            self.found += 1
            if self.found > self.kind.most:
                self.refuse(f"More than {self.kind.most:,} {self.kind.many}. Is this the right file?")
        self.pieces[path](node)

    def refuse(self, reason: str) -> None:
        """Raise `XmlRefused` with the line that is being read."""
        raise XmlRefused(self.parser.CurrentLineNumber, reason)
