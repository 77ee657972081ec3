"""The history of a dated fact (FSM, SEN): what has to be done so that what is held becomes what a file tells."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from booking.people.group_facts import GroupFact
from booking.people.import_rows import FactSpan

EVER = date.min


@dataclass(frozen=True)
class Alignment:
    """Facts whose days change, facts to be taken away, and spans to be added."""

    moved: tuple[tuple[GroupFact, date, date | None], ...]
    gone: tuple[GroupFact, ...]
    new: tuple[FactSpan, ...]

    @property
    def is_same(self) -> bool:
        """Whether what is held tells the same already."""
        return not (self.moved or self.gone or self.new)


def align(kind: str, held: Sequence[GroupFact], spans: Iterable[FactSpan]) -> Alignment:
    """Hold one kind's history against what the file tells of it.

    A held fact that tells a span already stays the same row, and its days are put right: so a current fact is not told
    twice. From the first day of which the file speaks, it is believed alone; what ended before that day stays, for the
    file says nothing of it. A plain yes takes in whatever category is known.
    """
    told = sorted((span for span in spans if span.kind == kind), key=lambda span: span.starts_on or EVER)
    left = [fact for fact in held if fact.kind == kind]
    pairs: dict[int, GroupFact] = {}
    for fits in (_is_exact, _overlaps):
        for number, span in enumerate(told):
            found = next((f for f in left if number not in pairs and fits(f, span)), None)
            if found is not None:
                pairs[number] = found
                left.remove(found)
    moved = []
    for number, fact in pairs.items():
        starts_on, ends_on = told[number].starts_on or fact.starts_on, told[number].ends_on
        if (fact.starts_on, fact.ends_on) != (starts_on, ends_on):
            moved.append((fact, starts_on, ends_on))
    first = (told[0].starts_on or EVER) if told else EVER
    return Alignment(
        tuple(moved),
        tuple(fact for fact in left if told and not (fact.ends_on and fact.ends_on < first)),
        tuple(span for number, span in enumerate(told) if number not in pairs),
    )


def says_otherwise(old: str, new: str) -> bool:
    """Whether the file tells a fact differently; a plain yes never wipes out a category that is known."""
    return new != old and not (new == "yes" and old)


def _is_exact(fact: GroupFact, span: FactSpan) -> bool:
    is_then = span.starts_on in {None, fact.starts_on} and span.ends_on == fact.ends_on
    return is_then and not says_otherwise(fact.value, span.value)


def _overlaps(fact: GroupFact, span: FactSpan) -> bool:
    """The same thing said of days that meet; an end that would come before the start meets nothing."""
    begins_in_time = span.ends_on is None or fact.starts_on <= span.ends_on
    ends_late_enough = fact.ends_on is None or (span.starts_on or EVER) <= fact.ends_on
    return begins_in_time and ends_late_enough and not says_otherwise(fact.value, span.value)
