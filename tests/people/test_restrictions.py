"""A restriction needs evidence and two people at both ends; it stays in force past its review; the door is warned."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from booking.bookings.models import Place, WaitingEntry
from booking.core.db import db, unit_of_work
from booking.core.errors import NotFound
from booking.office.checks import all_problems
from booking.office.families import invite_contact, invitees
from booking.office.restricting import put_in_force
from booking.people.invitations import accept, find_invitation, invite, tie
from booking.people.models import Contact, Guardianship, User
from booking.people.restricting import (
    CannotRestrict,
    SecondPersonNeeded,
    ask_lifting,
    ask_restriction,
    confirm_lifting,
    confirm_restriction,
    review_restriction,
)
from booking.people.restrictions import Restriction, closed_pupils, due_for_review, open_ties, restrictions_of
from booking.provision.models import Session
from booking.registers.expected import registers_of
from tests.browser import Browser
from tests.builders import AT, a_pupil, a_restriction, a_school, a_user, save
from tests.people.separated import WEDNESDAY, separated

TODAY = AT.date()


def test_nothing_closes_before_the_second_yes(app: Flask) -> None:
    world = separated()
    with unit_of_work():
        made = ask_restriction(world.asked(), at=AT, by=world.asks)
    assert closed_pupils(world.adult.id, TODAY) == frozenset()
    with unit_of_work():
        confirm_restriction(made.id, at=AT, by=world.confirms)
    assert closed_pupils(world.adult.id, TODAY) == {world.child.id}
    assert [one.pupil_id for one in open_ties(world.adult, TODAY)] == [world.sibling.id]
    assert closed_pupils(world.other.id, TODAY) == frozenset()


def test_the_second_yes_is_another_persons(app: Flask) -> None:
    world = separated()
    with unit_of_work():
        world.asks.approves = True
        made = ask_restriction(world.asked(), at=AT, by=world.asks)
    plain = a_user("manager")
    family = a_user("manager", approves=True)
    with unit_of_work():
        tie(family, world.child, relationship_name="aunt", responsibility="no", at=AT)
    db.session.expire_all()
    for person in (world.asks, plain, family):
        with pytest.raises(SecondPersonNeeded), unit_of_work():
            confirm_restriction(made.id, at=AT, by=person)
    assert closed_pupils(world.adult.id, TODAY) == frozenset()


def test_the_restricted_adult_cannot_confirm_or_lift_it(app: Flask) -> None:
    world = separated()
    with unit_of_work():
        world.adult.approves = True
        for one in db.session.scalars(select(Guardianship).where(Guardianship.user_id == world.adult.id)):
            db.session.delete(one)
        made = ask_restriction(world.asked(), at=AT, by=world.asks)
    db.session.expire_all()
    with pytest.raises(SecondPersonNeeded), unit_of_work():
        confirm_restriction(made.id, at=AT, by=world.adult)


def test_the_database_itself_refuses_one_person_twice(app: Flask) -> None:
    office = a_user("manager")
    with pytest.raises(IntegrityError):
        a_restriction(a_pupil(), a_user(), by=office, confirmed_by_id=office.id, confirmed_at=AT)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"evidence": " "}, "have seen"),
        ({"review_on": TODAY - timedelta(days=1)}, "before the start"),
        ({"kind": "a wish"}, "what kind"),
        ({"adult_id": None}, "which adult"),
    ],
)
def test_words_that_do_not_fit_keep_nothing(app: Flask, change: dict[str, object], words: str) -> None:
    world = separated()
    with pytest.raises(CannotRestrict, match=words), unit_of_work():
        ask_restriction(replace(world.asked(), **change), at=AT, by=world.asks)
    assert db.session.scalars(select(Restriction)).all() == []


def test_it_waits_for_its_first_day_and_outlasts_its_review(app: Flask) -> None:
    world = separated()
    with unit_of_work():
        asked = replace(
            world.asked(), starts_on=TODAY + timedelta(days=3), review_on=TODAY + timedelta(days=30)
        )
        made = ask_restriction(asked, at=AT, by=world.asks)
        confirm_restriction(made.id, at=AT, by=world.confirms)
    assert closed_pupils(world.adult.id, TODAY + timedelta(days=2)) == frozenset()
    long_after = TODAY + timedelta(days=400)
    assert closed_pupils(world.adult.id, long_after) == {world.child.id}, (
        "it lapses into a review, never open"
    )
    assert [one.id for one in due_for_review(long_after)] == [made.id]
    with unit_of_work():
        review_restriction(made.id, long_after + timedelta(days=90), at=AT, by=world.asks)
    assert due_for_review(long_after) == []


def test_lifting_needs_a_reason_and_another_person(app: Flask) -> None:
    world = separated()
    made = world.restrict()
    with pytest.raises(CannotRestrict), unit_of_work():
        ask_lifting(made.id, "  ", at=AT, by=world.confirms)
    with unit_of_work():
        ask_lifting(made.id, "The order has ended", at=AT, by=world.confirms)
    with pytest.raises(SecondPersonNeeded), unit_of_work():
        confirm_lifting(made.id, at=AT, by=world.confirms)
    assert closed_pupils(world.adult.id, TODAY) == {world.child.id}
    with unit_of_work():
        world.asks.approves = True
        confirm_lifting(made.id, at=AT, by=world.asks)
    assert closed_pupils(world.adult.id, TODAY) == frozenset()
    with pytest.raises(NotFound), unit_of_work():
        confirm_lifting(made.id, at=AT, by=world.asks)


def test_what_was_booked_stays_and_what_was_waited_for_ends(app: Flask) -> None:
    world = separated("shared account")
    before = all_problems()
    with unit_of_work():
        made = ask_restriction(world.asked(), at=AT, by=world.asks)
    with unit_of_work():
        aftermath = put_in_force(made.id, at=AT, by=world.confirms)
    assert aftermath.was_shared
    assert "settle its money" in aftermath.words
    assert db.session.scalars(select(Place.state).where(Place.pupil_id == world.child.id)).all() == ["booked"]
    db.session.expire_all()
    assert [len(one.users) for one in db.session.get_one(User, world.adult.id).accounts] == [1]
    assert all_problems() == before


def test_an_adult_alone_on_an_account_leaves_the_waiting_list(app: Flask) -> None:
    world = separated()
    with unit_of_work():
        made = ask_restriction(world.asked(), at=AT, by=world.asks)
    with unit_of_work():
        aftermath = put_in_force(made.id, at=AT, by=world.confirms)
    assert (aftermath.was_shared, aftermath.places) == (False, 1)
    assert db.session.scalars(select(WaitingEntry.state)).all() == ["left"]


def test_somebody_who_has_not_joined_is_not_invited_for_that_child(app: Flask) -> None:
    a_school()
    child, sibling = a_pupil(), a_pupil()
    email = "jo.marsh@families.example"
    for pupil in (child, sibling):
        save(Contact(pupil_id=pupil.id, name="Jo Marsh", email=email, priority=1))
    asks, confirms = a_user("manager"), a_user("manager", approves=True)
    contact = db.session.scalars(select(Contact).where(Contact.pupil_id == child.id)).one()
    with unit_of_work():
        old_link = invite(email, "parent", at=AT, by_user_id=None, contact=contact)
    made = a_restriction(child, None, by=asks, adult_email=email)
    with unit_of_work():
        put_in_force(made.id, at=AT, by=confirms)
    assert [one.children for one in invitees(AT)] == [[sibling.full_name]]
    with pytest.raises(NotFound), unit_of_work():
        invite_contact(contact.id, base_url="http://localhost", at=AT, user_id=None)
    with pytest.raises(Exception, match="does not work"):
        find_invitation(old_link, at=AT)
    other = db.session.scalars(select(Contact).where(Contact.pupil_id == sibling.id)).one()
    with unit_of_work():
        invitation = find_invitation(invite(email, "parent", at=AT, by_user_id=None, contact=other), at=AT)
        user = accept(invitation, name="Jo Marsh", password_hash=None, at=AT)
    assert [one.pupil_id for one in db.session.scalars(select(Guardianship))] == [sibling.id]
    assert closed_pupils(user.id, TODAY) == {child.id}


def test_the_door_is_warned_and_the_adult_is_not_among_the_collectors(app: Flask) -> None:
    world = separated()
    session = db.session.get_one(Session, world.first_session_id)
    (register,) = registers_of([session])
    names = {child.pupil.id: child for child in register.children}
    assert "Sam Marsh (parent)" in names[world.child.id].may_collect
    world.restrict()
    (register,) = registers_of([db.session.get_one(Session, world.first_session_id)])
    names = {child.pupil.id: child for child in register.children}
    assert names[world.child.id].do_not_release_to == ("Sam Marsh",)
    assert names[world.child.id].may_collect == (
        "Robin Thistledown (parent)",
        "Nana Oystercatcher, 3 Guillemot Row",
    )
    assert "Sam Marsh (parent)" in names[world.sibling.id].may_collect
    page = Browser(app).sign_in(world.confirms).get("registers.session", session_id=world.first_session_id)
    assert "Do not release to Sam Marsh" in page.text
    assert restrictions_of([world.sibling.id], WEDNESDAY) == {}


def test_the_office_writes_one_down_and_another_confirms_on_screen(app: Flask) -> None:
    world = separated()
    first, second = Browser(app).sign_in(world.asks), Browser(app).sign_in(world.confirms)
    first.get("office.restrict", pupil_id=world.child.id)
    form = {
        "adult": f"user-{world.adult.id}",
        "kind": "court_order",
        "evidence": "Order of 20 November, copy in the safe",
        "starts_on": "23/11/2026",
        "review_on": "23/11/2027",
    }
    page = first.post("office.restrict", {**form, "evidence": ""}, expect=422, pupil_id=world.child.id)
    assert "Write which order" in page.text
    page = first.post("office.restrict", form, follow=True, pupil_id=world.child.id)
    assert "NOT in force" in page.text
    made = db.session.scalars(select(Restriction)).one()
    assert "Ask somebody who may approve" in first.get("office.restriction", restriction_id=made.id).text
    first.post("office.confirm_restricting", expect=403, restriction_id=made.id)
    page = second.post("office.confirm_restricting", follow=True, restriction_id=made.id)
    assert "is in force" in page.text
    assert "Do not release to" in second.get("office.pupil", pupil_id=world.child.id).text
    page = second.post(
        "office.restriction", {"act": "lift", "reason": "Ended"}, follow=True, restriction_id=made.id
    )
    assert "stays in force until a second person says yes" in page.text
    assert date(2027, 11, 23) == db.session.scalars(select(Restriction.review_on)).one()
