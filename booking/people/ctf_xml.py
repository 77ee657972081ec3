"""Reads the XML of a common transfer file pupil by pupil, within bounds that a hostile file cannot pass.

No document type, no entity and no processing beyond plain elements; at most 20 MB, 20 levels, 10,000 pupils and 4,000
signs in one element. One pupil at a time is held in memory. Namespaces and the case of tags are not regarded: the
department's own writers differ in both.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from xml.parsers import expat

from booking.core.errors import BookingError
from booking.people.import_problems import ImportProblem, ImportRefused

LARGEST = 20 * 1024 * 1024
DEEPEST = 20
MOST_PUPILS = 10_000
LONGEST_TEXT = 4_000
MOST_ELEMENTS = 3_000
"""In one pupil: a long school life with every assessment has some hundreds."""
CHUNK = 1024 * 1024
"""Large pieces: an old expat reads a token that spans many small ones again and again."""
OLDEST_EXPAT = (2, 4, 1)
"""Before 2.4.1 a few lines of entities could fill the memory, whatever the handlers say."""
ENCODINGS = frozenset(
    {"utf-8", "utf8", "utf-16", "iso-8859-1", "latin-1", "windows-1252", "us-ascii", "ascii"}
)


class OldExpat(BookingError):
    """This machine's XML reader has a known hole; nothing was read, and the message says what to update."""


@dataclass
class Node:
    """One element: its tag in small letters, the line on which it begins, its text and its children."""

    tag: str
    line: int
    text: str = ""
    children: list[Node] = field(default_factory=list)

    def first(self, *path: str) -> Node | None:
        """The first descendant along these tags, or None."""
        node: Node | None = self
        for tag in path:
            node = next((child for child in node.children if child.tag == tag), None) if node else None
        return node

    def all(self, *path: str) -> Iterator[Node]:
        """Every descendant along these tags, in the order of the file."""
        if not path:
            yield self
            return
        for child in self.children:
            if child.tag == path[0]:
                yield from child.all(*path[1:])


def check_expat(version: tuple[int, int, int] = expat.version_info) -> None:
    """Raise `OldExpat` when this Python's expat is older than 2.4.1."""
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
    """Hand over the header and then each pupil; gives the tags that `ignored` does not list and nobody asked for.

    Raises `ImportRefused` for what is not a common transfer file, and for whatever passes a bound.
    """
    check_expat()
    if len(content) > LARGEST:
        raise _refused(file, 0, "This file is larger than 20 MB. Export only the pupils.")
    reader = _Reader(file, ignored, on_header, on_pupil)
    parser = expat.ParserCreate()
    parser.buffer_text = True
    reader.attach(parser)
    try:
        for start in range(0, max(len(content), 1), CHUNK):
            piece = content[start : start + CHUNK]
            parser.Parse(piece, start + CHUNK >= len(content))
    except expat.ExpatError as error:
        words = expat.errors.messages[error.code]
        raise _refused(file, error.lineno, f"The file is broken here ({words}). Export it again.") from error
    except (LookupError, ValueError) as error:
        raise _refused(file, 1, "The file is in a way of writing that we do not read. Use UTF-8.") from error
    if not reader.has_pupils:
        raise _refused(file, 0, "There is no pupil in this file.")
    return reader.unknown


class _Reader:
    """Builds one element at a time below the root, and forgets it once it was handed over."""

    def __init__(
        self,
        file: str,
        ignored: frozenset[str],
        on_header: Callable[[Node], None],
        on_pupil: Callable[[Node], None],
    ) -> None:
        self.file, self.ignored = file, ignored
        self.on_header, self.on_pupil = on_header, on_pupil
        self.path: list[str] = []
        self.open: list[Node] = []
        self.text: list[str] = []
        self.lengths = 0
        self.elements = self.pupils = self.skipping = 0
        self.unknown: Counter[str] = Counter()

    @property
    def has_pupils(self) -> bool:
        """Whether any pupil was handed over."""
        return self.pupils > 0

    def attach(self, parser: expat.XMLParserType) -> None:
        """Take the parser's events, and refuse the ones that no such file needs."""
        self.parser = parser
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._characters
        parser.XmlDeclHandler = self._declaration
        parser.StartDoctypeDeclHandler = self._doctype
        parser.EntityDeclHandler = self._doctype
        parser.ExternalEntityRefHandler = self._doctype

    def _declaration(self, _version: str, encoding: str | None, _standalone: int) -> None:
        if encoding and encoding.lower() not in ENCODINGS:
            self._refuse(
                f"The file says that it is written in {encoding[:20]}, which we do not read. Use UTF-8."
            )

    def _doctype(self, *_: object) -> int:
        self._refuse(
            "The file declares a document type or entities. No such file needs them, so it is refused."
        )
        return 0

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        tag = name.rpartition(":")[2].lower()
        if not self.path and tag != "ctfile":
            self._refuse("This is not a common transfer file: it does not begin with CTfile.")
        if sum(map(len, attributes.values())) > LONGEST_TEXT:
            self._refuse("An element has more attributes than any such file needs.")
        self.path.append(tag)
        if len(self.path) > DEEPEST:
            self._refuse(f"The elements are more than {DEEPEST} levels deep.")
        if self.skipping or tag in self.ignored:
            self.skipping += 1
            return
        if self.open or self._begins_one(tag):
            self._add(tag)

    def _begins_one(self, tag: str) -> bool:
        place = tuple(self.path)
        return place == ("ctfile", "header") or place == ("ctfile", "ctfpupildata", "pupil")

    def _add(self, tag: str) -> None:
        if not self.open:
            self.elements = 0
        self.elements += 1
        if self.elements > MOST_ELEMENTS:
            self._refuse(f"One pupil has more than {MOST_ELEMENTS} elements.")
        node = Node(tag, self.parser.CurrentLineNumber)
        if self.open:
            self.open[-1].children.append(node)
        self.open.append(node)
        self.text, self.lengths = [], 0

    def _characters(self, text: str) -> None:
        self.lengths += len(text)
        if self.lengths > LONGEST_TEXT and text.strip():
            self._refuse(f"A text is longer than {LONGEST_TEXT:,} signs.")
        if self.open and not self.skipping:
            self.text.append(text)

    def _end(self, _name: str) -> None:
        self.path.pop()
        if self.skipping:
            self.skipping -= 1
            self.lengths = 0
            return
        if not self.open:
            return
        node = self.open.pop()
        if not node.children:
            node.text = "".join(self.text).strip()
        self.text, self.lengths = [], 0
        if not self.open:
            self._hand_over(node)

    def _hand_over(self, node: Node) -> None:
        if node.tag == "header":
            self.on_header(node)
            return
        self.pupils += 1
        if self.pupils > MOST_PUPILS:
            self._refuse(f"More than {MOST_PUPILS:,} pupils. Is this the right file?")
        self.on_pupil(node)

    def _refuse(self, reason: str) -> None:
        raise _refused(self.file, self.parser.CurrentLineNumber, reason)


def _refused(file: str, line: int, reason: str) -> ImportRefused:
    return ImportRefused([ImportProblem(file, line, "", "", reason)])
