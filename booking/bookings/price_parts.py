"""What goes into a price and what comes out: frozen facts about sessions, rates and funding, and lines in pence."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, time

from booking.bookings.rules import Pair

Discounts = tuple[tuple[str, int], ...]
"""What came off one price, as the family reads it: the name of the rate, and pence below zero."""


@dataclass(frozen=True)
class Item:
    """One session for one child, to be priced. `before_pence` are the parts of its block that come before this one."""

    pupil_id: int
    session_id: int
    date: date
    starts_at: time
    activity_id: int
    run_id: int
    kind: str
    full_pence: int
    before_pence: int = 0
    is_block: bool = False

    @property
    def pair(self) -> Pair:
        """Child and session."""
        return self.pupil_id, self.session_id


@dataclass(frozen=True)
class RateFacts:
    """A rate as the rules read it; `holders` are the children who have it, of those who are asked about, or all."""

    id: int
    kind: str
    name: str
    takes: str
    amount: int
    activity_id: int | None
    run_id: int | None
    weekday: int | None
    days_before: int | None
    starts_on: date
    ends_on: date | None
    holders: frozenset[int] | None = None

    def is_for(self, date: date, activity_id: int, run_id: int) -> bool:
        """The rate is about such a session on such a day."""
        return (
            self.starts_on <= date
            and (self.ends_on is None or date <= self.ends_on)
            and self.activity_id in (None, activity_id)
            and self.run_id in (None, run_id)
            and self.weekday in (None, date.weekday())
        )


@dataclass(frozen=True)
class FundingFacts:
    """Whom a pot pays for, already looked up: the children, of those who are asked about."""

    id: int
    pot_id: int
    pays: str
    amount: int
    kinds: frozenset[str]
    starts_on: date
    ends_on: date
    pupils: frozenset[int]

    def is_for(self, item: Item) -> bool:
        """It pays for this child in such a session on that day."""
        return (
            item.pupil_id in self.pupils
            and self.starts_on <= item.date <= self.ends_on
            and (not self.kinds or item.kind in self.kinds)
        )


@dataclass(frozen=True)
class Taken:
    """A place that a child of the family has already and that costs something; whether it has the sibling rate."""

    pupil_id: int
    date: date
    activity_id: int
    run_id: int
    is_sibling: bool


@dataclass(frozen=True)
class PriceFacts:
    """All that a price depends on, beside the sessions: `born` by child, what each pot has `left`, what is `taken`."""

    on: date
    rates: tuple[RateFacts, ...] = ()
    fundings: tuple[FundingFacts, ...] = ()
    born: Mapping[int, date] = field(default_factory=dict)
    left: Mapping[int, int] = field(default_factory=dict)
    taken: tuple[Taken, ...] = ()

    @property
    def is_plain(self) -> bool:
        """Every price is the full one."""
        return not (self.rates or self.fundings)

    @property
    def pots(self) -> frozenset[int]:
        """The pots that may pay, to be locked by whoever holds."""
        return frozenset(one.pot_id for one in self.fundings)


@dataclass(frozen=True)
class Line:
    """One part of a price in pence: the full price above zero, what comes off below; `name` is for the family."""

    kind: str
    pence: int
    name: str = ""
    rate_id: int | None = None
    pot_id: int | None = None


@dataclass(frozen=True)
class Price:
    """What one place costs, line by line; `short` are the pots that would have paid and had too little left."""

    lines: tuple[Line, ...]
    short: frozenset[int] = frozenset()

    @property
    def pence(self) -> int:
        """What the family pays."""
        return sum(line.pence for line in self.lines)

    @property
    def is_plain(self) -> bool:
        """Nothing comes off."""
        return len(self.lines) < 2

    @property
    def shown(self) -> Discounts:
        """The discounts as the family reads them; who pays besides is no line, and what costs nothing has none."""
        return tuple((one.name, one.pence) for one in self.lines if one.rate_id and self.pence)


def plain(pence: int, kind: str = "full") -> Price:
    """A price from which nothing comes off."""
    return Price((Line(kind, pence),) if pence else ())
