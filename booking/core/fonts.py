"""Which letters can be printed: the fonts of the locked wheels first, Debian's Noto folder only when they do not do.

The wheels cover Latin with every diacritic, Greek, Cyrillic, Arabic and Urdu, Tamil, Chinese, Japanese and
Korean. Other scripts (Bengali, Gurmukhi, Gujarati and so on) need the Debian package fonts-noto-core.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path

DEBIAN_FOLDER = Path("/usr/share/fonts/truetype/noto")
_WHEELS = (
    ("Noto Sans", "fontpkg_noto_sans", "files", "NotoSans[wdth,wght].ttf"),
    ("Noto Sans Arabic", "fontpkg_noto_sans_arabic", "files", "NotoSansArabic[wdth,wght].ttf"),
    ("Noto Sans Tamil", "fontpkg_noto_sans_tamil", "files", "NotoSansTamil[wdth,wght].ttf"),
    ("Noto Sans SC", "justmytype_intl_cjk", "fonts/ofl/notosanssc", "NotoSansSC[wght].ttf"),
    ("Noto Sans TC", "justmytype_intl_cjk", "fonts/ofl/notosanstc", "NotoSansTC[wght].ttf"),
    ("Noto Sans JP", "justmytype_intl_cjk", "fonts/ofl/notosansjp", "NotoSansJP[wght].ttf"),
    ("Noto Sans KR", "justmytype_intl_cjk", "fonts/ofl/notosanskr", "NotoSansKR[wght].ttf"),
)
_NEEDS_NO_GLYPH = frozenset({"Cc", "Cf", "Zl", "Zp", "Zs"})
_SELECTORS = frozenset([*range(0xFE00, 0xFE10), *range(0xE0100, 0xE01F0)])


@dataclass(frozen=True)
class FontChoice:
    """The folders to search, the families in order of preference, and the letters that none of them has."""

    folders: tuple[Path, ...]
    families: tuple[str, ...]
    missing: frozenset[str]


def chosen_for(texts: Iterable[str]) -> FontChoice:
    """The fonts that these texts need; the same texts get the same fonts on every machine with the same packages."""
    wanted = _drawn(texts)
    for _, path in _wheel_files():
        if not wanted:
            break
        wanted -= _letters_of(path)
    extra, missing = _from_debian(wanted)
    folders = (*dict.fromkeys(path.parent for _, path in _wheel_files()), *([DEBIAN_FOLDER] if extra else []))
    return FontChoice(
        folders, (*(family for family, _ in _wheel_files()), *extra), frozenset(map(chr, missing))
    )


def unprintable(text: str) -> str:
    """The letters of a text that no font here can draw, each once in its order; empty when all can be drawn."""
    missing = chosen_for([text]).missing
    return "".join(dict.fromkeys(letter for letter in text if letter in missing))


def _drawn(texts: Iterable[str]) -> set[int]:
    letters = {letter for text in texts for letter in text}
    return {
        ord(letter)
        for letter in letters
        if unicodedata.category(letter) not in _NEEDS_NO_GLYPH and ord(letter) not in _SELECTORS
    }


def _from_debian(wanted: set[int]) -> tuple[tuple[str, ...], set[int]]:
    families: list[str] = []
    for path in _debian_files() if wanted else ():
        found = wanted & _letters_of(path)
        if found:
            families.append(_family_of(path))
            wanted = wanted - found
        if not wanted:
            break
    return tuple(families), wanted


@lru_cache(maxsize=1)
def _wheel_files() -> tuple[tuple[str, Path], ...]:
    return tuple(_installed())


def _installed() -> Iterator[tuple[str, Path]]:
    for family, package, folder, name in _WHEELS:
        spec = find_spec(package)
        if spec is None or spec.origin is None:
            continue
        path = Path(spec.origin).parent / folder / name
        if path.is_file():
            yield family, path


@lru_cache(maxsize=1)
def _debian_files() -> tuple[Path, ...]:
    return (
        *sorted(DEBIAN_FOLDER.glob("NotoSans*-Regular.ttf")),
        *sorted(DEBIAN_FOLDER.glob("NotoSerif*-Regular.ttf")),
    )


@lru_cache(maxsize=512)
def _letters_of(path: Path) -> frozenset[int]:
    from fontTools.ttLib import TTFont  # noqa: PLC0415  (as heavy as typst, and wanted only when a sheet is printed)

    with TTFont(path, lazy=True) as font:
        return frozenset(font.getBestCmap() or {})


@lru_cache(maxsize=512)
def _family_of(path: Path) -> str:
    from fontTools.ttLib import TTFont  # noqa: PLC0415

    with TTFont(path, lazy=True) as font:
        return str(font["name"].getBestFamilyName())
