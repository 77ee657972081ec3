"""The office invites families, takes money, marks leavers and looks after users, on screen."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

import pytest
import time_machine
from flask import Flask
from sqlalchemy import func, select

from booking.core.db import db, unit_of_work
from booking.core.outbox import OutboxMessage
from booking.ledger.balances import credit_pence
from booking.people.invitations import accept, find_invitation
from booking.people.models import Contact, Guardianship, Pupil, User
from tests.browser import Browser
from tests.builders import AT, a_family, a_place, a_pupil, a_school, a_session, a_user, save


@pytest.fixture
def manager(app: Flask, browser: Browser) -> Iterator[Browser]:
    a_school()
    with time_machine.travel(AT, tick=False):
        yield browser.sign_in(a_user("manager"))


def contact_of(pupil: Pupil, email: str | None = "jo@families.example", **values: object) -> Contact:
    contact = Contact(pupil_id=pupil.id, name="Jo Okafor", email=email, **values)
    save(contact)
    return contact


def letters() -> list[OutboxMessage]:
    return list(db.session.scalars(select(OutboxMessage).order_by(OutboxMessage.id)))


def test_everybody_not_yet_joined_is_invited_once_with_a_link_that_works(manager: Browser) -> None:
    ada, ben = a_pupil(forename="Ada"), a_pupil(forename="Ben")
    contact_of(ada), contact_of(ben)
    contact_of(a_pupil(forename="Cem"), email=None)
    family = a_family()
    contact_of(family.pupils[0], email=family.user.email)
    contact_of(ada, email="gran@families.example", given_by_id=family.user.id)
    page = manager.get("office.joining")
    assert "Not joined yet 1 Not invited yet 1 No e-mail address 1" in page.text
    assert "gran@families.example" not in page.text
    manager.post("office.invite_all")
    (letter,) = letters()
    assert (letter.to_email, letter.template) == ("jo@families.example", "invitation")
    page = manager.post("office.invite_all", follow=True)
    assert "Nothing was sent." in page.text
    with unit_of_work():
        user = accept(
            find_invitation(letter.context["link"].rsplit("/", 1)[1], at=AT),
            name="Jo",
            password_hash="x",
            at=AT,
        )
    ties = db.session.scalars(select(Guardianship.pupil_id).where(Guardianship.user_id == user.id))
    assert set(ties) == {ada.id, ben.id}
    assert "jo@families.example" not in manager.get("office.joining").text


def test_one_contact_is_invited_and_one_that_a_parent_gave_is_not_there(manager: Browser) -> None:
    pupil, parent = a_pupil(), a_user()
    school, given = contact_of(pupil), contact_of(pupil, email="x@families.example", given_by_id=parent.id)
    manager.post("office.invite_one", contact_id=school.id)
    manager.post("office.invite_one", contact_id=school.id)
    assert [letter.to_email for letter in letters()] == ["jo@families.example"] * 2
    manager.post("office.invite_one", contact_id=given.id, expect=404)
    manager.post("office.invite_one", contact_id=4711, expect=404)


def test_families_are_found_by_adult_or_child(manager: Browser) -> None:
    one, other = a_family(surname="Quirk"), a_family()
    page = manager.get("office.families", q="quirk")
    assert one.account.name in page.text
    assert other.account.name not in page.text
    assert one.account.name in manager.get("office.families", q=one.user.email).text
    assert "Nobody owes anything." in manager.get("office.families", owing=1).text


def test_money_handed_in_is_posted_once_as_credit(manager: Browser) -> None:
    account = a_family().account
    page = manager.post("office.family", {"amount_pence": "20.00"}, account_id=account.id, follow=True)
    assert f"£20.00 taken from {account.name}." in page.text
    assert credit_pence(account.id) == 2000
    for wrong in ("", "-5", "0", "ten", "6000"):
        manager.post("office.family", {"amount_pence": wrong}, account_id=account.id, expect=422)
    assert credit_pence(account.id) == 2000


def test_a_user_gets_roles_and_grants(app: Flask, manager: Browser) -> None:
    user = a_user("staff")
    manager.post(
        "office.user",
        {"roles": ["staff", "manager"], "grants": ["sees_groups"], "is_active": "y"},
        user_id=user.id,
    )
    db.session.refresh(user)
    assert user.role_names == {"staff", "manager"}
    assert (user.sees_groups, user.approves, user.active) == (True, False, True)
    manager.post("office.user", {"roles": ["staff"]}, user_id=user.id)
    db.session.refresh(user)
    assert (user.role_names, user.sees_groups, user.active) == ({"staff"}, False, False)


@pytest.mark.parametrize("role", ["manager", "admin"])
def test_nobody_gives_themselves_a_role_or_a_grant(app: Flask, browser: Browser, role: str) -> None:
    a_school()
    me = a_user(role)
    page = browser.sign_in(me).post(
        "office.user",
        {"roles": [role, "manager"], "grants": ["sees_groups"], "is_active": "y"},
        user_id=me.id,
        expect=422,
    )
    assert "You cannot change your own roles." in page.text
    db.session.refresh(me)
    assert (me.role_names, me.sees_groups) == ({role}, False)


def test_an_admin_invites_a_governor_by_a_link_that_is_shown_once(app: Flask, browser: Browser) -> None:
    a_school()
    browser.sign_in(a_user("admin"))
    answers = {"email": "Gov@school.example", "name": "G. Overnor", "role": "governor"}
    page = browser.post("office.invite_somebody", answers, expect=200)
    (letter,) = letters()
    assert letter.to_email == "gov@school.example"
    assert letter.context["link"] in page.text
    a_user("staff", email="known@school.example")
    page = browser.post("office.invite_somebody", {**answers, "email": "known@school.example"}, expect=422)
    assert "signs in already" in page.text
    page = browser.post("office.invite_somebody", {**answers, "email": "no address"}, expect=422)
    assert "That is not an e-mail address." in page.text
    browser.post("office.invite_somebody", {**answers, "role": "parent"}, expect=422)


def test_an_admin_sees_users_and_no_pupil(app: Flask, browser: Browser) -> None:
    a_school()
    family = a_family(surname="Quirk")
    browser.sign_in(a_user("admin"))
    assert "Quirk" not in browser.get("office.users", role="parent").text
    assert "Quirk" not in browser.get("office.user", user_id=family.user.id).text
    browser.get("office.pupil", pupil_id=family.pupils[0].id, expect=403)
    browser.get("office.family", account_id=family.account.id, expect=403)
    assert db.session.scalar(select(func.count()).select_from(User)) == 2


def test_a_child_who_has_left_is_off_the_roll_and_booked_places_are_told(manager: Browser) -> None:
    family = a_family()
    pupil = family.pupils[0]
    a_place(family, a_session(date(2026, 11, 25)))
    page = manager.post("office.pupil", {"left_on": "20/11/2026"}, pupil_id=pupil.id, follow=True)
    assert "has left. 1 place after that day will be cancelled with full credit in an hour." in page.text
    db.session.refresh(pupil)
    assert (pupil.status, pupil.left_on) == ("left", date(2026, 11, 20))
    manager.post("office.back_on_roll", pupil_id=pupil.id)
    db.session.refresh(pupil)
    assert (pupil.status, pupil.left_on) == ("on_roll", None)


@pytest.mark.parametrize(
    ("day", "words"),
    [
        ("24/11/2026", "lies ahead"),
        ("31/8/2022", "joined on 01/09/2022"),
        ("", "Enter the day."),
        ("soon", "not a date"),
    ],
)
def test_a_day_of_leaving_that_cannot_be_is_refused(manager: Browser, day: str, words: str) -> None:
    pupil = a_pupil()
    assert words in manager.post("office.pupil", {"left_on": day}, pupil_id=pupil.id, expect=422).text
    db.session.refresh(pupil)
    assert pupil.status == "on_roll"


def test_the_first_page_says_what_is_worrying(manager: Browser) -> None:
    assert "0 pupils on the roll: import them first" in manager.get("office.home").text
    contact_of(a_pupil())
    a_pupil()
    save(
        OutboxMessage(
            key="x",
            to_email="a@b.example",
            template="offer",
            context={},
            created_at=AT,
            attempts=8,
            last_error="550",
        )
    )
    text = manager.get("office.home").text
    for words in (
        "1 message could not be sent",
        "1 adult has no invitation yet",
        "1 pupil has no e-mail address",
        "Pupils on roll 2",
    ):
        assert words in text
    assert "550" in manager.get("office.failed_letters").text
