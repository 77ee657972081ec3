"""Which payments paid for which care: a pure play of what happened, in its order, from nothing.

Whoever pays says what for; where nobody said, money goes to what is due first. So a payment takes, in this order: the
places that it names; the places of its basket; places promised in its way (Tax-Free Childcare for this child, vouchers
of this firm); whatever else is due, of which that which waits for no other promise first. What is left over waits, and
pays what is booked next. Tax-Free Childcare of one child never pays for another. Because every step only gives out
money that was free on that day, nothing that comes later changes what an earlier payment paid for, but for care that
is cancelled or money that goes back. See docs/decisions/0018-what-paid-for-what.md.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import groupby
from typing import NamedTuple


class Care(NamedTuple):
    """One thing bought: `key` (a place's id, or below 0 for a charge of its own), whose, in which basket, due when.

    `promised_pence` of it waits for payments that name it or are promised for it.
    """

    key: int
    pupil_id: int | None
    basket_id: int | None
    due_at: datetime
    promised_pence: int = 0


@dataclass(frozen=True)
class Money:
    """One payment: `named` are the places that it was said to be for, `promised` those promised in its way, in order.

    `only_pupil_id` is the one child for whom it may be used. What is not a payment (a debt let off, say) settles care
    too, and shows on no receipt.
    """

    id: int
    is_payment: bool = True
    basket_id: int | None = None
    only_pupil_id: int | None = None
    named: tuple[tuple[int, int], ...] = ()
    promised: tuple[tuple[int, int], ...] = ()

    def is_meant_for(self, key: int) -> bool:
        """Whether somebody said that this money is for a piece of care."""
        return any(key == meant for meant, _ in (*self.named, *self.promised))


class Step(NamedTuple):
    """One movement of a family's account: care bought or money come in (above 0), taken back or gone back (below)."""

    at: datetime
    pence: int
    care: Care | None = None
    money: Money | None = None


@dataclass
class Part:
    """So much of one payment for one piece of care."""

    care: Care
    money: Money
    pence: int


@dataclass
class Allocation:
    """How it all stands: what each piece of care costs the family, what paid for it, and money that waits, by id."""

    cost_pence: dict[int, int]
    parts: list[Part]
    waiting_pence: dict[int, int]

    @property
    def settled_pence(self) -> dict[int, int]:
        """What is settled of each piece of care, by its key."""
        found: dict[int, int] = {}
        for part in self.parts:
            found[part.care.key] = found.get(part.care.key, 0) + part.pence
        return found


@dataclass
class _Line:
    care: Care
    cost_pence: int = 0
    open_pence: int = 0
    parts: list[Part] = field(default_factory=list)

    @property
    def unpromised_pence(self) -> int:
        """What of the open part waits for no promise."""
        kept = sum(part.pence for part in self.parts if part.money.is_meant_for(self.care.key))
        return self.open_pence - max(self.care.promised_pence - kept, 0)


@dataclass
class _Purse:
    money: Money
    free_pence: int = 0
    parts: list[Part] = field(default_factory=list)


def allocate(steps: Iterable[Step]) -> Allocation:
    """Play the steps (of one family's account, oldest first) and say what paid for what."""
    play = _Play()
    for _, together in groupby(steps, key=lambda step: step.at):
        play.moment(list(together))
    return play.result()


class _Play:
    """The state between two moments; `open` holds lines that want money, `free` purses that have some."""

    def __init__(self) -> None:
        self.lines: dict[int, _Line] = {}
        self.baskets: dict[int, list[_Line]] = {}
        self.purses: dict[int, _Purse] = {}
        self.open: dict[int, _Line] = {}
        self.free: dict[int, _Purse] = {}

    def moment(self, steps: Sequence[Step]) -> None:
        """All that happened at one instant: care first, then money that went back, then money that came."""
        for step in steps:
            if step.care is not None:
                self._cost(step.care, step.pence)
        came = [step for step in steps if step.money is not None]
        for step in came:
            assert step.money is not None
            self._purse(step.money).free_pence += step.pence
        for step in came:
            self._go_back(self._purse_of(step))
        for step in came:
            self._spend_as_said(self._purse_of(step))
        for purse in sorted(
            self.free.values(), key=lambda purse: (not purse.money.is_payment, purse.money.id)
        ):
            self._spend_on_what_is_due(purse)

    def result(self) -> Allocation:
        """What came of it, care by due day."""
        lines = sorted(self.lines.values(), key=_by_due)
        return Allocation(
            {line.care.key: line.cost_pence for line in lines},
            [part for line in lines for part in _by_money(line)],
            {key: purse.free_pence for key, purse in self.purses.items() if purse.free_pence},
        )

    def _purse_of(self, step: Step) -> _Purse:
        assert step.money is not None
        return self.purses[step.money.id]

    def _purse(self, money: Money) -> _Purse:
        purse = self.purses.setdefault(money.id, _Purse(money))
        self.free[money.id] = purse
        return purse

    def _cost(self, care: Care, pence: int) -> None:
        line = self.lines.get(care.key)
        if line is None:
            line = self.lines[care.key] = _Line(care)
            if care.basket_id is not None:
                self.baskets.setdefault(care.basket_id, []).append(line)
        line.cost_pence += pence
        line.open_pence += pence
        over_pence = -line.open_pence
        for part in reversed(line.parts):
            if over_pence > 0:
                back_pence = min(over_pence, part.pence)
                over_pence -= back_pence
                self._take_back(part, back_pence)
        self._note(line)

    def _take_back(self, part: Part, pence: int) -> None:
        part.pence -= pence
        self.lines[part.care.key].open_pence += pence
        purse = self.purses[part.money.id]
        purse.free_pence += pence
        self.free[part.money.id] = purse

    def _go_back(self, purse: _Purse) -> None:
        """Money that went back is taken from what is free, then from the care that is due last."""
        for part in sorted(purse.parts, key=lambda part: _by_due(self.lines[part.care.key]), reverse=True):
            if purse.free_pence >= 0:
                return
            self._take_back(part, min(-purse.free_pence, part.pence))
            self._note(self.lines[part.care.key])

    def _spend_as_said(self, purse: _Purse) -> None:
        money = purse.money
        for key, pence in money.named:
            self._give(purse, self.lines.get(key), pence)
        for line in sorted(self.baskets.get(money.basket_id or 0, ()), key=_by_due):
            self._give(purse, line, line.open_pence)
        for key, pence in money.promised:
            self._give(purse, self.lines.get(key), pence)

    def _spend_on_what_is_due(self, purse: _Purse) -> None:
        if purse.free_pence > 0 and self.open:
            due = sorted(self.open.values(), key=_by_due)
            for line in due:
                self._give(purse, line, line.unpromised_pence)
            for line in due:
                self._give(purse, line, line.open_pence)
        if not purse.free_pence:
            self.free.pop(purse.money.id, None)

    def _give(self, purse: _Purse, line: _Line | None, most_pence: int) -> None:
        only = purse.money.only_pupil_id
        if line is None or (only is not None and line.care.pupil_id != only):
            return
        pence = min(most_pence, line.open_pence, purse.free_pence)
        if pence > 0:
            part = Part(line.care, purse.money, pence)
            line.parts.append(part)
            line.open_pence -= pence
            purse.parts.append(part)
            purse.free_pence -= pence
            self._note(line)

    def _note(self, line: _Line) -> None:
        if line.open_pence > 0:
            self.open[line.care.key] = line
        else:
            self.open.pop(line.care.key, None)


def _by_money(line: _Line) -> list[Part]:
    """One part for each payment, in the order in which they came."""
    found: dict[int, Part] = {}
    for part in line.parts:
        whole = found.setdefault(part.money.id, Part(part.care, part.money, 0))
        whole.pence += part.pence
    return [part for part in found.values() if part.pence]


def _by_due(line: _Line) -> tuple[datetime, int]:
    return line.care.due_at, line.care.key


def parts_that_were_paid(allocation: Allocation) -> Iterator[Part]:
    """What stands on receipts: money, and not what was let off."""
    return (part for part in allocation.parts if part.money.is_payment)
