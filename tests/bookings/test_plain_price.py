"""A family whose places a pot pays in part sees what any family sees, but for the amount; and nobody sees the pot."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import time

import pytest
import time_machine
from flask import Flask
from sqlalchemy import select

from booking.bookings.models import Basket, FreeForecast, Place
from booking.core.access_log import AccessEntry
from booking.core.audit import AuditEntry
from booking.core.db import db, unit_of_work
from booking.office.letters import confirmation_letter
from booking.payments.confirmation import calendar_of
from booking.people.models import FamilyAccount, SignInAttempt
from booking.provision.models import StaffAssignment
from booking.provision.price_models import Funding, Rate
from tests.browser import Browser
from tests.builders import (
    AT,
    Family,
    a_family,
    a_group_fact,
    a_run,
    a_school,
    a_session,
    a_user,
    an_activity,
    save,
)
from tests.price_builders import a_funding, a_pot, a_rate

TELL_TALES = ("heronpot", "hardship", "funding", "funded", "subsid", "premium", "entitle", "grant")
SAME = (
    (r"[A-Z0-9]{8}", "REF"),
    (r"\b\d+(:\d+)?\b", "N"),
    (r"nonce=\"[^\"]*\"|value=\"[^\"]{20,}\"", "T"),
    (r"£[\d.,]+|£N", "£"),
    (r"Sam Ahmed \w+|Okafor \w+", "NAME"),
)


@pytest.fixture(autouse=True)
def monday_morning() -> Iterator[None]:
    """The day on which these tests play."""
    with time_machine.travel(AT, tick=True):
        yield


def alike(text: str) -> str:
    """A page without its numbers, names and secrets."""
    for pattern, word in SAME:
        text = re.sub(pattern, word, text)
    return text


def what_a_family_reads(app: Flask, family: Family, session_id: int) -> list[str]:
    """Every page and letter on the way from the week to a cancelled place."""
    browser, pair = Browser(app).sign_in(family.user), f"{family.pupils[0].id}:{session_id}"
    pages = [browser.get("bookings.book").html]
    browser.post("bookings.choose", {"pick": [pair], "shown": [pair], "go": "hold"}, expect=303)
    pages += [browser.get("bookings.basket").html, browser.get("payments.checkout").html]
    basket = db.session.scalars(select(Basket).where(Basket.account_id == family.account.id)).one()
    place = db.session.scalars(select(Place).where(Place.basket_id == basket.id)).one()
    reference, place_id, pence, basket_id = basket.reference, place.id, place.price_pence, basket.id
    db.session.rollback()
    fields = {"tender": "office", "seen_pence": str(pence), "reference": reference}
    browser.post("payments.pay", fields, expect=303)
    pages += [
        browser.get("payments.confirmation", reference=reference).html,
        browser.get("bookings.mine").html,
        browser.get("bookings.cancel", place_id=place_id).html,
        browser.get("payments.account").html,
    ]
    letter = confirmation_letter({"basket_id": basket_id, "to_user_id": family.user.id}, base_url="")
    assert letter is not None
    pages += [letter.text, calendar_of(reference, {family.account.id}, at=AT).decode()]
    browser.post("bookings.cancel", place_id=place_id, expect=303)
    return [*pages, browser.get("payments.account").html, browser.get("bookings.mine").html]


def test_a_funded_familys_pages_and_letters_differ_in_nothing_but_the_amount(app: Flask) -> None:
    a_school()
    session = a_session()
    pot, families = a_pot(), [a_family(), a_family()]
    a_group_fact(families[0].pupils[0], "pupil_premium", "yes")
    a_funding(pot, rule="entitlement", entitlement="pupil_premium", pays="percent", amount=50)
    session_id = session.id
    funded, plain = (what_a_family_reads(app, family, session_id) for family in families)
    assert "£2.25" in "".join(funded)
    assert "£4.50" in "".join(plain)
    for mine, theirs in zip(funded, plain, strict=True):
        assert alike(mine) == alike(theirs)
        assert not [word for word in TELL_TALES if word in mine.lower()]


def test_the_comparison_would_notice_a_line_that_says_who_paid(app: Flask) -> None:
    assert alike("<p>£2.25</p>") == alike("<p>£4.50</p>")
    assert alike("<p>£2.25</p><p>Paid in part</p>") != alike("<p>£4.50</p>")


def test_the_register_and_another_family_say_nothing_of_it(app: Flask) -> None:
    a_school()
    session = a_session()
    leader, pot, family, other = a_user("staff"), a_pot(), a_family(), a_family()
    save(StaffAssignment(user_id=leader.id, run_id=session.run_id))
    a_funding(pot, pupil_id=family.pupils[0].id)
    what_a_family_reads(app, family, session.id)
    pages = [
        Browser(app).sign_in(leader).get("registers.session", session_id=session.id).html,
        Browser(app).sign_in(other.user).get("bookings.book").html,
    ]
    for page in pages:
        assert not [word for word in TELL_TALES if word in page.lower()]


def test_a_second_child_is_a_line_on_the_basket_the_checkout_and_the_statement(app: Flask) -> None:
    a_school()
    a_rate()
    family, session = a_family(2), a_session()
    browser = Browser(app).sign_in(family.user)
    pairs = [f"{pupil.id}:{session.id}" for pupil in family.pupils]
    week = browser.get("bookings.book").html
    assert "£4.05" not in week
    browser.post("bookings.choose", {"pick": pairs[:1], "shown": pairs, "go": "basket"}, expect=303)
    assert browser.get("bookings.book").html.count('data-price="405"') == 1
    browser.post("bookings.choose", {"pick": pairs, "shown": pairs, "go": "hold"}, expect=303)
    for endpoint in ("bookings.basket", "payments.checkout"):
        page = browser.get(endpoint).html
        assert page.count("Second child: \N{MINUS SIGN}£0.45") == 1
        assert "£8.55" in page
    fields = {"tender": "office", "seen_pence": "855"}
    reference = db.session.scalars(select(Basket.reference)).one()
    db.session.rollback()
    browser.post("payments.pay", {**fields, "reference": reference}, expect=303)
    statement = browser.get("payments.account").html
    assert "Second child. Child 2" in statement
    assert "Taken off" in statement


def test_the_free_slot_and_the_paid_slot_of_a_morning_are_two_and_only_one_costs(app: Flask) -> None:
    a_school()
    paid = a_session(run=a_run(price_pence=250, starts_at=time(7, 45), ends_at=time(8, 15)))
    activity = an_activity(name="Free breakfast", kind="breakfast", is_free_slot=True)
    free = a_session(
        run=a_run(activity_id=activity.id, price_pence=0, starts_at=time(8, 15), ends_at=time(8, 45))
    )
    family = a_family()
    browser = Browser(app).sign_in(family.user)
    picks = [f"{family.pupils[0].id}:{one.id}" for one in (paid, free)]
    browser.post("bookings.choose", {"pick": picks, "shown": picks, "go": "hold"}, expect=303)
    page = browser.get("bookings.basket").html
    assert page.count('class="check-line"') == 1
    assert "£2.50" in page
    assert [place.session_id for place in db.session.scalars(select(Place))] == [paid.id]
    assert [one.session_id for one in db.session.scalars(select(FreeForecast))] == [free.id]


WRONG_CODES = ("AAAA-BBBB-CCC", "", "'; DROP TABLE funding; --", "x" * 40)


def test_a_wrong_code_says_nothing_of_others_and_the_sixth_is_not_looked_at(app: Flask) -> None:
    a_school()
    pot = a_pot()
    browser = Browser(app).sign_in(a_family().user)
    answers = [browser.post("bookings.use_code", {"code": word}, expect=422).html for word in WRONG_CODES]
    browser.post("bookings.use_code", {"code": "AAAA"}, expect=422)
    assert all("That code is not known" in answer for answer in answers)
    assert "Too many tries" in browser.post("bookings.use_code", {"code": "AAAA"}, expect=422).html
    assert len(db.session.scalars(select(SignInAttempt)).all()) == 5
    assert pot.name.lower() not in "".join(answers).lower()


def test_the_office_adds_a_rate_opens_a_pot_decides_and_prints_a_code(app: Flask) -> None:
    a_school()
    family = a_family()
    browser = Browser(app).sign_in(a_user("manager"))
    rate = {
        "kind": "sibling",
        "name": "Second child",
        "takes": "percent",
        "percent": "10",
        "activity_id": "0",
    }
    rate |= {"weekday": "0", "starts_on": "23/11/2026"}
    a_session()
    browser.post("office.add_price", rate)
    assert "£42.75" in browser.get("office.prices").html
    pot = {"name": "Heron", "kind": "hardship", "budget_pence": "50.00"}
    browser.post("office.add_pot", pot | {"starts_on": "1/9/2026", "ends_on": "31/7/2027"})
    days = {"entitlement": "fsm", "starts_on": "1/9/2026", "ends_on": "31/7/2027"}
    child = {"rule": "child", "pupil_id": str(family.pupils[0].id), "pays": "all"}
    browser.post("office.add_funding", child | days, expect=200, pot_id=1)
    page = browser.post(
        "office.add_funding",
        {"rule": "code", "pupil_id": "0", "pays": "percent", "percent": "50"} | days,
        expect=200,
        pot_id=1,
    ).html
    (code,) = re.findall(r"[A-Z2-9]{4}-[A-Z2-9]{4}-[A-Z2-9]{3}", page)
    assert code not in browser.get("office.pot", pot_id=1).html
    looks = db.session.scalars(select(AccessEntry).where(AccessEntry.reason == "funding")).all()
    assert {one.pupil_id for one in looks} == {family.pupils[0].id}
    db.session.rollback()
    Browser(app).sign_in(family.user).post("bookings.use_code", {"code": code.lower()}, expect=303)
    assert db.session.get_one(Funding, 2).account_id == family.account.id
    db.session.rollback()
    browser.post("office.end_price", rate_id=1)
    browser.post("office.end_decision", funding_id=1)
    browser.post("office.end_decision", funding_id=1, expect=404)
    assert db.session.get_one(Rate, 1).ends_on is not None
    actions = set(
        db.session.scalars(
            select(AuditEntry.action).where(AuditEntry.subject.in_(("rate", "pot", "funding")))
        )
    )
    assert actions == {"added", "saved", "decided", "code_used", "ended"}


def test_a_staff_rate_is_for_families_of_those_who_work_here(app: Flask) -> None:
    a_school()
    works, other = a_family(), a_family()
    staff = a_user("staff")
    rate = a_rate("staff", name="Staff", amount=50)
    session = a_session()

    with unit_of_work():
        db.session.get_one(FamilyAccount, works.account.id).users.append(db.session.merge(staff))
    browser = Browser(app).sign_in(a_user("manager"))
    browser.post("office.price", {"chosen": str(works.account.id)}, rate_id=rate.id)
    browser.post("office.price", {"chosen": str(other.account.id)}, rate_id=rate.id, expect=422)
    for family, pence in ((works, 225), (other, 450)):
        page = Browser(app).sign_in(family.user).get("bookings.book").html
        assert f'value="{family.pupils[0].id}:{session.id}" data-price="{pence}"' in page
    browser.post("office.end_price_holding", holder_id=1)
    page = Browser(app).sign_in(works.user).get("bookings.book").html
    assert f'value="{works.pupils[0].id}:{session.id}" data-price="450"' in page
