"""Reminders: each debt and step once, and none where hardship, a promise or a kept plan says stop."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy import select

from booking.core.db import db, unit_of_work
from booking.core.outbox import OutboxMessage
from booking.ledger.arrears import CannotNote, add_note, end_note, may_book_above_limit
from booking.ledger.plans import Part, agree_plan
from booking.ledger.terms import CannotChangeTerms, PayTerms, set_terms, terms_on
from booking.payments.debt_reminders import send_reminders
from tests.bookings.rushes import at_once
from tests.builders import AT, Family, a_family
from tests.payments.owing import owes, paid_in

TODAY = AT.date()


def steps(on: int) -> list[int]:
    """The steps of the letters that the worker writes so many days from today."""
    db.session.rollback()
    before = set(db.session.scalars(select(OutboxMessage.id)))
    with unit_of_work():
        send_reminders(AT + timedelta(days=on))
    rows = db.session.scalars(select(OutboxMessage).where(OutboxMessage.id.not_in(before)))
    found = [row.context["step"] for row in rows]
    db.session.rollback()
    return found


@pytest.fixture
def family(app: Flask) -> Family:
    """A family whose debt falls due today."""
    made = a_family()
    owes(made, 900, TODAY)
    return made


def test_a_debt_is_reminded_of_in_steps_and_each_once(family: Family) -> None:
    assert [steps(on) for on in (0, 6, 7, 7, 8, 14, 28, 90)] == [[], [], [1], [], [], [2], [3], []]


def test_who_was_not_reminded_for_long_gets_one_letter_not_three(family: Family) -> None:
    assert [steps(40), steps(41)] == [[3], []]


def test_two_debts_that_come_to_a_step_on_one_day_are_one_letter(family: Family) -> None:
    owes(family, 500, TODAY - timedelta(days=7))
    assert [steps(7), steps(7)] == [[2], []]


def test_nothing_is_sent_once_it_is_paid_or_to_nobody(family: Family, app: Flask) -> None:
    paid_in(family, 900, AT, tender="office")
    alone = a_family()
    with unit_of_work():
        db.session.merge(alone.account).users = []
    owes(alone, 900, TODAY)
    assert steps(9) == []


def _hardship(family: Family) -> None:
    add_note(family.account.id, "hardship", "Lost the job", None, at=AT, user_id=None)


def _promise(family: Family) -> None:
    add_note(family.account.id, "promise", "Payday", TODAY + timedelta(days=10), at=AT, user_id=None)


def _plan(family: Family) -> None:
    agree_plan(family.account.id, [Part(TODAY + timedelta(days=10), 900)], "Sam", at=AT, user_id=None)


@pytest.mark.parametrize(
    ("stop", "afterwards"),
    [(_hardship, []), (_promise, [1]), (_plan, [0])],
    ids=["hardship", "promise", "plan"],
)
def test_a_stop_is_kept(family: Family, stop: Callable[[Family], None], afterwards: list[int]) -> None:
    """Hardship for good, a promise until its day; a plan that is missed is told of once, as the plan it is."""
    with unit_of_work():
        stop(family)
    assert [steps(on) for on in (7, 10)] == [[], []]
    assert [steps(11), steps(12)] == [afterwards, []]


def test_hardship_ends_when_the_office_says_so(family: Family) -> None:
    with unit_of_work():
        note = add_note(family.account.id, "hardship", "Lost the job", None, at=AT, user_id=None)
    assert steps(8) == []
    with unit_of_work():
        end_note(note.id, at=AT, user_id=None)
    assert steps(8) == [1]


def test_two_workers_write_one_letter(family: Family, app: Flask) -> None:
    at = AT + timedelta(days=8)
    results = at_once(app, [lambda: send_reminders(at)] * 3)
    assert not any(isinstance(one, Exception) for one in results), results
    assert len(db.session.scalars(select(OutboxMessage)).all()) == 1


def test_the_steps_are_the_schools(family: Family) -> None:
    with unit_of_work():
        set_terms(PayTerms(reminder_days=(3,)), TODAY, at=AT, user_id=None)
    assert [steps(on) for on in (2, 3, 60)] == [[], [1], []]


def test_a_school_that_ends_reminders_ends_them_for_old_debts_too(family: Family) -> None:
    with unit_of_work():
        set_terms(PayTerms(reminder_days=()), TODAY + timedelta(days=5), at=AT, user_id=None)
    assert [steps(on) for on in (7, 14, 60)] == [[], [], []]


def test_terms_hold_from_their_day_on_and_the_past_stays(app: Flask) -> None:
    with unit_of_work():
        set_terms(PayTerms(days_to_pay=10), TODAY + timedelta(days=7), at=AT, user_id=None)
    assert [terms_on(TODAY + timedelta(days=n)).days_to_pay for n in (0, 6, 7, 99)] == [7, 7, 10, 10]
    wrong: list[tuple[PayTerms, date]] = [
        (PayTerms(), TODAY - timedelta(days=1)),
        (PayTerms(reminder_days=(14, 7)), TODAY),
        (PayTerms(late_pence=500, late_cap_pence=400), TODAY),
    ]
    for terms, on in wrong:
        with pytest.raises(CannotChangeTerms), unit_of_work():
            set_terms(terms, on, at=AT, user_id=None)


@pytest.mark.parametrize(
    ("kind", "words", "until"),
    [
        ("contact", " ", None),
        ("promise", "Payday", None),
        ("promise", "Payday", TODAY - timedelta(days=1)),
        ("reminder", "by hand", None),
    ],
)
def test_a_note_has_its_words_and_a_promise_its_day(
    family: Family, kind: str, words: str, until: date | None
) -> None:
    with pytest.raises(CannotNote), unit_of_work():
        add_note(family.account.id, kind, words, until, at=AT, user_id=None)


def test_the_office_lets_a_family_through_until_a_day(family: Family) -> None:
    last = TODAY + timedelta(days=3)
    with unit_of_work():
        add_note(family.account.id, "let_through", "Starts a new job", last, at=AT, user_id=None)
    days: list[datetime] = [AT + timedelta(days=n) for n in (0, 3, 4)]
    assert [may_book_above_limit(family.account.id, at.date()) for at in days] == [True, True, False]
