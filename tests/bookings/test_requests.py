"""Support for a child and the right to request care: kept, answered by a person, at the usual price."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy import select

from booking.bookings.baskets import NotYourChild, open_basket
from booking.bookings.expiry import expire_overdue
from booking.bookings.invariants import booking_problems
from booking.bookings.models import BasketLine, Place, RequestFact
from booking.bookings.places import book_basket, take_holds
from booking.bookings.request_models import FamilyRequest
from booking.bookings.requests import (
    RequestRefused,
    answer_request,
    ask_support,
    ask_wraparound,
    school_days_on,
    withdraw_request,
)
from booking.core import clock
from booking.core.db import db, unit_of_work
from booking.core.errors import NotFound
from booking.ledger.balances import credit_pence, ledger_problems
from booking.office.letters import request_letter
from booking.provision.models import Session, SpecialDay
from tests.browser import Browser
from tests.builders import AT, Family, a_basket, a_family, a_period, a_session, a_user, save

DECEMBER = date(2026, 12, 9)
LATER = AT + timedelta(days=3)


def held(family: Family, *sessions: Session, child: int = 0, at: datetime = AT) -> int:
    basket = open_basket(family.account.id) or a_basket(family.account, state="open")
    save(
        *(
            BasketLine(basket_id=basket.id, pupil_id=family.pupils[child].id, session_id=session.id)
            for session in sessions
        )
    )
    basket_id = basket.id
    with unit_of_work():
        assert take_holds(basket_id, "all", at=at, user_id=None).refused == []
    return basket_id


def ask(family: Family, child: int = 0, at: datetime = AT) -> int:
    with unit_of_work():
        return ask_support(
            family.pupils[child].id,
            "A quiet corner",
            account_id=family.account.id,
            at=at,
            user_id=family.user.id,
        ).id


def answer(request_id: int, is_yes: bool, by: int, at: datetime = LATER) -> None:
    with unit_of_work():
        answer_request(request_id, is_yes=is_yes, words="A plan with Ms Hale", at=at, user_id=by)


def states() -> set[str]:
    return set(db.session.scalars(select(Place.state)))


def test_the_place_is_kept_past_every_clock_until_a_person_answers(app: Flask) -> None:
    family, session, senco = a_family(), a_session(DECEMBER), a_user("manager").id
    held(family, session)
    request_id = ask(family)
    with unit_of_work():
        assert expire_overdue(LATER) == 0
    assert states() == {"held"}
    assert credit_pence(family.account.id) == 0
    answer(request_id, True, senco)
    assert states() == {"booked"}
    assert -credit_pence(family.account.id) == session.run.price_pence
    assert booking_problems() == []
    assert ledger_problems() == []


def test_a_no_lets_the_place_go_with_its_reason_and_the_name(app: Flask) -> None:
    family, senco = a_family(), a_user("manager")
    held(family, a_session(DECEMBER))
    request_id = ask(family)
    answer(request_id, False, senco.id)
    request = db.session.get_one(FamilyRequest, request_id)
    assert (request.state, request.answer, request.answered_by_id) == ("no", "A plan with Ms Hale", senco.id)
    assert states() == {"cancelled"}
    fact = db.session.scalars(select(RequestFact).where(RequestFact.what == "turned_away")).one()
    assert fact.reason == "support"
    context = {"request_id": request_id, "to_user_id": family.user.id}
    letter = request_letter(context, base_url="http://localhost:8000")
    assert letter is not None
    assert senco.name in letter.text
    assert "plan" not in letter.text


def test_only_the_childs_own_places_go_aside_and_the_rest_is_paid_as_before(app: Flask) -> None:
    family, session = a_family(2), a_session(DECEMBER)
    held(family, session)
    basket_id = held(family, session, child=1)
    ask(family)
    with unit_of_work():
        book_basket(basket_id, at=AT, user_id=None)
    assert sorted(db.session.scalars(select(Place.state))) == ["booked", "held"]
    assert booking_problems() == []


def test_without_words_twice_or_after_a_withdrawal_nothing_changes(app: Flask) -> None:
    family, senco = a_family(), a_user("manager").id
    held(family, a_session(DECEMBER))
    request_id = ask(family)
    with pytest.raises(RequestRefused), unit_of_work():
        answer_request(request_id, is_yes=False, words=" ", at=LATER, user_id=senco)
    assert states() == {"held"}
    stranger = a_family().account.id
    with pytest.raises(NotFound), unit_of_work():
        withdraw_request(request_id, account_id=stranger, at=LATER, user_id=None)
    with unit_of_work():
        withdraw_request(request_id, account_id=family.account.id, at=LATER, user_id=None)
    assert states() == {"cancelled"}
    with pytest.raises(RequestRefused):
        answer(request_id, True, senco)


def test_what_is_not_held_or_not_ones_own_child_cannot_be_asked_for(app: Flask) -> None:
    family, other = a_family(), a_family()
    with pytest.raises(RequestRefused):
        ask(family)
    with pytest.raises(NotYourChild), unit_of_work():
        ask_support(other.pupils[0].id, "x", account_id=family.account.id, at=AT, user_id=None)


def test_the_answer_is_due_in_school_days_and_not_in_holidays(app: Flask) -> None:
    """Monday 23 November 2026: an INSET day on Wednesday and the weekend do not count."""
    a_period(starts_on=date(2026, 11, 2), ends_on=date(2026, 12, 18))
    save(SpecialDay(date=date(2026, 11, 25), kind="inset", note=""))
    assert school_days_on(AT.date(), 5) == date(2026, 12, 1)
    assert school_days_on(date(2026, 12, 18), 1) > date(2026, 12, 31)


def test_care_that_is_not_offered_is_decided_within_the_term(app: Flask) -> None:
    family = a_family()
    a_period("term", starts_on=date(2026, 9, 1), ends_on=date(2026, 12, 18))
    with unit_of_work():
        made = ask_wraparound(
            family.pupils[0].id, "Care until 18:30", account_id=family.account.id, at=AT, user_id=None
        )
        assert made.answer_by == date(2026, 12, 18)
        request_id = made.id
    head = a_user("manager").id
    answer(request_id, False, head)
    assert db.session.get_one(FamilyRequest, request_id).state == "no"


def test_the_words_stand_sealed(app: Flask) -> None:
    family = a_family()
    held(family, a_session(DECEMBER))
    request = db.session.get_one(FamilyRequest, ask(family))
    assert b"quiet" not in request.sealed


def test_a_parent_asks_and_the_senco_answers_through_the_pages(app: Flask, browser: Browser) -> None:
    """Somebody in the office who may not see needs does not see the request; the SENCO does."""
    now = clock.now()
    family, session = a_family(), a_session(clock.today() + timedelta(days=21))
    held(family, session, at=now)
    browser.sign_in(family.user)
    child = str(family.pupils[0].id)
    wrong = browser.post("bookings.ask_for_support", {"pupil_id": child, "words": ""}, expect=422)
    assert "Write what would help" in wrong.text
    browser.post("bookings.ask_for_support", {"pupil_id": child, "words": "A quiet corner"}, expect=302)
    assert "The school answers by" in browser.get("bookings.requests").text
    request = db.session.scalars(select(FamilyRequest)).one()
    clerk, senco = Browser(app), Browser(app)
    clerk.sign_in(a_user("manager"))
    assert family.pupils[0].full_name not in clerk.get("office.family_requests").text
    clerk.get("office.family_request", request_id=request.id, expect=404)
    senco.sign_in(a_user("manager", sees_groups=True))
    assert family.pupils[0].full_name in senco.get("office.family_requests").text
    assert "A quiet corner" in senco.get("office.family_request", request_id=request.id).text
    answers = {"answer": "yes", "words": "A place by the window"}
    senco.post("office.family_request", answers, request_id=request.id, expect=302)
    assert "A place by the window" in browser.get("bookings.requests").text
    assert states() == {"booked"}


def test_a_parent_takes_a_request_for_care_back(app: Flask, browser: Browser) -> None:
    family = a_family()
    browser.sign_in(family.user)
    child = str(family.pupils[0].id)
    browser.post("bookings.requests", {"pupil_id": child, "words": "Care until 18:30"}, expect=302)
    request = db.session.scalars(select(FamilyRequest)).one()
    browser.post("bookings.withdraw", request_id=request.id, expect=302)
    assert "You took this back" in browser.get("bookings.requests").text
