"""Money that was promised and does not come: reminded of twice, let go only by a person or the published rule."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import pytest
from flask import current_app
from sqlalchemy import select

from booking.bookings.models import Place
from booking.bookings.policy import Policy, change_policy
from booking.core import clock
from booking.core.db import db, unit_of_work
from booking.core.outbox import OutboxMessage
from booking.core.settings import Settings
from booking.ledger.balances import credit_pence
from booking.office.background import composers
from booking.office.checks import all_problems
from booking.payments.promise_reminders import let_go_by_rule, remind_of_promises
from booking.payments.promises import open_promises, what_is_owed
from booking.payments.several_ways import book_promised
from booking.payments.short_promises import NothingToLetGo, let_go
from booking.payments.splitting import Choice
from tests.browser import Browser
from tests.payments.families import payments_of
from tests.payments.tenders import Held, a_basket_of_care, a_firm, money_came, seller_of, takes


@pytest.fixture
def promised(parent: Browser, now: datetime) -> Held:
    """Two children with two places each, all of it promised by Tax-Free Childcare: £18.00 for each."""
    held = a_basket_of_care(now, clubs=0)
    with unit_of_work():
        book_promised(
            held.family.account.id,
            Choice(tfc=dict.fromkeys(held.ids)),
            "last_days",
            seen_pence=3600,
            at=now,
            user_id=held.family.user.id,
        )
    return held


def _letters(template: str) -> list[OutboxMessage]:
    db.session.rollback()
    query = select(OutboxMessage).where(OutboxMessage.template == template).order_by(OutboxMessage.id)
    return list(db.session.scalars(query))


def _booked(held: Held) -> list[tuple[int, date]]:
    db.session.rollback()
    rows = db.session.scalars(
        select(Place).where(Place.basket_id == held.basket_id, Place.state == "booked").order_by(Place.id)
    )
    return sorted((place.pupil_id, place.session.date) for place in rows)


def test_a_family_is_reminded_three_days_before_and_a_day_after_and_once_each(
    promised: Held, now: datetime
) -> None:
    for days in range(12):
        for _ in range(2):
            remind_of_promises(now + timedelta(days=days))
    written = _letters("promise_reminder")
    assert [one.context["is_late"] for one in written] == [False, False, True, True]
    first = now + timedelta(days=4)
    assert clock.to_school(written[0].created_at).date() == clock.to_school(first).date()
    assert clock.to_school(written[2].created_at).date() == clock.to_school(now + timedelta(days=8)).date()


def test_what_has_come_is_not_reminded_of(promised: Held, now: datetime) -> None:
    money_came(promised.family.account.id, 1800, now, pupil_id=promised.ids[0])
    remind_of_promises(now + timedelta(days=5))
    (letter,) = _letters("promise_reminder")
    payment_id = letter.context["payment_id"]
    assert {one.id: one.pupil_id for one in payments_of(promised.basket_id)}[payment_id] == promised.ids[1]
    compose = composers(_settings())["promise_reminder"]
    context = {**letter.context, "to_user_id": promised.family.user.id}
    found = compose(context)
    assert found is not None
    assert "Tax-Free Childcare for Child 2 (please tell us the reference): £18.00 by" in found.text
    money_came(promised.family.account.id, 1800, now + timedelta(days=1), pupil_id=promised.ids[1])
    assert compose(context) is None


def _settings() -> Settings:
    found: Settings = current_app.extensions["booking_settings"]
    return found


def test_a_part_that_comes_short_loses_only_its_own_last_places(promised: Held, now: datetime) -> None:
    """£12.00 of £18.00 came for the first child: its last day goes, its first day and its sister's stay."""
    account_id = promised.family.account.id
    money_came(account_id, 1200, now, pupil_id=promised.ids[0])
    before = _booked(promised)
    promise = next(one for one in open_promises({account_id}) if one.pupil_id == promised.ids[0])
    with unit_of_work():
        gone = let_go(promise.payment_id, at=now, user_id=None)
    assert len(gone) == 1
    lost = max(one for one in before if one[0] == promised.ids[0])
    assert _booked(promised) == [one for one in before if one != lost]
    owed = what_is_owed(account_id, at=now)
    assert [(one.pupil_id, one.amount_pence) for one in owed] == [(promised.ids[1], 1500)]
    assert credit_pence(account_id) == -1500
    (letter,) = _letters("promise_let_go")
    found = composers(_settings())["promise_let_go"](
        {**letter.context, "to_user_id": promised.family.user.id}
    )
    assert found is not None
    assert found.text.count("Child 1: ") == 1
    assert all_problems() == []


def test_today_and_what_is_over_is_never_let_go(promised: Held, now: datetime) -> None:
    days = sorted({day for _, day in _booked(promised)})
    on_the_first = clock.instant(days[0], clock.to_school(now).time().replace(tzinfo=None, hour=7))
    ids = [one.id for one in payments_of(promised.basket_id)]
    with unit_of_work():
        gone = let_go(ids[0], at=on_the_first, user_id=None)
    assert [place.session.date for place in gone] == [days[1]]
    with pytest.raises(NothingToLetGo), unit_of_work():
        let_go(ids[1], at=on_the_first + timedelta(days=1), user_id=None)
    assert (promised.ids[1], days[1]) in _booked(promised)


def test_what_is_paid_is_not_let_go(promised: Held, now: datetime) -> None:
    money_came(promised.family.account.id, 1800, now, pupil_id=promised.ids[0])
    payment_id = payments_of(promised.basket_id)[0].id
    with pytest.raises(NothingToLetGo), unit_of_work():
        let_go(payment_id, at=now, user_id=None)


def test_without_a_rule_nothing_is_let_go_by_itself(promised: Held, now: datetime) -> None:
    remind_of_promises(now + timedelta(days=8))
    assert let_go_by_rule(now + timedelta(days=10)) == 0
    assert len(_booked(promised)) == 4


def test_the_rule_waits_for_its_days_and_for_a_reminder(promised: Held, now: datetime) -> None:
    with unit_of_work():
        change_policy(Policy(unpaid_days=2), at=now, user_id=None)
    assert let_go_by_rule(now + timedelta(days=9)) == 0
    remind_of_promises(now + timedelta(days=9))
    assert let_go_by_rule(now + timedelta(days=9, hours=1)) == 0
    assert let_go_by_rule(now + timedelta(days=8)) == 0
    assert let_go_by_rule(now + timedelta(days=10, hours=1)) == 2
    assert _booked(promised) == [
        one for one in _booked(promised) if one[1] <= clock.today(now + timedelta(10))
    ]
    assert let_go_by_rule(now + timedelta(days=11)) == 0


def test_the_parent_says_what_goes_first(parent: Browser, now: datetime) -> None:
    held = a_basket_of_care(now, care=1, clubs=1)
    firm = a_firm()
    with unit_of_work():
        for place in db.session.scalars(select(Place).where(Place.basket_id == held.basket_id)):
            if place.price_pence == 900:
                place.session.run.activity.kind = "extended_care"
    club = db.session.scalars(
        select(Place).where(Place.basket_id == held.basket_id, Place.price_pence == 450)
    ).first()
    assert club is not None
    takes(seller_of(club.session.run_id), now)
    with unit_of_work():
        book_promised(
            held.family.account.id,
            Choice(voucher_firm_id=firm.id, rest="office"),
            "care",
            seen_pence=2700,
            at=now,
            user_id=None,
        )
    payment_id = payments_of(held.basket_id)[0].id
    with unit_of_work():
        gone = let_go(payment_id, at=now, user_id=None)
    assert [place.price_pence for place in gone] == [900, 900, 450, 450]
