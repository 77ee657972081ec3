"""Finds the reference of Tax-Free Childcare in the words of a bank line: four letters, five digits, TFC.

Banks cut, glue and space it, and people type O for 0 and I for 1. Whole means that all twelve signs are there; then it
names one child. What is cut or nearly right is a hint for a person, no more.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Generic, TypeVar

Key = TypeVar("Key")
END = "TFC"
SHORTEST_START = 7
_WHOLE = re.compile(r"(?=([A-Z]{4})([0-9OIL]{5})TFC)")
_WITHOUT_END = re.compile(r"(?=([A-Z]{4})([0-9OIL]{5})(?!TFC))")
_START = re.compile(r"([A-Z]{4}[0-9OIL]{3,4})$")
_DIGITS = re.compile(r"(?=([0-9OIL]{5})TFC)")
_LIKE_DIGITS = str.maketrans("OIL", "011")


@dataclass(frozen=True)
class Hint(Generic[Key]):
    """Whom a reference that is not whole may mean, how much that is worth, and why in words."""

    key: Key
    score: int
    reason: str


def squeezed(text: str) -> str:
    """Capital letters and figures alone, so that blanks, signs and lines do not matter."""
    return re.sub(r"[^A-Z0-9]+", "", text.upper())


def whole_references(text: str) -> list[str]:
    """Every whole reference in a text, as it is written properly."""
    found = (letters + _digits(digits) + END for letters, digits in _WHOLE.findall(squeezed(text)))
    return list(dict.fromkeys(one for one in found if _is_real(one)))


def _digits(text: str) -> str:
    return text.translate(_LIKE_DIGITS)


def _is_real(reference: str) -> bool:
    return sum(sign.isdigit() for sign in reference) == 5


class References(Generic[Key]):
    """The references that are known, each of one key, and the ways in which one that is not whole leads to them."""

    def __init__(self, known: Iterable[tuple[str, Key]]) -> None:
        self.by_reference: dict[str, set[Key]] = defaultdict(set)
        self.by_letters: dict[str, list[str]] = defaultdict(list)
        self.by_digits: dict[str, list[str]] = defaultdict(list)
        for text, key in known:
            reference = squeezed(text)
            self.by_reference[reference].add(key)
        for reference in self.by_reference:
            self.by_letters[reference[:4]].append(reference)
            self.by_digits[reference[4:9]].append(reference)

    def named(self, text: str) -> tuple[list[tuple[str, Key]], list[str]]:
        """The whole references in a text that name one child each, and those that nobody here has."""
        known, strange = [], []
        for reference in whole_references(text):
            keys = self.by_reference.get(reference, set())
            if len(keys) == 1:
                known.append((reference, next(iter(keys))))
            else:
                strange.append(reference)
        return known, strange

    def hints(self, text: str) -> list[Hint[Key]]:
        """Whom a cut or mistyped reference may mean, the best first; only where few could be meant."""
        plain = squeezed(text)
        found: list[Hint[Key]] = []
        for letters, digits in _WITHOUT_END.findall(plain):
            found += self._hint([letters + _digits(digits) + END], 70, "its reference {} without the end")
        if start := _START.search(plain):
            begin = start[1][:4] + _digits(start[1][4:])
            alike = [one for one in self.by_letters.get(begin[:4], ()) if one.startswith(begin)]
            found += self._hint(alike, 60, "the beginning of its reference {}")
        for digits in _DIGITS.findall(plain):
            alike = self.by_digits.get(_digits(digits), [])
            found += self._hint(alike, 60, "the digits of its reference {}")
        for reference in whole_references(text):
            if reference not in self.by_reference:
                alike = [one for one in self.by_letters.get(reference[:4], ()) if _is_near(one, reference)]
                found += self._hint(alike, 50, "nearly its reference {}")
        best = {hint.key: hint for hint in sorted(found, key=lambda hint: hint.score)}
        return sorted(best.values(), key=lambda hint: -hint.score)

    def _hint(self, references: list[str], score: int, words: str) -> list[Hint[Key]]:
        keys = [(one, key) for one in references for key in self.by_reference.get(one, ())]
        if len(keys) > 5:
            return []
        worth = score if len(keys) == 1 else score // 2
        return [Hint(key, worth, words.format(one)) for one, key in keys]


def _is_near(one: str, other: str) -> bool:
    """One digit differs, or two digits that stand together changed places."""
    wrong = [at for at in range(4, 9) if one[at] != other[at]]
    if len(wrong) == 2 and wrong[1] == wrong[0] + 1:
        return one[wrong[0]] == other[wrong[1]] and one[wrong[1]] == other[wrong[0]]
    return len(wrong) == 1
