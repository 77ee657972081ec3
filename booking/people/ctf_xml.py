"""What a common transfer file is as XML: where its header and its pupils stand, and how large it may be."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

from booking.core.xml_reading import Node, XmlKind, XmlRefused, read_pieces
from booking.people.import_problems import ImportProblem, ImportRefused

CTF = XmlKind("CTfile", "a common transfer file", "pupil", "pupils", 10_000, 20, "Export only the pupils.")
HEADER, PUPIL = ("ctfile", "header"), ("ctfile", "ctfpupildata", "pupil")


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
    pupils = 0

    def each(node: Node) -> None:
        nonlocal pupils
        pupils += 1
        on_pupil(node)

    try:
        unknown = read_pieces(content, CTF, {HEADER: on_header, PUPIL: each}, counted=PUPIL, ignored=ignored)
    except XmlRefused as error:
        raise ImportRefused([ImportProblem(file, error.line, "", "", str(error))]) from error
    if not pupils:
        raise ImportRefused([ImportProblem(file, 0, "", "", "There is no pupil in this file.")])
    return unknown
