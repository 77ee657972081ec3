"""Whose is the money of a bank line? Proposals with a score from 0 to 100 and the reasons in words; a person says yes.

Sure is a line alone that names exactly one child by its whole reference. All else is a guess of names, amount and day.
Twins (same surname, initial and birthday) are never told apart by a guess: both are shown, and nothing is proposed.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta

from booking.core.money import format_pence
from booking.payments.expected import Child, Promise
from booking.payments.name_reading import Names
from booking.payments.plain_words import words_key
from booking.payments.reference_reading import References

Key = tuple[int, int]
"""Family account and pupil."""
LIKELY, LEAD, MOST_GUESS, SHOWN = 55, 12, 95, 6
FEW_BY_AMOUNT = 4
SOON, LONG = timedelta(days=10), timedelta(days=35)
SAME_WORDS, TOGETHER = 35, 20
TWINS = "Twins: only the whole reference says which child it is for."
DOUBLE = "A line of another file has the same day and amount. Is it the same money?"


@dataclass(frozen=True)
class Line:
    """A line that waits, with all its words; `is_double` when it may be the money of a line of another file."""

    line_id: int
    on: date
    amount_pence: int
    words: str
    is_double: bool = False
    is_remittance: bool = False


@dataclass(frozen=True)
class Part:
    """So much for this family, for this child where one is meant."""

    account_id: int
    pupil_id: int | None
    amount_pence: int


@dataclass(frozen=True)
class Candidate:
    """A child whose money it may be, with the score and why."""

    child: Child
    score: int
    reasons: tuple[str, ...]


@dataclass(frozen=True)
class Proposal:
    """What is proposed for a line: `sure`, `likely`, `split` (several children) or `open` (nothing; a person chooses).

    `parts` sum to the line's amount, or there are none.
    """

    line: Line
    kind: str
    parts: tuple[Part, ...]
    candidates: tuple[Candidate, ...]
    score: int = 0
    why: tuple[str, ...] = ()


@dataclass(frozen=True)
class _Clue:
    score: int = 0
    reasons: tuple[str, ...] = ()


@dataclass
class Matcher:
    """Knows everybody who may pay; made once, then asked line by line."""

    children: Sequence[Child]
    before: Mapping[str, Key] = field(default_factory=dict)
    """To whom the same words were matched before."""

    def __post_init__(self) -> None:
        self.by_key = {child.key: child for child in self.children}
        self.families: dict[int, list[Child]] = {}
        self.family_owes: dict[int, int] = {}
        self.by_amount: dict[int, set[Key]] = {}
        twins: dict[tuple[str, str, date], set[int]] = {}
        for child in self.children:
            self.families.setdefault(child.account_id, []).append(child)
            twins.setdefault(child.twin_key, set()).add(child.pupil_id)
        self.twins = {key: ids for key, ids in twins.items() if len(ids) > 1}
        for family in self.families.values():
            whole_pence = self.family_owes[family[0].account_id] = family_pence(family)
            for child in family:
                for pence in {*(one.amount_pence for one in child.open), child.open_pence, whole_pence} - {0}:
                    self.by_amount.setdefault(pence, set()).add(child.key)
        self.references = References[Key](
            (child.reference, child.key) for child in self.children if child.reference
        )
        self.names = Names(self.children)

    def proposals(self, lines: Sequence[Line], only: int | None = None) -> list[Proposal]:
        """One proposal a line, in the order of the lines; or for one of them alone, beside all others."""
        together: Counter[str] = Counter()
        for line in lines:
            together[words_key(line.words)] += line.amount_pence
        return [
            self.propose(line, together[words_key(line.words)])
            for line in lines
            if only is None or line.line_id == only
        ]

    def propose(self, line: Line, together_pence: int = 0) -> Proposal:
        """What is proposed for one line; `together_pence` is the sum of all that wait with the same words."""
        named, strange = self.references.named(line.words)
        if named:
            return self._by_reference(line, [(text, self.by_key[key]) for text, key in named], strange)
        clues = self._clues(line)
        found = sorted(
            (self._score(line, self.by_key[key], clue, together_pence) for key, clue in clues.items()),
            key=lambda one: (-one.score, one.child.key),
        )
        return self._best(line, found, tuple(map(_unknown, strange)))

    def _by_reference(self, line: Line, named: list[tuple[str, Child]], strange: list[str]) -> Proposal:
        found = tuple(
            Candidate(
                child,
                100,
                (f"The line holds the whole reference {text}.", *self._amount(line, child).reasons),
            )
            for text, child in named
        )
        children = [child for _, child in named]
        if len(children) > 1:
            parts = split_by_promises(children, line.amount_pence)
            words = "The references of several children are on the line."
            return Proposal(line, "split" if parts else "open", parts, found, 90 if parts else 0, (words,))
        child = children[0]
        family = self.families[child.account_id]
        parts = split_by_promises(family, line.amount_pence)
        if len(parts) > 1 and not self._has_twins(family) and line.amount_pence != child.open_pence:
            amount = format_pence(line.amount_pence)
            words = f"It holds one reference, but {amount} is what is owed for several children together."
            return Proposal(line, "split", parts, self._with_all(line, found, parts), 90, (words,))
        whole = (Part(child.account_id, child.pupil_id, line.amount_pence),)
        doubts = (*map(_unknown, strange), *((DOUBLE,) if line.is_double else ()))
        if doubts:
            return Proposal(line, "likely", whole, found, 90, doubts)
        return Proposal(line, "sure", whole, found, 100)

    def _clues(self, line: Line) -> dict[Key, _Clue]:
        """Who comes into question, by reference, name, earlier matches, and amount where few owe it."""
        by_amount = self.by_amount.get(line.amount_pence, set())
        alike = self.names.alike(line.words, by_amount)
        clues = {key: _Clue(score, reasons) for key, (score, reasons) in alike.items()}
        for hint in self.references.hints(line.words):
            _add(clues, hint.key, hint.score, f"The line holds {hint.reason}.")
        known = self.before.get(words_key(line.words))
        if known in self.by_key:
            _add(clues, known, SAME_WORDS, "The same words were matched to this child before.")
        if len(by_amount) <= FEW_BY_AMOUNT:
            for key in by_amount:
                clues.setdefault(key, _Clue())
        return clues

    def _score(self, line: Line, child: Child, clue: _Clue, together_pence: int) -> Candidate:
        amount = self._amount(line, child)
        score, reasons = clue.score + amount.score, clue.reasons + amount.reasons
        is_one_of_several = together_pence > line.amount_pence
        if is_one_of_several and any(one.amount_pence == together_pence for one in child.open):
            score += TOGETHER
            reasons += (f"With the other lines of the same words it makes {format_pence(together_pence)}.",)
        return Candidate(child, min(score, MOST_GUESS), reasons)

    def _amount(self, line: Line, child: Child) -> _Clue:
        """What the amount and the day say: all of a promise, of the child's, of the family's, or a part of one."""
        name, pence = child.first_name, line.amount_pence
        exact = [one for one in child.open if one.amount_pence == pence]
        if exact:
            near = min(exact, key=lambda one: abs(one.due_on - line.on))
            return _by_day(line, near, 30, f"Exactly this is owed for {name}")
        if child.open and child.open_pence == pence:
            return _by_day(line, child.open[0], 30, f"All that is owed for {name}")
        family = self.families[child.account_id]
        if len(family) > 1 and pence == self.family_owes[child.account_id]:
            return _Clue(25, ("All that the family owes for its children.",))
        larger = [one for one in child.open if one.amount_pence > pence]
        if larger:
            near = min(larger, key=lambda one: abs(one.due_on - line.on))
            return _by_day(
                line, near, 8, f"A part of {format_pence(near.amount_pence)} that is owed for {name}"
            )
        if child.open:
            return _Clue(4, (f"More than is owed for {name}: the rest becomes credit.",))
        return _Clue(0, (f"Nothing is owed for {name}: it becomes credit.",))

    def _best(self, line: Line, found: list[Candidate], why: tuple[str, ...]) -> Proposal:
        """Propose the first where it stands out; of one family's children that are alike, the family alone."""
        shown = tuple(one for one in found if one.score)[:SHOWN]
        if not shown:
            return Proposal(line, "open", (), (), 0, why)
        best = shown[0]
        alike = self._twins_of(best.child)
        if alike:
            others = [
                self._score(line, one, _Clue(), 0)
                for one in alike
                if one.key not in {c.child.key for c in shown}
            ]
            return Proposal(line, "open", (), (*shown, *others), 0, (*why, TWINS))
        why += (DOUBLE,) if line.is_double else ()
        rivals = [one for one in shown[1:] if one.score > best.score - LEAD]
        if best.score < LIKELY or any(one.child.account_id != best.child.account_id for one in rivals):
            return Proposal(line, "open", (), shown, 0, why)
        family = self.families[best.child.account_id]
        parts = split_by_promises(family, line.amount_pence)
        if len(parts) > 1 and not self._has_twins(family) and best.child.open_pence != line.amount_pence:
            return Proposal(line, "split", parts, self._with_all(line, shown, parts), best.score, why)
        pupil_id = None if rivals else best.child.pupil_id
        whole = (Part(best.child.account_id, pupil_id, line.amount_pence),)
        return Proposal(line, "likely", whole, shown, best.score, why)

    def _with_all(
        self, line: Line, found: tuple[Candidate, ...], parts: Iterable[Part]
    ) -> tuple[Candidate, ...]:
        """The candidates with every child of a split among them."""
        there = {one.child.key for one in found}
        keys = [(part.account_id, part.pupil_id or 0) for part in parts]
        others = [self._score(line, self.by_key[key], _Clue(), 0) for key in keys if key not in there]
        return (*found, *others)

    def _twins_of(self, child: Child) -> list[Child]:
        """All children, this one among them, whom nothing but the whole reference tells apart."""
        ids = self.twins.get(child.twin_key, set())
        return [one for one in self.children if one.pupil_id in ids] if ids else []

    def _has_twins(self, family: Iterable[Child]) -> bool:
        return any(child.twin_key in self.twins for child in family)


