"""Patterns: the days on which one week's choice comes again, and what of them can be had. Nothing is taken here."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from itertools import groupby

from sqlalchemy import and_, select

from booking.bookings.baskets import NotYourChild, bookable_ids
from booking.bookings.frozen_prices import prices_now
from booking.bookings.grid import DAY_WORDS
from booking.bookings.models import Place
from booking.bookings.price_facts import read_prices
from booking.bookings.rules import LIVE, Pair, Refusal, SessionFacts, Situation
from booking.bookings.situations import situation_where
from booking.core import clock
from booking.core.db import db
from booking.core.errors import BookingError
from booking.core.words import short_day
from booking.provision.models import Activity, Period, Run, Session, SpecialDay

MOST_SESSIONS = 800
ENDS = ("half_term", "term", "year")
KINDS = ("once", "weekly", "fortnightly", "shift")


class TooMany(BookingError):
    """More sessions than anybody books in one go; nothing was changed."""

    def __init__(self, number: int) -> None:
        super().__init__(
            f"That is {number:,} sessions. You can book {MOST_SESSIONS} in one go: choose an earlier end. "
            "Your ticks are kept."
        )


class NoEnd(BookingError):
    """The pattern has no day on which it ends; nothing was changed."""

    def __init__(self) -> None:
        super().__init__("Choose a day on which this ends, after this week. Your ticks are kept.")


@dataclass(frozen=True)
class Repeat:
    """How one week comes again: `weekly`, `fortnightly`, or `shift`: days on and days off by the calendar."""

    kind: str
    until: date
    days_on: int = 4
    days_off: int = 4


@dataclass
class PatternRow:
    """One child in one activity: its sessions, those that fit, and a sentence for each day that cannot be had."""

    child: str
    activity: str
    kind: str
    days: list[date] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    picks: list[Pair] = field(default_factory=list)
    fits: list[Pair] = field(default_factory=list)
    pence: int = 0


@dataclass
class Plan:
    """A pattern looked up: `wanted` are all its sessions, `full` those that have a waiting list; pence of what fits."""

    rows: list[PatternRow] = field(default_factory=list)
    wanted: list[Pair] = field(default_factory=list)
    full: list[Pair] = field(default_factory=list)
    fits: int = 0
    refused: int = 0
    pence: int = 0


def days_again(repeat: Repeat, days: Collection[date]) -> set[date]:
    """The school days from the first of `days` to the end on which the pattern falls, those days themselves among them.

    A shift counts calendar days, so that four on and four off runs through weekends as a rota does.
    """
    if not days:
        return set()
    if repeat.kind == "once":
        return set(days)
    if repeat.kind == "shift":
        first, length = min(days), repeat.days_on + repeat.days_off
        every = (first + timedelta(days=n) for n in range((repeat.until - first).days + 1))
        return {day for day in every if (day - first).days % length < repeat.days_on and day.weekday() < 5}
    step = timedelta(days=7 if repeat.kind == "weekly" else 14)
    found = set(days)
    for day in days:
        while (day := day + step) <= repeat.until:
            found.add(day)
    return found


def ends_from(monday: date) -> dict[str, Period]:
    """The half-term, term and year that a week lies in, as far as the school has entered them."""
    rows = db.session.scalars(
        select(Period)
        .where(Period.starts_on <= monday + timedelta(days=4), Period.ends_on >= monday)
        .order_by(Period.starts_on.desc())
    )
    return {period.kind: period for period in rows}


def plan_pattern(
    account_id: int,
    ticked: Collection[Pair],
    monday: date,
    repeat: Repeat,
    same_for: Collection[int],
    *,
    at: datetime,
) -> Plan:
    """Look up every day of a pattern for a family, in a constant number of queries; raises `TooMany` or `NotYourChild`.

    What the family holds or has booked in that week is copied as if it were ticked. Children in `same_for` get what the
    others have. Days in the holidays are left out without a word; any other day that cannot be had says why.
    """
    friday = monday + timedelta(days=4)
    base = set(ticked) | _has_in(account_id, monday, friday)
    given = {session for pupil, session in base if pupil not in same_for}
    base |= {(pupil, session) for pupil in same_for for session in given}
    children = {pupil for pupil, _ in base}
    if not children <= bookable_ids(account_id, clock.today(at)):
        raise NotYourChild
    first = situation_where([], Session.id.in_({session for _, session in base}), at).sessions
    wanted = _wanted(base, first, repeat)
    if len(wanted) > MOST_SESSIONS:
        raise TooMany(len(wanted))
    last = max((day for _, _, day in wanted), default=friday)
    situation = situation_where(
        children,
        and_(
            Activity.id.in_({facts.activity_id for facts in first.values()}),
            Session.date.between(monday, last),
            Run.status != "draft",
        ),
        at,
        account_id=account_id,
    )
    return _look_up(wanted, first, situation, _holidays(monday, last), account_id)


def _has_in(account_id: int, first: date, last: date) -> set[Pair]:
    rows = db.session.execute(
        select(Place.pupil_id, Place.session_id)
        .join(Session, Session.id == Place.session_id)
        .where(Place.account_id == account_id, Place.state.in_(LIVE), Session.date.between(first, last))
    )
    return {(row.pupil_id, row.session_id) for row in rows}


def _wanted(
    base: Iterable[Pair], first: Mapping[int, SessionFacts], repeat: Repeat
) -> set[tuple[int, int, date]]:
    """(pupil, a session of this week that it is like, day), for every day of the pattern."""
    by_likeness: dict[tuple[int, int, object], list[tuple[int, date]]] = {}
    for pupil_id, session_id in base:
        if session_id in first:
            facts = first[session_id]
            key = (pupil_id, facts.activity_id, facts.starts_at)
            by_likeness.setdefault(key, []).append((session_id, facts.date))
    return {
        (pupil_id, min(like)[0], day)
        for (pupil_id, _, _), like in by_likeness.items()
        for day in days_again(repeat, [day for _, day in like])
    }


def _holidays(first: date, last: date) -> tuple[dict[date, str], list[tuple[date, date]]]:
    """Days that differ in words, and the half-terms between two days."""
    rows = db.session.scalars(select(SpecialDay).where(SpecialDay.date.between(first, last)))
    special = {row.date: DAY_WORDS.get(row.kind, "") for row in rows}
    half_terms = db.session.execute(
        select(Period.starts_on, Period.ends_on).where(Period.kind == "half_term")
    )
    return special, [(row.starts_on, row.ends_on) for row in half_terms]


def _look_up(
    wanted: set[tuple[int, int, date]],
    first: Mapping[int, SessionFacts],
    situation: Situation,
    calendar: tuple[dict[date, str], list[tuple[date, date]]],
    account_id: int,
) -> Plan:
    by_day: dict[tuple[int, date], list[SessionFacts]] = {}
    for facts in situation.sessions.values():
        by_day.setdefault((facts.activity_id, facts.date), []).append(facts)
    plan, rows = Plan(), dict[tuple[int, int], PatternRow]()
    special, half_terms = calendar
    for pupil_id, like_id, day in sorted(wanted, key=lambda w: (w[2], first[w[1]].starts_at, w)):
        like = first[like_id]
        row = rows.setdefault(
            (pupil_id, like.activity_id),
            PatternRow(situation.pupils[pupil_id].first_name, like.activity, like.kind),
        )
        session = _like(by_day.get((like.activity_id, day), []), like)
        if session is not None:
            _ask(plan, row, situation, (pupil_id, session.id), account_id)
        elif day in special or not half_terms or any(start <= day <= end for start, end in half_terms):
            _refuse(plan, row, f"{short_day(day)}: {special.get(day) or 'not on that day'}")
    plan.rows = [row for row in rows.values() if row.days or row.refused]
    _price(plan, situation, account_id)
    return plan


def _price(plan: Plan, situation: Situation, account_id: int) -> None:
    """What all that fits costs together, and each row of it."""
    pairs = [pair for row in plan.rows for pair in row.fits if not situation.sessions[pair[1]].is_free_slot]
    facts = read_prices(account_id, situation.pupils, situation.at)
    prices = prices_now(situation, facts, account_id, pairs)
    for row in plan.rows:
        row.pence = sum(prices[pair].pence for pair in row.fits if pair in prices)
    plan.pence = sum(price.pence for price in prices.values())


def _like(sessions: list[SessionFacts], like: SessionFacts) -> SessionFacts | None:
    """The session of that day which begins at the same hour, else the one nearest to it."""
    minutes = like.starts_at.hour * 60 + like.starts_at.minute
    return min(
        sessions,
        key=lambda s: (abs(s.starts_at.hour * 60 + s.starts_at.minute - minutes), s.id),
        default=None,
    )


def _ask(plan: Plan, row: PatternRow, situation: Situation, pair: Pair, account_id: int) -> None:
    session = situation.sessions[pair[1]]
    refusal = situation.why_not(*pair, account_id, waits=session.is_free_slot)
    if refusal is not None and refusal.reason == "has_it" and _is_ours(situation, pair, account_id):
        return
    plan.wanted.append(pair)
    row.picks.append(pair)
    if refusal is None:
        situation.take(*pair, account_id)
        row.days.append(session.date)
        plan.fits += 1
        row.fits.append(pair)
        return
    if refusal.reason == "full":
        plan.full.append(pair)
    _refuse(plan, row, _shorter(refusal, row))


def _is_ours(situation: Situation, pair: Pair, account_id: int) -> bool:
    day = situation.sessions[pair[1]].date
    return any(b.session_id == pair[1] and b.account_id == account_id for b in situation.busy[pair[0], day])


def _refuse(plan: Plan, row: PatternRow, words: str) -> None:
    row.refused.append(words)
    plan.refused += 1


def _shorter(refusal: Refusal, row: PatternRow) -> str:
    """The refusal without the child and activity that the row names already."""
    return refusal.words.removeprefix(f"{row.child}: {row.activity} on ").rstrip(".")


def days_in_words(days: Collection[date]) -> str:
    """`Mon 2, 9, 16 Nov; Fri 4 Dec`: days by weekday and month, as a family checks them against its calendar."""
    ordered = sorted(days, key=lambda d: (d.weekday(), d))
    parts = []
    for weekday, same in groupby(ordered, key=lambda d: f"{d:%a}"):
        months = [
            f"{', '.join(str(d.day) for d in month)} {name}"
            for name, month in groupby(same, key=lambda d: f"{d:%b}")
        ]
        parts.append(f"{weekday} {', '.join(months)}")
    return "; ".join(parts)
