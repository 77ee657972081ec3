"""One basket in several ways: offered line by line, checked on the server, booked with its promises or not at all."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import pytest

from booking.bookings.cancellation import cancel_places
from booking.bookings.models import Basket, Place
from booking.core import clock
from booking.core.db import db, unit_of_work
from booking.ledger.balances import credit_pence, ledger_problems
from booking.office.checks import all_problems
from booking.payments.checkout import close_page, expire_started
from booking.payments.childcare import approvals_of, is_of_age
from booking.payments.models import PaymentLine
from booking.payments.promises import open_promises, what_is_owed
from booking.payments.references import keep_reference
from tests.browser import Browser
from tests.payments.conftest import Stripe
from tests.payments.families import payments_of, states_of
from tests.payments.tenders import Held, a_basket_of_care, a_firm, money_came, seller_of, takes


def _fields(held: Held, **values: str) -> dict[str, str]:
    """What the form sends: £18.00 for each child by Tax-Free Childcare and £9.00 by card, of £45.00."""
    fields = {f"tfc_{pupil_id}": "18.00" for pupil_id in held.ids}
    fields |= {"voucher_firm_id": "0", "rest": "card", "order": "last_days", "act": "pay"}
    return fields | {"seen_pence": "4500", "seen_card_pence": "900"} | values


def test_tax_free_childcare_is_offered_for_approved_lines_and_children_of_age_alone(
    parent: Browser, now: datetime
) -> None:
    held = a_basket_of_care(now)
    page = parent.sign_in(held.family.user).get("payments.checkout")
    assert "Pay £9.00 by card now. Send £36.00 by" in page.text
    assert "Your places are safe until then" in page.text
    with unit_of_work():
        held.family.pupils[1].date_of_birth = clock.today(now) - timedelta(days=12 * 366 + 365)
        db.session.merge(held.family.pupils[1])
    page = parent.get("payments.checkout")
    assert "Pay £27.00 by card now. Send £18.00 by" in page.text


def test_where_no_seller_is_approved_nothing_is_offered(parent: Browser, now: datetime) -> None:
    held = a_basket_of_care(now)
    with unit_of_work():
        for one in approvals_of({held.care_seller_id}):
            one.ends_on = clock.today(now)
    page = parent.sign_in(held.family.user).get("payments.checkout")
    assert "Tax-Free Childcare" not in page.text
    page = parent.post("payments.ways", _fields(held), expect=422)
    assert "By card it is now £45.00" in page.text
    assert payments_of(held.basket_id) == []


def test_everything_by_promise_is_booked_at_once_with_lines_to_copy(parent: Browser, now: datetime) -> None:
    held = a_basket_of_care(now, clubs=0)
    with unit_of_work():
        keep_reference(held.family.account.id, held.ids[0], "okaf 12345-tfc", at=now, user_id=None)
    parent.sign_in(held.family.user)
    page = parent.post("payments.ways", _fields(held, seen_pence="3600", seen_card_pence="0"), follow=True)
    assert "OKAF12345TFC" in page.text
    assert "Tell us Child 2’s reference" in page.text
    assert "Please send £36.00 by Tax-Free Childcare by" in page.text
    assert states_of(held.basket_id) == ("booked", ["booked"] * 4)
    promises = payments_of(held.basket_id)
    assert [(one.tender, one.state, one.amount_pence, one.pupil_id) for one in promises] == [
        ("tfc", "promised", 1800, held.ids[0]),
        ("tfc", "promised", 1800, held.ids[1]),
    ]
    assert credit_pence(held.family.account.id) == -3600
    page = parent.get("payments.account")
    assert "You owe £36.00" in page.text
    assert "On its way by Tax-Free Childcare" in page.text
    money_came(held.family.account.id, 1800, now, pupil_id=held.ids[1])
    assert [one.pupil_id for one in what_is_owed(held.family.account.id, at=now)] == [held.ids[0]]
    assert all_problems() == []


def test_pressed_twice_it_is_booked_once(parent: Browser, now: datetime) -> None:
    held = a_basket_of_care(now, clubs=0)
    parent.sign_in(held.family.user)
    reference = db.session.get_one(Basket, held.basket_id).reference
    fields = _fields(held, seen_pence="3600", seen_card_pence="0", reference=reference)
    first = parent.post("payments.ways", fields, expect=303).location
    assert parent.post("payments.ways", fields, expect=303).location == first
    assert len(payments_of(held.basket_id)) == 2


def test_the_amounts_are_looked_at_before_anything_is_booked(parent: Browser, now: datetime) -> None:
    held = a_basket_of_care(now)
    firm = a_firm()
    parent.sign_in(held.family.user)
    assert "At most £18.00" in parent.get("payments.ways").text
    fields = _fields(held, act="look", voucher_firm_id=str(firm.id), voucher_pence="5")
    fields[f"tfc_{held.ids[1]}"] = "10"
    page = parent.post("payments.ways", fields, expect=200)
    assert "Pay £12.00 by card and book" in page.text
    assert "Vouchers: Brightcare Vouchers" in page.text
    assert page.field("seen_card_pence") == "1200"
    assert page.field("voucher_pence") == "5"
    assert payments_of(held.basket_id) == []
    page = parent.post("payments.ways", {**fields, "act": "change"}, expect=200)
    assert page.field(f"tfc_{held.ids[1]}") == "10"


@pytest.mark.parametrize(
    "changed",
    [
        {"tfc": "18.01"},
        {"tfc": "-1"},
        {"tfc": "all"},
        {"seen_pence": "1"},
        {"seen_card_pence": "0"},
        {"seen_card_pence": "30"},
        {"voucher_firm_id": "99"},
        {"rest": "gold"},
        {"order": "mine"},
        {"keeps_credit": "y"},
        {"act": "give"},
    ],
)
def test_a_tampered_split_is_refused_in_words_and_changes_nothing(
    parent: Browser, now: datetime, changed: dict[str, str]
) -> None:
    held = a_basket_of_care(now)
    fields = _fields(held)
    if "tfc" in changed:
        fields[f"tfc_{held.ids[0]}"] = changed["tfc"]
    else:
        fields |= changed
    page = parent.sign_in(held.family.user).post("payments.ways", fields, expect=422)
    assert page.all(".//*[@role='alert']")
    assert states_of(held.basket_id) == ("open", ["held"] * 6)
    assert payments_of(held.basket_id) == []


def test_another_familys_child_is_not_even_read(parent: Browser, now: datetime) -> None:
    held, other = a_basket_of_care(now, clubs=0), a_basket_of_care(now, clubs=0)
    fields = _fields(held, seen_pence="3600", seen_card_pence="0", **{f"tfc_{other.ids[0]}": "18.00"})
    parent.sign_in(held.family.user).post("payments.ways", fields, expect=303)
    assert {one.pupil_id for one in payments_of(held.basket_id)} == set(held.ids)


def test_promises_come_into_force_when_their_card_part_is_paid(
    stripe: Stripe, parent: Browser, now: datetime
) -> None:
    held = a_basket_of_care(now)
    parent.sign_in(held.family.user)
    page = parent.post("payments.ways", _fields(held), expect=303)
    card, *promises = payments_of(held.basket_id)
    assert (card.tender, card.state, card.amount_pence) == ("card", "started", 900)
    assert [one.state for one in promises] == ["waiting", "waiting"]
    assert open_promises({held.family.account.id}) == []
    assert credit_pence(held.family.account.id) == 0
    assert all_problems() == []
    stripe.double.press(str(page.response.headers["Location"]), "pay")
    parent.get("payments.back", session_id=card.stripe_session_id, expect=303)
    assert states_of(held.basket_id) == ("booked", ["booked"] * 6)
    assert [one.state for one in payments_of(held.basket_id)] == ["paid", "promised", "promised"]
    assert credit_pence(held.family.account.id) == -3600
    assert sum(one.outstanding_pence for one in open_promises({held.family.account.id})) == 3600
    assert ledger_problems() == all_problems() == []


def test_nothing_is_promised_when_the_card_page_is_given_up(
    stripe: Stripe, parent: Browser, now: datetime, soon: datetime
) -> None:
    held = a_basket_of_care(now)
    parent.sign_in(held.family.user)
    parent.post("payments.ways", _fields(held), expect=303)
    card = payments_of(held.basket_id)[0]
    close_page(card.id, gateway=stripe.gateway, at=now, user_id=None)
    assert [one.state for one in payments_of(held.basket_id)] == ["given_up"] * 3
    parent.post("payments.ways", _fields(held), expect=303)
    expire_started(soon, stripe.gateway)
    assert {one.state for one in payments_of(held.basket_id)} == {"given_up"}
    assert states_of(held.basket_id)[0] == "ended"
    assert open_promises() == []
    assert all_problems() == []


def test_a_place_that_was_lost_while_the_card_was_paid_is_not_promised(
    stripe: Stripe, parent: Browser, now: datetime
) -> None:
    held = a_basket_of_care(now)
    page = parent.sign_in(held.family.user).post("payments.ways", _fields(held), expect=303)
    card, first, second = payments_of(held.basket_id)
    lost = first.lines[-1].place_id
    with unit_of_work():
        db.session.get_one(Place, lost).state = "cancelled"
    stripe.double.press(str(page.response.headers["Location"]), "pay")
    parent.get("payments.back", session_id=card.stripe_session_id, expect=303)
    _, first, second = payments_of(held.basket_id)
    assert (first.state, first.amount_pence, second.amount_pence) == ("promised", 900, 1800)
    assert credit_pence(held.family.account.id) == -2700
    assert all_problems() == []


def test_cancelling_a_promised_place_takes_it_off_its_own_promise(parent: Browser, now: datetime) -> None:
    held = a_basket_of_care(now, clubs=0)
    parent.sign_in(held.family.user)
    parent.post("payments.ways", _fields(held, seen_pence="3600", seen_card_pence="0"), expect=303)
    first, _ = payments_of(held.basket_id)
    place_id = db.session.get_one(PaymentLine, first.lines[0].id).place_id
    with unit_of_work():
        cancel_places([place_id], at=now, user_id=None)
    owed = {one.pupil_id: one.amount_pence for one in what_is_owed(held.family.account.id, at=now)}
    assert owed == {held.ids[0]: 900, held.ids[1]: 1800}


@pytest.mark.parametrize(
    ("born", "on", "is_disabled", "expected"),
    [
        (date(2015, 8, 31), date(2026, 8, 31), False, True),
        (date(2015, 8, 31), date(2026, 9, 1), False, False),
        (date(2015, 9, 1), date(2027, 8, 31), False, True),
        (date(2015, 9, 1), date(2027, 9, 1), False, False),
        (date(2010, 8, 31), date(2026, 8, 31), True, True),
        (date(2010, 8, 31), date(2026, 9, 1), True, False),
        (date(2016, 1, 1), date(2016, 9, 1), False, False),
    ],
)
def test_tax_free_childcare_ends_on_1_september_after_the_birthday(
    born: date, on: date, is_disabled: bool, expected: bool
) -> None:
    assert is_of_age(born, on, is_disabled=is_disabled) is expected


def test_an_approval_holds_for_its_activity_and_its_days(parent: Browser, now: datetime) -> None:
    held = a_basket_of_care(now, clubs=1)
    page = parent.sign_in(held.family.user).get("payments.checkout")
    assert "Send £36.00" in page.text
    club = db.session.query(Place).filter_by(basket_id=held.basket_id, price_pence=450).first()
    assert club is not None
    takes(seller_of(club.session.run_id), now, starts_on=club.session.date + timedelta(days=1))
    assert "Send £36.00" in parent.get("payments.checkout").text
    takes(seller_of(club.session.run_id), now, starts_on=club.session.date, ends_on=club.session.date)
    assert "Send £45.00" in parent.get("payments.checkout").text
