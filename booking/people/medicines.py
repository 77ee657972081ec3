"""What medicine staff may give a child: agreed to by an adult with parental responsibility, stopped by any guardian.

Two adults may agree to the same medicine on other terms. The stricter stands: the longer interval, the fewer doses a day.
Where they tell different doses nobody may choose: staff are stopped, and ring the family.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import joinedload

from booking.core import audit
from booking.core.db import db
from booking.core.errors import BookingError, NotFound
from booking.people.medicine_models import Medicine
from booking.people.models import Guardianship, Pupil

MOST_HOURS, MOST_DOSES = 48, 12


class CannotAgree(BookingError):
    """What was told of the medicine is not enough to give it by, or the adult may not agree to it; nothing was kept."""


@dataclass(frozen=True)
class Agreed:
    """What an adult says of one medicine; `every_minutes` of nought means as often as it is needed."""

    name: str
    dose: str
    when: str
    kept_where: str
    every_minutes: int
    most_a_day: int
    starts_on: date
    ends_on: date | None = None
    expires_on: date | None = None


def agree_online(tie: Guardianship, agreed: Agreed, *, at: datetime) -> Medicine:
    """A guardian agrees in their account; it takes parental responsibility, and unknown is not a yes.

    Raises `CannotAgree`.
    """
    if tie.parental_responsibility != "yes":
        raise CannotAgree(
            "Agreeing to medicine takes parental responsibility, and we do not know that you have it. "
            "Please ask the school office."
        )
    return _keep(tie.pupil_id, agreed, said_by_id=tie.user_id, source="online", at=at, by_id=tie.user_id)


def agree_at_office(
    pupil_id: int, agreed: Agreed, *, said_by_id: int | None, source: str, at: datetime, by_id: int
) -> Medicine:
    """The office writes down what a family signed on paper or told; raises `CannotAgree` or `NotFound`."""
    if db.session.get(Pupil, pupil_id) is None:
        raise NotFound
    return _keep(pupil_id, agreed, said_by_id=said_by_id, source=source, at=at, by_id=by_id)


def _keep(
    pupil_id: int, agreed: Agreed, *, said_by_id: int | None, source: str, at: datetime, by_id: int
) -> Medicine:
    """Write the agreement; the same adult's earlier one for the same medicine ends with it."""
    if not agreed.name.strip() or not agreed.dose.strip():
        raise CannotAgree("Write the name of the medicine and the dose, as they stand on the box.")
    if not 0 <= agreed.every_minutes <= MOST_HOURS * 60 or not 1 <= agreed.most_a_day <= MOST_DOSES:
        raise CannotAgree(
            "Write how many hours must lie between two doses, and how many doses a day may have."
        )
    if agreed.ends_on is not None and agreed.ends_on < agreed.starts_on:
        raise CannotAgree("The last day is before the first.")
    for one in medicines_of([pupil_id]).get(pupil_id, ()):
        if one.said_by_id == said_by_id and same_medicine(one.name, agreed.name):
            one.ended_at, one.ended_by_id = at, by_id
    values = {**vars(agreed), "name": agreed.name.strip(), "dose": agreed.dose.strip()}
    made = Medicine(
        **values,
        pupil_id=pupil_id,
        said_by_id=said_by_id,
        source=source,
        recorded_by_id=by_id,
        agreed_at=at,
    )
    db.session.add(made)
    db.session.flush()
    audit.record("medicine_agreed", "medicine", made.id, at=at, user_id=by_id, source=source)
    return made


def stop_medicine(medicine_id: int, pupil_id: int, *, at: datetime, by_id: int) -> Medicine:
    """A guardian or the office stops a medicine, whoever agreed to it: a no counts more than a yes.

    Every agreement to the same medicine ends with it. Raises `NotFound`.
    """
    found = db.session.get(Medicine, medicine_id)
    if found is None or found.pupil_id != pupil_id or found.ended_at is not None:
        raise NotFound
    for one in medicines_of([pupil_id])[pupil_id]:
        if same_medicine(one.name, found.name):
            one.ended_at, one.ended_by_id = at, by_id
    db.session.flush()
    audit.record("medicine_stopped", "medicine", medicine_id, at=at, user_id=by_id)
    return found


def medicines_of(pupil_ids: Collection[int]) -> dict[int, list[Medicine]]:
    """What was agreed and not stopped, by child, also what is over or still to begin."""
    found: dict[int, list[Medicine]] = {}
    for one in db.session.scalars(
        select(Medicine)
        .where(Medicine.pupil_id.in_(pupil_ids), Medicine.ended_at.is_(None))
        .order_by(Medicine.id)
    ):
        found.setdefault(one.pupil_id, []).append(one)
    return found


def living_medicines(pupil_ids: Collection[int], on: date) -> dict[int, list[Medicine]]:
    """What may be given on a day, by child."""
    found = {
        pupil_id: [one for one in rows if one.is_living(on)]
        for pupil_id, rows in medicines_of(pupil_ids).items()
    }
    return {pupil_id: rows for pupil_id, rows in found.items() if rows}


def same_medicine(one: str, other: str) -> bool:
    """Whether two names mean one medicine: case and blanks do not count."""
    return _plain(one) == _plain(other)


def _plain(name: str) -> str:
    return " ".join(name.split()).casefold()


@dataclass(frozen=True)
class DoseRule:
    """The terms that stand for one medicine of a child: the strictest of all that adults agreed to."""

    every_minutes: int
    most_a_day: int
    doses: tuple[str, ...]
    expires_on: date | None


def dose_rule(medicine: Medicine, living: Sequence[Medicine]) -> DoseRule:
    """What stands for a medicine, of all agreements that live beside it."""
    same = [one for one in living if same_medicine(one.name, medicine.name)] or [medicine]
    expiries = [one.expires_on for one in same if one.expires_on is not None]
    return DoseRule(
        every_minutes=max(one.every_minutes for one in same),
        most_a_day=min(one.most_a_day for one in same),
        doses=tuple({"".join(one.dose.split()).casefold(): one.dose for one in same}.values()),
        expires_on=min(expiries) if expiries else None,
    )


@dataclass(frozen=True)
class DoseDispute:
    """One medicine of one child of which adults tell different doses."""

    pupil: Pupil
    name: str
    doses: tuple[str, ...]


def dose_disputes() -> list[DoseDispute]:
    """What the office must ask two adults about: until it is settled staff are stopped, and ring the family."""
    rows = db.session.scalars(
        select(Medicine)
        .join(Pupil, Pupil.id == Medicine.pupil_id)
        .options(joinedload(Medicine.pupil))
        .where(Medicine.ended_at.is_(None), Pupil.status != "left")
        .order_by(Pupil.surname, Pupil.id, Medicine.id)
    ).all()
    found: dict[tuple[int, str], DoseDispute] = {}
    for one in rows:
        beside = [other for other in rows if other.pupil_id == one.pupil_id]
        doses = dose_rule(one, beside).doses
        if len(doses) > 1:
            found.setdefault((one.pupil_id, _plain(one.name)), DoseDispute(one.pupil, one.name, doses))
    return list(found.values())
