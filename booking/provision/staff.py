"""Staff records and certificates: what the office has seen of somebody before they count at a session."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import asdict, dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import or_, select
from sqlalchemy.orm import selectinload

from booking.core.audit import record
from booking.core.db import db
from booking.core.errors import BookingError, NotFound
from booking.core.words import plain_day
from booking.provision.duties import ANY_PAEDIATRIC
from booking.provision.staff_models import RotaChange, RotaLine, StaffCertificate, StaffRecord

SOON = timedelta(days=60)
"""How long before a certificate runs out the office is told: a course has to be found and booked."""
CERTIFICATE_WORDS = {
    "paediatric_first_aid": "Paediatric first aid (12 hours)",
    "emergency_paediatric_first_aid": "Emergency paediatric first aid (6 hours)",
    "first_aid_at_work": "First aid at work",
    "food_hygiene": "Food hygiene",
    "safeguarding": "Safeguarding",
}
RATIO_ROLE_WORDS = {
    "leader": "Leader",
    "assistant": "Assistant",
    "apprentice": "Apprentice",
    "student": "Student",
    "volunteer": "Volunteer",
}
LEVEL_WORDS = {0: "None", 2: "Level 2", 3: "Level 3", 6: "Level 6 or qualified teacher"}


class StaffRefused(BookingError):
    """The record or certificate cannot stand as entered; the sentence says why, and nothing was saved."""


@dataclass(frozen=True)
class StaffDetails:
    """What the office enters of somebody who looks after children."""

    name: str
    starts_on: date
    ratio_role: str = "assistant"
    counts_in_ratio: bool = True
    level: int = 0
    dbs_checked_on: date | None = None
    ends_on: date | None = None
    user_id: int | None = None
    seller_id: int | None = None
    is_agency: bool = False


@dataclass(frozen=True)
class RunningOut:
    """A kind of certificate of somebody that runs out soon, or has; `last` is its last good day."""

    staff: StaffRecord
    kind: str
    last: date


def save_staff(
    staff_id: int | None, details: StaffDetails, *, at: datetime, user_id: int | None
) -> StaffRecord:
    """Add a record, or change one; raises `StaffRefused` or `NotFound`."""
    if details.ends_on is not None and details.ends_on < details.starts_on:
        raise StaffRefused("The last day is before the first. Nothing was saved. Check the two days.")
    if details.user_id is not None:
        other = db.session.scalars(select(StaffRecord).where(StaffRecord.user_id == details.user_id)).first()
        if other is not None and other.id != staff_id:
            raise StaffRefused(f"{other.name} has a staff record with this sign-in already. Change that one.")
    found = db.session.get(StaffRecord, staff_id) if staff_id else StaffRecord()
    if found is None:
        raise NotFound
    for name, value in asdict(details).items():
        setattr(found, name, value)
    db.session.add(found)
    db.session.flush()
    record("saved", "staff_record", found.id, at=at, user_id=user_id)
    return found


def see_certificate(
    staff_id: int, kind: str, expires_on: date, *, today: date, at: datetime, user_id: int | None
) -> StaffCertificate:
    """Write down a certificate that was seen, with its last good day; raises `StaffRefused` or `NotFound`."""
    staff = db.session.get(StaffRecord, staff_id)
    if staff is None:
        raise NotFound
    if expires_on < today:
        raise StaffRefused(f"That certificate ran out on {plain_day(expires_on)}. Nothing was saved.")
    if any(one.kind == kind and one.expires_on == expires_on for one in staff.certificates):
        raise StaffRefused("That certificate is there already. Nothing was saved.")
    made = StaffCertificate(kind=kind, expires_on=expires_on, seen_at=at, seen_by_id=user_id)
    staff.certificates.append(made)
    db.session.flush()
    record("certificate_seen", "staff_record", staff_id, at=at, user_id=user_id, kind=kind)
    return made


def forget_certificate(certificate_id: int, *, at: datetime, user_id: int | None) -> int:
    """Take away a certificate that was entered by mistake; gives whose it was. Raises `NotFound`."""
    found = db.session.get(StaffCertificate, certificate_id)
    if found is None:
        raise NotFound
    staff_id, kind = found.staff_id, found.kind
    db.session.delete(found)
    db.session.flush()
    record("certificate_forgotten", "staff_record", staff_id, at=at, user_id=user_id, kind=kind)
    return staff_id


def all_staff(today: date, *, with_former: bool = False) -> list[StaffRecord]:
    """Everybody with a record, by name; of former and agency people only those who are here on this day or later."""
    query = select(StaffRecord).options(selectinload(StaffRecord.certificates))
    if not with_former:
        query = query.where(or_(StaffRecord.ends_on.is_(None), StaffRecord.ends_on >= today))
    return list(db.session.scalars(query.order_by(StaffRecord.name, StaffRecord.id)))


def running_out(today: date) -> list[RunningOut]:
    """First-aid certificates of people on a rota that are over or end within 60 days, the first to end first.

    A kind counts by its newest certificate; the short course does not matter to whoever holds the long one.
    """
    stands = select(RotaLine.staff_id).where(or_(RotaLine.to_on.is_(None), RotaLine.to_on >= today))
    comes = select(RotaChange.staff_id).where(RotaChange.is_here)
    people = [one for one in all_staff(today) if not one.is_agency]
    wanted = set(db.session.scalars(stands)) | set(db.session.scalars(comes))
    found = []
    for one in people:
        newest = _newest(one.certificates, ANY_PAEDIATRIC)
        if one.id in wanted and newest is not None and newest.expires_on <= today + SOON:
            found.append(RunningOut(one, newest.kind, newest.expires_on))
    return sorted(found, key=lambda one: (one.last, one.staff.name))


def _newest(certificates: Collection[StaffCertificate], kinds: Collection[str]) -> StaffCertificate | None:
    """The one that is good longest; of two with one end the first by name, which is the short course."""
    of_kind = [one for one in certificates if one.kind in kinds]
    return max(of_kind, key=lambda one: (one.expires_on, one.kind), default=None)
