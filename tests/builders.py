"""One builder for each noun, with sane defaults; each saves its rows unless a unit of work is open already."""

from __future__ import annotations

import secrets
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from typing import Any

from flask_security.utils import hash_password
from sqlalchemy import select

from booking.bookings.models import Basket, Place
from booking.core.db import Base, db, is_writing, unit_of_work
from booking.people.group_facts import GroupFact
from booking.people.models import (
    CareProfile,
    FamilyAccount,
    Guardianship,
    Pupil,
    Role,
    School,
    User,
)
from booking.people.restrictions import Restriction
from booking.provision.models import Activity, Period, Room, Run, Seller, Session

AT = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
PASSWORD = "three calm words"


def save(*rows: Base) -> None:
    """Write rows: in the open unit of work, or in one of their own."""
    if is_writing():
        db.session.add_all(rows)
        db.session.flush()
        return
    with unit_of_work():
        db.session.add_all(rows)


def _some(prefix: str) -> str:
    return f"{prefix} {secrets.token_hex(3)}"


@cache
def _hashed(password: str) -> str:
    hashed: str = hash_password(password)
    return hashed


def a_school(**values: Any) -> School:
    """The one school."""
    school = School(**{"name": "Brook Lane Primary School", "phone": "01632 960001", **values})
    save(school)
    return school


def a_user(*roles: str, password: str | None = None, **values: Any) -> User:
    """A user with these roles (a parent when none is given)."""
    names = roles or ("parent",)
    known = {role.name: role for role in db.session.scalars(select(Role))}
    wanted = [known.get(name) or Role(name=name) for name in names]
    db.session.rollback() if not is_writing() else None
    user = User(
        **{
            "email": f"{secrets.token_hex(5)}@families.example",
            "name": _some("Sam Ahmed"),
            "password": _hashed(password) if password else None,
            "fs_uniquifier": secrets.token_hex(16),
            "created_at": AT,
            **values,
        }
    )
    if is_writing():
        user.roles = wanted
        save(user)
        return user
    with unit_of_work():
        user.roles = [db.session.merge(role) if role.id else role for role in wanted]
        db.session.add(user)
    return user


def a_pupil(**values: Any) -> Pupil:
    """A child in Year 3 on the roll."""
    pupil = Pupil(
        **{
            "surname": _some("Okafor"),
            "forename": "Ada",
            "date_of_birth": date(2018, 10, 5),
            "class_name": "Oak",
            "year_group": "3",
            "joined_on": date(2022, 9, 1),
            "created_at": AT,
            **values,
        }
    )
    save(pupil)
    return pupil


class Family:
    """A user with an account and children: `user`, `account`, `pupils`."""

    def __init__(self, user: User, account: FamilyAccount, pupils: list[Pupil]) -> None:
        self.user, self.account, self.pupils = user, account, pupils


def a_family(children: int = 1, **pupil_values: Any) -> Family:
    """A parent with an account of their own and this many children whom they may book for."""
    user = a_user("parent")
    pupils = [a_pupil(forename=f"Child {n + 1}", **pupil_values) for n in range(children)]
    with unit_of_work():
        account = FamilyAccount(name=user.name, created_at=AT, users=[user])
        db.session.add(account)
        for pupil in pupils:
            db.session.add(
                Guardianship(user_id=user.id, pupil_id=pupil.id, created_at=AT, parental_responsibility="yes")
            )
    return Family(user, account, pupils)


def a_group_fact(pupil: Pupil, kind: str, value: str, **values: Any) -> GroupFact:
    """Something true of a pupil since last September."""
    fact = GroupFact(
        **{
            "pupil_id": pupil.id,
            "kind": kind,
            "value": value,
            "source": "roll",
            "starts_on": date(2025, 9, 1),
            "recorded_at": AT,
            **values,
        }
    )
    save(fact)
    return fact


def a_care_profile(pupil: Pupil, **values: Any) -> CareProfile:
    """What staff must know of a pupil."""
    care = CareProfile(
        **{"pupil_id": pupil.id, "allergies": ["peanuts"], "diet": ["halal"], "updated_at": AT, **values}
    )
    save(care)
    return care


