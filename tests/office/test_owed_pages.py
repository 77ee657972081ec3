"""Pages of what families owe, and of money that goes back: what the office presses, and what the family reads."""

from __future__ import annotations

import io
from collections.abc import Iterator
from datetime import date, timedelta

import pytest
import time_machine
from flask import Flask
from pypdf import PdfReader
from sqlalchemy import select

from booking.core.db import db, unit_of_work
from booking.core.outbox import OutboxMessage
from booking.ledger.arrears import add_note
from booking.ledger.arrears_models import ArrearsNote, PaymentPlan
from booking.ledger.balances import credit_pence
from booking.ledger.terms import terms_on
from booking.office.arrears import csv_rows, owed_rows, position
from booking.office.owed_letters import owed_letter
from booking.office.owed_views import suggested
from booking.people.models import FamilyAccount, User
from tests.browser import Browser
from tests.builders import AT, a_family, a_period, a_restriction, a_school, a_user
from tests.payments.owing import a_late_charge, bought, owes, paid_in

TODAY = AT.date()


@pytest.fixture(autouse=True)
def monday_morning() -> Iterator[None]:
    with time_machine.travel(AT, tick=True):
        yield


@pytest.fixture
def office(app: Flask) -> Browser:
    a_school()
    return Browser(app).sign_in(a_user("manager"))


@pytest.fixture
def second(app: Flask) -> Browser:
    return Browser(app).sign_in(a_user("manager", approves=True))


def test_the_list_has_every_age_and_keeps_apart_what_is_on_its_way(office: Browser) -> None:
    a, b = a_family(), a_family()
    owes(a, 1000, TODAY - timedelta(days=100))
    owes(b, 400, TODAY - timedelta(days=35))
    owes(b, 700, TODAY + timedelta(days=3), tender="tfc")
    with unit_of_work():
        add_note(b.account.id, "promise", "Payday", TODAY + timedelta(days=4), at=AT, user_id=None)
    page = office.get("arrears.owed")
    assert "Late £14.00" in page.text
    assert "On its way by Tax-Free Childcare or voucher £7.00" in page.text
    assert "Fri 27 Nov" in page.text
    names = [row.account.name for row in owed_rows(AT, "owed")]
    assert names == [b.account.name, a.account.name]
    for sort in ("age", "owed", "name", "contact", "promise", "nonsense"):
        assert office.get("arrears.owed", sort=sort).status == 200
    total = sum(row.ages.total_pence for row in owed_rows(AT))
    assert total == -sum(credit_pence(one.account.id) for one in (a, b))


def test_the_csv_turns_no_name_into_a_formula(office: Browser) -> None:
    family = a_family()
    owes(family, 1000, TODAY - timedelta(days=100))
    with unit_of_work():
        db.session.get_one(FamilyAccount, family.account.id).name = "=HYPERLINK(1)"
    text = office.get("arrears.owed_csv").response.get_data(as_text=True)
    assert "'=HYPERLINK(1)" in text
    head, row = csv_rows(owed_rows(AT))
    assert dict(zip(head, row, strict=True))["over_90_days"] == 1000


def test_a_note_is_read_by_the_office_alone(office: Browser, app: Flask) -> None:
    family = a_family()
    owes(family, 1000, TODAY - timedelta(days=10))
    answer = {"kind": "hardship", "words": "Lost the job at the dockyard", "until": ""}
    page = office.post("arrears.family", answer, account_id=family.account.id, follow=True)
    assert "Lost the job at the dockyard" in page.text
    parent = Browser(app).sign_in(family.user)
    for endpoint in ("payments.account", "privacy.my_data"):
        text = parent.get(endpoint).text
        assert "dockyard" not in text
        assert "ardship" not in text
    assert "Money is tight" in office.get("arrears.owed").text
    note_id = db.session.scalars(select(ArrearsNote.id)).one()
    office.post("arrears.end_family_note", account_id=a_family().account.id, note_id=note_id)
    assert owed_rows(AT)[0].is_hardship, "under another family's address nothing ends"
    office.post("arrears.end_family_note", account_id=family.account.id, note_id=note_id)
    assert not owed_rows(AT)[0].is_hardship


