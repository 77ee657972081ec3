"""Families as the office sees them: accounts and who they are for, who owes, and who has not joined yet."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import or_, select
from sqlalchemy.orm import selectinload

from booking.core import clock
from booking.core.db import db
from booking.core.errors import BookingError, NotFound
from booking.core.outbox import post
from booking.ledger.balances import credit_of_all
from booking.people.invitations import invite, token_digest
from booking.people.models import Contact, FamilyAccount, Guardianship, Invitation, Pupil, School, User
from booking.people.restrictions import barred_addresses


class NobodyToInvite(BookingError):
    """Everybody with an e-mail address has joined or has an open invitation; nothing was sent."""

    def __init__(self) -> None:
        super().__init__(
            "Everybody with an e-mail address has joined or has an invitation. Nothing was sent."
        )


@dataclass
class AccountRow:
    """A family account in the list: its children, and credit in pence (below zero it owes)."""

    account: FamilyAccount
    children: list[str]
    credit_pence: int


@dataclass
class Invitee:
    """An adult in the school's record with an e-mail address who has not joined; one for each address."""

    contact_id: int
    name: str
    email: str
    children: list[str] = field(default_factory=list)
    classes: set[str] = field(default_factory=set)
    invited_at: datetime | None = None


def accounts(wanted: str = "", *, only_owing: bool = False) -> list[AccountRow]:
    """Family accounts whose name, adult or child has these letters, by name; in a fixed number of queries."""
    credit = credit_of_all()
    found = db.session.scalars(
        select(FamilyAccount)
        .options(
            selectinload(FamilyAccount.users)
            .selectinload(User.guardianships)
            .selectinload(Guardianship.pupil),
            selectinload(FamilyAccount.pupils),
        )
        .order_by(FamilyAccount.name, FamilyAccount.id)
    )
    rows = [AccountRow(account, children_of(account), credit.get(account.id, 0)) for account in found]
    letters = wanted.casefold()
    return [
        row
        for row in rows
        if (not only_owing or row.credit_pence < 0)
        and any(
            letters in text.casefold() for text in (row.account.name, *row.children, *_users(row.account))
        )
    ]


def children_of(account: FamilyAccount) -> list[str]:
    """The names of the children whom an account's adults may book for."""
    pupils = {tie.pupil.id: tie.pupil for user in account.users for tie in user.guardianships if tie.may_book}
    pupils |= {pupil.id: pupil for pupil in account.pupils}
    return [pupil.full_name for pupil in sorted(pupils.values(), key=lambda pupil: pupil.date_of_birth)]


def _users(account: FamilyAccount) -> list[str]:
    return [text for user in account.users for text in (user.name, user.email)]


def invitees(at: datetime, class_name: str = "") -> list[Invitee]:
    """Every adult in the school's record who could join and has not, with the last open invitation; of one class.

    An adult with children in two classes is in both.
    """
    ties = select(Guardianship.pupil_id, User.email).join(User, User.id == Guardianship.user_id)
    joined = {(pupil_id, email) for pupil_id, email in db.session.execute(ties)}
    barred = barred_addresses(clock.today(at))
    contacts = db.session.scalars(
        select(Contact)
        .join(Pupil, Pupil.id == Contact.pupil_id)
        .options(selectinload(Contact.pupil))
        .where(Contact.given_by_id.is_(None), Contact.email.is_not(None))
        .where(Pupil.status.in_(("on_roll", "expected")))
        .order_by(Contact.priority, Contact.id)
    )
    found: dict[str, Invitee] = {}
    for contact in contacts:
        if contact.email and (contact.pupil_id, contact.email) not in joined | barred:
            one = found.setdefault(contact.email, Invitee(contact.id, contact.name, contact.email))
            one.children.append(contact.pupil.full_name)
            one.classes.add(contact.pupil.class_name or "")
    open_invitations = select(Invitation.email, Invitation.created_at).where(
        Invitation.accepted_at.is_(None), Invitation.expires_at > at, Invitation.contact_id.is_not(None)
    )
    for email, created_at in db.session.execute(open_invitations.order_by(Invitation.created_at)):
        if email in found:
            found[email].invited_at = created_at
    wanted = [one for one in found.values() if not class_name or class_name in one.classes]
    return sorted(wanted, key=lambda one: one.name.casefold())


def without_email() -> list[Pupil]:
    """Pupils whom nobody has joined for and whose school record has no e-mail address: these need a letter."""
    reached = select(Contact.pupil_id).where(Contact.given_by_id.is_(None), Contact.email.is_not(None))
    return list(
        db.session.scalars(
            select(Pupil)
            .where(Pupil.status.in_(("on_roll", "expected")))
            .where(Pupil.id.not_in(select(Guardianship.pupil_id)), Pupil.id.not_in(reached))
            .order_by(Pupil.surname, Pupil.forename)
        )
    )


def invite_contact(contact_id: int, *, base_url: str, at: datetime, user_id: int | None) -> str:
    """Send one adult of the school's record a fresh link; gives the address that it goes to."""
    contact = db.session.get(Contact, contact_id)
    if contact is None or contact.given_by_id is not None or not contact.email:
        raise NotFound
    if (contact.pupil_id, contact.email) in barred_addresses(clock.today(at)):
        raise NotFound
    _send(contact, base_url=base_url, at=at, user_id=user_id)
    return contact.email


def invite_everybody(*, base_url: str, at: datetime, user_id: int | None, class_name: str = "") -> int:
    """Send a link to each adult (of one class) who has neither joined nor an open invitation.

    Raises `NobodyToInvite`.
    """
    wanted = [one.contact_id for one in invitees(at, class_name) if one.invited_at is None]
    if not wanted:
        raise NobodyToInvite
    for contact in db.session.scalars(select(Contact).where(Contact.id.in_(wanted)).order_by(Contact.id)):
        _send(contact, base_url=base_url, at=at, user_id=user_id)
    return len(wanted)


def _send(contact: Contact, *, base_url: str, at: datetime, user_id: int | None) -> None:
    token = invite(
        contact.email or "", "parent", at=at, by_user_id=user_id, contact=contact, name=contact.name
    )
    post_invitation(contact.email or "", contact.name, token, base_url=base_url, at=at)


def post_invitation(email: str, name: str | None, token: str, *, base_url: str, at: datetime) -> str:
    """Put the letter with the link into the outbox, and give the link."""
    school = db.session.scalars(select(School)).first()
    link = f"{base_url}/join/{token}"
    post(
        key=f"invitation-{token_digest(token)[:40]}",
        to_email=email,
        template="invitation",
        context={"link": link, "name": name, "school": school.name if school else "Eight till Six"},
        at=at,
    )
    return link


def find_pupils(wanted: str, *, limit: int = 200) -> list[Pupil]:
    """Pupils by the letters of a name, class or UPN, those on the roll first."""
    query = select(Pupil).order_by(Pupil.status != "on_roll", Pupil.surname, Pupil.forename).limit(limit)
    for word in wanted.split():
        like = f"%{word.replace('%', '')}%"
        query = query.where(
            or_(
                Pupil.surname.ilike(like),
                Pupil.forename.ilike(like),
                Pupil.preferred_name.ilike(like),
                Pupil.class_name.ilike(like),
                Pupil.upn.ilike(like),
            )
        )
    return list(db.session.scalars(query))
