"""May this child have a place in this session? One order of reasons, for grid and hold alike."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta

from booking.bookings.early_rule import Early, EarlyKey, not_open_words, opens_for
from booking.bookings.years import year_group_on, years_in_words
from booking.core import clock
from booking.core.money import format_pence
from booking.core.words import moment, short_day
from booking.people.consents import consent_kinds

LIVE = ("held", "booked")
Pair = tuple[int, int]
"""A pupil and a session, by id."""
Reason = tuple[str, str]
"""What the log is told, and how the sentence for the parent goes on after child and session."""
LIST_ENDS_HOURS = 24


@dataclass(frozen=True)
class Refusal:
    """Why a child cannot have a session: a reason for the log, and a sentence for the parent."""

    pupil_id: int
    session_id: int
    reason: str
    words: str


@dataclass(frozen=True)
class PupilFacts:
    """What the rules need of a child; `first_name` is the name that they go by."""

    id: int
    first_name: str
    year_group: str
    status: str
    joined_on: date | None
    left_on: date | None


@dataclass(frozen=True)
class SessionFacts:
    """A session with what its run says; hours are wall-clock, instants are UTC."""

    id: int
    run_id: int
    date: date
    starts_at: time
    ends_at: time
    capacity: int
    status: str
    run_status: str
    price_pence: int
    year_groups: tuple[str, ...]
    opens_at: datetime
    closes_days_before: int
    closes_at: time
    sold_as: str
    needs_consent: str | None
    in_round: bool
    activity_id: int
    activity: str
    kind: str
    seller_id: int
    is_free_slot: bool
    room_id: int
    minutes_away: int

    @property
    def cut_off(self) -> datetime:
        """The moment when booking, and cancelling for credit, ends; never later than the start."""
        return min(
            clock.instant(self.date - timedelta(days=self.closes_days_before), self.closes_at),
            clock.instant(self.date, self.starts_at),
        )


@dataclass(frozen=True)
class Busy:
    """A child has this already: a live place on the same day, and the basket that it came by."""

    session_id: int
    starts_at: time
    ends_at: time
    activity: str
    account_id: int
    room_id: int
    minutes_away: int
    basket_id: int | None = None


@dataclass(frozen=True)
class Block:
    """A run that may be bought as a whole: its price in pence, and the days of its sessions by id, in order."""

    pence: int
    days: dict[int, date]

    def share_pence(self, session_id: int) -> int:
        """One session's part of the price: the parts sum to the whole, and any two differ by a penny at most.

        Whoever joins part-way pays the parts of what is still to come.
        """
        count, place = len(self.days), list(self.days).index(session_id)
        return (place + 1) * self.pence // count - self.before_pence(session_id)

    def before_pence(self, session_id: int) -> int:
        """The parts of all sessions that come before one."""
        return list(self.days).index(session_id) * self.pence // len(self.days)


@dataclass
class Situation:
    """All that the rules need for some children and sessions, at one moment."""

    at: datetime
    sessions: dict[int, SessionFacts]
    pupils: dict[int, PupilFacts]
    live: dict[int, int] = field(default_factory=dict)
    extra: dict[int, int] = field(default_factory=dict)
    waiting: dict[int, int] = field(default_factory=dict)
    owed: dict[int, int] = field(default_factory=dict)
    busy: dict[tuple[int, date], list[Busy]] = field(default_factory=lambda: defaultdict(list))
    consents: set[tuple[int, str]] = field(default_factory=set)
    blocks: dict[int, Block] = field(default_factory=dict)
    has_overdue: bool = False
    early: dict[EarlyKey, Early] = field(default_factory=dict)
    given_on: frozenset[int] = frozenset()
    away: frozenset[Pair] = frozenset()
    list_ends_hours: int = LIST_ENDS_HOURS
    arrears_limit_pence: int | None = None

    def taken_in(self, basket_id: int, pairs: Collection[Pair]) -> set[Pair]:
        """Those of these pairs that have a live place by this basket."""
        found = {
            (pupil, one.session_id)
            for (pupil, _), busy in self.busy.items()
            for one in busy
            if one.basket_id == basket_id
        }
        return found & set(pairs)

    def left(self, session_id: int) -> int:
        """Places that are neither held nor booked; below zero when a session was cut under what it had."""
        capacity = self.sessions[session_id].capacity + self.extra.get(session_id, 0)
        return capacity - self.live.get(session_id, 0)

    def is_full(self, session_id: int) -> bool:
        """Full for everybody who asks: no place left, or what is left belongs to the list until its time ends."""
        if self.left(session_id) <= 0:
            return True
        ends = self.sessions[session_id].cut_off - timedelta(hours=self.list_ends_hours)
        return self.waiting.get(session_id, 0) > 0 and self.at < ends

    def opens_at(self, session: SessionFacts, pupil_id: int, account_id: int) -> datetime:
        """When booking opens for this child of this family: for everybody, or sooner by an opened link."""
        early, taken = self.early.get((account_id, pupil_id, session.run_id)), self.live.get(session.id, 0)
        return opens_for(early, session.opens_at, self.at, taken, taken + self.left(session.id))

    def take(self, pupil_id: int, session_id: int, account_id: int) -> None:
        """Note a place as taken, so that the next question of the same basket sees it."""
        session = self.sessions[session_id]
        self.live[session_id] = self.live.get(session_id, 0) + 1
        self.busy[pupil_id, session.date].append(
            Busy(
                session_id,
                session.starts_at,
                session.ends_at,
                session.activity,
                account_id,
                session.room_id,
                session.minutes_away,
            )
        )

    def give_back(self, pupil_id: int, session_id: int) -> None:
        """Take back what `take` noted."""
        self.live[session_id] -= 1
        day = self.sessions[session_id].date
        self.busy[pupil_id, day] = [b for b in self.busy[pupil_id, day] if b.session_id != session_id]

    def broken_blocks(self, pairs: Collection[Pair]) -> list[Refusal]:
        """Of these, each that belongs to a run which is sold as a whole only, while something of it is not among them."""
        wanted, broken = set(pairs), []
        for pupil_id, session_id in sorted(wanted):
            session = self.sessions[session_id]
            if session.sold_as != "block":
                continue
            rest = self.to_come(self.blocks[session.run_id], session)
            if not all((pupil_id, other) in wanted for other in rest):
                words = f"is sold as a whole: choose all {len(rest)} dates that are still to come"
                broken.append(self._refusal(pupil_id, session, "block", words))
        return broken

    def to_come(self, block: Block, like: SessionFacts) -> list[int]:
        """The sessions of a block whose cut-off lies ahead; `like` is one session of that run."""
        return [one for one, day in block.days.items() if self.at < replace(like, date=day).cut_off]

    def _refusal(self, pupil_id: int, session: SessionFacts, reason: str, words: str) -> Refusal:
        where = f"{self.pupils[pupil_id].first_name}: {session.activity} on {short_day(session.date)}"
        return Refusal(pupil_id, session.id, reason, f"{where} {words}.")

    def why_not(
        self, pupil_id: int, session_id: int, account_id: int, *, waits: bool = False
    ) -> Refusal | None:
        """The first reason against, or nothing; `waits` leaves "full" out, for whoever is on the list."""
        session, pupil = self.sessions.get(session_id), self.pupils.get(pupil_id)
        if session is None or pupil is None:
            return Refusal(
                pupil_id, session_id, "closed", "One session is not on offer any more. It was left out."
            )
        found = self._against_session(session, pupil_id, account_id)
        found = found or self._against_pupil(session, pupil, account_id)
        if found is None and not waits and self.is_full(session_id):
            found = ("full", "is full. You can join its waiting list")
        return None if found is None else self._refusal(pupil_id, session, *found)

    def clash_of(self, pupil_id: int, session_id: int, account_id: int) -> Refusal | None:
        """What the child has already that stands against it on that day, whatever else the rules would say."""
        session = self.sessions[session_id]
        found = self._against_day(session, pupil_id, account_id)
        return None if found is None else self._refusal(pupil_id, session, *found)

    def _against_session(self, session: SessionFacts, pupil_id: int, account_id: int) -> Reason | None:
        if session.status == "called_off":
            return "called_off", "has been called off"
        if session.run_status != "open":
            return "closed", "is not open for booking"
        if self.at >= clock.instant(session.date, session.starts_at):
            return "past", "has begun or is over"
        if session.in_round:
            return "in_round", "is given out by a draw. Rank it under “Choose clubs” before the round closes"
        if self.at < session.opens_at and self.at < (opens := self.opens_at(session, pupil_id, account_id)):
            early = self.early.get((account_id, pupil_id, session.run_id))
            return "not_open", not_open_words(early, opens, self.at)
        if self.at >= session.cut_off:
            return "cut_off", f"closed for booking on {moment(session.cut_off)}. Ring the school office"
        return None

    def _against_pupil(self, session: SessionFacts, pupil: PupilFacts, account_id: int) -> Reason | None:
        if pupil.status == "left" or (pupil.left_on is not None and pupil.left_on <= session.date):
            return "not_on_roll", "cannot be booked: your child has left the school by then"
        if pupil.joined_on is not None and session.date < pupil.joined_on:
            return "not_on_roll", f"cannot be booked: your child starts on {short_day(pupil.joined_on)}"
        year = year_group_on(
            pupil.year_group, max(clock.today(self.at), pupil.joined_on or date.min), session.date
        )
        if year not in session.year_groups:
            return "year_group", f"is for {years_in_words(session.year_groups)} only"
        if session.needs_consent and (pupil.id, session.needs_consent) not in self.consents:
            kind = consent_kinds().get(session.needs_consent)
            asked = f"“{kind.words}”" if kind else "a consent"
            return "consent", f"needs your consent: {asked}. Give it under Children, then book"
        return self._against_day(session, pupil.id, account_id) or self._against_account(session, account_id)

    def _against_day(self, session: SessionFacts, pupil_id: int, account_id: int) -> Reason | None:
        """What the child has on that day already, with the walk between two places."""
        for other in self.busy[pupil_id, session.date]:
            is_ours = other.account_id == account_id
            if other.session_id == session.id:
                return "has_it", "is booked already" if is_ours else "is already arranged for this child"
            what = other.activity if is_ours else "something already arranged for this child"
            if other.starts_at < session.ends_at and session.starts_at < other.ends_at:
                return "overlap", f"overlaps {what}"
            walk = 0 if other.room_id == session.room_id else other.minutes_away + session.minutes_away
            gap = max(
                _minutes(session.starts_at) - _minutes(other.ends_at),
                _minutes(other.starts_at) - _minutes(session.ends_at),
            )
            if gap < walk:
                return "overlap", f"leaves no time to walk there from {what} ({walk} minutes are needed)"
        return None

    def _against_account(self, session: SessionFacts, account_id: int) -> Reason | None:
        """The limit of what a family may owe; never asked of what is free, nor of today: no child is stranded for it."""
        owed, limit = self.owed.get(account_id, 0), self.arrears_limit_pence
        if limit is None or owed <= limit or not session.price_pence or session.date == clock.today(self.at):
            return None
        return "arrears", (
            f"cannot be booked now: {format_pence(owed)} is owed on your account, more than the school’s limit of "
            f"{format_pence(limit)}. Pay some of it, or ring the school office"
        )


def _minutes(at: time) -> int:
    return at.hour * 60 + at.minute
