"""Whose name stands in the words of a bank line: a child's or an adult's, in full, or a surname with an initial."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from booking.payments.expected import Child
from booking.payments.plain_words import plain_words

Key = tuple[int, int]
CHILD_FULL, CHILD_INITIAL, CHILD_SURNAME, ONLY_ONE = 45, 25, 15, 10
ADULT_FULL, ADULT_INITIAL, ADULT_SURNAME = 38, 28, 15
BOTH, CODE = 10, 20
MANY = 30
"""More who share a surname are first told apart by first names, then by initials, then by what they owe."""


@dataclass(frozen=True)
class _Known:
    """The words of a child's name and of its adults' names."""

    child: Child
    surname: frozenset[str]
    firsts: frozenset[str]
    initials: frozenset[str]
    adults: tuple[tuple[str, str, str], ...]
    """Of each adult the written name, the first name and the surname."""

    @property
    def full(self) -> tuple[str, ...]:
        """The name by which it is the only one, or not."""
        return (*sorted(self.firsts), *sorted(self.surname))


class Names:
    """The names of all children and adults, so that a line's words lead to few of them."""

    def __init__(self, children: Sequence[Child]) -> None:
        self.known = {child.key: _known(child) for child in children}
        self.by_word: dict[str, set[Key]] = defaultdict(set)
        self.by_pair: dict[tuple[str, str], set[Key]] = defaultdict(set)
        self.by_code: dict[str, set[Key]] = defaultdict(set)
        for key, known in self.known.items():
            self._index(key, known)
        pupils = {known.child.pupil_id: known for known in self.known.values()}
        self.full_names = Counter(known.full for known in pupils.values())

    def _index(self, key: Key, known: _Known) -> None:
        for word in known.surname:
            self.by_word[word].add(key)
            for first in known.firsts | known.initials:
                self.by_pair[word, first].add(key)
        for _, first, last in known.adults:
            self.by_word[last].add(key)
            for name in {first, first[:1]}:
                self.by_pair[last, name].add(key)
        surname = plain_words(known.child.surname)
        for initial in known.initials:
            self.by_code[initial + "".join(surname)[:3]].add(key)

    def alike(self, text: str, owing: Collection[Key] = ()) -> dict[Key, tuple[int, tuple[str, ...]]]:
        """Score and reasons of each child whose surname, or whose adult's surname, stands in a text.

        `owing` are those who owe exactly what came: of very many with one name they alone are looked at.
        """
        words = plain_words(text)
        there = frozenset(words)
        keys: set[Key] = set()
        for word in there:
            if len(word) > 1 and (named := self.by_word.get(word)):
                keys |= named if len(named) <= MANY else self._fewer(word, there, owing)
        codes = {word[:4] for word in words if len(word) == 4 or (len(word) == 7 and word.endswith("TFC"))}
        coded = {key for code in codes for key in self.by_code.get(code, ())}
        if len(coded) > MANY:
            coded &= set(owing)
        found = {}
        for key in keys | coded:
            score, reasons = self._score(self.known[key], there)
            if key in coded and score < CODE:
                score, reasons = CODE, (*reasons, "The letters of a reference fit the name.")
            if score:
                found[key] = score, reasons
        return found

    def _fewer(self, surname: str, there: frozenset[str], owing: Collection[Key]) -> set[Key]:
        """Of many with one surname those with a first name that is there, else an initial; of many of them, who owe."""
        for is_whole in (True, False):
            firsts = [word for word in there if (len(word) > 1) == is_whole and word != surname]
            named = {key for first in firsts for key in self.by_pair.get((surname, first), ())}
            if named:
                return named if len(named) <= MANY else named & set(owing)
        return self.by_word[surname] & set(owing)

    def _score(self, known: _Known, there: frozenset[str]) -> tuple[int, tuple[str, ...]]:
        by_child, child_reason = _child_score(known, there)
        if by_child == CHILD_FULL and self.full_names[known.full] == 1:
            by_child += ONLY_ONE
        by_adult, adult_reason = 0, ""
        for adult in known.adults:
            if adult[2] in there:
                by_adult, adult_reason = max((by_adult, adult_reason), _adult_score(adult, there))
        reasons = tuple(reason for reason in (child_reason, adult_reason) if reason)
        return max(by_child, by_adult) + (BOTH if by_child and by_adult else 0), reasons


def _known(child: Child) -> _Known:
    firsts = frozenset({*plain_words(child.first_name)[:1], *plain_words(child.forename)[:1]})
    adults = ((adult, plain_words(adult)) for adult in child.adults)
    return _Known(
        child,
        frozenset(plain_words(child.surname)),
        firsts,
        frozenset(first[0] for first in firsts),
        tuple((adult, words[0], words[-1]) for adult, words in adults if words),
    )


def _child_score(known: _Known, there: frozenset[str]) -> tuple[int, str]:
    if not known.surname or not known.surname <= there:
        return 0, ""
    if known.firsts & there - known.surname:
        return CHILD_FULL, f"The child’s name, {known.child.full_name}."
    if known.initials & there:
        return CHILD_INITIAL, f"The child’s surname and initial, {known.child.full_name}."
    return CHILD_SURNAME, f"The child’s surname, {known.child.surname}."


def _adult_score(adult: tuple[str, str, str], there: frozenset[str]) -> tuple[int, str]:
    name, first, last = adult
    if first != last and first in there:
        return ADULT_FULL, f"The name of an adult of the family, {name}."
    if first[0] in there:
        return ADULT_INITIAL, f"Surname and initial of an adult of the family, {name}."
    return ADULT_SURNAME, f"The surname of an adult of the family, {name}."
