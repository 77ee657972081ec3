"""Medicine given: against what the family agreed to, by two people, never twice within its interval without a stop.

A stop is gone past only with a reason that is kept (a doctor on the telephone, the family at the door). What was given is
a fact and is kept also while the second person has not said yes: that waits where everybody sees it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import joinedload

from booking.core import audit, clock
from booking.core.access_log import CARE, note_access
from booking.core.db import db, lock_rows
from booking.core.errors import BookingError, NotFound
from booking.core.words import clock as hour
from booking.core.words import counted, moment
from booking.people.medicine_models import Medicine
from booking.people.medicines import MOST_HOURS, dose_rule, living_medicines, same_medicine
from booking.people.models import Pupil, User
from booking.people.restrictions import open_ties
from booking.provision.models import Session
from booking.registers.dose_models import MedicineGiven
from booking.registers.expected import pupils_in
from booking.registers.incidents import keep_until
from booking.registers.telling import tell_family

LATEST_RECORD = timedelta(hours=12)
LOOKS_BACK = timedelta(hours=MOST_HOURS + 24)
SHORTEST_REASON = 10


class DoseRefused(BookingError):
    """This dose cannot be written down so; why is said, and nothing was kept."""


class StopFirst(DoseRefused):
    """The dose is too early, one too many, out of date or disputed: who goes on must say why, and it is kept."""

    def __init__(self, stops: Sequence[str]) -> None:
        self.stops = tuple(stops)
        super().__init__(
            "Stop. " + " ".join(stops) + " Ring the family or 111 before you go on. Nothing was kept."
        )


@dataclass(frozen=True)
class Second:
    """The second person, and how they showed that it is them: by PIN beside the giver, or on their own sign-in."""

    user_id: int
    how: str


@dataclass(frozen=True)
class Dose:
    """One dose as it is written down; `why` is only needed to go past a stop."""

    medicine_id: int
    pupil_id: int
    session_id: int
    given_at: datetime
    why: str = ""


def given_to(pupil_ids: Collection[int], *, since: datetime) -> dict[int, list[MedicineGiven]]:
    """The doses that count, by child, oldest first: neither rows that take one back nor what they took back."""
    found: dict[int, list[MedicineGiven]] = {}
    taken_back = select(MedicineGiven.undoes_id).where(MedicineGiven.undoes_id.is_not(None))
    for one in db.session.scalars(
        select(MedicineGiven)
        .options(joinedload(MedicineGiven.given_by), joinedload(MedicineGiven.second))
        .where(
            MedicineGiven.pupil_id.in_(pupil_ids),
            MedicineGiven.given_at >= since,
            MedicineGiven.undoes_id.is_(None),
            MedicineGiven.id.not_in(taken_back),
        )
        .order_by(MedicineGiven.given_at, MedicineGiven.id)
    ):
        found.setdefault(one.pupil_id, []).append(one)
    return found


def stops_for(medicine: Medicine, at: datetime) -> list[str]:
    """What stands against giving a medicine at an instant, as sentences; an empty list means go on."""
    on = clock.today(at)
    rule = dose_rule(medicine, living_medicines([medicine.pupil_id], on).get(medicine.pupil_id, []))
    given = [
        one
        for one in given_to([medicine.pupil_id], since=at - LOOKS_BACK).get(medicine.pupil_id, [])
        if same_medicine(one.name, medicine.name)
    ]
    stops = [*_too_close(given, rule.every_minutes, at)]
    today = sum(clock.today(one.given_at) == on for one in given)
    if today >= rule.most_a_day:
        stops.append(f"A day may have {counted(rule.most_a_day, 'dose')}, and {today} were given.")
    if rule.expires_on is not None and rule.expires_on < on:
        stops.append(f"The box is out of date since {rule.expires_on:%d/%m/%Y}.")
    if len(rule.doses) > 1:
        stops.append(f"Two adults tell different doses: {' and '.join(rule.doses)}.")
    return stops


def _too_close(given: Sequence[MedicineGiven], every_minutes: int, at: datetime) -> Iterator[str]:
    """The dose nearest to an instant, where it lies within the interval, before it or (written late) after it."""
    every = timedelta(minutes=every_minutes)
    near = [one for one in given if abs(one.given_at - at) < every]
    if near:
        nearest = min(near, key=lambda one: abs(one.given_at - at))
        yield (
            f"{nearest.dose} was given on {moment(nearest.given_at)} by {nearest.given_by.name}. "
            f"Not before {hour(max(one.given_at for one in near) + every)}."
        )


def give(
    dose: Dose, *, second: Second | None, at: datetime, user_id: int, once: str | None = None
) -> MedicineGiven:
    """Write a dose down; a form that comes twice (`once`) is kept once. Raises `StopFirst`, `DoseRefused`, `NotFound`.

    The child is locked first, so that of two people with two tablets the second meets the stop.
    """
    lock_rows((Pupil, [dose.pupil_id]))
    sent_before = select(MedicineGiven).where(MedicineGiven.row_key == once)
    if once and (known := db.session.scalars(sent_before).first()) is not None:
        return known
    session, pupil = db.session.get(Session, dose.session_id), db.session.get(Pupil, dose.pupil_id)
    medicine = _medicine_of(dose)
    if session is None or pupil is None or dose.pupil_id not in pupils_in([session]):
        raise NotFound
    if dose.given_at > at or at - dose.given_at > LATEST_RECORD:
        raise DoseRefused("Write the time of today at which it was given; it cannot be still to come.")
    if not medicine.is_living(clock.today(dose.given_at)):
        raise DoseRefused("The family’s agreement does not hold today. Ring them. Nothing was kept.")
    if second is not None and second.user_id == user_id:
        raise DoseRefused("The second person must be somebody else.")
    stops = stops_for(medicine, dose.given_at)
    if stops and len(dose.why.strip()) < SHORTEST_REASON:
        raise StopFirst(stops)
    made = MedicineGiven(
        row_key=once,
        pupil_id=dose.pupil_id,
        session_id=dose.session_id,
        medicine_id=dose.medicine_id,
        given_at=dose.given_at,
        recorded_at=at,
        given_by_id=user_id,
        second_id=second.user_id if second else None,
        second_at=at if second else None,
        second_how=second.how if second else None,
        keep_until=keep_until(pupil),
        name=medicine.name,
        dose=medicine.dose,
        why=f"{' '.join(stops)} {dose.why.strip()}" if stops else "",
    )
    db.session.add(made)
    db.session.flush()
    audit.record("medicine_given", "medicine_given", made.id, at=at, user_id=user_id, stopped=bool(stops))
    note_access([dose.pupil_id], [CARE], act="change", reason="medicine", at=at, user_id=user_id)
    tell_family(dose.pupil_id, key=f"medicine:{dose.pupil_id}:{clock.today(at).isoformat()}", at=at)
    return made


def _medicine_of(dose: Dose) -> Medicine:
    found = db.session.get(Medicine, dose.medicine_id)
    if found is None or found.pupil_id != dose.pupil_id:
        raise NotFound
    return found


def find_dose(given_id: int) -> MedicineGiven:
    """A dose that counts; raises `NotFound` for one that was taken back, or for the row that did it."""
    found = db.session.get(MedicineGiven, given_id)
    if found is None or found.undoes_id is not None or _is_taken_back(given_id):
        raise NotFound
    return found


def _is_taken_back(given_id: int) -> bool:
    return (
        db.session.scalars(select(MedicineGiven.id).where(MedicineGiven.undoes_id == given_id)).first()
        is not None
    )


def confirm_second(given_id: int, *, at: datetime, user_id: int) -> MedicineGiven:
    """The second person's yes on their own sign-in: they were there and checked. Raises `DoseRefused` or `NotFound`."""
    lock_rows((Pupil, [find_dose(given_id).pupil_id]))
    found = find_dose(given_id)
    if found.given_by_id == user_id:
        raise DoseRefused("Somebody else must say that they checked it.")
    if found.second_id is not None:
        raise DoseRefused("Somebody has said so already.")
    found.second_id, found.second_at, found.second_how = user_id, at, "own"
    db.session.flush()
    audit.record("medicine_checked", "medicine_given", given_id, at=at, user_id=user_id)
    return found


