"""From whom money is expected: each child of each family account, its reference and what was promised for it.

Read in a fixed number of queries, whatever the size of the school, into frozen rows that the matching works on.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import date
from functools import cached_property

from sqlalchemy import select

from booking.core.clock import to_school
from booking.core.db import db
from booking.payments.models import ChildReference
from booking.payments.plain_words import plain_words
from booking.payments.promises import open_promises
from booking.people.models import Guardianship, Pupil, User, account_member, account_pupil


@dataclass(frozen=True)
class Promise:
    """What is still owed of a promise, and by when; `promise_id` tells two equal ones apart."""

    promise_id: int
    amount_pence: int
    due_on: date


@dataclass(frozen=True)
class Child:
    """A child for whom an account may pay: `own` was promised for this child, `shared` for no child in particular."""

    account_id: int
    pupil_id: int
    forename: str
    preferred_name: str
    surname: str
    born_on: date
    adults: tuple[str, ...] = ()
    reference: str | None = None
    own: tuple[Promise, ...] = ()
    shared: tuple[Promise, ...] = ()

    @property
    def key(self) -> tuple[int, int]:
        """Account and pupil: a child of two accounts stands here twice."""
        return self.account_id, self.pupil_id

    @property
    def first_name(self) -> str:
        """The name that the child goes by."""
        return self.preferred_name or self.forename

    @property
    def full_name(self) -> str:
        """First name and surname."""
        return f"{self.first_name} {self.surname}"

    @cached_property
    def twin_key(self) -> tuple[str, str, date]:
        """Surname, initial and birthday: children who share all three are never told apart by a guess."""
        return " ".join(plain_words(self.surname)), plain_words(self.forename + " x")[0][0], self.born_on

    @cached_property
    def open(self) -> tuple[Promise, ...]:
        """Everything that a payment for this child may be meant for, the earliest due first."""
        return tuple(sorted(self.own + self.shared, key=lambda one: (one.due_on, one.promise_id)))

    @cached_property
    def own_pence(self) -> int:
        """What was promised for this child."""
        return sum(one.amount_pence for one in self.own)

    @cached_property
    def open_pence(self) -> int:
        """The same, with what is for no child in particular."""
        return sum(one.amount_pence for one in self.open)


def expected_children() -> list[Child]:
    """Every child of every account, with what is still owed."""
    pairs, adults = _pairs()
    references = {
        (row.account_id, row.pupil_id): row.reference
        for row in db.session.execute(
            select(ChildReference.account_id, ChildReference.pupil_id, ChildReference.reference)
        )
    }
    pairs |= set(references)
    pupils = {
        row.id: row
        for row in db.session.execute(
            select(Pupil.id, Pupil.forename, Pupil.preferred_name, Pupil.surname, Pupil.date_of_birth)
        )
    }
    own, shared = _owed_promises()
    return [
        Child(
            account_id=account_id,
            pupil_id=pupil_id,
            forename=pupils[pupil_id].forename,
            preferred_name=pupils[pupil_id].preferred_name or "",
            surname=pupils[pupil_id].surname,
            born_on=pupils[pupil_id].date_of_birth,
            adults=tuple(adults.get(account_id, ())),
            reference=references.get((account_id, pupil_id)),
            own=tuple(own.get((account_id, pupil_id), ())),
            shared=tuple(shared.get(account_id, ())),
        )
        for account_id, pupil_id in sorted(pairs)
    ]


def account_pupils() -> set[tuple[int, int]]:
    """Every account with each child that it may pay for."""
    pairs, _ = _pairs()
    return pairs | {
        (row.account_id, row.pupil_id)
        for row in db.session.execute(select(ChildReference.account_id, ChildReference.pupil_id))
    }


def _pairs() -> tuple[set[tuple[int, int]], dict[int, list[str]]]:
    """The children of each account, and the names of its adults."""
    adults: dict[int, list[str]] = defaultdict(list)
    members: dict[int, list[int]] = defaultdict(list)
    rows = db.session.execute(
        select(account_member.c.account_id, User.id, User.name).join(
            User, User.id == account_member.c.user_id
        )
    )
    for account_id, user_id, name in rows:
        adults[account_id].append(name)
        members[user_id].append(account_id)
    ties = db.session.execute(
        select(Guardianship.user_id, Guardianship.pupil_id).where(Guardianship.may_book)
    )
    pairs = {(account_id, pupil_id) for user_id, pupil_id in ties for account_id in members.get(user_id, ())}
    by_hand = db.session.execute(select(account_pupil.c.account_id, account_pupil.c.pupil_id))
    return pairs | {(account_id, pupil_id) for account_id, pupil_id in by_hand}, adults


def _owed_promises() -> tuple[dict[tuple[int, int], list[Promise]], dict[int, list[Promise]]]:
    """What is still owed of every promise, by child and by account."""
    own: dict[tuple[int, int], list[Promise]] = defaultdict(list)
    shared: dict[int, list[Promise]] = defaultdict(list)
    for one in open_promises():
        promise = Promise(one.payment_id, one.outstanding_pence, to_school(one.due_at).date())
        if one.pupil_id is None:
            shared[one.account_id].append(promise)
        else:
            own[one.account_id, one.pupil_id].append(promise)
    return own, shared
