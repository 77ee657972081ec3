"""Which sheets leave by themselves on a day, and when: the school's hours, as data that the office changes.

A bundle is what one printer prints at one moment. Registers go some minutes before each session, so that a network
that dies finds paper already there; the sheets of the whole day go at an hour of their own.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from sqlalchemy import select

from booking.core import clock
from booking.core.audit import record
from booking.core.db import db
from booking.provision.models import Session, SpecialDay
from booking.registers.custody_sheets import CARE_KIND
from booking.registers.kitchen_sheet import EATS
from booking.registers.paper_facts import AFTER_CLASS, planned_on
from booking.registers.printer_models import PaperRules

BUNDLES = {
    "session": "Sheets of each session, before it starts",
    "going_home": "Going home by class, and buses",
    "kitchen": "Kitchen",
    "contacts": "Emergency contacts",
}
_KINDS = {"going_home": ("going_home", "bus"), "kitchen": ("kitchen",), "contacts": ("contacts",)}
BEFORE_EARLY_FINISH = timedelta(minutes=30)


@dataclass(frozen=True)
class Rules:
    """When paper is printed: minutes before each session, and hours on the wall for the sheets of the whole day."""

    minutes_before: int = 15
    going_home_at: time = time(14, 45)
    kitchen_at: time = time(7, 0)
    contacts_at: time = time(7, 30)


FIELDS = tuple(Rules.__dataclass_fields__)


@dataclass(frozen=True)
class Wanted:
    """One bundle of one day, due at an instant and of no use after another; `key` names it for ever."""

    key: str
    day: date
    bundle: str
    due_at: datetime
    until_at: datetime
    session_id: int | None = None
    room_id: int | None = None


def current_rules() -> Rules:
    """What holds now."""
    row = db.session.get(PaperRules, 1)
    return Rules() if row is None else Rules(**{name: getattr(row, name) for name in FIELDS})


def change_rules(rules: Rules, *, at: datetime, user_id: int | None) -> None:
    """Put new hours in force, in the caller's unit of work; what was sent already stays sent."""
    row = db.session.get(PaperRules, 1) or PaperRules(id=1)
    for name in FIELDS:
        setattr(row, name, getattr(rules, name))
    db.session.add(row)
    db.session.flush()
    record("paper_rules_changed", "paper_rules", 1, at=at, user_id=user_id)


def kinds_of(bundle: str, session: Session | None) -> tuple[str, ...]:
    """The kinds of sheet in a bundle: an outside seller's session has a provider's register in place of the school's."""
    if bundle != "session" or session is None:
        return _KINDS[bundle]
    activity = session.run.activity
    if not activity.seller.is_school:
        return ("provider",)
    care = ("handover", "late") if activity.kind == CARE_KIND else ()
    return ("door", "leader", *care)


def wanted_on(day: date, rules: Rules) -> list[Wanted]:
    """Every bundle of a day in the order in which it is due; nothing on a day on which nothing runs."""
    sessions = planned_on(day)
    if not sessions:
        return []
    return sorted((*_of_sessions(sessions, rules), *_of_day(day, sessions, rules)), key=_by_due)


def _by_due(wanted: Wanted) -> tuple[datetime, str]:
    return wanted.due_at, wanted.key


def _of_sessions(sessions: list[Session], rules: Rules) -> Iterator[Wanted]:
    for one in sessions:
        starts, ends = clock.instant(one.date, one.starts_at), clock.instant(one.date, one.ends_at)
        due = starts - timedelta(minutes=rules.minutes_before)
        key = f"{one.date} session {one.id}"
        yield Wanted(key, one.date, "session", due, ends, one.id, one.run.room_id)


def _of_day(day: date, sessions: list[Session], rules: Rules) -> Iterator[Wanted]:
    """The sheets of the whole day; going home is half an hour before school ends on a day on which it ends early."""
    last = clock.instant(day, max(one.ends_at for one in sessions))
    home = _home_at(day, rules)
    due = clock.instant(day, rules.contacts_at)
    if due < last:
        yield Wanted(f"{day} contacts", day, "contacts", due, last)
    if any(one.starts_at >= AFTER_CLASS for one in sessions) and home < last:
        yield Wanted(f"{day} going home", day, "going_home", home, last)
    eating = [one for one in sessions if one.run.activity.kind in EATS]
    if not eating:
        return
    first = clock.instant(day, min(one.starts_at for one in eating))
    until = clock.instant(day, max(one.ends_at for one in eating))
    kitchen = min(clock.instant(day, rules.kitchen_at), first - timedelta(minutes=rules.minutes_before), home)
    yield Wanted(f"{day} kitchen", day, "kitchen", kitchen, until)
    if home < until and kitchen < home and any(one.starts_at >= AFTER_CLASS for one in eating):
        yield Wanted(f"{day} kitchen, snack", day, "kitchen", home, until)


def _home_at(day: date, rules: Rules) -> datetime:
    at = clock.instant(day, rules.going_home_at)
    special = db.session.scalars(select(SpecialDay).where(SpecialDay.date == day)).first()
    if special is None or special.finishes_at is None:
        return at
    return min(at, clock.instant(day, special.finishes_at) - BEFORE_EARLY_FINISH)
