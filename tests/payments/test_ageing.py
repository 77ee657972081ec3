"""How old debts are: the ages sum to what is owed, the oldest is paid first, and what is on its way stands apart."""

from __future__ import annotations

from datetime import date, timedelta

from flask import Flask
from hypothesis import given
from hypothesis import strategies as st

from booking.core.db import unit_of_work
from booking.ledger.afterwards import post_late_charge
from booking.ledger.arrears_models import LateCharge
from booking.ledger.balances import credit_pence
from booking.payments.ageing import (
    Ages,
    Debt,
    DebtPart,
    ages_by_activity,
    ages_of,
    debts_of,
    still_owed,
)
from tests.builders import AT, Family, a_family, a_session, save
from tests.payments.owing import gave_back, owes, paid_in

TODAY = AT.date()
PARTS = st.lists(
    st.builds(DebtPart, st.sampled_from(["Chess", "Care"]), st.integers(1, 900)), min_size=1, max_size=3
)


def _debt(number: int, days: int, tender: str, parts: list[DebtPart]) -> Debt:
    total = sum(part.amount_pence for part in parts)
    return Debt(f"payment:{number}", TODAY + timedelta(days=days), total, tender, tuple(parts))


DEBTS = st.lists(
    st.tuples(st.integers(-120, 30), st.sampled_from(["office", "tfc", "voucher", "late"]), PARTS), max_size=8
).map(lambda rows: [_debt(number, *row) for number, row in enumerate(rows)])


@given(DEBTS, st.integers(-500, 9_000))
def test_the_ages_sum_to_the_debt_by_family_and_by_activity(debts: list[Debt], owed_pence: int) -> None:
    found = still_owed(debts, owed_pence)
    owed = max(owed_pence, 0)
    assert sum(debt.amount_pence for debt in found) == owed
    assert all(debt.amount_pence == sum(part.amount_pence for part in debt.parts) for debt in found)
    assert ages_of(found, TODAY).total_pence == owed
    assert sum(ages.total_pence for ages in ages_by_activity(found, TODAY).values()) == owed
    together = sum(ages_by_activity(found, TODAY).values(), Ages())
    assert together == ages_of(found, TODAY)


@given(DEBTS, st.integers(0, 9_000), st.integers(0, 2_000))
def test_paying_more_never_makes_any_debt_older(debts: list[Debt], owed: int, paid: int) -> None:
    before, after = still_owed(debts, owed), still_owed(debts, max(owed - paid, 0))
    oldest = [min((one.due_on or date.min for one in found), default=date.max) for found in (before, after)]
    assert oldest[1] >= oldest[0]
    assert ages_of(after, TODAY).over_90 <= ages_of(before, TODAY).over_90


def test_the_bands_end_where_they_say() -> None:
    part = [DebtPart("Chess", 1)]
    ages = [ages_of([_debt(1, -days, "office", part)], TODAY) for days in (0, 1, 30, 31, 60, 61, 90, 91)]
    assert [ages[0].not_due, ages[1].to_30, ages[2].to_30, ages[3].to_60, ages[4].to_60] == [1] * 5
    assert [ages[5].to_90, ages[6].to_90, ages[7].over_90] == [1] * 3


def test_what_is_on_its_way_by_a_scheme_is_no_debt_until_its_day(app: Flask) -> None:
    family = a_family()
    owes(family, 700, TODAY + timedelta(days=3), tender="tfc")
    owes(family, 500, TODAY - timedelta(days=40), tender="tfc")
    ages = _ages(family)
    assert (ages.in_transit, ages.to_60, ages.late_pence) == (700, 500, 500)


def test_money_that_comes_in_pays_the_oldest_and_a_cancelled_place_is_not_owed(app: Flask) -> None:
    family = a_family()
    owes(family, 1000, TODAY - timedelta(days=100))
    owes(family, 400, TODAY - timedelta(days=35))
    newest = owes(family, 600, TODAY - timedelta(days=5))
    assert _ages(family) == Ages(over_90=1000, to_60=400, to_30=600)
    paid_in(family, 900, AT, tender="office")
    assert _ages(family) == Ages(over_90=100, to_60=400, to_30=600)
    gave_back(newest, AT)
    assert _ages(family) == Ages(over_90=100, to_60=400), "what was given back makes nothing else younger"


def test_a_late_collection_is_due_by_the_terms_and_has_its_own_line(app: Flask) -> None:
    family, session = a_family(), a_session()
    charge = LateCharge(
        account_id=family.account.id,
        pupil_id=family.pupils[0].id,
        session_id=session.id,
        date=TODAY - timedelta(days=20),
        free_until=AT - timedelta(days=20),
        out_at=AT - timedelta(days=20) + timedelta(minutes=5),
        amount_pence=500,
        posted_at=AT - timedelta(days=19),
    )
    save(charge)
    with unit_of_work():
        post_late_charge(charge.id, family.account.id, 500, at=AT)
    assert _ages(family) == Ages(to_30=500)
    (debt,) = still_owed(debts_of([family.account.id])[family.account.id], 500)
    assert (debt.due_on, debt.parts[0].activity) == (TODAY - timedelta(days=12), "Late collection")


def _ages(family: Family) -> Ages:
    account_id = family.account.id
    return ages_of(still_owed(debts_of([account_id])[account_id], -credit_pence(account_id)), TODAY)