def take_back(given_id: int, why: str, *, at: datetime, by: User) -> MedicineGiven:
    """Say by another row that a dose was not given after all: by who wrote it, or the office, with a reason.

    Raises `DoseRefused` or `NotFound`.
    """
    lock_rows((Pupil, [find_dose(given_id).pupil_id]))
    found = find_dose(given_id)
    if found.given_by_id != by.id and "manager" not in by.role_names:
        raise DoseRefused("Only who wrote it down, or the office, can take it back.")
    if len(why.strip()) < SHORTEST_REASON:
        raise DoseRefused("Write why it is taken back, in a few words.")
    back = MedicineGiven(
        pupil_id=found.pupil_id,
        session_id=found.session_id,
        medicine_id=found.medicine_id,
        given_at=found.given_at,
        recorded_at=at,
        given_by_id=by.id,
        undoes_id=found.id,
        keep_until=found.keep_until,
        name=found.name,
        dose=found.dose,
        why=why.strip(),
    )
    db.session.add(back)
    db.session.flush()
    audit.record("medicine_taken_back", "medicine_given", given_id, at=at, user_id=by.id)
    return back


def doses_for(user: User, on: date, *, since: datetime) -> list[MedicineGiven]:
    """The doses that an adult's children were given, newest first."""
    mine = {tie.pupil_id for tie in open_ties(user, on)}
    found = [one for rows in given_to(mine, since=since).values() for one in rows]
    return sorted(found, key=lambda one: (one.given_at, one.id), reverse=True)
