"""A restriction: a court order or a safeguarding decision about one adult and one child. One switch, every channel.

Made by the office alone, with evidence seen and a second person's yes; nothing else in the product says "must not
collect". While it stands the adult gets nothing about the child by any way: `closed_pupils` is the one question that
every room asks. At its review date it stays in force and asks to be looked at: only a lifting with a second yes ends it.
"""

from __future__ import annotations

import secrets
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import CheckConstraint, ForeignKey, String, select
from sqlalchemy.orm import Mapped, mapped_column, relationship

from booking.core import audit
from booking.core.db import Base, UtcDateTime, db
from booking.core.errors import BookingError, NotFound
from booking.core.vault import Private, SealedRow
from booking.people.models import Guardianship, Pupil, User

KINDS = {
    "court_order": "Court order",
    "bail": "Police bail or protection order",
    "safeguarding": "Safeguarding decision",
}


class Restriction(SealedRow, Base):
    """One adult and one child; `adult_id` is empty for somebody who does not sign in. Words stand sealed."""

    __tablename__ = "restriction"
    __table_args__ = (
        CheckConstraint(f"kind IN {tuple(KINDS)}", name="kind_known"),
        CheckConstraint("starts_on <= review_on", name="review_after_start"),
        CheckConstraint(
            "confirmed_by_id IS NULL OR confirmed_by_id <> asked_by_id", name="confirmed_by_another"
        ),
        CheckConstraint("lifted_by_id IS NULL OR lifted_by_id <> lift_asked_by_id", name="lifted_by_another"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    pupil_id: Mapped[int] = mapped_column(ForeignKey("pupil.id"), index=True)
    adult_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"), index=True)
    kind: Mapped[str] = mapped_column(String(20))
    starts_on: Mapped[date]
    review_on: Mapped[date]
    evidence_seen_by_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"))
    asked_by_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"))
    asked_at: Mapped[datetime] = mapped_column(UtcDateTime)
    confirmed_by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    confirmed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    lift_asked_by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    lifted_by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    lifted_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    adult_name = Private(str)
    evidence = Private(str)
    lift_reason = Private(str)

    pupil: Mapped[Pupil] = relationship()
    adult: Mapped[User | None] = relationship(foreign_keys=[adult_id])

    @property
    def state(self) -> str:
        """asked, in force, lifting (still in force) or lifted."""
        if self.lifted_at is not None:
            return "lifted"
        if self.confirmed_at is None:
            return "asked"
        return "lifting" if self.lift_asked_by_id is not None else "in force"


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
    kind: str
    starts_on: date
    review_on: date
    evidence: str


def closed_pupils(user_id: int | None, on: date) -> frozenset[int]:
    """The children about whom this adult gets nothing on a day, by any channel."""
    if user_id is None:
        return frozenset()
    return frozenset(
        db.session.scalars(
            select(Restriction.pupil_id).where(
                Restriction.adult_id == user_id,
                Restriction.confirmed_at.is_not(None),
                Restriction.lifted_at.is_(None),
                Restriction.starts_on <= on,
            )
        )
    )


def open_ties(user: User, on: date) -> list[Guardianship]:
    """A user's guardianships, less those that a restriction closes today."""
    closed = closed_pupils(user.id, on)
    return [tie for tie in user.guardianships if tie.pupil_id not in closed]


def restrictions_of(pupil_ids: Collection[int], on: date) -> dict[int, list[Restriction]]:
    """The restrictions in force on a day, by child: what staff are warned of at the door."""
    found: dict[int, list[Restriction]] = {}
    for one in db.session.scalars(
        select(Restriction)
        .where(Restriction.pupil_id.in_(pupil_ids))
        .where(Restriction.confirmed_at.is_not(None), Restriction.lifted_at.is_(None))
        .where(Restriction.starts_on <= on)
        .order_by(Restriction.id)
    ):
        found.setdefault(one.pupil_id, []).append(one)
    return found


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
        end_live_sign_ins(found.adult)
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


def end_live_sign_ins(adult: User) -> None:
    """Whoever is signed in as this adult is signed out at the next request; they may sign in again and see less."""
    adult.fs_uniquifier = secrets.token_hex(32)


def due_for_review(on: date) -> list[Restriction]:
    """Restrictions in force whose review date has come; they stay in force until somebody looks."""
    return list(
        db.session.scalars(
            select(Restriction)
            .where(Restriction.confirmed_at.is_not(None), Restriction.lifted_at.is_(None))
            .where(Restriction.review_on <= on)
            .order_by(Restriction.review_on, Restriction.id)
        )
    )


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
