"""Data in, PDF out: one Typst template of templates/print with one JSON document, always the same bytes for the same two.

Data reaches a template as data and is never read as markup. The fonts are those of `booking.core.fonts`. The
result is PDF/UA-1 (made for screen readers) unless a letter has no glyph; then it prints all the same.
"""

from __future__ import annotations

import json
import logging
import threading
import unicodedata
from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from booking.core import fonts

_FOLDER = Path(__file__).resolve().parents[2] / "templates" / "print"
_LOCK = threading.Lock()
_COMPILERS: dict[tuple[str, tuple[Path, ...]], Any] = {}
_REORDERING = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
_log = logging.getLogger(__name__)


def render(template: str, data: Mapping[str, Any], *, at: datetime) -> bytes:
    """Print one template, such as `register.typ`; `at` is the instant written into the file as its date.

    Raises `ValueError` for a naive `at` or an unknown template, and Typst's own error for a template that
    does not compile. Threads take turns: Typst gains nothing from running twice at once.
    """
    if at.tzinfo is None:
        raise ValueError("an instant must know its zone")
    if Path(template).name != template or not (_FOLDER / template).is_file():
        raise ValueError(f"there is no print template {template!r}")
    tidy = _tidied(data)
    choice = fonts.chosen_for(_texts(tidy))
    inputs = {
        "data": json.dumps(tidy, ensure_ascii=False, sort_keys=True),
        "fonts": json.dumps(choice.families),
    }
    with _LOCK:
        return _compile(template, choice, inputs, int(at.timestamp()))


def _compile(template: str, choice: fonts.FontChoice, inputs: dict[str, str], stamp: int) -> bytes:
    import typst

    compiler = _compiler(template, choice.folders)
    if not choice.missing:
        try:
            return bytes(
                compiler.compile(format="pdf", sys_inputs=inputs, pdf_standards="ua-1", timestamp=stamp)
            )
        except typst.TypstError:
            # Typst's words quote the text that failed, a child's name perhaps, so they stay out of the log.
            _log.warning("%s does not pass PDF/UA-1 with this data; printing without the mark", template)
    return bytes(compiler.compile(format="pdf", sys_inputs=inputs, pdf_standards=[], timestamp=stamp))


def _compiler(template: str, folders: tuple[Path, ...]) -> Any:
    import typst

    key = (template, folders)
    if key not in _COMPILERS:
        found = typst.Fonts(
            include_system_fonts=False, include_embedded_fonts=False, font_paths=[str(f) for f in folders]
        )
        _COMPILERS[key] = typst.Compiler(str(_FOLDER / template), root=str(_FOLDER), font_paths=found)
    return _COMPILERS[key]


def _tidied(value: Any) -> Any:
    """The same data with composed letters, and without what no paper can show or what would turn a line round."""
    if isinstance(value, str):
        return "".join(_kept(letter) for letter in unicodedata.normalize("NFC", value))
    if isinstance(value, Mapping):
        return {str(key): _tidied(part) for key, part in value.items()}
    if isinstance(value, (list, tuple)):
        return [_tidied(part) for part in value]
    return value


def _kept(letter: str) -> str:
    if letter in _REORDERING:
        return ""
    kind = unicodedata.category(letter)
    if kind == "Cs":
        return "\ufffd"
    return " " if kind == "Cc" and letter != "\n" else letter


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for part in value.values():
            yield from _texts(part)
    elif isinstance(value, list):
        for part in value:
            yield from _texts(part)
