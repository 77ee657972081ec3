"""One-time links by which people join: made by the office or the command line, taken up once, for 14 days."""

from __future__ import annotations

import hashlib
import secrets
from datetime import date, datetime, timedelta

from sqlalchemy import select

from booking.core import audit, clock
from booking.core.db import db
from booking.core.errors import BookingError
from booking.people.models import Contact, FamilyAccount, Guardianship, Invitation, Pupil, Role, User
from booking.people.restrictions import closed_pupils, take_over_restrictions

LASTS = timedelta(days=14)
MOST_TRIES = 5


class LinkNotValid(BookingError):
    """The link is unknown, used, over or was tried too often; the office sends a fresh one."""

    def __init__(self) -> None:
        super().__init__("This link does not work any more. Ask the school office for a fresh one.")


class WrongDateOfBirth(BookingError):
    """The date of birth is not that of the child whom the link is for; tries left are said."""

    def __init__(self, tries_left: int) -> None:
        times = "once" if tries_left == 1 else f"{tries_left} times"
        super().__init__(f"That is not the date of birth we hold. You can try {times} more.")


class AlreadyAUser(BookingError):
    """Somebody with this e-mail address signs in already; nothing was made."""


def invite(
    email: str,
    role: str,
    *,
    at: datetime,
    by_user_id: int | None,
    contact: Contact | None = None,
    name: str | None = None,
) -> str:
    """Make an invitation and return its token, which is kept nowhere: 128 random bits in URL letters."""
    token = secrets.token_urlsafe(16)
    invitation = Invitation(
        token_digest=token_digest(token),
        email=email.strip().lower(),
        name=name,
        role=role,
        contact_id=contact.id if contact else None,
        created_at=at,
        expires_at=at + LASTS,
    )
    db.session.add(invitation)
    db.session.flush()
    audit.record("invited", "invitation", invitation.id, at=at, user_id=by_user_id, role=role)
    return token


def token_digest(token: str) -> str:
    """What is kept of a token: enough to know it again, not to make it."""
    return hashlib.sha256(token.encode()).hexdigest()


def find_invitation(token: str, *, at: datetime) -> Invitation:
    """The live invitation behind a token; raises `LinkNotValid`."""
    invitation = db.session.scalars(
        select(Invitation).where(Invitation.token_digest == token_digest(token))
    ).first()
    if (
        invitation is None
        or invitation.accepted_at is not None
        or invitation.expires_at <= at
        or invitation.tries >= MOST_TRIES
    ):
        raise LinkNotValid
    return invitation


def check_date_of_birth(invitation: Invitation, given: date | None) -> bool:
    """True when no child is tied to the link or the date is that child's; a wrong one is counted."""
    pupil = _pupil_of(invitation)
    if pupil is None or pupil.date_of_birth == given:
        return True
    invitation.tries += 1
    db.session.flush()
    return False


def accept(invitation: Invitation, *, name: str, password_hash: str, at: datetime) -> User:
    """Make the user (or tie an existing one to the child), with siblings on the same contact gathered."""
    user = db.session.scalars(select(User).where(User.email == invitation.email)).first()
    if user is not None and invitation.contact_id is None:
        raise AlreadyAUser("Somebody with this e-mail address has joined already. Sign in instead.")
    if user is None:
        user = make_user(invitation.email, name, (invitation.role,), password_hash, at=at)
    invitation.accepted_at = at
    take_over_restrictions(user)
    if invitation.contact_id is not None:
        _tie_family(user, invitation.email, at)
    db.session.flush()
    audit.record("accepted", "invitation", invitation.id, at=at, user_id=user.id)
    return user


def make_user(
    email: str, name: str, roles: tuple[str, ...], password_hash: str | None, *, at: datetime
) -> User:
    """Add a user with these roles; raises `AlreadyAUser`."""
    email = email.strip().lower()
    if db.session.scalars(select(User.id).where(User.email == email)).first() is not None:
        raise AlreadyAUser(f"{email} is in use already. Nothing was made.")
    known = {role.name: role for role in db.session.scalars(select(Role))}
    user = User(
        email=email,
        name=name,
        password=password_hash,
        fs_uniquifier=secrets.token_hex(32),
        created_at=at,
        roles=[known.get(role) or Role(name=role) for role in roles],
    )
    db.session.add(user)
    db.session.flush()
    return user


def make_account(users: list[User], *, name: str, at: datetime) -> FamilyAccount:
    """Open a family account for these users (or for none: the office books for that family)."""
    account = FamilyAccount(name=name, created_at=at, users=users)
    db.session.add(account)
    db.session.flush()
    return account


def tie(user: User, pupil: Pupil, *, relationship_name: str, responsibility: str, at: datetime) -> None:
    """Make a user a guardian of a pupil, once."""
    has = db.session.scalars(
        select(Guardianship.id).where(Guardianship.user_id == user.id, Guardianship.pupil_id == pupil.id)
    ).first()
    if has is None:
        db.session.add(
            Guardianship(
                user_id=user.id,
                pupil_id=pupil.id,
                relationship_name=relationship_name,
                parental_responsibility=responsibility,
                created_at=at,
            )
        )


def _pupil_of(invitation: Invitation) -> Pupil | None:
    contact = db.session.get(Contact, invitation.contact_id) if invitation.contact_id else None
    return contact.pupil if contact else None


def _tie_family(user: User, email: str, at: datetime) -> None:
    """Tie the user to every pupil whose school record names this address, and give them an account."""
    closed = closed_pupils(user.id, clock.today(at))
    for contact in db.session.scalars(
        select(Contact).where(Contact.email == email, Contact.given_by_id.is_(None))
    ):
        if contact.pupil_id in closed:
            continue
        tie(
            user,
            contact.pupil,
            relationship_name=contact.relationship_name or "parent",
            responsibility=contact.parental_responsibility,
            at=at,
        )
    if not user.accounts:
        make_account([user], name=user.name, at=at)
