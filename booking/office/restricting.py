"""What follows when a restriction comes into force: shared accounts part, and what the adult was about to get ends."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from booking.bookings.baskets import open_basket, remove_line
from booking.bookings.models import Place, WaitingEntry
from booking.bookings.waiting_list import end_entry
from booking.core import audit, clock
from booking.core.db import db
from booking.people.invitations import make_account
from booking.people.models import Contact, Invitation, Pupil, User
from booking.people.restricting import confirm_restriction
from booking.people.restrictions import Restriction
from booking.provision.models import Session


@dataclass(frozen=True)
class Aftermath:
    """What the office must still settle: an account that was shared, and places that the adult had booked."""

    was_shared: bool
    places: int

    @property
    def words(self) -> str:
        """The same in a sentence or two."""
        shared = " Their shared account is parted: settle its money." if self.was_shared else ""
        booked = (
            f" They had booked {self.places} places for this child: please see to them."
            if self.places
            else ""
        )
        return f"The restriction is in force.{shared}{booked}"


def put_in_force(restriction_id: int, *, at: datetime, by: User) -> Aftermath:
    """The second person's yes and all that follows from it, in the caller's unit of work."""
    found = confirm_restriction(restriction_id, at=at, by=by)
    _end_invitations(found)
    if found.adult is None:
        return Aftermath(False, 0)
    was_shared = _part_accounts(found.adult, found.id, at=at, by=by)
    for account in found.adult.accounts:
        _let_go(account.id, found.pupil_id, at=at, by=by)
    places = db.session.scalars(
        select(Place.id)
        .join(Session, Session.id == Place.session_id)
        .where(Place.pupil_id == found.pupil_id, Place.state == "booked", Session.date >= clock.today(at))
        .where(Place.account_id.in_([account.id for account in found.adult.accounts]))
    ).all()
    return Aftermath(was_shared, len(places))


def _part_accounts(adult: User, restriction_id: int, *, at: datetime, by: User) -> bool:
    """An adult under a restriction shares no account, so that neither of the two sees what the other does."""
    shared = [account for account in adult.accounts if len(account.users) > 1]
    for account in shared:
        account.users.remove(adult)
        audit.record(
            "account_parted",
            "family_account",
            account.id,
            at=at,
            user_id=by.id,
            restriction_id=restriction_id,
        )
    if shared and not adult.accounts:
        make_account([adult], name=adult.name, at=at)
    db.session.flush()
    return bool(shared)


def _let_go(account_id: int, pupil_id: int, *, at: datetime, by: User) -> None:
    """What this account has chosen, holds or waits for, for this child, is let go.

    What is booked, and what the kitchen was told, stays: the child is expected, and the office decides.
    """
    basket = open_basket(account_id)
    if basket is not None and basket.state == "open":
        for line in [line for line in basket.lines if line.pupil_id == pupil_id]:
            remove_line(account_id, line.pupil_id, line.session_id, at=at, user_id=by.id)
    entries = db.session.scalars(
        select(WaitingEntry)
        .where(WaitingEntry.account_id == account_id, WaitingEntry.pupil_id == pupil_id)
        .where(WaitingEntry.state.in_(("waiting", "offered")))
    ).all()
    for entry in entries:
        end_entry(entry, at=at, user_id=by.id)


def _end_invitations(found: Restriction) -> None:
    """An open invitation of this adult for this child ends; for a sister or brother the office sends a fresh one."""
    if not found.adult_email:
        return
    contacts = select(Contact.id).where(Contact.pupil_id == found.pupil_id)
    for invitation in db.session.scalars(
        select(Invitation).where(
            Invitation.email == found.adult_email,
            Invitation.accepted_at.is_(None),
            Invitation.contact_id.in_(contacts),
        )
    ):
        db.session.delete(invitation)
    db.session.flush()


def adults_of(pupil: Pupil) -> list[tuple[str, str]]:
    """Whom a restriction can be about, as choices: guardians who sign in, and contacts who do not."""
    guardians = [
        (f"user-{tie.user_id}", f"{tie.user.name} ({tie.relationship_name})") for tie in pupil.guardianships
    ]
    addresses = {tie.user.email for tie in pupil.guardianships}
    contacts = [
        (f"contact-{contact.id}", f"{contact.name} ({contact.relationship_name or 'contact'})")
        for contact in pupil.contacts
        if contact.email not in addresses
    ]
    return [*guardians, *contacts, ("other", "Somebody else")]
