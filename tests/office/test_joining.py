"""Joining by a code on paper, a fresh link for a lost one, and asking to be linked: nothing on file is ever shown."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from datetime import date, timedelta

import pytest
import time_machine
from flask import Flask
from pypdf import PdfReader
from sqlalchemy import func, select

from booking.core.db import db, unit_of_work
from booking.core.outbox import OutboxMessage
from booking.office.joining_letters import code_ends
from booking.office.linking import CannotLink, ask_link, decide_link, open_requests, school_days_on
from booking.office.restricting import put_in_force
from booking.people.codes import LENGTH, LETTERS, make_code, need_letters, plain_code
from booking.people.invitations import invite
from booking.people.linking_models import LinkRequest
from booking.people.models import Contact, Guardianship, Invitation, Pupil, User
from booking.provision.models import SpecialDay
from tests.browser import Browser
from tests.builders import AT, a_family, a_period, a_pupil, a_restriction, a_school, a_user, save

PASSWORD = "seven calm otters swim"


@pytest.fixture(autouse=True)
def monday_morning() -> Iterator[None]:
    """The day on which these tests play."""
    with time_machine.travel(AT, tick=True):
        yield


def a_contact(pupil: Pupil, **values: object) -> Contact:
    contact = Contact(
        **{"pupil_id": pupil.id, "name": "Jo Marsh", "phone": "07700 900123", "priority": 1, **values}  # type: ignore[arg-type]
    )
    save(contact)
    return contact


def a_code(contact: Contact) -> str:
    with unit_of_work():
        return make_code(contact, expires_at=AT + timedelta(days=20), at=AT, by_user_id=None)


def joins(code: str, **changes: str) -> dict[str, str]:
    return {
        "code": code,
        "date_of_birth": "5/10/2018",
        "name": "Jo Marsh",
        "email": "jo.marsh@families.example",
        "password": PASSWORD,
        **changes,
    }


def count(model: type) -> int:
    found = db.session.scalar(select(func.count()).select_from(model)) or 0
    db.session.rollback()
    return found


def test_a_code_has_more_than_fifty_bits_and_no_letter_that_looks_like_another() -> None:
    assert len(LETTERS) ** LENGTH > 2**50
    assert not set("ILO01") & set(LETTERS)
    assert plain_code(" abcd-efgh jkm") == "ABCDEFGHJKM"


def test_an_adult_joins_by_the_code_with_the_birthday_and_siblings_come_too(app: Flask) -> None:
    a_school()
    first, second, stranger = a_pupil(), a_pupil(), a_pupil()
    contact = a_contact(first)
    a_contact(second)
    a_contact(stranger, phone="07700 900999")
    code = a_code(contact)
    browser = Browser(app)
    browser.get("joining.join_with_code")
    page = browser.post("joining.join_with_code", joins(code, date_of_birth="6/10/2018"), expect=422)
    assert "try 4 times more" in page.text
    assert "Sign in" in browser.post("joining.join_with_code", joins(code.lower()), follow=True).text
    assert set(db.session.scalars(select(Guardianship.pupil_id))) == {first.id, second.id}
    page = browser.post("joining.join_with_code", joins(code, email="other@families.example"), expect=422)
    assert "does not work" in page.text


def test_five_wrong_birthdays_end_the_code(app: Flask) -> None:
    a_school()
    code = a_code(a_contact(a_pupil()))
    for number in range(5):
        Browser(app).post(
            "joining.join_with_code",
            joins(code, date_of_birth="1/1/2019", email=f"{number}@families.example"),
            expect=422,
        )
    page = Browser(app).post("joining.join_with_code", joins(code), expect=422)
    assert "does not work" in page.text
    assert count(User) == 0


def test_a_code_never_opens_an_account_that_is_there(app: Flask) -> None:
    a_school()
    family = a_family()
    pupil = a_pupil()
    code = a_code(a_contact(pupil))
    page = Browser(app).post("joining.join_with_code", joins(code, email=family.user.email), expect=422)
    assert "has joined already" in page.text
    browser = Browser(app).sign_in(family.user)
    browser.get("joining.add_by_code")
    browser.post("joining.add_by_code", {"code": code, "date_of_birth": "5/10/2018"})
    ties = select(Guardianship.pupil_id).where(Guardianship.user_id == family.user.id)
    assert pupil.id in db.session.scalars(ties).all()


def test_letters_are_one_for_each_adult_with_a_code_that_works(app: Flask) -> None:
    a_school()
    a_period()
    pupil = a_pupil(class_name="Oak")
    a_contact(pupil, name="Jo Marsh")
    a_contact(pupil, name="Robin Thistledown", phone="07700 900456", priority=2)
    a_contact(a_pupil(class_name="Elm"), name="Al Elm", email="held@families.example")
    browser = Browser(app).sign_in(a_user("manager"))
    answer = browser.client.post(
        "/office/families/letters", data={"csrf_token": browser.csrf_token(), "class_name": "Oak"}
    )
    pages = [page.extract_text() for page in PdfReader(io.BytesIO(answer.data)).pages]
    assert len(pages) == 2
    assert ("Jo Marsh" in pages[0], "Thistledown" in pages[0]) == (True, False)
    assert ("Jo Marsh" in pages[1], "Thistledown" in pages[1]) == (False, True)
    assert "18 December" in pages[0]
    code = re.search(r"[A-Z2-9]{4}-[A-Z2-9]{4}-[A-Z2-9]{3}", pages[0].replace(" ", ""))
    assert code is not None
    Browser(app).post("joining.join_with_code", joins(code[0]))
    assert count(Guardianship) == 1


def test_a_code_lasts_the_half_term_but_never_less_than_two_weeks(app: Flask) -> None:
    a_period()
    assert code_ends(AT).date() == date(2026, 12, 18)
    late = AT + timedelta(days=20)
    assert code_ends(late) == late + timedelta(days=14)


def test_somebody_under_a_restriction_gets_no_letter(app: Flask) -> None:
    pupil, asks, confirms = a_pupil(), a_user("manager"), a_user("manager", approves=True)
    a_contact(pupil)
    made = a_restriction(pupil, None, by=asks)
    assert len(need_letters(on=AT.date())) == 1
    with unit_of_work():
        put_in_force(made.id, at=AT, by=confirms)
    assert need_letters(on=AT.date()) == []


def test_a_fresh_link_goes_to_the_contact_held_and_the_words_are_the_same(app: Flask) -> None:
    a_school()
    contact = a_contact(a_pupil(), email="held@families.example")
    with unit_of_work():
        token = invite(
            "held@families.example", "parent", at=AT - timedelta(days=20), by_user_id=None, contact=contact
        )
    browser = Browser(app)
    page = browser.get("people.join", token=token, expect=400)
    assert "held@families.example" not in page.html
    words = [
        browser.post("joining.send_again", token=one, follow=True).text
        for one in (token, "no-such-token", token)
    ]
    assert len({re.sub(r"\s+", " ", text) for text in words}) == 1
    sent = db.session.scalars(select(OutboxMessage.to_email)).all()
    db.session.rollback()
    assert sent == ["held@families.example"] * 2
    for _ in range(4):
        browser.post("joining.send_again", token=token)
    assert count(OutboxMessage) == 3, "three a day"


def test_no_page_lets_a_parent_invite(app: Flask) -> None:
    inviting = [rule.endpoint for rule in app.url_map.iter_rules() if "invite" in rule.endpoint]
    assert inviting
    for endpoint in inviting:
        assert "parent" not in app.view_functions[endpoint].audience  # type: ignore[attr-defined]


SAID = {
    "name": "Kim Adeyemi",
    "email": "kim@families.example",
    "child_name": "Ada Okafor",
    "date_of_birth": "2018-10-05",
    "relationship_name": "father",
}


def test_ten_school_days_leave_out_weekends_and_closed_days(app: Flask) -> None:
    a_period()
    assert school_days_on(date(2026, 11, 23), 10) == date(2026, 12, 7)
    assert school_days_on(date(2029, 1, 1), 10) == date(2029, 3, 16), "a calendar that is not set up ends too"
    save(SpecialDay(date=date(2026, 11, 27), kind="inset"))
    assert school_days_on(date(2026, 11, 23), 10) == date(2026, 12, 8)


def test_a_stranger_asks_confirms_and_learns_nothing_about_who_is_on_file(app: Flask) -> None:
    a_school()
    a_period()
    a_pupil(forename="Ada", surname="Okafor")
    answers = []
    for name in ("Ada Okafor", "Nobody Here"):
        browser = Browser(app)
        browser.get("joining.ask")
        form = {
            **SAID,
            "child_name": name,
            "email": f"{name[:3]}@families.example".lower(),
            "date_of_birth": "5/10/2018",
        }
        answers.append(re.sub(r"\s+", " ", browser.post("joining.ask", form, follow=True).text))
    assert answers[0] == answers[1]
    assert open_requests() == []
    link = db.session.scalars(select(OutboxMessage).order_by(OutboxMessage.id)).first()
    assert link is not None
    token = link.context["link"].rpartition("/")[2]
    browser = Browser(app)
    browser.get("joining.confirm_ask", token=token)
    assert open_requests() == [], "a mail program that opens the link confirms nothing"
    browser.post("joining.confirm_ask", token=token)
    (request,) = open_requests()
    assert request.due_on == date(2026, 12, 7)


def test_the_office_links_with_a_reason_and_the_adult_is_invited(app: Flask) -> None:
    a_school()
    a_period()
    pupil = a_pupil(forename="Ada", surname="Okafor")
    with unit_of_work():
        made = ask_link(SAID, user=None, base_url="http://localhost", at=AT)
        made.state, made.due_on = "asked", AT.date()
        request_id = made.id
    office = Browser(app).sign_in(a_user("manager"))
    assert "Kim Adeyemi" in office.get("joining.link_requests").text
    assert "Ada Okafor, Oak" in office.get("joining.link_request", request_id=request_id).text
    answer = {"pupil": str(pupil.id), "responsibility": "yes", "reason": ""}
    office.post("joining.link_request", answer, expect=422, request_id=request_id)
    office.post("joining.link_request", {**answer, "reason": "Birth certificate seen"}, request_id=request_id)
    contact = db.session.scalars(select(Contact).where(Contact.pupil_id == pupil.id)).one()
    assert (contact.email, contact.parental_responsibility) == ("kim@families.example", "yes")
    assert count(Invitation) == 1
    assert set(db.session.scalars(select(OutboxMessage.template))) == {
        "link_confirm",
        "invitation",
        "link_answer",
    }


def test_a_refusal_has_a_reason_and_links_nobody(app: Flask) -> None:
    a_school()
    family, pupil = a_family(), a_pupil()
    with unit_of_work():
        made = ask_link(SAID, user=family.user, base_url="http://localhost", at=AT)
    with pytest.raises(CannotLink), unit_of_work():
        decide_link(
            made.id, None, responsibility="not_known", reason=" ", base_url="", at=AT, by=family.user.id
        )
    with unit_of_work():
        decide_link(
            made.id, None, responsibility="not_known", reason="Please ring us", base_url="", at=AT, by=1
        )
    assert count(Guardianship) == 1
    assert db.session.scalars(select(LinkRequest.state)).one() == "refused"
    assert db.session.scalars(select(LinkRequest)).one().reason == "Please ring us"
    assert pupil.guardianships == []


def test_a_restriction_stops_a_link_as_well(app: Flask) -> None:
    a_school()
    family, asks, confirms = a_family(), a_user("manager"), a_user("manager", approves=True)
    pupil = a_pupil()
    made = a_restriction(pupil, family.user, by=asks)
    with unit_of_work():
        put_in_force(made.id, at=AT, by=confirms)
    with unit_of_work():
        request = ask_link(SAID, user=family.user, base_url="http://localhost", at=AT)
    with pytest.raises(CannotLink, match="safeguarding lead"), unit_of_work():
        decide_link(request.id, pupil.id, responsibility="yes", reason="ok", base_url="", at=AT, by=asks.id)


def test_nobody_fills_the_offices_list(app: Flask) -> None:
    family = a_family()
    for _ in range(3):
        with unit_of_work():
            ask_link(SAID, user=family.user, base_url="", at=AT)
    with pytest.raises(CannotLink, match="wait already"), unit_of_work():
        ask_link(SAID, user=family.user, base_url="", at=AT)