def _unknown(reference: str) -> str:
    return f"Nobody here has the reference {reference}."


def _add(clues: dict[Key, _Clue], key: Key, score: int, reason: str) -> None:
    clue = clues.get(key, _Clue())
    clues[key] = _Clue(clue.score + score, (reason, *clue.reasons))


def _by_day(line: Line, promise: Promise, score: int, words: str) -> _Clue:
    away = abs(promise.due_on - line.on)
    day = f", due by {promise.due_on.day}/{promise.due_on.month}"
    return _Clue(score + (10 if away <= SOON else 5 if away <= LONG else 0), (f"{words}{day}.",))


def family_pence(family: Collection[Child]) -> int:
    """All that is promised in a family: for each child, and once what is for none in particular."""
    shared = {one for child in family for one in child.shared}
    return sum(child.own_pence for child in family) + sum(one.amount_pence for one in shared)


def split_by_promises(children: Sequence[Child], amount_pence: int) -> tuple[Part, ...]:
    """The amount as a part for each child that owes, when what they owe sums to exactly it; else nothing."""
    owing = [child for child in children if child.own_pence]
    if len(owing) < 2 or sum(child.own_pence for child in owing) != amount_pence:
        return ()
    return tuple(Part(child.account_id, child.pupil_id, child.own_pence) for child in owing)