def a_restriction(pupil: Pupil, adult: User | None, *, by: User, **values: Any) -> Restriction:
    """A court order about an adult, seen by somebody in the office, that waits for the second yes."""
    restriction = Restriction(
        **{
            "pupil_id": pupil.id,
            "adult_id": adult.id if adult else None,
            "kind": "court_order",
            "starts_on": date(2026, 11, 1),
            "review_on": date(2027, 11, 1),
            "evidence_seen_by_id": by.id,
            "asked_by_id": by.id,
            "asked_at": AT,
            "adult_name": adult.name if adult else "Jo Marsh",
            "adult_email": adult.email if adult else "",
            "evidence": "Order of the family court",
            **values,
        }
    )
    save(restriction)
    return restriction


def a_period(kind: str = "half_term", **values: Any) -> Period:
    """The second half of the autumn term of 2026, unless said otherwise."""
    found = db.session.scalars(select(Period).where(Period.kind == kind)).first()
    if found is not None and not values:
        return found
    period = Period(
        **{
            "kind": kind,
            "name": "Autumn 2",
            "starts_on": date(2026, 11, 2),
            "ends_on": date(2026, 12, 18),
            **values,
        }
    )
    save(period)
    return period


def a_seller(**values: Any) -> Seller:
    """The school itself."""
    seller = Seller(**{"name": _some("Brook Lane Primary School"), "is_school": True, **values})
    save(seller)
    return seller


def a_room(**values: Any) -> Room:
    """A hall for 60."""
    room = Room(**{"name": _some("Hall"), "capacity": 60, **values})
    save(room)
    return room


def an_activity(**values: Any) -> Activity:
    """A club run by the school."""
    if "seller_id" not in values:
        values["seller_id"] = a_seller().id
    activity = Activity(**{"name": _some("Chess club"), "kind": "club", **values})
    save(activity)
    return activity


def a_run(**values: Any) -> Run:
    """An open run on every school day of the half-term, 15:30 to 16:30, £4.50, all years; no sessions yet."""
    for key, build in (("activity_id", an_activity), ("period_id", a_period), ("room_id", a_room)):
        if key not in values:
            values[key] = build().id
    run = Run(
        **{
            "weekdays": [0, 1, 2, 3, 4],
            "starts_at": time(15, 30),
            "ends_at": time(16, 30),
            "capacity": 20,
            "price_pence": 450,
            "year_groups": ["R", "1", "2", "3", "4", "5", "6"],
            "opens_at": AT - timedelta(days=30),
            "closes_days_before": 1,
            "closes_at": time(18, 0),
            "status": "open",
            **values,
        }
    )
    save(run)
    return run


def a_session(
    on: date = date(2026, 11, 25), *, run: Run | None = None, capacity: int = 20, **run_values: Any
) -> Session:
    """One dated session of a run (a new run unless one is given)."""
    run = run or a_run(capacity=capacity, **run_values)
    session = Session(run_id=run.id, date=on, starts_at=run.starts_at, ends_at=run.ends_at, capacity=capacity)
    save(session)
    return session


def a_basket(account: FamilyAccount, **values: Any) -> Basket:
    """A basket that has been booked."""
    basket = Basket(
        **{
            "reference": secrets.token_hex(4).upper(),
            "account_id": account.id,
            "state": "booked",
            "created_at": AT,
            **values,
        }
    )
    save(basket)
    return basket


def a_place(family: Family, session: Session, *, pupil: Pupil | None = None, **values: Any) -> Place:
    """A booked place, written past the engine: for tests of what reads places."""
    basket_id = values.pop("basket_id", None) or a_basket(family.account).id
    place = Place(
        **{
            "basket_id": basket_id,
            "account_id": family.account.id,
            "pupil_id": (pupil or family.pupils[0]).id,
            "session_id": session.id,
            "state": "booked",
            "price_pence": 450,
            "credit_until": AT + timedelta(days=1),
            "held_at": AT,
            "booked_at": AT,
            **values,
        }
    )
    save(place)
    return place
