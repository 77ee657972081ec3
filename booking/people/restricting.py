"""Making, reviewing and lifting a restriction: evidence seen, and a second person's yes at both ends."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from booking.core import audit
from booking.core.db import db
from booking.core.errors import BookingError, NotFound
from booking.people.models import Pupil, User
from booking.people.restrictions import KINDS, Restriction
from booking.people.sign_ins import end_all


class SecondPersonNeeded(BookingError):
    """The yes must come from another person who may approve, and not from a guardian of the child."""

    def __init__(self) -> None:
        super().__init__("A second person must say yes: not the one who asked, and not the child’s family.")


class CannotRestrict(BookingError):
    """The words of the restriction do not fit together; what is wrong is named, and nothing was kept."""


@dataclass(frozen=True)
class Asked:
    """What the office writes when it asks for a restriction."""

    pupil_id: int
    adult_id: int | None
    adult_name: str
    adult_email: str
    kind: str
    starts_on: date
    review_on: date
    evidence: str


def ask_restriction(asked: Asked, *, at: datetime, by: User) -> Restriction:
    """Write down a restriction that waits for a second person's yes; raises `CannotRestrict` or `NotFound`."""
    pupil = db.session.get(Pupil, asked.pupil_id)
    if pupil is None:
        raise NotFound
    _refuse_own_family(by, pupil.id)
    if asked.kind not in KINDS:
        raise CannotRestrict("Choose what kind of restriction it is.")
    if asked.review_on < asked.starts_on:
        raise CannotRestrict("The review date lies before the start.")
    if not asked.evidence.strip():
        raise CannotRestrict("Write which order or decision you have seen, with its date.")
    adult = db.session.get(User, asked.adult_id) if asked.adult_id else None
    if adult is None and not asked.adult_name.strip():
        raise CannotRestrict("Say which adult it is about.")
    made = Restriction(
        pupil_id=pupil.id,
        adult_id=adult.id if adult else None,
        kind=asked.kind,
        starts_on=asked.starts_on,
        review_on=asked.review_on,
        evidence_seen_by_id=by.id,
        asked_by_id=by.id,
        asked_at=at,
        adult_name=asked.adult_name.strip() or (adult.name if adult else ""),
        adult_email=adult.email if adult else asked.adult_email.strip().lower(),
        evidence=asked.evidence.strip(),
    )
    db.session.add(made)
    db.session.flush()
    audit.record("restriction_asked", "restriction", made.id, at=at, user_id=by.id)
    return made


def confirm_restriction(restriction_id: int, *, at: datetime, by: User) -> Restriction:
    """The second person's yes: it is in force from now, and the adult's live sign-ins end at once."""
    found = _waiting(restriction_id, "asked")
    _refuse(by, found, found.asked_by_id)
    found.confirmed_by_id, found.confirmed_at = by.id, at
    if found.adult is not None:
        end_live_sign_ins(found.adult, at=at)
    db.session.flush()
    audit.record("restriction_confirmed", "restriction", found.id, at=at, user_id=by.id)
    return found


def review_restriction(restriction_id: int, review_on: date, *, at: datetime, by: User) -> Restriction:
    """It was looked at and stays; the next look is on another day."""
    found = _waiting(restriction_id, "in force")
    _refuse_own_family(by, found.pupil_id)
    if review_on <= found.review_on:
        raise CannotRestrict("Choose a later day for the next review.")
    found.review_on = review_on
    db.session.flush()
    audit.record("restriction_reviewed", "restriction", found.id, at=at, user_id=by.id)
    return found


def ask_lifting(restriction_id: int, reason: str, *, at: datetime, by: User) -> Restriction:
    """Ask to lift it; it stays in force until a second person says yes."""
    found = _waiting(restriction_id, "in force")
    _refuse_own_family(by, found.pupil_id)
    if not reason.strip():
        raise CannotRestrict("Write why it may be lifted, and what you have seen.")
    found.lift_asked_by_id, found.lift_reason = by.id, reason.strip()
    db.session.flush()
    audit.record("restriction_lifting_asked", "restriction", found.id, at=at, user_id=by.id)
    return found


def confirm_lifting(restriction_id: int, *, at: datetime, by: User) -> Restriction:
    """The second person's yes to lifting: the ways open again."""
    found = _waiting(restriction_id, "lifting")
    _refuse(by, found, found.lift_asked_by_id)
    found.lifted_by_id, found.lifted_at = by.id, at
    db.session.flush()
    audit.record("restriction_lifted", "restriction", found.id, at=at, user_id=by.id)
    return found


def end_live_sign_ins(adult: User, *, at: datetime) -> None:
    """Whoever is signed in as this adult is signed out at the next request; they may sign in again and see less."""
    end_all(adult.id, why="restricted", at=at)


def _waiting(restriction_id: int, state: str) -> Restriction:
    found = db.session.get(Restriction, restriction_id)
    if found is None or found.state != state:
        raise NotFound
    return found


def _refuse(by: User, found: Restriction, first_id: int | None) -> None:
    """The second person may approve, is not the first one, and is not the restricted adult or the child's family."""
    if not by.approves or by.id in {first_id, found.adult_id}:
        raise SecondPersonNeeded
    _refuse_own_family(by, found.pupil_id)


def _refuse_own_family(by: User, pupil_id: int) -> None:
    if any(tie.pupil_id == pupil_id for tie in by.guardianships):
        raise SecondPersonNeeded
