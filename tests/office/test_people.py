"""The office imports pupils, invites families, takes money and looks after users, on screen."""

from __future__ import annotations

import io
import os
import stat
from datetime import date, timedelta
from pathlib import Path

import pytest
import time_machine
from flask import Flask
from sqlalchemy import func, select

from booking.core.db import db, unit_of_work
from booking.core.errors import NotFound
from booking.core.outbox import OutboxMessage
from booking.ledger.balances import credit_pence
from booking.office import kept_files
from booking.people.invitations import accept, find_invitation
from booking.people.models import Contact, Guardianship, Pupil, User
from tests.browser import Browser, Page
from tests.builders import AT, a_family, a_place, a_pupil, a_school, a_session, a_user, save

ROLL = (
    "UPN,Surname,Forename,DOB,Year,Class,SEN,Contact 1 Name,Contact 1 Email\n"
    "R201100018042,Okafor,Ada,05/10/2018,3,Oak,K,Jo Okafor,jo@families.example\n"
)


@pytest.fixture
def manager(app: Flask, browser: Browser) -> Browser:
    a_school()
    with time_machine.travel(AT, tick=False):
        yield browser.sign_in(a_user("manager"))


def upload(browser: Browser, content: str | bytes, *, expect: int = 302) -> Page:
    content = content.encode() if isinstance(content, str) else content
    return browser.post("office.imports", {"file": (io.BytesIO(content), "roll.csv")}, expect=expect)


def token_of(page: Page) -> str:
    assert page.location is not None
    return page.location.rsplit("/", 1)[1]


def kept(instance: Path) -> list[Path]:
    return sorted((instance / "imports").glob("*"))


def test_a_file_is_looked_at_then_applied_and_then_thrown_away(manager: Browser, instance: Path) -> None:
    token = token_of(upload(manager, ROLL))
    (path,) = kept(instance)
    assert stat.S_IMODE(os.stat(path).st_mode) == 0o600
    assert db.session.scalar(select(func.count()).select_from(Pupil)) == 0
    page = manager.get("office.import_preview", token=token)
    assert "Ada Okafor" in page.text
    page = manager.post("office.import_preview", {"seen": page.field("seen")}, token=token, follow=True)
    assert "1 pupil added and 0 changed. 0 stayed the same." in page.text
    assert kept(instance) == []
    manager.get("office.import_preview", token=token, expect=404)


def test_problems_are_shown_by_line_and_nothing_is_kept(manager: Browser, instance: Path) -> None:
    page = upload(manager, ROLL + "A801200005001,Ali,Ben,31/02/2020,9,Elm,,,\n", expect=422)
    for words in ("Nothing was imported", "A801200005001", "31/02/2020", "no date that exists"):
        assert words in page.text
    assert kept(instance) == []
    assert db.session.scalar(select(func.count()).select_from(Pupil)) == 0


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"PK\x03\x04", "Excel workbook"),
        (b"%PDF-1.7", "This is a PDF"),
        (b"<?xml version='1.0'?><CTfile/>", "cannot be read yet"),
        (b"", "empty"),
    ],
)
def test_a_file_of_another_kind_is_refused(manager: Browser, content: bytes, words: str) -> None:
    assert words in upload(manager, content, expect=422).text


def test_no_file_at_all_is_told(manager: Browser) -> None:
    assert "Choose a file first." in manager.post("office.imports", {}, expect=422).text


def test_group_values_of_a_preview_are_for_those_alone_who_see_groups(app: Flask, manager: Browser) -> None:
    first = manager.get("office.import_preview", token=(token := token_of(upload(manager, ROLL))))
    manager.post("office.import_preview", {"seen": first.field("seen")}, token=token)
    changed = ROLL.replace(",K,", ",E,").replace("Oak", "Elm")
    page = manager.get("office.import_preview", token=token_of(upload(manager, changed)))
    assert "SEN changes" in page.text
    assert "Oak becomes → Elm" in page.text
    head = Browser(app).sign_in(a_user("manager", sees_groups=True))
    page = head.get("office.import_preview", token=token_of(upload(head, changed)))
    assert "SEN K becomes → E" in page.text


def test_a_yes_to_a_preview_that_is_no_longer_true_shows_it_afresh(manager: Browser) -> None:
    token = token_of(upload(manager, ROLL))
    page = manager.get("office.import_preview", token=token)
    a_pupil(surname="Okafor", forename="Ada")
    page = manager.post("office.import_preview", {"seen": page.field("seen")}, token=token, expect=422)
    assert "Something changed since you looked. Nothing was imported." in page.text
    assert db.session.scalars(select(Pupil.upn)).all() == [None]


def test_a_kept_file_is_its_users_alone_and_lasts_a_day(app: Flask, manager: Browser, instance: Path) -> None:
    token = token_of(upload(manager, ROLL))
    other = Browser(app).sign_in(a_user("manager"))
    other.get("office.import_preview", token=token, expect=404)
    other.get("office.import_preview", token="..%2f..%2fbooking.db", expect=404)
    kept_files.sweep(instance / "imports", at=AT + timedelta(days=2))
    manager.get("office.import_preview", token=token, expect=404)
    with pytest.raises(NotFound):
        kept_files.find(instance / "imports", "../../secret", user_id=1)


def test_a_file_can_be_thrown_away(manager: Browser, instance: Path) -> None:
    token = token_of(upload(manager, ROLL))
    manager.post("office.forget_import", token=token)
    assert kept(instance) == []


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
    assert "has left. Please see to 1 booked place after that day." in page.text
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
        "1 e-mail could not be sent",
        "1 adult has no invitation yet",
        "1 pupil has no e-mail address",
        "Pupils on roll 2",
    ):
        assert words in text
    assert "550" in manager.get("office.failed_letters").text
