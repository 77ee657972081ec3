"""May this child have a place in this session? One order of reasons, for grid and hold alike."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta

from sqlalchemy import ColumnElement, Row, func, literal, select, union_all

from booking.bookings.models import CapacityOverride, Place, WaitingEntry
from booking.core import clock
from booking.core.db import db
from booking.core.words import moment, short_day
from booking.people.models import Pupil
from booking.provision.models import YEAR_GROUPS, Activity, Run, Session

LIVE = ("held", "booked")


@dataclass(frozen=True)
class Refusal:
    """Why a child cannot have a session: a reason for the log, and a sentence for the parent."""

    pupil_id: int
    session_id: int
    reason: str
    words: str


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
    activity_id: int
    activity: str
    kind: str
    seller_id: int
    is_free_slot: bool

    @property
    def cut_off(self) -> datetime:
        """The moment when booking, and cancelling for credit, ends; never later than the start."""
        return min(
            clock.instant(self.date - timedelta(days=self.closes_days_before), self.closes_at),
            clock.instant(self.date, self.starts_at),
        )


@dataclass(frozen=True)
class Busy:
    """A child has this already: a live place on the same day."""

    session_id: int
    starts_at: time
    ends_at: time
    activity: str
    account_id: int


@dataclass
class Situation:
    """All that the rules need for some children and sessions, read in a constant number of queries."""

    at: datetime
    sessions: dict[int, SessionFacts]
    pupils: dict[int, Pupil]
    live: dict[int, int] = field(default_factory=dict)
    extra: dict[int, int] = field(default_factory=dict)
    waiting: dict[int, int] = field(default_factory=dict)
    busy: dict[tuple[int, date], list[Busy]] = field(default_factory=lambda: defaultdict(list))

    def left(self, session_id: int) -> int:
        """Places that are neither held nor booked; below zero when a session was cut under what it had."""
        capacity = self.sessions[session_id].capacity + self.extra.get(session_id, 0)
        return capacity - self.live.get(session_id, 0)

    def is_full(self, session_id: int) -> bool:
        """Full for everybody who asks: no place left, or what is left belongs to those who wait."""
        return self.left(session_id) <= 0 or self.waiting.get(session_id, 0) > 0

    def take(self, pupil_id: int, session_id: int, account_id: int) -> None:
        """Note a place as taken, so that the next question of the same basket sees it."""
        session = self.sessions[session_id]
        self.live[session_id] = self.live.get(session_id, 0) + 1
        self.busy[pupil_id, session.date].append(
            Busy(session_id, session.starts_at, session.ends_at, session.activity, account_id)
        )

    def why_not(
        self, pupil_id: int, session_id: int, account_id: int, *, waits: bool = False
    ) -> Refusal | None:
        """The first reason against, or nothing; `waits` leaves "full" out, for whoever is on the list."""
        session, pupil = self.sessions.get(session_id), self.pupils.get(pupil_id)
        if session is None or pupil is None:
            return Refusal(
                pupil_id, session_id, "closed", "One session is not on offer any more. It was left out."
            )
        found = self._against_session(session) or self._against_pupil(session, pupil, account_id)
        if found is None and not waits and self.is_full(session_id):
            found = ("full", "is full. You can join its waiting list")
        if found is None:
            return None
        reason, words = found
        where = f"{pupil.first_name}: {session.activity} on {short_day(session.date)}"
        return Refusal(pupil_id, session_id, reason, f"{where} {words}.")

    def _against_session(self, session: SessionFacts) -> tuple[str, str] | None:
        if session.status == "called_off":
            return "called_off", "has been called off"
        if session.run_status != "open":
            return "closed", "is not open for booking"
        if self.at >= clock.instant(session.date, session.starts_at):
            return "past", "has begun or is over"
        if self.at < session.opens_at:
            return "not_open", f"opens for booking on {moment(session.opens_at)}"
        if self.at >= session.cut_off:
            return "cut_off", f"closed for booking on {moment(session.cut_off)}. Ring the school office"
        return None

    def _against_pupil(self, session: SessionFacts, pupil: Pupil, account_id: int) -> tuple[str, str] | None:
        if pupil.status == "left" or (pupil.left_on is not None and pupil.left_on <= session.date):
            return "not_on_roll", "cannot be booked: your child has left the school by then"
        if pupil.joined_on is not None and session.date < pupil.joined_on:
            return "not_on_roll", f"cannot be booked: your child starts on {short_day(pupil.joined_on)}"
        year = year_group_on(
            pupil.year_group, max(clock.today(self.at), pupil.joined_on or date.min), session.date
        )
        if year not in session.year_groups:
            return "year_group", f"is for {years_in_words(session.year_groups)} only"
        for other in self.busy[pupil.id, session.date]:
            if other.session_id == session.id:
                is_ours = other.account_id == account_id
                return "has_it", "is booked already" if is_ours else "is already arranged for this child"
            if other.starts_at < session.ends_at and session.starts_at < other.ends_at:
                is_ours = other.account_id == account_id
                what = (
                    f"overlaps {other.activity}"
                    if is_ours
                    else "overlaps something already arranged for this child"
                )
                return "overlap", what
        return None


def load_situation(pupil_ids: Collection[int], session_ids: Collection[int], at: datetime) -> Situation:
    """Read what the rules need of these sessions: four queries, whatever the number of children and sessions."""
    return situation_where(pupil_ids, Session.id.in_(session_ids), at)


def situation_where(pupil_ids: Collection[int], condition: ColumnElement[bool], at: datetime) -> Situation:
    """The same for every session that meets a condition."""
    sessions = {row.id: _facts(row) for row in _session_rows(condition)}
    pupils = {p.id: p for p in db.session.scalars(select(Pupil).where(Pupil.id.in_(pupil_ids)))}
    situation = Situation(at, sessions, pupils)
    _count(situation)
    rows = db.session.execute(
        select(
            Place.pupil_id,
            Place.session_id,
            Place.account_id,
            Session.date,
            Session.starts_at,
            Session.ends_at,
            Activity.name,
        )
        .join(Session, Session.id == Place.session_id)
        .join(Run, Run.id == Session.run_id)
        .join(Activity, Activity.id == Run.activity_id)
        .where(Place.pupil_id.in_(pupil_ids), Place.state.in_(LIVE))
        .where(Session.date.in_({facts.date for facts in sessions.values()}))
    )
    for row in rows:
        situation.busy[row.pupil_id, row.date].append(
            Busy(row.session_id, row.starts_at, row.ends_at, row.name, row.account_id)
        )
    return situation


def _count(situation: Situation) -> None:
    """Live places, extra places and waiting children of every session, in one query."""
    ids = list(situation.sessions)
    live = select(literal("live"), Place.session_id, func.count()).where(
        Place.session_id.in_(ids), Place.state.in_(LIVE)
    )
    extra = select(literal("extra"), CapacityOverride.session_id, func.sum(CapacityOverride.extra)).where(
        CapacityOverride.session_id.in_(ids)
    )
    waiting = select(literal("waiting"), WaitingEntry.session_id, func.count()).where(
        WaitingEntry.session_id.in_(ids), WaitingEntry.state == "waiting"
    )
    rows = db.session.execute(
        union_all(
            live.group_by(Place.session_id),
            extra.group_by(CapacityOverride.session_id),
            waiting.group_by(WaitingEntry.session_id),
        )
    )
    for what, session_id, number in rows:
        getattr(situation, what)[session_id] = int(number)


def _session_rows(condition: ColumnElement[bool]) -> Iterable[Row]:
    return db.session.execute(
        select(
            Session.id,
            Session.run_id,
            Session.date,
            Session.starts_at,
            Session.ends_at,
            Session.capacity,
            Session.status,
            Run.status.label("run_status"),
            Run.price_pence,
            Run.year_groups,
            Run.opens_at,
            Run.closes_days_before,
            Run.closes_at,
            Activity.id.label("activity_id"),
            Activity.name.label("activity"),
            Activity.kind,
            Activity.seller_id,
            Activity.is_free_slot,
        )
        .join(Run, Run.id == Session.run_id)
        .join(Activity, Activity.id == Run.activity_id)
        .where(condition)
    )


def _facts(row: Row) -> SessionFacts:
    values = dict(row._mapping)
    values["year_groups"] = tuple(values["year_groups"])
    return SessionFacts(**values)


def year_group_on(current: str | None, today: date, day: date) -> str | None:
    """The year group of a child on another day: one up for each 1 September in between; nothing after Year 6."""
    if current not in YEAR_GROUPS:
        return current
    steps = _school_year(day) - _school_year(today)
    place = YEAR_GROUPS.index(current) + steps
    return YEAR_GROUPS[place] if 0 <= place < len(YEAR_GROUPS) else None


def _school_year(day: date) -> int:
    return day.year if day.month >= 9 else day.year - 1


def years_in_words(years: Collection[str]) -> str:
    """`Years 3 to 6`, `Reception to Year 2`, `Nursery`: a run of year groups as it is spoken."""
    wanted = [year for year in YEAR_GROUPS if year in years]
    if not wanted:
        return "nobody"
    first, last = _year_word(wanted[0]), _year_word(wanted[-1])
    if first == last:
        return first
    is_run = YEAR_GROUPS.index(wanted[-1]) - YEAR_GROUPS.index(wanted[0]) == len(wanted) - 1
    if not is_run:
        return ", ".join(dict.fromkeys(_year_word(year) for year in wanted))
    if first.startswith("Year ") and last.startswith("Year "):
        return f"Years {wanted[0]} to {wanted[-1]}"
    return f"{first} to {last}"


def _year_word(year: str) -> str:
    return {"N1": "Nursery", "N2": "Nursery", "R": "Reception"}.get(year, f"Year {year}")
