"""Two separated parents of one child, with everything about the child and the other parent seeded to be searched for."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from booking.bookings.baskets import choose_week, open_basket
from booking.bookings.places import take_holds
from booking.bookings.waiting_list import join_list
from booking.core.db import db, unit_of_work
from booking.office.restricting import put_in_force
from booking.payments.office_till import pay_basket
from booking.payments.to_pay import checkout_of
from booking.people.invitations import accept, invite, make_account, tie
from booking.people.models import Contact, FamilyAccount, Invitation, Pupil, User
from booking.people.restricting import Asked, ask_restriction
from booking.people.restrictions import Restriction
from booking.provision.models import StaffAssignment
from tests.builders import AT, Family, a_care_profile, a_place, a_pupil, a_school, a_session, a_user, save

SECRETS = (
    "Kittiwake",
    "Quillfeather",
    "Zephyr class",
    "14/07/2017",
    "14 July 2017",
    "2017-07-14",
    "Robin Thistledown",
    "07700 900941",
    "robin.thistledown@families.example",
    "Nana Oystercatcher",
    "01632 960777",
    "oystercatcher@families.example",
    "3 Guillemot Row",
    "gannet-password",
)
"""The child's own words, and the other parent's name, telephone, e-mail, address and contacts."""
SITUATIONS = ("own account", "shared account", "sibling stays open", "joined later", "staff too")
WEDNESDAY, THURSDAY, FRIDAY = date(2026, 11, 25), date(2026, 11, 26), date(2026, 11, 27)


@dataclass
class Separated:
    """The restricted adult, the child, their open sibling, and two people of the office."""

    adult: User
    account: FamilyAccount
    child: Pupil
    sibling: Pupil
    other: User
    asks: User
    confirms: User
    first_session_id: int
    full_session_id: int

    def restrict(self) -> Restriction:
        """Put the restriction in force as the office does: asked by one, confirmed by another."""
        with unit_of_work():
            made = ask_restriction(self.asked(), at=AT, by=self.asks)
        with unit_of_work():
            put_in_force(made.id, at=AT, by=self.confirms)
        db.session.expire_all()
        return made

    def asked(self) -> Asked:
        """What the office writes down."""
        return Asked(
            pupil_id=self.child.id,
            adult_id=self.adult.id,
            adult_name="",
            adult_email="",
            kind="court_order",
            starts_on=AT.date(),
            review_on=date(2027, 11, 23),
            evidence="Order of the family court of 20 November 2026",
        )


def separated(situation: str = "own account") -> Separated:
    """Both parents have booked, paid, and wait; letters about it are still unsent."""
    a_school()
    child = a_pupil(
        forename="Kittiwake",
        surname="Quillfeather",
        class_name="Zephyr class",
        date_of_birth=date(2017, 7, 14),
    )
    sibling = a_pupil(forename="Puffin", surname="Auk")
    a_care_profile(child)
    other = a_user("parent", name="Robin Thistledown", email="robin.thistledown@families.example")
    other.phone = "07700 900941"
    roles = ("parent", "staff") if situation == "staff too" else ("parent",)
    adult = _joins_later(sibling, child) if situation == "joined later" else a_user(*roles, name="Sam Marsh")
    with unit_of_work():
        is_shared = situation == "shared account"
        if is_shared:
            account = make_account([db.session.merge(adult), db.session.merge(other)], name="Marsh", at=AT)
            others = account
        else:
            account = adult.accounts[0] if adult.accounts else make_account([adult], name="Sam Marsh", at=AT)
            others = make_account([other], name="Robin Thistledown", at=AT)
        for user in (adult, other):
            tie(user, child, relationship_name="parent", responsibility="yes", at=AT)
            tie(user, sibling, relationship_name="parent", responsibility="yes", at=AT)
        db.session.add(
            Contact(
                pupil_id=child.id,
                given_by_id=other.id,
                name="Nana Oystercatcher, 3 Guillemot Row",
                phone="01632 960777",
                email="oystercatcher@families.example",
                may_collect=True,
            )
        )
    first, second, full = a_session(WEDNESDAY), a_session(THURSDAY), a_session(FRIDAY, capacity=1)
    a_place(_stranger(), full)
    if situation == "staff too":
        save(StaffAssignment(user_id=adult.id, run_id=first.run_id))
    _book(account, adult, [(child.id, first.id), (sibling.id, first.id)])
    if not is_shared:
        _book(others, other, [(child.id, second.id)])
    with unit_of_work():
        join_list(child.id, full.id, account_id=account.id, at=AT, user_id=adult.id)
    asks, confirms = a_user("manager"), a_user("manager", approves=True)
    return Separated(adult, account, child, sibling, other, asks, confirms, first.id, full.id)


def _book(account: FamilyAccount, user: User, pairs: list[tuple[int, int]]) -> None:
    """Choose, hold and book on account, as the pages do; a letter waits in the outbox."""
    with unit_of_work():
        choose_week(account.id, pairs, pairs, at=AT, user_id=user.id)
    with unit_of_work():
        basket = open_basket(account.id)
        assert basket is not None
        assert not take_holds(basket.id, "all", at=AT, user_id=user.id).refused
    with unit_of_work():
        summary = checkout_of(account.id, at=AT)
        assert summary is not None
        pay_basket(account.id, "office", seen_pence=summary.total_pence, at=AT, user_id=user.id)


def _stranger() -> Family:
    user, pupil = a_user("parent"), a_pupil()
    with unit_of_work():
        account = make_account([user], name=user.name, at=AT)
    return Family(user, account, [pupil])


def _joins_later(sibling: Pupil, child: Pupil) -> User:
    """Somebody who joins by the office's invitation for the sibling, on the day before they book."""
    email = "sam.marsh@families.example"
    contact = Contact(pupil_id=sibling.id, name="Sam Marsh", email=email, priority=1)
    save(contact)
    with unit_of_work():
        invite(email, "parent", at=AT, by_user_id=None, contact=contact, name="Sam Marsh")
        invitation = db.session.query(Invitation).filter_by(email=email).one()
        return accept(invitation, name="Sam Marsh", password_hash=None, at=AT)
