"""The week grid: for each child, slots of the day down and Monday to Friday across, in a constant number of queries."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from sqlalchemy import ColumnElement, and_, select

from booking.bookings.baskets import bookable_pupils, open_basket
from booking.bookings.frozen_prices import prices_beside
from booking.bookings.models import FreeForecast, Place, WaitingEntry
from booking.bookings.rules import Pair, SessionFacts, Situation
from booking.bookings.situations import situation_where
from booking.bookings.years import years_in_words
from booking.core import clock
from booking.core.db import db
from booking.core.words import counted, moment
from booking.people.models import Pupil
from booking.provision.models import Period, Run, Session, SpecialDay

FEW = 5
SLOTS = {"breakfast": 0, "club": 2, "study_support": 2, "family": 2, "community": 2, "extended_care": 3}
DAY_WORDS = {"inset": "INSET day", "closure": "School is closed", "bank_holiday": "Bank holiday"}


@dataclass(frozen=True)
class Cell:
    """One session for one child. `state`: free, ticked, held, booked, waiting, full or no; `words` say which."""

    session_id: int
    pupil_id: int
    state: str
    words: str
    starts_at: time
    ends_at: time
    price_pence: int
    is_free_slot: bool

    @property
    def can_tick(self) -> bool:
        """A box may be ticked or unticked here."""
        return self.state in {"free", "ticked", "held"}

    @property
    def is_ticked(self) -> bool:
        """The box is ticked now."""
        return self.state in {"ticked", "held"}

    @property
    def pick(self) -> str:
        """What the box sends: `pupil:session`."""
        return f"{self.pupil_id}:{self.session_id}"


@dataclass(frozen=True)
class GridRow:
    """One activity of the week: its cell for each of the five days, or nothing where it does not run."""

    activity: str
    kind: str
    cells: tuple[Cell | None, ...]


@dataclass(frozen=True)
class GridDay:
    """A day across the top, with a note where it differs."""

    date: date
    note: str


@dataclass(frozen=True)
class ChildWeek:
    """One child's rows, in the order of the day."""

    pupil: Pupil
    rows: tuple[GridRow, ...]


@dataclass(frozen=True)
class WeekGrid:
    """A family's week; `before` and `after` are the Mondays of its neighbours where something runs."""

    monday: date
    days: tuple[GridDay, ...]
    children: tuple[ChildWeek, ...]

    @property
    def before(self) -> date:
        """The Monday of the week before."""
        return self.monday - timedelta(days=7)

    @property
    def after(self) -> date:
        """The Monday of the week after."""
        return self.monday + timedelta(days=7)

    @property
    def shown(self) -> list[str]:
        """Every box that the page shows, so that an unticked one can be told from one that was not there."""
        return [
            cell.pick
            for child in self.children
            for row in child.rows
            for cell in row.cells
            if cell and cell.can_tick
        ]


def first_week(at: datetime) -> date:
    """The Monday from which a family books: this week, or the next one from Friday's last hours on."""
    today = clock.today(at)
    following = db.session.scalar(
        select(Session.date)
        .where(Session.date > today, Session.status == "planned")
        .order_by(Session.date)
        .limit(1)
    )
    day = following or today
    return day - timedelta(days=day.weekday())


def cells_of(
    account_id: int, pupils: Sequence[Pupil], condition: ColumnElement[bool], at: datetime
) -> list[tuple[SessionFacts, Cell]]:
    """A cell for every session that meets a condition and every child, by time; a constant number of queries."""
    situation = situation_where([pupil.id for pupil in pupils], condition, at, account_id=account_id)
    marks = _marks(account_id, situation)
    sessions = sorted(situation.sessions.values(), key=lambda s: (s.date, s.starts_at, s.id))
    return [
        (session, _cell(pupil, session, situation, marks, account_id))
        for session in sessions
        for pupil in pupils
    ]


def week_grid(account_id: int, monday: date, at: datetime) -> WeekGrid:
    """The whole week of every child of a family: at most 12 queries, whatever the number of children and sessions."""
    pupils = bookable_pupils(account_id, clock.today(at))
    dates = [monday + timedelta(days=n) for n in range(5)]
    this_week = and_(Session.date.between(dates[0], dates[-1]), Run.status == "open")
    situation = situation_where([pupil.id for pupil in pupils], this_week, at, account_id=account_id)
    marks = _marks(account_id, situation)
    sessions = sorted(
        situation.sessions.values(), key=lambda s: (SLOTS[s.kind], s.starts_at, s.activity.casefold(), s.date)
    )
    rows = [(pupil, _rows(pupil, sessions, dates, situation, marks, account_id)) for pupil in pupils]
    return WeekGrid(monday, _days(dates), tuple(ChildWeek(*one) for one in rows))


@dataclass(frozen=True)
class _Marks:
    """What the family has said already, by (pupil, session), and what every session costs each child."""

    ticked: set[Pair]
    held: dict[Pair, int]
    waiting: set[Pair]
    coming: set[Pair]
    prices: dict[Pair, int]


