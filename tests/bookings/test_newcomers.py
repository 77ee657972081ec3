"""Families without a child here ask for care: proved by letter, decided by a person, kept no longer than needed."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from email import message_from_bytes, policy
from typing import Any

import pytest
import time_machine
from flask import Flask
from sqlalchemy import select

from booking.bookings.newcomers import (
    LINK_LASTS,
    Asked,
    answer_newcomer,
    ask_as_newcomer,
    care_asked,
    confirm_newcomer,
    forget_unconfirmed,
    start_months,
    take_back,
)
from booking.bookings.request_models import NewcomerRequest
from booking.bookings.requests import RequestRefused, ask_wraparound
from booking.core.db import db, unit_of_work
from booking.core.errors import NotFound
from booking.core.outbox import OutboxMessage
from booking.core.settings import Settings
from booking.messages.sending import send_due
from booking.office.background import composers
from booking.office.retention import apply_rules, days_of
from booking.office.worries import worries
from booking.people.limits import TRIES_OF_ALL_AN_HOUR, TooManyTries, account_digest
from booking.people.models import SignInAttempt
from tests.browser import Browser
from tests.builders import AT, a_family, a_period, a_school, a_user, save

EMAIL = "wren@newcomers.example"
ASKED = Asked("Jenny Wren", EMAIL, date(2027, 9, 1), (0, 2), ("before",), "From half past seven, for Tystie")
SAID: dict[str, Any] = {
    "name": "Jenny Wren",
    "email": EMAIL,
    "starts_on": "2027-09-01",
    "weekdays": ["0", "2"],
    "hours": ["before"],
    "words": "From half past seven",
}


@pytest.fixture(autouse=True)
def monday() -> Iterator[None]:
    with time_machine.travel(AT, tick=False):
        yield


def ask(at: datetime = AT, asked: Asked = ASKED) -> tuple[int, str]:
    with unit_of_work():
        made = ask_as_newcomer(asked, at=at)
        return made.id, made.token


def confirm(token: str, at: datetime = AT) -> None:
    with unit_of_work():
        confirm_newcomer(token, at=at)


def answer(newcomer_id: int, *, words: str = "There is room", at: datetime = AT, by: int = 0) -> int:
    by = by or a_user("manager", name="Ms Hale").id
    with unit_of_work():
        answer_newcomer(newcomer_id, is_yes=True, words=words, at=at, user_id=by)
    return by


def the_request() -> NewcomerRequest:
    db.session.expire_all()
    found = db.session.scalars(select(NewcomerRequest)).one()
    db.session.rollback()
    return found


def the_letter(settings: Settings, template: str, at: datetime = AT) -> str:
    for path in (settings.instance / "outbox").glob("*"):
        path.unlink()
    send_due(at, settings, composers(settings))
    (path,) = (settings.instance / "outbox").glob(f"*{template}.eml")
    letter = message_from_bytes(path.read_bytes(), policy=policy.default)
    body = letter.get_body(("plain",))  # type: ignore[attr-defined]
    return f"To: {letter['To']}\n{letter['Subject']}\n{body.get_content()}"


def test_a_request_counts_once_the_address_is_confirmed(app: Flask) -> None:
    a_period("term", name="Autumn", starts_on=date(2026, 9, 1), ends_on=date(2026, 12, 18))
    newcomer_id, token = ask()
    assert (the_request().state, the_request().answer_by, care_asked(AT)) == ("unconfirmed", None, (0, 0))
    with pytest.raises(NotFound):
        answer(newcomer_id)
    confirm(token, AT + timedelta(days=6))
    found = the_request()
    assert (found.state, found.answer_by) == ("asked", date(2026, 12, 18))
    assert found.asked_at == AT + timedelta(days=6)
    confirm(token, AT + timedelta(days=90))
    assert the_request().asked_at == found.asked_at


def test_without_a_term_the_school_has_thirteen_weeks(app: Flask) -> None:
    confirm(ask()[1])
    assert the_request().answer_by == AT.date() + timedelta(weeks=13)


def test_a_link_ends_with_its_week_and_an_unknown_one_was_never_there(app: Flask) -> None:
    _, token = ask()
    for wrong, at in ((token, AT + LINK_LASTS), (token + "x", AT)):
        with pytest.raises(NotFound):
            confirm(wrong, at)
    assert the_request().state == "unconfirmed"


def test_one_address_gets_three_letters_an_hour_at_most(app: Flask) -> None:
    for _ in range(3):
        ask()
    with pytest.raises(TooManyTries):
        ask(asked=Asked("X", EMAIL.upper(), ASKED.starts_on, (1,), ("after",), ""))
    ask(at=AT + timedelta(hours=1))


def test_a_person_answers_once_with_words_and_by_e_mail(app: Flask, settings: Settings) -> None:
    newcomer_id, token = ask()
    confirm(token)
    with pytest.raises(RequestRefused, match="reason"):
        answer(newcomer_id, words=" ")
    by = answer(newcomer_id)
    with pytest.raises(RequestRefused, match="already"):
        answer(newcomer_id, by=by)
    letter = the_letter(settings, "newcomer_answer")
    assert f"To: {EMAIL}" in letter
    assert "Ms Hale has answered: yes." in letter
    assert "There is room" in letter
    with pytest.raises(RequestRefused, match="already"), unit_of_work():
        take_back(token, at=AT)


def test_the_first_letter_repeats_nothing_that_was_typed(app: Flask, settings: Settings) -> None:
    ask(asked=Asked("Buy gold at gold.example", EMAIL, ASKED.starts_on, (0,), ("before",), "Cheap gold"))
    letter = the_letter(settings, "newcomer_confirm")
    assert "/ask-for-care/" in letter
    assert "gold" not in letter.lower()


def test_what_was_told_stands_sealed_and_the_outbox_holds_a_number_alone(app: Flask) -> None:
    newcomer_id, token = ask()
    row = the_request()
    assert not any(word in row.sealed for word in (b"Wren", b"Tystie", token.encode()))
    assert db.session.scalars(select(OutboxMessage.context)).one() == {"newcomer_id": newcomer_id}


def test_taking_it_back_deletes_the_request_and_its_letters(app: Flask) -> None:
    _, token = ask()
    confirm(token)
    with unit_of_work():
        take_back(token, at=AT)
    for model in (NewcomerRequest, OutboxMessage):
        assert db.session.scalars(select(model.id)).all() == []  # type: ignore[attr-defined]


def test_what_nobody_confirmed_goes_after_a_week_with_its_letter(app: Flask) -> None:
    ask()
    other, token = ask()
    confirm(token)
    assert days_of("unconfirmed") == LINK_LASTS
    with unit_of_work():
        assert forget_unconfirmed(AT + timedelta(days=6)) == 0
    with unit_of_work():
        done = apply_rules(at=AT + timedelta(days=7), user_id=None)
    assert [(one.rule.name, len(one.ids)) for one in done] == [("unconfirmed newcomers", 1)]
    assert the_request().id == other
    assert len(db.session.scalars(select(OutboxMessage.id)).all()) == 1


def test_the_hourly_sweep_takes_the_unconfirmed_whoever_confirmed_the_rules(app: Flask) -> None:
    ask()
    with unit_of_work():
        assert forget_unconfirmed(AT + LINK_LASTS) == 1
    assert db.session.scalars(select(NewcomerRequest.id)).all() == []


@pytest.mark.parametrize(("days", "left"), [(365, 1), (366, 0)])
def test_an_answered_request_goes_a_year_after_the_answer(app: Flask, days: int, left: int) -> None:
    newcomer_id, token = ask()
    confirm(token)
    answer(newcomer_id)
    with unit_of_work():
        apply_rules(at=AT + timedelta(days=days), user_id=None)
    assert len(db.session.scalars(select(NewcomerRequest.id)).all()) == left


def test_the_office_counts_both_kinds_of_families(app: Flask) -> None:
    family = a_family()
    with unit_of_work():
        ask_wraparound(
            family.pupils[0].id, "Until six", account_id=family.account.id, at=AT, user_id=family.user.id
        )
    confirm(ask()[1])
    ask()
    assert care_asked(AT) == (1, 1)
    assert worries(AT).requests == 2
    page = Browser(app).sign_in(a_user("manager")).get("office.family_requests")
    assert "1 time by families with a child here, 1 time by families without" in page.text


def test_months_go_five_years_on_across_the_new_year() -> None:
    months = start_months(date(2026, 11, 23))
    assert months[:3] == [date(2026, 11, 1), date(2026, 12, 1), date(2027, 1, 1)]
    assert months[-1] == date(2031, 10, 1)


def test_a_family_asks_confirms_and_reads_the_answer(app: Flask, settings: Settings) -> None:
    a_school()
    browser = Browser(app)
    for page in ("bookings.offer", "bookings.rules"):
        assert any(a.get("href") == "/ask-for-care" for a in browser.get(page).all(".//a"))
    browser.get("bookings.ask_for_care")
    assert browser.post("bookings.ask_for_care", SAID).location == "/"
    found = re.search(r"/ask-for-care/([\w-]+)", the_letter(settings, "newcomer_confirm"))
    assert found is not None
    token = found[1]
    browser.get("bookings.newcomer", token=token)
    assert the_request().state == "unconfirmed", "a mail program that opens links confirms nothing"
    page = browser.post("bookings.newcomer", token=token, follow=True)
    assert "Monday, Wednesday" in page.text
    assert "September 2027" in page.text
    office = Browser(app).sign_in(a_user("manager", name="Ms Hale"))
    assert "Jenny Wren" in office.get("office.family_requests").text
    request_id = the_request().id
    assert EMAIL in office.get("office.newcomer_request", newcomer_id=request_id).text
    office.post("office.newcomer_request", {"answer": "no", "words": ""}, newcomer_id=request_id, expect=422)
    office.post("office.newcomer_request", {"answer": "no", "words": "Too few ask"}, newcomer_id=request_id)
    page = browser.get("bookings.newcomer", token=token)
    assert "No. Too few ask" in page.text
    assert "Ms Hale" in page.text


def test_what_is_missing_is_said_and_the_answers_are_kept(app: Flask) -> None:
    page = Browser(app).post(
        "bookings.ask_for_care",
        {"name": "Jenny Wren", "email": "wren", "starts_on": "", "hours": ["after"], "words": "Until six"},
        expect=422,
    )
    for words in ("This is no e-mail address.", "Choose the month.", "Tick at least one day."):
        assert words in page.text
    assert (page.field("name"), page.field("email")) == ("Jenny Wren", "wren")
    assert [e.get("value") for e in page.all(".//input[@checked]")] == ["after"]
    assert "Until six" in page.text
    bad = Browser(app).post("bookings.ask_for_care", {**SAID, "starts_on": "soon"}, expect=422)
    assert "There is a problem" in bad.text


def test_the_page_has_the_limits_of_signing_in(app: Flask) -> None:
    """Five tries a minute for one address from one network, and a thousand an hour for a network over all."""
    browser, digest = Browser(app), account_digest(EMAIL, "newcomer ")
    browser.post("bookings.ask_for_care", SAID)
    (tried,) = db.session.scalars(select(SignInAttempt)).all()
    assert (tried.account_digest, tried.address) == (digest, "127.0.0.1")
    save(*(_try(digest) for _ in range(4)))
    page = browser.post("bookings.ask_for_care", SAID, expect=422)
    assert "Too many tries" in page.text
    assert page.field("name") == "Jenny Wren"
    finch = {**SAID, "email": "finch@newcomers.example"}
    browser.post("bookings.ask_for_care", finch)
    save(*(_try("others") for _ in range(TRIES_OF_ALL_AN_HOUR)))
    browser.post("bookings.ask_for_care", finch, expect=422)


def _try(digest: str) -> SignInAttempt:
    return SignInAttempt(account_digest=digest, address="127.0.0.1", at=AT, succeeded=False)


def test_a_wrong_link_and_an_unconfirmed_request_are_not_there(app: Flask) -> None:
    newcomer_id, _ = ask()
    Browser(app).get("bookings.newcomer", token="wrong", expect=404)
    Browser(app).post("bookings.forget_newcomer", token="wrong", expect=404)
    office = Browser(app).sign_in(a_user("manager"))
    office.get("office.newcomer_request", newcomer_id=newcomer_id, expect=404)
