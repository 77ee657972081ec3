"""Whose name stands in the words of a bank line: a child's or an adult's, in full, or a surname with an initial."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence

from booking.payments.expected import Child
from booking.payments.plain_words import plain_words

CHILD_FULL, CHILD_INITIAL, CHILD_SURNAME, ONLY_ONE = 45, 25, 15, 10
ADULT_FULL, ADULT_INITIAL, ADULT_SURNAME = 38, 28, 15
BOTH, CODE = 10, 20
MANY = 60
"""With more children of one surname only those are looked at whose name or adult's name is there in full."""


class Names:
    """The names of all children and adults, so that a line's words lead to few of them."""

    def __init__(self, children: Sequence[Child]) -> None:
        self.children = {child.key: child for child in children}
        self.by_word: dict[str, set[tuple[int, int]]] = defaultdict(set)
        self.by_code: dict[str, set[tuple[int, int]]] = defaultdict(set)
        self.full_names: Counter[tuple[str, ...]] = Counter()
        pupils: set[int] = set()
        for child in children:
            self._index(child)
            if child.pupil_id not in pupils:
                pupils.add(child.pupil_id)
                self.full_names[_full(child)] += 1

    def _index(self, child: Child) -> None:
        surname = plain_words(child.surname)
        for word in (*surname, *(word for adult in child.adults for word in plain_words(adult)[-1:])):
            if len(word) > 1:
                self.by_word[word].add(child.key)
        forename = plain_words(child.forename)
        if forename and surname:
            self.by_code[(forename[0][0] + "".join(surname)[:3])].add(child.key)

    def alike(self, text: str) -> dict[tuple[int, int], tuple[int, tuple[str, ...]]]:
        """Score and reasons of each child whose surname, or whose adult's surname, stands in a text."""
        words = plain_words(text)
        there = set(words)
        keys = {key for word in there for key in self.by_word.get(word, ())}
        if len(keys) > MANY:
            keys = {key for key in keys if self._is_in_full(self.children[key], there)}
        codes = {word[:4] for word in words if len(word) == 4 or (len(word) == 7 and word.endswith("TFC"))}
        coded = {key for code in codes for key in self.by_code.get(code, ())}
        found = {}
        for key in keys | (coded if len(coded) <= MANY else set()):
            score, reasons = self._score(self.children[key], there)
            if key in coded and score < CODE:
                score, reasons = CODE, (*reasons, "The letters of a reference fit the name.")
            if score:
                found[key] = score, reasons
        return found

    def _is_in_full(self, child: Child, there: set[str]) -> bool:
        return bool(
            there.intersection(plain_words(child.first_name)[:1] + plain_words(child.forename)[:1])
        ) or any(
            there.intersection(plain_words(adult)[:1]) or _initials(plain_words(adult)[:1]) & there
            for adult in child.adults
        )

    def _score(self, child: Child, there: set[str]) -> tuple[int, tuple[str, ...]]:
        by_child, child_reason = _child_score(child, there)
        if by_child == CHILD_FULL and self.full_names[_full(child)] == 1:
            by_child += ONLY_ONE
        by_adult, adult_reason = max((_adult_score(adult, there) for adult in child.adults), default=(0, ""))
        reasons = tuple(reason for reason in (child_reason, adult_reason) if reason)
        return max(by_child, by_adult) + (BOTH if by_child and by_adult else 0), reasons


def _full(child: Child) -> tuple[str, ...]:
    return (*plain_words(child.first_name)[:1], *plain_words(child.surname))


def _initials(words: Iterable[str]) -> set[str]:
    return {word[0] for word in words}


def _child_score(child: Child, there: set[str]) -> tuple[int, str]:
    surname = plain_words(child.surname)
    if not surname or not there.issuperset(surname):
        return 0, ""
    first = {*plain_words(child.first_name)[:1], *plain_words(child.forename)[:1]}
    if first & there - set(surname):
        return CHILD_FULL, f"The child’s name, {child.full_name}."
    if _initials(first) & there:
        return CHILD_INITIAL, f"The child’s surname and initial, {child.full_name}."
    return CHILD_SURNAME, f"The child’s surname, {child.surname}."


def _adult_score(adult: str, there: set[str]) -> tuple[int, str]:
    words = plain_words(adult)
    if not words or words[-1] not in there:
        return 0, ""
    if len(words) > 1 and words[0] in there:
        return ADULT_FULL, f"The name of an adult of the family, {adult}."
    if _initials(words[:1]) & there:
        return ADULT_INITIAL, f"Surname and initial of an adult of the family, {adult}."
    return ADULT_SURNAME, f"The surname of an adult of the family, {adult}."