def _marks(account_id: int, situation: Situation) -> _Marks:
    basket, pupil_ids = open_basket(account_id), list(situation.pupils)
    held = db.session.execute(
        select(Place.pupil_id, Place.session_id, Place.price_pence).where(
            Place.account_id == account_id,
            Place.state == "held",
            (Place.held_until > situation.at) | Place.held_until.is_(None),
        )
    )
    waiting = db.session.execute(
        select(WaitingEntry.pupil_id, WaitingEntry.session_id).where(
            WaitingEntry.pupil_id.in_(pupil_ids), WaitingEntry.state.in_(("waiting", "offered"))
        )
    )
    coming = db.session.execute(
        select(FreeForecast.pupil_id, FreeForecast.session_id).where(
            FreeForecast.pupil_id.in_(pupil_ids), FreeForecast.session_id.in_(list(situation.sessions))
        )
    )
    ticked = {(line.pupil_id, line.session_id) for line in basket.lines} if basket else set()
    kept = {(row.pupil_id, row.session_id): row.price_pence for row in held}
    return _Marks(
        ticked,
        kept,
        {(row.pupil_id, row.session_id) for row in waiting},
        {(row.pupil_id, row.session_id) for row in coming},
        prices_beside(ticked - kept.keys(), account_id, situation) | kept,
    )


def _days(dates: Sequence[date]) -> tuple[GridDay, ...]:
    special = {
        day.date: day for day in db.session.scalars(select(SpecialDay).where(SpecialDay.date.in_(dates)))
    }
    half_terms = db.session.execute(
        select(Period.starts_on, Period.ends_on).where(Period.kind == "half_term")
    ).all()
    found = []
    for day in dates:
        if day in special:
            one = special[day]
            words = DAY_WORDS.get(one.kind) or f"School ends at {one.finishes_at:%H:%M}"
        elif half_terms and not any(start <= day <= end for start, end in half_terms):
            words = "Holiday"
        else:
            words = ""
        found.append(GridDay(day, words))
    return tuple(found)


def _rows(
    pupil: Pupil,
    sessions: Sequence[SessionFacts],
    dates: Sequence[date],
    situation: Situation,
    marks: _Marks,
    account_id: int,
) -> tuple[GridRow, ...]:
    rows: dict[tuple[str, str], list[Cell | None]] = {}
    for session in sessions:
        cells = rows.setdefault((session.activity, session.kind), [None] * len(dates))
        cells[dates.index(session.date)] = _cell(pupil, session, situation, marks, account_id)
    return tuple(GridRow(activity, kind, tuple(cells)) for (activity, kind), cells in rows.items())


def _cell(pupil: Pupil, session: SessionFacts, situation: Situation, marks: _Marks, account_id: int) -> Cell:
    state, words = _state(pupil, session, situation, marks, account_id)
    return Cell(
        session.id,
        pupil.id,
        state,
        words,
        session.starts_at,
        session.ends_at,
        marks.prices.get((pupil.id, session.id), session.price_pence),
        session.is_free_slot,
    )


def _state(
    pupil: Pupil, session: SessionFacts, situation: Situation, marks: _Marks, account_id: int
) -> tuple[str, str]:
    key = (pupil.id, session.id)
    if key in marks.held:
        return "held", "Kept for you"
    refusal = situation.why_not(pupil.id, session.id, account_id, waits=session.is_free_slot)
    reason = refusal.reason if refusal else ""
    if reason == "has_it":
        is_ours = any(
            b.session_id == session.id and b.account_id == account_id
            for b in situation.busy[pupil.id, session.date]
        )
        return "booked", "You have this" if is_ours else "Already arranged"
    if key in marks.waiting:
        return "waiting", "On the waiting list"
    if not reason or (reason == "full" and key in marks.ticked):
        if session.is_free_slot:
            return ("ticked", "Coming") if key in marks.coming else ("free", "Free: say who is coming")
        words = places_in_words(situation.left(session.id)) if not reason else "Full now"
        return ("ticked" if key in marks.ticked else "free"), words
    if key in marks.coming:
        return "booked", "Coming"
    if reason == "full":
        return "full", "Full: join the waiting list"
    return "no", _why(reason, pupil, session, situation, account_id)


def _why(reason: str, pupil: Pupil, session: SessionFacts, situation: Situation, account_id: int) -> str:
    """The reason in a few words."""
    if reason == "overlap":
        for other in situation.busy[pupil.id, session.date]:
            if (
                other.account_id == account_id
                and other.starts_at < session.ends_at
                and session.starts_at < other.ends_at
            ):
                return f"Overlaps {other.activity}"
        return "Overlaps something arranged"
    return {
        "called_off": "Called off",
        "past": "Over",
        "closed": "Closed",
        "not_open": f"Opens {moment(situation.opens_at(session, pupil.id, account_id))}",
        "cut_off": f"Bookings closed {moment(session.cut_off)}",
        "year_group": f"{years_in_words(session.year_groups)} only",
        "not_on_roll": "Not at this school then",
        "consent": "Needs your consent: see Children",
        "arrears": "Not while so much is owed",
    }.get(reason, "Not on offer")


def places_in_words(left: int) -> str:
    """Places left as a parent reads them: exact when there are few."""
    if left <= 0:
        return "Full"
    return counted(left, "place") + " left" if left <= FEW else "Places left"
