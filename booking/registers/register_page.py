"""The registers as the door reads them: each child with how it may leave, and each session as one card."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from booking.core import clock
from booking.core.words import counted
from booking.provision.models import Session
from booking.registers.expected import Expected, Register, registers_of
from booking.registers.live_staffing import live_staffing
from booking.registers.release import WaysOut, ways_out_of
from booking.registers.staffing import staffing_with_children

OVER, NOW, LATER = "over", "now", "later"
OPENS_BEFORE = timedelta(minutes=15)


@dataclass(frozen=True)
class DoorChild:
    """A child of a register with the ways out of it."""

    expected: Expected
    ways: WaysOut

    @property
    def state(self) -> str:
        """Where the child stands, in one word."""
        return standing(self.expected)


def standing(child: Expected) -> str:
    """expected, away (nobody waits for it), in, absent or out."""
    is_away = child.state.state == "expected" and not child.is_awaited
    return "away" if is_away else child.state.state


@dataclass
class Counts:
    """How many are in each state, and how many more came than there are places."""

    expected: int = 0
    here: int = 0
    gone: int = 0
    missing: int = 0
    away: int = 0
    over: int = 0


@dataclass
class Card:
    """One session as a card: `when` is now, later or over; `alerts` are short and for everybody at the door.

    `adults` says how many are here (or on the rota) and how many are needed; `first_aid` names the first-aiders.
    """

    register: Register
    when: str
    counts: Counts
    alerts: list[str] = field(default_factory=list)
    adults: str = ""
    first_aid: str = ""

    @property
    def session(self) -> Session:
        """The session of the card."""
        return self.register.session


def door_children(register: Register, at: datetime) -> list[DoorChild]:
    """The children of one register with their ways out at an instant, or at its end when it is of another day."""
    session = register.session
    if clock.today(at) != session.date:
        at = clock.instant(session.date, session.ends_at)
    ways = ways_out_of({session: [child.pupil.id for child in register.children]}, at)
    return [DoorChild(child, ways[session.id, child.pupil.id]) for child in register.children]


def counts_of(session: Session, states: Sequence[str]) -> Counts:
    """The counts of a session from the states of its children; who is away is not expected."""
    counts = Counts(
        here=states.count("in"),
        gone=states.count("out"),
        missing=states.count("expected"),
        away=states.count("away") + states.count("absent"),
    )
    counts.expected = len(states) - states.count("away")
    counts.over = max(0, counts.here + counts.gone - session.capacity)
    return counts


def cards_of(sessions: Sequence[Session], at: datetime) -> list[Card]:
    """The sessions of one day as cards: what is on now first, then what comes, then what is over."""
    cards = []
    for register in registers_of(sessions):
        counts = counts_of(register.session, [standing(child) for child in register.children])
        when = _when(register.session, counts, at)
        cards.append(Card(register, when, counts, _alerts(register, counts)))
    _add_staff(cards, at)
    order = {NOW: 0, LATER: 1, OVER: 2}
    return sorted(cards, key=lambda card: (order[card.when], card.session.starts_at, card.session.id))


def _add_staff(cards: Sequence[Card], at: datetime) -> None:
    """Who is here for what is on now, by the staff's own marks; who is on the rota for what comes."""
    now = [card.session.id for card in cards if card.when == NOW]
    later = [card.session.id for card in cards if card.when == LATER and card.session.status == "planned"]
    live = live_staffing(now, at=at) if now else {}
    rota = staffing_with_children(later, today=clock.today(at)) if later else {}
    for card in cards:
        if (here := live.get(card.session.id)) is not None and (here.required or here.counting):
            card.adults = f"{counted(here.counting, 'adult')} here, {here.required} needed"
            card.first_aid = ", ".join(here.first_aiders)
            card.alerts += here.problems
        elif (planned := rota.get(card.session.id)) is not None:
            card.adults = f"{counted(len(planned.counting), 'adult')} on the rota, {planned.required} needed"
            card.first_aid = ", ".join(one.name for one in planned.first_aiders)
            card.alerts += planned.problems


def _when(session: Session, counts: Counts, at: datetime) -> str:
    """On from a quarter of an hour before it begins until its end, and until its last child has gone."""
    begins = clock.instant(session.date, session.starts_at) - OPENS_BEFORE
    if at < begins:
        return LATER
    is_of_today = clock.today(at) == session.date
    if at < clock.instant(session.date, session.ends_at) or (is_of_today and counts.here):
        return NOW
    return OVER


def _alerts(register: Register, counts: Counts) -> list[str]:
    """What has to be looked at before the first child comes or goes."""
    barred = sum(bool(child.do_not_release_to) for child in register.children)
    allergies = sum(bool(child.alerts) for child in register.children)
    found = []
    if barred:
        found.append(f"{counted(barred, 'child', 'children')} with “do not release to”")
    if allergies:
        found.append(f"{counted(allergies, 'child', 'children')} with allergies")
    disputed = sum(child.state.is_disputed for child in register.children)
    if disputed:
        found.append(f"{counted(disputed, 'child', 'children')} of whom two devices disagree")
    if counts.over:
        found.append(f"{counts.over} more than there are places")
    return found
