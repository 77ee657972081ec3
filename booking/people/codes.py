"""Codes on paper for families without e-mail, and a fresh link for a lost one: only to the contact that is held."""

from __future__ import annotations

import secrets
from datetime import date, datetime, timedelta

from sqlalchemy import func, select

from booking.core import audit, clock
from booking.core.db import db
from booking.people.invitations import (
    AlreadyAUser,
    LinkNotValid,
    WrongDateOfBirth,
    check_date_of_birth,
    find_invitation,
    invite,
    make_account,
    make_user,
    tie,
    token_digest,
)
from booking.people.models import Contact, Guardianship, Invitation, Pupil, User
from booking.people.restrictions import closed_pupils, restrictions_of

LETTERS = "ABCDEFGHJKMNPQRSTUVWXYZ23456789"
"""No I, L, O, 0 and 1, which look like one another."""
LENGTH = 11
"""31 letters to the power of 11 are more than 2 to the power of 54."""
MOST_A_DAY = 3


def make_code(contact: Contact, *, expires_at: datetime, at: datetime, by_user_id: int | None) -> str:
    """A code for one adult of the school's record, as it is printed: XXXX-XXXX-XXX. An earlier one of theirs ends."""
    for old in db.session.scalars(
        select(Invitation).where(Invitation.contact_id == contact.id, Invitation.accepted_at.is_(None))
    ):
        db.session.delete(old)
    code = "".join(secrets.choice(LETTERS) for _ in range(LENGTH))
    db.session.add(
        Invitation(
            token_digest=token_digest(code),
            email=contact.email or "",
            name=contact.name,
            role="parent",
            contact_id=contact.id,
            created_at=at,
            expires_at=expires_at,
        )
    )
    db.session.flush()
    audit.record("code_made", "contact", contact.id, at=at, user_id=by_user_id)
    return f"{code[:4]}-{code[4:8]}-{code[8:]}"


def plain_code(typed: str) -> str:
    """A code as it is kept: capitals, without what people put between."""
    return "".join(sign for sign in typed.upper() if sign.isalnum())


def check_code(typed: str, born: date | None, *, at: datetime) -> tuple[Invitation, bool]:
    """The invitation behind a code, and whether the date of birth is the child's; raises `LinkNotValid`.

    A wrong date is counted, so the caller commits before it tells.
    """
    invitation = find_invitation(plain_code(typed), at=at)
    return invitation, check_date_of_birth(invitation, born)


def refuse_wrong_birthday(invitation: Invitation) -> None:
    """Raise what a wrong date of birth is told: how many tries are left, or that the code is over."""
    left = 5 - invitation.tries
    raise WrongDateOfBirth(left) if left > 0 else LinkNotValid()


def join_by_code(invitation: Invitation, *, email: str, name: str, password_hash: str, at: datetime) -> User:
    """Make the user whom a letter invited; raises `AlreadyAUser`, for a code never opens somebody's account."""
    if db.session.scalars(select(User.id).where(User.email == email.strip().lower())).first() is not None:
        raise AlreadyAUser(
            "Somebody with this address has joined already. Sign in, then enter the code there."
        )
    user = make_user(email, name, ("parent",), password_hash, at=at)
    link_by_code(invitation, user, at=at)
    return user


def link_by_code(invitation: Invitation, user: User, *, at: datetime) -> None:
    """Tie a user to the child of a letter, and to sisters and brothers of whom the same adult is on file."""
    invitation.accepted_at = at
    contact = db.session.get(Contact, invitation.contact_id)
    if contact is None:
        raise LinkNotValid
    closed = closed_pupils(user.id, clock.today(at))
    for one in _same_adult(contact):
        if one.pupil_id not in closed and not is_barred(one, clock.today(at)):
            tie(
                user,
                one.pupil,
                relationship_name=one.relationship_name or "parent",
                responsibility=one.parental_responsibility,
                at=at,
            )
    if not user.accounts:
        make_account([user], name=user.name, at=at)
    db.session.flush()
    audit.record("accepted", "invitation", invitation.id, at=at, user_id=user.id)


def _same_adult(contact: Contact) -> list[Contact]:
    """The school's rows of this adult: the same name with the same telephone or the same address."""
    same = select(Contact).where(Contact.name == contact.name, Contact.given_by_id.is_(None))
    found = [
        one
        for one in db.session.scalars(same)
        if one.id == contact.id
        or (one.phone and one.phone == contact.phone)
        or (one.email and one.email == contact.email)
    ]
    return [one for one in found if one.pupil.status != "left"]


def is_barred(contact: Contact, on: date) -> bool:
    """Whether a restriction about this child is about this adult: then no link and no letter."""
    return any(
        one.is_about(0, contact.name, contact.email)
        for one in restrictions_of([contact.pupil_id], on).get(contact.pupil_id, [])
    )


def need_letters(class_name: str | None = None, *, on: date) -> list[Contact]:
    """Adults with parental contact on file who have no e-mail address there, of children whom nobody joined for."""
    query = (
        select(Contact)
        .join(Pupil, Pupil.id == Contact.pupil_id)
        .where(Contact.given_by_id.is_(None), Contact.email.is_(None), Contact.priority <= 2)
        .where(Pupil.status.in_(("on_roll", "expected")), Pupil.id.not_in(select(Guardianship.pupil_id)))
        .order_by(Pupil.class_name, Pupil.surname, Pupil.forename, Contact.priority, Contact.id)
    )
    if class_name:
        query = query.where(Pupil.class_name == class_name)
    return [contact for contact in db.session.scalars(query) if not is_barred(contact, on)]


def fresh_link(token: str, *, at: datetime) -> tuple[Contact, str] | None:
    """A fresh invitation for a link that ran out, only to the contact held; nothing when there is none to send.

    At most three a day for one adult; who asks is told the same words either way.
    """
    old = db.session.scalars(select(Invitation).where(Invitation.token_digest == token_digest(token))).first()
    contact = db.session.get(Contact, old.contact_id) if old and old.contact_id else None
    if contact is None or not contact.email or is_barred(contact, clock.today(at)):
        return None
    joined = (
        select(Guardianship.id)
        .join(User)
        .where(User.email == contact.email, Guardianship.pupil_id == contact.pupil_id)
    )
    made = (
        select(func.count())
        .select_from(Invitation)
        .where(Invitation.contact_id == contact.id, Invitation.created_at > at - timedelta(days=1))
    )
    if db.session.scalars(joined).first() is not None or (db.session.scalar(made) or 0) >= MOST_A_DAY:
        return None
    return contact, invite(
        contact.email, "parent", at=at, by_user_id=None, contact=contact, name=contact.name
    )
