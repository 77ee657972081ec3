"""Two entries of one adult become one: looked at first, refused where money or bookings hang on the one that goes."""

from __future__ import annotations

import pytest
from flask import Flask
from sqlalchemy import select

from booking.core.db import db, unit_of_work
from booking.core.errors import NotFound
from booking.office.checks import all_problems
from booking.office.merging import CannotMerge, merge_users, preview_merge
from booking.people.care import Said, collection_word, say, set_collection_word, statement_of
from booking.people.invitations import tie
from booking.people.models import Contact, Guardianship, User
from tests.browser import Browser
from tests.builders import AT, Family, a_family, a_school, a_user
from tests.people.separated import separated


def two_of_one() -> tuple[Family, Family]:
    """The same adult twice: both have the first child, the second entry alone has another one."""
    a_school()
    keep, gone = a_family(), a_family()
    shared = keep.pupils[0]
    with unit_of_work():
        tie(gone.user, shared, relationship_name="parent", responsibility="yes", at=AT)
        say(
            shared.id,
            Said(("milk",)),
            by_id=gone.user.id,
            source="online",
            at=AT,
            recorded_by_id=gone.user.id,
        )
        set_collection_word(shared.id, "gannet", user_id=gone.user.id, at=AT)
        db.session.add(
            Contact(pupil_id=shared.id, given_by_id=gone.user.id, name="Nana", phone="01632 960500")
        )
    db.session.expire_all()
    return keep, gone


def test_everything_moves_over_and_the_other_entry_is_closed(app: Flask) -> None:
    keep, gone = two_of_one()
    before = all_problems()
    seen = preview_merge(keep.user.id, gone.user.id)
    assert (seen.children, seen.against) == ((gone.pupils[0].full_name,), ())
    with unit_of_work():
        merge_users(keep.user.id, gone.user.id, at=AT, by=keep.user.id)
    ties = db.session.scalars(select(Guardianship).order_by(Guardianship.pupil_id)).all()
    assert {(one.user_id, one.pupil_id) for one in ties} == {
        (keep.user.id, keep.pupils[0].id),
        (keep.user.id, gone.pupils[0].id),
    }
    assert statement_of(keep.pupils[0].id, keep.user.id).allergies == ("milk",)
    assert collection_word(keep.pupils[0].id, keep.user.id) == "gannet"
    assert db.session.scalars(select(Contact.given_by_id)).all() == [keep.user.id]
    closed = db.session.get_one(User, gone.user.id)
    assert (closed.active, closed.name) == (False, "Removed")
    assert all_problems() == before


def test_bookings_and_restrictions_stand_against_it(app: Flask) -> None:
    world = separated()
    stranger = a_family()
    with pytest.raises(CannotMerge, match="bookings or money"), unit_of_work():
        merge_users(world.adult.id, world.other.id, at=AT, by=world.asks.id)
    world.restrict()
    with pytest.raises(CannotMerge, match="restriction"), unit_of_work():
        merge_users(stranger.user.id, world.adult.id, at=AT, by=world.asks.id)
    with pytest.raises(CannotMerge, match="works here"), unit_of_work():
        merge_users(stranger.user.id, world.asks.id, at=AT, by=world.confirms.id)
    with pytest.raises(NotFound), unit_of_work():
        merge_users(stranger.user.id, stranger.user.id, at=AT, by=world.asks.id)
    assert db.session.get_one(User, world.other.id).active


def test_it_is_looked_at_and_done_on_screen(app: Flask) -> None:
    keep, gone = two_of_one()
    office = Browser(app).sign_in(a_user("manager"))
    page = office.get("office.merge", user_id=keep.user.id, q=gone.user.email)
    assert "Yes, make them one" in page.text
    assert "Nobody else" in office.get("office.merge", user_id=keep.user.id, q="no@families.example").text
    office.post("office.merge_now", user_id=keep.user.id, gone_id=gone.user.id)
    assert not db.session.get_one(User, gone.user.id).active
