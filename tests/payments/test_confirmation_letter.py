"""What the letter of a booking says of each place: when, where, how much, what came off, until when money comes back."""

from __future__ import annotations

from datetime import date

from flask import Flask

from booking.bookings.baskets import choose_week
from booking.bookings.places import take_holds
from booking.core.db import unit_of_work
from booking.office.letters import confirmation_letter
from booking.payments.office_till import pay_at_office
from tests.builders import AT, a_family, a_run, a_session
from tests.price_builders import a_rate


def test_each_line_says_price_discount_and_the_last_moment(app: Flask) -> None:
    family = a_family(2)
    a_rate()
    paid, free = a_session(), a_session(date(2026, 11, 26), run=a_run(price_pence=0))
    wanted = {(pupil.id, paid.id) for pupil in family.pupils} | {(family.pupils[0].id, free.id)}
    account_id, user_id = family.account.id, family.user.id
    with unit_of_work():
        basket_id = choose_week(account_id, wanted, wanted, at=AT, user_id=user_id).id
        assert not take_holds(basket_id, "all", at=AT, user_id=user_id).refused
    with unit_of_work():
        pay_at_office(basket_id, at=AT, user_id=user_id)
    letter = confirmation_letter({"basket_id": basket_id, "to_user_id": user_id}, base_url="")
    assert letter is not None
    lines = [line for line in letter.text.splitlines() if " to " in line and ":" in line and "£" in line]
    assert any(line.endswith("£4.50. Money back until Tuesday 24 November at 18:00.") for line in lines), (
        lines
    )
    assert any("£4.05 (" in line and "−£0.45)" in line for line in lines), lines
    assert any(line.endswith(". Free.") for line in letter.text.splitlines())
