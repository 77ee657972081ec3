"""A restriction: a court order or a safeguarding decision about one adult and one child. One switch, every channel.

Made by the office alone, with evidence seen and a second person's yes; nothing else in the product says "must not
collect". While it stands the adult gets nothing about the child by any way: `closed_pupils` is the one question that
every room asks. At its review date it stays in force and asks to be looked at: only a lifting with a second yes ends it.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import date, datetime
from typing import Any

from sqlalchemy import BindParameter, CheckConstraint, ColumnElement, ForeignKey, Select, String, select
from sqlalchemy.orm import Mapped, mapped_column, relationship

from booking.core.db import Base, UtcDateTime, db
from booking.core.vault import Private, SealedRow
from booking.people.models import Guardianship, Pupil, User, account_member

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
    adult_email = Private(str)
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

    def is_about(self, user_id: int, name: str, email: str | None) -> bool:
        """Whether this adult is the one meant: the same user, the same address, or the same name."""
        if self.adult_id is not None and self.adult_id == user_id:
            return True
        return bool(email and email == self.adult_email) or name.casefold() == self.adult_name.casefold()


CLOSED_BOOKING = "A booking that you cannot see now"
"""What stands in a restricted adult's statement where a child and a session would stand."""


def closed_pupils(user_id: int | None, on: date) -> frozenset[int]:
    """The children about whom this adult gets nothing on a day, by any channel."""
    if user_id is None:
        return frozenset()
    return frozenset(
        db.session.scalars(
            select(Restriction.pupil_id).where(Restriction.adult_id == user_id, *_in_force(on))
        )
    )


def closed_to_accounts(account_ids: Collection[int], on: date) -> frozenset[int]:
    """The children about whom a family account shows and gets nothing on a day, because one of its adults may not."""
    return frozenset(db.session.scalars(closed_query(account_ids, on)))


def is_member(account_id: int, user_id: int | None) -> bool:
    """Whether a user still belongs to a family account; a letter to nobody in particular is the account's own."""
    if user_id is None:
        return True
    found = select(account_member.c.user_id).where(
        account_member.c.account_id == account_id, account_member.c.user_id == user_id
    )
    return db.session.execute(found).first() is not None


def closed_query(
    account_ids: Collection[int] | BindParameter[Any], on: date | BindParameter[date]
) -> Select[int]:
    """The same as a query, to stand inside another."""
    return (
        select(Restriction.pupil_id)
        .join(account_member, account_member.c.user_id == Restriction.adult_id)
        .where(account_member.c.account_id.in_(account_ids), *_in_force(on))
    )


def closed_pairs(on: date) -> frozenset[tuple[int, int]]:
    """Every (account, child) that a restriction closes on a day; a handful in any school."""
    rows = db.session.execute(
        select(account_member.c.account_id, Restriction.pupil_id)
        .join(Restriction, Restriction.adult_id == account_member.c.user_id)
        .where(*_in_force(on))
    )
    return frozenset((row.account_id, row.pupil_id) for row in rows)


def _in_force(on: date | BindParameter[date]) -> tuple[ColumnElement[bool], ...]:
    return (
        Restriction.confirmed_at.is_not(None),
        Restriction.lifted_at.is_(None),
        Restriction.starts_on <= on,
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
        .where(Restriction.pupil_id.in_(pupil_ids), *_in_force(on))
        .order_by(Restriction.id)
    ):
        found.setdefault(one.pupil_id, []).append(one)
    return found


def take_over_restrictions(user: User) -> None:
    """Somebody has joined: what is written about an adult with their address, who did not sign in then, is theirs.

    Called before they are tied to any child, so that no page ever opens in between.
    """
    for one in db.session.scalars(
        select(Restriction).where(Restriction.adult_id.is_(None), Restriction.lifted_at.is_(None))
    ):
        if one.adult_email and one.adult_email == user.email:
            one.adult_id = user.id
    db.session.flush()


def barred_addresses(on: date) -> frozenset[tuple[int, str]]:
    """(child, e-mail address) of adults who must not be invited for that child."""
    return frozenset(
        (one.pupil_id, one.adult_email)
        for one in db.session.scalars(select(Restriction).where(*_in_force(on)))
        if one.adult_email
    )


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


def waiting_for_yes() -> list[Restriction]:
    """Restrictions that are not in force yet, or that somebody asks to lift: each waits for a second person."""
    return list(
        db.session.scalars(
            select(Restriction)
            .where(Restriction.lifted_at.is_(None))
            .where(Restriction.confirmed_at.is_(None) | Restriction.lift_asked_by_id.is_not(None))
            .order_by(Restriction.id)
        )
    )
