"""The day in figures, as they stand now: who is in, gone, on the way or not here, session by session, and what rings.

Made for a page that asks again every five seconds: a fixed number of queries, and nothing private in it.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import select, union_all

from booking.bookings.models import FreeForecast, Place
from booking.bookings.years import year_group_on
from booking.core.db import db
from booking.people.models import Pupil
from booking.provision.rota import staffing_of
from booking.registers.custody import ChildFacts, SessionHours
from booking.registers.custody_alarms import Alarm, alarms_of
from booking.registers.custody_day import CustodyDay, custody_of
from booking.registers.handovers import Pass, passes_of
from booking.registers.live_staffing import live_staffing
from booking.registers.marks import NOTHING_YET
from booking.registers.plan import BEFORE_CLASS


@dataclass(frozen=True)
class SessionFigures:
    """One session: expected and where they are; those whom the school does not expect any more are not counted."""

    session: SessionHours
    expected: int
    inside: int
    gone: int
    absent: int
    not_here: int
    on_the_way: int
    staff: str = ""

    def is_on(self, at: datetime) -> bool:
        """Whether the session runs at an instant."""
        return self.session.starts_at <= at < self.session.ends_at


@dataclass(frozen=True)
class Live:
    """The whole day for one person: only sessions that they may see are counted."""

    at: datetime
    sessions: tuple[SessionFigures, ...]
    alarms: tuple[Alarm, ...]
    on_site: int
    on_the_way: int
    still_due: int
    gone_home: int
    open_ends: int
    disputed: int


def live_of(day: date, at: datetime, visible: Collection[int] | None = None) -> Live:
    """The figures of a day; with `visible`, of these sessions alone."""
    custody = custody_of(day, at)
    shown = [one for one in custody.sessions.values() if visible is None or one.id in visible]
    ids = {one.id for one in shown}
    passes = [one for one in passes_of(custody) if {one.from_id, one.to_id} & ids]
    stands = [
        stand for stand in custody.stands.values() if visible is None or {stand.session_id, stand.to_id} & ids
    ]
    kinds = Counter(stand.kind for stand in stands)
    expected = expected_in(custody, custody.sessions)
    staff = staff_words(custody, ids, expected)
    coming = Counter(one.to_id for one in passes if one.state == "on_the_way")
    return Live(
        at,
        tuple(
            _figures(custody, one, expected[one.id], coming[one.id], staff.get(one.id, "")) for one in shown
        ),
        tuple(alarms_of(custody, visible)),
        on_site=sum(stand.is_on_site for stand in stands),
        on_the_way=kinds["on_the_way"],
        still_due=kinds["class"] + kinds["due"],
        gone_home=sum(stand.kind == "home" and stand.since is not None for stand in stands),
        open_ends=sum(_is_half(one) for one in passes),
        disputed=sum(_is_disputed(facts, ids) for facts in custody.facts.values()),
    )


def _is_half(one: Pass) -> bool:
    return one.state in {"on_the_way", "unconfirmed"}


def _is_disputed(facts: ChildFacts, session_ids: Collection[int]) -> bool:
    return any(state.is_disputed for key, state in facts.states.items() if key in session_ids)


def staff_words(
    custody: CustodyDay, session_ids: Collection[int], expected: Mapping[int, set[int]]
) -> dict[int, str]:
    """What is wrong with the staff of each session: by their own marks while it runs, by the rota before it begins."""
    now = [one for one in session_ids if _runs(custody, one)]
    later = [one for one in session_ids if custody.at < custody.sessions[one].starts_at]
    found = {key: one.problems for key, one in live_staffing(now, at=custody.at).items()} if now else {}
    if later:
        rota = staffing_of(later, _years_of(custody, expected))
        found |= {key: tuple(one.problems) for key, one in rota.items()}
    return {key: " ".join(problems) for key, problems in found.items() if problems}


def _years_of(custody: CustodyDay, expected: Mapping[int, set[int]]) -> dict[int, Counter[str]]:
    """The expected children of each session by year group; who is away today is not among them."""
    ids = set().union(*expected.values())
    rows = db.session.execute(select(Pupil.id, Pupil.year_group).where(Pupil.id.in_(ids)))
    years = {row.id: year_group_on(row.year_group, custody.day, custody.day) or "" for row in rows}
    return {key: Counter(years[one] for one in expected.get(key, ())) for key in custody.sessions}


def _runs(custody: CustodyDay, session_id: int) -> bool:
    session = custody.sessions[session_id]
    return session.starts_at <= custody.at < session.ends_at


def expected_in(custody: CustodyDay, session_ids: Collection[int]) -> dict[int, set[int]]:
    """Who belongs to the register of each session now: expected by plan or forecast, or marked."""
    found: dict[int, set[int]] = defaultdict(set)
    mornings = [one for one in session_ids if custody.sessions[one].kind in BEFORE_CLASS]
    if mornings:
        rows = union_all(
            select(Place.session_id, Place.pupil_id).where(
                Place.session_id.in_(mornings), Place.state.in_(("held", "booked"))
            ),
            select(FreeForecast.session_id, FreeForecast.pupil_id).where(
                FreeForecast.session_id.in_(mornings)
            ),
        )
        for session_id, pupil_id in db.session.execute(rows):
            found[session_id].add(pupil_id)
    for pupil_id, facts in custody.facts.items():
        for session_id in facts.session_ids:
            if session_id in session_ids:
                found[session_id].add(pupil_id)
    return found


def _figures(
    custody: CustodyDay, session: SessionHours, expected: set[int], coming: int, staff: str
) -> SessionFigures:
    states = Counter(
        (
            custody.facts[one].states.get(session.id, NOTHING_YET) if one in custody.facts else NOTHING_YET
        ).state
        for one in expected
    )
    is_in_class = session.kind in BEFORE_CLASS and custody.at >= session.ends_at
    inside = 0 if is_in_class else states["in"]
    return SessionFigures(
        session,
        len(expected),
        inside,
        states["out"] + (states["in"] if is_in_class else 0),
        states["absent"],
        states["expected"],
        coming,
        staff,
    )
