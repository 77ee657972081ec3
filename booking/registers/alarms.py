"""What a device is told at once: a child went with somebody who may not collect, or that is new since it looked."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import select

from booking.core import clock
from booking.core.db import db
from booking.core.words import clock as hour
from booking.people.models import Pupil
from booking.people.restrictions import Restriction, restrictions_of
from booking.provision.models import Session
from booking.registers.child_days import OUTS
from booking.registers.events import details_of, not_undone
from booking.registers.models import Mark


@dataclass(frozen=True)
class Alarm:
    """One alarm about one child. It names no adult and no surname: it may stand on a screen at the door."""

    pupil_id: int
    words: str


@dataclass(frozen=True)
class Happened:
    """What an alarm is looked for in: one mark, and the words that somebody typed with it."""

    pupil_id: int
    what: str
    at: datetime
    detail: str | None


def alarms_of(marks: Iterable[Happened], day: date) -> list[Alarm]:
    """The alarms that these marks of a day raise, each once, gravest first."""
    found = list(marks)
    barred = restrictions_of({mark.pupil_id for mark in found}, day)
    if not barred:
        return []
    names = _first_names(barred)
    gone, told = [], []
    for mark in found:
        for one in barred.get(mark.pupil_id, ()):
            if is_named(one, mark):
                gone.append(
                    Alarm(
                        mark.pupil_id,
                        f"{names[mark.pupil_id]} went with somebody who may not collect, by the mark at "
                        f"{_hour(mark.at)}. Ring the office and the safeguarding lead now.",
                    )
                )
            elif one.confirmed_at is not None and clock.today(one.confirmed_at) == day:
                told.append(Alarm(mark.pupil_id, _new_words(names[mark.pupil_id], one.confirmed_at, mark)))
    return list(dict.fromkeys([*gone, *told]))


def went_with_barred(day: date) -> list[Alarm]:
    """Children of a day who, by the marks that stand, went with somebody who may not collect; for the office."""
    barred = select(Restriction.pupil_id).where(
        Restriction.confirmed_at.is_not(None), Restriction.lifted_at.is_(None), Restriction.starts_on <= day
    )
    rows = db.session.execute(
        select(Mark.uid, Mark.pupil_id, Mark.what, Mark.at)
        .join(Session, Session.id == Mark.session_id)
        .where(Session.date == day, Mark.what == "collected", Mark.pupil_id.in_(barred), not_undone())
        .order_by(Mark.at, Mark.id)
    ).all()
    if not rows:
        return []
    said = details_of({row.uid for row in rows})
    marks = [Happened(row.pupil_id, row.what, row.at, said.get(row.uid)) for row in rows]
    found = restrictions_of({row.pupil_id for row in rows}, day)
    named = [mark for mark in marks if any(is_named(one, mark) for one in found.get(mark.pupil_id, ()))]
    return alarms_of(named, day)


def is_named(restriction: Restriction, mark: Happened) -> bool:
    """Whether a child was marked as collected by the adult whom the restriction bars, with or without "(father)"."""
    if mark.what != "collected" or not mark.detail:
        return False
    name = mark.detail.split("(")[0].strip()
    return restriction.is_about(0, name, None)


def _new_words(name: str, since: datetime, mark: Happened) -> str:
    rule = f"Since {_hour(since)} today somebody may not collect {name}."
    if mark.what in OUTS and mark.what != "to_activity":
        return f"{rule} {name} went at {_hour(mark.at)}. Ring the office now."
    return f"{rule} Ask the office before {name} goes."


def _hour(at: datetime) -> str:
    return hour(clock.to_school(at).time())


def _first_names(pupil_ids: Collection[int]) -> dict[int, str]:
    return {
        one.id: one.first_name for one in db.session.scalars(select(Pupil).where(Pupil.id.in_(pupil_ids)))
    }
