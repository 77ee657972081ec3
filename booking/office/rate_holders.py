"""Who has a rate by the office's decision: families of the school's staff, and named children."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date, datetime

from sqlalchemy import select

from booking.core.audit import record
from booking.core.db import db
from booking.core.errors import BookingError, NotFound
from booking.people.models import FamilyAccount, Pupil, Role, User
from booking.provision.price_models import Rate, RateHolder
from booking.provision.rates import find_rate

AT_SCHOOL = ("staff", "manager")


class NotForThem(BookingError):
    """They have the rate already, or no adult of the account works here; nothing was changed."""


def give_rate(rate_id: int, chosen: int, *, at: datetime, user_id: int | None) -> RateHolder:
    """Give a staff rate to a family account, or a named rate to a child; raises `NotForThem`."""
    rate = find_rate(rate_id)
    column = RateHolder.account_id if rate.kind == "staff" else RateHolder.pupil_id
    has = select(RateHolder.id).where(
        RateHolder.rate_id == rate_id, column == chosen, RateHolder.ended_at.is_(None)
    )
    if db.session.scalar(has) is not None:
        raise NotForThem("They have this rate already. Nothing was changed.")
    if chosen not in {value for value, _ in who_may_have(rate)}:
        raise NotForThem("This rate is not for them. Nothing was changed.")
    holder = RateHolder(rate_id=rate_id, given_at=at, given_by_id=user_id, **{column.key: chosen})
    db.session.add(holder)
    db.session.flush()
    record("given", "rate_holder", holder.id, at=at, user_id=user_id, rate_id=rate_id)
    return holder


def find_holder(holder_id: int) -> RateHolder:
    """Somebody who has a rate now; raises `NotFound`."""
    holder = db.session.get(RateHolder, holder_id)
    if holder is None or holder.ended_at is not None:
        raise NotFound
    return holder


def end_holding(holder_id: int, *, at: datetime, user_id: int | None) -> None:
    """The rate is theirs no more; what is held or booked keeps its price. Raises `NotFound`."""
    find_holder(holder_id).ended_at = at
    record("ended", "rate_holder", holder_id, at=at, user_id=user_id)


def who_may_have(rate: Rate, *, hidden: Collection[int] = ()) -> list[tuple[int, str]]:
    """Family accounts of people who work here, or children less those that are `hidden` from whoever asks."""
    if rate.kind == "staff":
        accounts = db.session.scalars(
            select(FamilyAccount)
            .where(FamilyAccount.users.any(User.roles.any(Role.name.in_(AT_SCHOOL))))
            .order_by(FamilyAccount.name)
        )
        return [(account.id, account.name) for account in accounts]
    return children_to_choose(hidden)


def children_to_choose(hidden: Collection[int] = ()) -> list[tuple[int, str]]:
    """Every child at the school or on the way, by name and class."""
    pupils = db.session.scalars(
        select(Pupil)
        .where(Pupil.status != "left", Pupil.id.not_in(hidden))
        .order_by(Pupil.surname, Pupil.forename, Pupil.id)
    )
    return [(pupil.id, f"{pupil.full_name}, {pupil.class_name or 'no class yet'}") for pupil in pupils]


def holders_of(rate_id: int, *, hidden: Collection[int] = ()) -> list[tuple[RateHolder, str, date]]:
    """Who has a rate now, by name, and since when."""
    rows = db.session.execute(
        select(RateHolder, FamilyAccount, Pupil)
        .outerjoin(FamilyAccount, FamilyAccount.id == RateHolder.account_id)
        .outerjoin(Pupil, Pupil.id == RateHolder.pupil_id)
        .where(RateHolder.rate_id == rate_id, RateHolder.ended_at.is_(None))
        .order_by(RateHolder.id)
    )
    return [
        (holder, account.name if account else pupil.full_name, holder.given_at.date())
        for holder, account, pupil in rows
        if pupil is None or pupil.id not in hidden
    ]
