"""One session for another, one or many at once: the new place first, then the old one is let go; both or neither."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select

from booking.bookings.cancellation import cancel_locked, cancellation_terms, fresh_places
from booking.bookings.frozen_prices import free_pots, prices_now
from booking.bookings.models import Place
from booking.bookings.places import book_at_once
from booking.bookings.price_facts import read_prices
from booking.bookings.price_parts import Price, PriceFacts
from booking.bookings.request_log import note
from booking.bookings.rules import Pair, Situation
from booking.bookings.situations import load_situation
from booking.core import clock
from booking.core.db import db, lock_rows
from booking.core.errors import BookingError
from booking.core.money import format_pence
from booking.people.models import FamilyAccount, Pupil
from booking.provision.models import Run, Session
from booking.provision.price_models import Pot

WEEKS = {0: "in the same week", 1: "a week later", 2: "two weeks later", -1: "a week earlier"}


class SwapRefused(BookingError):
    """What was shown does not hold any more; nothing was changed, and the new look says what does."""


@dataclass(frozen=True)
class Target:
    """Where sessions may move: the days of one run on one weekday, so many weeks away."""

    run_id: int
    weekday: int
    weeks: int = 0


@dataclass(frozen=True)
class SwapRow:
    """One booked place and what it would become; `problem` says why not. Pence: the new price and what comes back."""

    place: Place
    session: Session | None
    new_pence: int
    back_pence: int
    problem: str | None

    @property
    def difference_pence(self) -> int:
        """What the family would owe more (below zero: less)."""
        return self.new_pence - self.back_pence


@dataclass(frozen=True)
class Swap:
    """What a swap would do, row by row; the difference sums those rows that can be had."""

    rows: list[SwapRow]

    @property
    def possible(self) -> list[SwapRow]:
        """The rows without a problem."""
        return [row for row in self.rows if row.problem is None]

    @property
    def difference_pence(self) -> int:
        """What all that can be had costs more."""
        return sum(row.difference_pence for row in self.possible)


def session_for(place: Place, target: Target) -> Session | None:
    """The session of the target in the week of a booked place (or so many weeks from it); nothing when there is none."""
    day = place.session.date
    wanted = day + timedelta(days=target.weekday - day.weekday(), weeks=target.weeks)
    return db.session.scalars(
        select(Session).where(Session.run_id == target.run_id, Session.date == wanted)
    ).first()


def look_at_swap(places: Collection[Place], target: Target, *, account_id: int, at: datetime) -> Swap:
    """What moving these places of an account would mean now; nothing is taken."""
    wanted = {place.id: session_for(place, target) for place in places}
    situation = _situation(places, wanted, account_id, at)
    facts = read_prices(account_id, {place.pupil_id for place in places}, at)
    return _look(places, wanted, situation, facts, account_id)[0]


def _situation(
    places: Collection[Place], wanted: Mapping[int, Session | None], account_id: int, at: datetime
) -> Situation:
    """What the rules need, as if the old places were gone from their days, but not from the numbers of places left.

    A place that is itself wanted as a new one stays, so that no child is booked twice into one session.
    """
    new = {session.id for session in wanted.values() if session is not None}
    situation = load_situation({place.pupil_id for place in places}, new, at, account_id=account_id)
    old = {(place.pupil_id, place.session_id) for place in places if place.session_id not in new}
    for (pupil_id, day), busy in situation.busy.items():
        situation.busy[pupil_id, day] = [one for one in busy if (pupil_id, one.session_id) not in old]
    return situation


def _look(
    places: Collection[Place],
    wanted: Mapping[int, Session | None],
    situation: Situation,
    facts: PriceFacts,
    account_id: int,
) -> tuple[Swap, dict[Pair, Price]]:
    """Every place with what it would become, and what those that can be had cost together."""
    looked: list[tuple[Place, Session | None, int, str | None]] = []
    paid_back = set()
    for place in places:
        session, back = wanted[place.id], 0
        problem = _problem(place, session, situation, account_id)
        try:
            terms = cancellation_terms(place, situation.at)
            back = terms.credit_pence
            paid_back |= {place.id} if terms.is_in_time else set()
        except BookingError as error:
            problem = str(error)
        if problem is None and session is not None:
            situation.take(place.pupil_id, session.id, account_id)
        looked.append((place, session, back, problem))
    going = {
        (place.pupil_id, session.id): place.id
        for place, session, _, problem in looked
        if problem is None and session is not None
    }
    gone = set(going.values())
    prices = prices_now(situation, facts, account_id, going, instead_of=gone, paid_back=gone & paid_back)
    rows = [
        SwapRow(place, session, prices[pair].pence if pair in prices else 0, back, problem)
        for place, session, back, problem in looked
        for pair in ((place.pupil_id, session.id if session else 0),)
    ]
    return Swap(rows), prices


def _problem(place: Place, session: Session | None, situation: Situation, account_id: int) -> str | None:
    if session is None:
        return "There is no such session in that week."
    refusal = situation.why_not(place.pupil_id, session.id, account_id)
    if refusal is not None:
        return refusal.words
    if situation.sessions[session.id].sold_as == "block":
        return "That run is sold as a whole only. Book it under Book."
    return None


def swap_places(
    place_ids: Collection[int],
    target: Target,
    *,
    account_id: int,
    seen_pence: int,
    at: datetime,
    user_id: int | None,
    channel: str = "online",
) -> Swap:
    """Move places of an account: every new place is booked before any old one is let go, in one step.

    `seen_pence` is the difference that was shown. Raises `SwapRefused` when one of them cannot be had or the
    difference is another by now; then nothing has changed.
    """
    before = fresh_places(place_ids)
    wanted = {place.id: session_for(place, target) for place in before}
    new = {session.id for session in wanted.values() if session is not None}
    pupils = {place.pupil_id for place in before}
    facts = read_prices(account_id, pupils, at)
    lock_rows((Pupil, pupils), (Session, new), (FamilyAccount, [account_id]), (Pot, facts.pots))
    free_pots(facts.pots, at)
    places = [place for place in fresh_places(place_ids) if place.account_id == account_id]
    situation = _situation(places, wanted, account_id, at)
    swap, prices = _look(places, wanted, situation, facts, account_id)
    if len(swap.possible) < len(set(place_ids)) or swap.difference_pence != seen_pence:
        raise SwapRefused("Something has changed since you looked. Nothing was moved. Look again.")
    asked = [("asked", pupil, session, None) for pupil, session in prices]
    note(asked, account_id=account_id, at=at, user_id=user_id, channel=channel)
    book_at_once(account_id, prices, situation, at=at, user_id=user_id)
    cancel_locked(places, at=at, user_id=user_id, channel=channel, reason="swapped")
    return swap


def targets_for(places: Collection[Place], at: datetime) -> list[tuple[str, list[tuple[str, str]]]]:
    """Where these places could go, as (activity, [(value, words)]): open runs with sessions to come, by weekday."""
    today = clock.today(at)
    first = min((place.session.date for place in places), default=today) - timedelta(weeks=1)
    last = max((place.session.date for place in places), default=today) + timedelta(weeks=3)
    sessions = db.session.scalars(
        select(Session)
        .join(Run, Run.id == Session.run_id)
        .where(Run.status == "open", Run.sold_as != "block", Session.status == "planned")
        .where(Session.date.between(max(first, today), last))
        .order_by(Session.date)
    ).unique()
    found: dict[str, dict[str, str]] = {}
    for session in sessions:
        if session.run.activity.is_free_slot:
            continue
        value = f"{session.run_id}-{session.date.weekday()}"
        words = (
            f"{session.date:%A}s, {session.starts_at:%H:%M} to {session.ends_at:%H:%M}, "
            f"{format_pence(session.run.price_pence) if session.run.price_pence else 'free'}"
        )
        found.setdefault(session.run.activity.name, {})[value] = words
    return [
        (name, sorted(values.items(), key=lambda one: _in_week(one[0])))
        for name, values in sorted(found.items())
    ]


def _in_week(value: str) -> tuple[int, int]:
    run_id, weekday = value.split("-")
    return int(weekday), int(run_id)


def read_target(value: str, weeks: str) -> Target | None:
    """A target from what a form sent; nothing for nonsense."""
    run_id, _, weekday = value.partition("-")
    known = {str(number) for number in WEEKS}
    if not (run_id.isdigit() and weekday in set("0123456") and weekday and weeks in known):
        return None
    return Target(int(run_id), int(weekday), int(weeks))