@pytest.mark.parametrize("answer", [{"words": ""}, {"kind": "promise"}, {"until": "1/1/2020"}])
def test_a_wrong_note_keeps_what_was_typed(office: Browser, answer: dict[str, str]) -> None:
    family = a_family()
    typed = {"kind": "contact", "words": "Rang the mother", "until": "", **answer}
    page = office.post("arrears.family", typed, account_id=family.account.id, expect=422)
    assert "There is a problem" in page.text
    assert db.session.scalars(select(ArrearsNote)).all() == []


def test_the_statement_goes_out_in_one_tap_and_once_a_day(office: Browser) -> None:
    family = a_family()
    owes(family, 1000, TODAY - timedelta(days=10))
    account_id = family.account.id
    done = office.post("arrears.send_family_statement", account_id=account_id, follow=True)
    assert "on its way to 1 adult" in done.text
    again = office.post("arrears.send_family_statement", account_id=account_id, follow=True)
    assert "They were written to today" in again.text
    message = db.session.scalars(select(OutboxMessage)).one()
    letter = owed_letter({**message.context, "to_user_id": message.user_id}, base_url="https://x.example")
    assert letter is not None
    assert "https://x.example/account" in letter.text
    assert "Child 1: Chess club" in letter.text
    paid_in(family, 1000, AT, tender="office")
    assert owed_letter({**message.context, "to_user_id": message.user_id}, base_url="") is None
    owes(family, 1000, TODAY)
    assert owed_letter({**message.context, "to_user_id": a_user().id}, base_url="") is None


def test_a_restricted_adult_reads_no_childs_name_in_letter_or_page(office: Browser, app: Flask) -> None:
    family = a_family()
    owes(family, 1000, TODAY - timedelta(days=10))
    a_late_charge(family)
    by, yes = a_user("manager"), a_user("manager", approves=True)
    restriction = a_restriction(family.pupils[0], family.user, by=by)
    with unit_of_work():
        one = db.session.merge(restriction)
        one.confirmed_by_id, one.confirmed_at = yes.id, AT
    context = {"account_id": family.account.id, "step": 1, "to_user_id": family.user.id}
    letter = owed_letter(context, base_url="")
    assert letter is not None
    assert "Child 1" not in letter.text
    assert "Child 1" not in Browser(app).sign_in(family.user).get("payments.account").text


def test_families_without_e_mail_get_a_letter_on_paper(office: Browser) -> None:
    family, other = a_family(), a_family()
    owes(family, 1000, TODAY - timedelta(days=10))
    owes(other, 500, TODAY - timedelta(days=10))
    with unit_of_work():
        account = db.session.get_one(FamilyAccount, family.account.id)
        account.users, account.name = [], "Family Quince"
        account.pupils = [db.session.merge(family.pupils[0])]
    assert "Print 1 letter" in office.get("arrears.owed").text
    pages = PdfReader(io.BytesIO(office.post("arrears.letters", expect=200).response.data)).pages
    assert len(pages) == 1
    assert "Family Quince" in pages[0].extract_text()
    assert "£10.00" in pages[0].extract_text()
    nobody = office.post("arrears.send_family_statement", account_id=family.account.id, follow=True)
    assert "print a letter" in nobody.text
    assert office.post("arrears.family_letter", account_id=other.account.id, expect=200).status == 200


def test_a_plan_is_suggested_kept_and_seen_by_the_family(office: Browser, app: Flask) -> None:
    family = a_family()
    owes(family, 1000, TODAY - timedelta(days=10))
    account_id = family.account.id
    page = office.get("arrears.plan", account_id=account_id, parts=3, every="week")
    assert "30/11/2026 £3.33" in page.text
    wrong = {"parts": "30/11/2026 3.33\nsoon", "agreed_with": "Sam on the phone"}
    assert (
        "“soon” is not a part" in office.post("arrears.plan", wrong, account_id=account_id, expect=422).text
    )
    short = {"parts": "30/11/2026 9.99", "agreed_with": "Sam on the phone"}
    assert "£10.00 is owed" in office.post("arrears.plan", short, account_id=account_id, expect=422).text
    right = {"parts": "30/11/2026 5.00\n7/12/2026 £5.00", "agreed_with": "Sam on the phone"}
    office.post("arrears.plan", right, account_id=account_id)
    own = Browser(app).sign_in(family.user).get("payments.account").text
    assert "Your plan" in own
    assert "Sam on the phone" not in own
    with time_machine.travel(AT + timedelta(days=8)):
        assert "missed a part of its plan" in office.sign_in(a_user("manager")).get("office.home").text
    office.sign_in(a_user("manager")).post("arrears.end_family_plan", account_id=account_id)
    assert db.session.scalars(select(PaymentPlan)).one().ended_at is not None


