"""Shared accounts: both agree, nothing is left behind, a restriction forbids it; the class and the sharing list."""

from __future__ import annotations

import pytest
from flask import Flask

from booking.core.db import db, unit_of_work
from booking.office.checks import all_problems
from booking.office.families import invite_everybody, invitees
from booking.office.joint_accounts import CannotJoin, join_adults, leave_account
from booking.office.sharing import sharing_list
from booking.people.models import Contact, User
from tests.browser import Browser
from tests.builders import AT, a_pupil, a_run, a_school, a_seller, a_session, a_user, an_activity, save
from tests.people.separated import separated


def test_two_adults_share_when_both_agree_and_part_again(app: Flask) -> None:
    world = separated("joined later")
    account, other = world.account, world.other
    with pytest.raises(CannotJoin, match="nought"), unit_of_work():
        join_adults(account.id, other.id, "Both on the phone, 20 November", at=AT, by=world.asks.id)
    lonely = a_user("parent")
    with pytest.raises(CannotJoin, match="no child in common"), unit_of_work():
        join_adults(account.id, lonely.id, "Both said yes", at=AT, by=world.asks.id)


def test_a_clean_account_is_left_and_a_new_one_is_had_after_parting(app: Flask) -> None:
    world = separated("shared account")
    before = all_problems()
    with unit_of_work():
        own = leave_account(world.account.id, world.adult.id, at=AT, by=world.asks.id)
    db.session.expire_all()
    assert [one.id for one in db.session.get_one(User, world.adult.id).accounts] == [own.id]
    for how, words in (("", "when and how"), ("Both at the hatch", "")):
        if words:
            with pytest.raises(CannotJoin, match=words), unit_of_work():
                join_adults(world.account.id, world.adult.id, how, at=AT, by=world.asks.id)
        else:
            with unit_of_work():
                join_adults(world.account.id, world.adult.id, how, at=AT, by=world.asks.id)
    db.session.expire_all()
    assert [one.id for one in db.session.get_one(User, world.adult.id).accounts] == [world.account.id]
    assert all_problems() == before


def test_a_restriction_forbids_sharing(app: Flask) -> None:
    world = separated("shared account")
    world.restrict()
    with pytest.raises(CannotJoin, match="restriction"), unit_of_work():
        join_adults(world.account.id, world.adult.id, "Both said yes", at=AT, by=world.asks.id)


def test_it_is_done_on_screen(app: Flask) -> None:
    world = separated("shared account")
    office = Browser(app).sign_in(world.asks)
    page = office.get("office.share_account", account_id=world.account.id)
    assert "Robin Thistledown leaves" in page.text
    office.post("office.part_account", account_id=world.account.id, user_id=world.adult.id)
    db.session.expire_all()
    assert "Sam Marsh" in office.get("office.share_account", account_id=world.account.id).text


def test_one_class_is_invited(app: Flask) -> None:
    a_school()
    for name, email in (("Oak", "oak@families.example"), ("Elm", "elm@families.example")):
        save(Contact(pupil_id=a_pupil(class_name=name).id, name=name, email=email))
    assert [one.email for one in invitees(AT, "Oak")] == ["oak@families.example"]
    with unit_of_work():
        assert invite_everybody(base_url="", at=AT, user_id=None, class_name="Oak") == 1
    office = Browser(app).sign_in(a_user("manager"))
    browser = office.client.get("/office/families/joining?class=Elm")
    assert b"elm@families.example" in browser.data
    assert b"oak@families.example" not in browser.data


def test_the_sharing_list_names_each_outside_provider_and_not_the_school(app: Flask) -> None:
    coach = a_seller(name="Striders Ltd", is_school=False)
    a_session(run=a_run(activity_id=an_activity(name="Football", seller_id=coach.id).id))
    a_session()
    assert [(row["shared with"], row["activity"], row["children"]) for row in sharing_list()] == [
        ("Striders Ltd", "Football", "0")
    ]
    answer = Browser(app).sign_in(a_user("manager")).client.get("/office/privacy/sharing.csv")
    assert b"Striders Ltd" in answer.data