@pytest.mark.parametrize(("pence", "count"), [(1000, 3), (7, 4), (2, 24), (1, 1)])
def test_suggested_parts_sum_to_the_debt(pence: int, count: int) -> None:
    for every in ("week", "fortnight", "month"):
        parts = suggested(pence, count, every, date(2026, 1, 31))
        assert sum(part.amount_pence for part in parts) == pence
        assert [part.due_on for part in parts] == sorted({part.due_on for part in parts})


def test_terms_are_set_from_a_day_on_and_families_read_them(office: Browser, browser: Browser) -> None:
    terms = {
        "starts_on": "23/11/2026",
        "days_to_pay": "10",
        "reminder_days": "5, 10",
        "second_yes_pence": "25.00",
        "late_pence": "4.00",
        "late_minutes": "15",
        "late_grace_minutes": "5",
        "late_cap_pence": "20.00",
        "late_from": "18:00",
    }
    for wrong in (
        {"starts_on": "22/11/2026"},
        {"reminder_days": "10, 5"},
        {"reminder_days": "soon"},
        {"late_cap_pence": "1.00"},
    ):
        office.post("arrears.money_terms", {**terms, **wrong}, expect=422)
    office.post("arrears.money_terms", terms)
    assert (terms_on(TODAY).reminder_days, terms_on(TODAY).late_pence) == ((5, 10), 400)
    assert "£4.00 for every 15 minutes begun" in browser.get("bookings.rules").text
    office.post("arrears.money_terms", {**terms, "late_pence": "", "reminder_days": ""})
    assert terms_on(TODAY).late_rule is None
    assert "being collected late" not in browser.get("bookings.rules").text


def test_the_terms_position_adds_up(office: Browser) -> None:
    assert "There are no terms yet" in office.get("arrears.term_position").text
    term = a_period("term", name="Autumn term", starts_on=date(2026, 9, 2), ends_on=date(2026, 12, 18))
    family, other = a_family(), a_family()
    bought(family, 1500, AT - timedelta(days=20))
    paid_in(family, 1000, AT - timedelta(days=10))
    owes(other, 700, TODAY - timedelta(days=40))
    a_late_charge(other)
    found = position(term, AT)
    moved = found.moved
    assert (moved["billed"], moved["paid"], moved["written_off"], moved["other"]) == (2700, 1000, 0, 0)
    assert found.ages.total_pence == moved["billed"] - moved["paid"]
    assert "Autumn term" in office.get("arrears.term_position").text
    office.get("arrears.term_position", period=term.id + 99, expect=404)


def test_nobody_of_the_office_moves_the_money_of_their_own_family(office: Browser, app: Flask) -> None:
    family = a_family()
    owes(family, 900, TODAY - timedelta(days=9))
    clerk = a_user("manager")
    with unit_of_work():
        account = db.session.get_one(FamilyAccount, family.account.id)
        account.users = [*account.users, db.session.get_one(User, clerk.id)]
    browser = Browser(app).sign_in(clerk)
    note = {"kind": "let_through", "words": "Me", "until": ""}
    assert "own family" in browser.post("arrears.family", note, account_id=account.id, expect=422).text
    parts = {"parts": "30/11/2026 9.00", "agreed_with": "Me"}
    assert "own family" in browser.post("arrears.plan", parts, account_id=account.id, expect=422).text
    wish = {"key": "k", "amount_pence": "9.00", "reason": "Me"}
    assert "own family" in browser.post("arrears.write_off", wish, account_id=account.id, expect=422).text
