"""Pots: a budget that is never passed, money that comes back, codes for one family, and nobody else who can tell."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from flask import Flask
from sqlalchemy import func, select, update

from booking.bookings import frozen_prices, places
from booking.bookings.basket_page import basket_view
from booking.bookings.cancellation import cancel_places
from booking.bookings.expiry import expire_overdue
from booking.bookings.holds import give_up, hold_for_payment
from booking.bookings.invariants import booking_problems
from booking.bookings.models import Basket, Place, PriceLine
from booking.bookings.offers import make_offers
from booking.bookings.places import book_basket, book_late, take_holds
from booking.bookings.pots import (
    CodeNotKnown,
    FundingDetails,
    PotDetails,
    PotRefused,
    decide_funding,
    end_funding,
    save_pot,
    use_code,
)
from booking.bookings.price_facts import PotMoney, pot_money
from booking.bookings.swaps import Target, look_at_swap, swap_places
from booking.bookings.waiting_list import accept_offer, join_list
from booking.core.audit import AuditEntry
from booking.core.db import db, unit_of_work
from booking.ledger.balances import credit_pence, ledger_problems, lines_of
from booking.ledger.models import EntryLine, LedgerAccount
from booking.provision.models import Session
from booking.provision.price_models import Funding, Pot
from tests.bookings.rushes import a_choice, at_once, holding, take_out_the_locks
from tests.builders import (
    AT,
    Family,
    a_family,
    a_funding,
    a_group_fact,
    a_place,
    a_pot,
    a_rate,
    a_session,
    a_user,
)

WEDNESDAY = date(2026, 11, 25)
LATER = AT + timedelta(minutes=16)


def held(family: Family, *sessions: Session, pupil: int = 0) -> int:
    """The family holds these for one of its children; the basket's id."""
    basket = a_choice(family.account, [(family.pupils[pupil].id, one.id) for one in sessions])
    with unit_of_work():
        assert take_holds(basket.id, "all", at=AT, user_id=None).refused == []
    return basket.id


def booked(family: Family, *sessions: Session) -> list[int]:
    """The same, and booked; the ids of the places."""
    basket_id = held(family, *sessions)
    with unit_of_work():
        book_basket(basket_id, at=AT, user_id=None)
    ids = list(db.session.scalars(select(Place.id).where(Place.basket_id == basket_id).order_by(Place.id)))
    db.session.rollback()
    return ids


def money(pot: Pot) -> PotMoney:
    """The pot as it stands at this moment."""
    (found,) = pot_money([pot.id], AT)
    db.session.rollback()
    return found


def prices() -> list[int]:
    return list(db.session.scalars(select(Place.price_pence).order_by(Place.id)))


def all_is_well() -> bool:
    return booking_problems() == [] and ledger_problems() == []


def balances() -> dict[str, int]:
    """What every ledger account stands at, by kind."""
    rows = db.session.execute(
        select(LedgerAccount.kind, func.sum(EntryLine.amount_pence))
        .join(EntryLine, EntryLine.account_id == LedgerAccount.id)
        .group_by(LedgerAccount.kind)
    )
    return {kind: int(pence) for kind, pence in rows}


def a_funded_family(pot: Pot, **values: object) -> Family:
    family = a_family()
    a_funding(pot, pupil_id=family.pupils[0].id, **values)
    return family


def test_a_hold_keeps_the_pots_money_booking_spends_it_and_cancelling_in_time_gives_it_back(
    app: Flask,
) -> None:
    pot = a_pot(budget_pence=1000)
    family = a_funded_family(pot)
    (place,) = booked(family, a_session())
    assert money(pot) == PotMoney(pot.id, 1000, 0, 450)
    assert balances() == {"income": -450, "pot": 450}
    assert lines_of(family.account.id) == []
    held(a_funded_family(pot), a_session())
    assert money(pot) == PotMoney(pot.id, 1000, 450, 450)
    assert all_is_well()
    with unit_of_work():
        cancel_places([place], at=AT, user_id=None)
        expire_overdue(LATER)
    assert money(pot) == PotMoney(pot.id, 1000, 0, 0)
    assert balances() == {"income": 0, "pot": 0}
    assert all_is_well()


def test_cancelling_too_late_gives_nothing_back_to_anybody(app: Flask) -> None:
    pot = a_pot()
    places = booked(a_funded_family(pot), a_session())
    with unit_of_work():
        db.session.execute(update(Place).values(credit_until=AT))
        cancel_places(places, at=AT, user_id=None)
    assert money(pot).spent_pence == 450
    assert all_is_well()


def test_discount_subsidy_and_family_are_lines_of_their_own_and_come_back_exactly(app: Flask) -> None:
    a_rate()
    pot, family = a_pot(), a_family(2)
    a_funding(pot, pupil_id=family.pupils[1].id, pays="percent", amount=50)
    with unit_of_work():
        db.session.merge(family.pupils[0]).date_of_birth = date(2016, 1, 1)
    session = a_session()
    basket = a_choice(family.account, [(pupil.id, session.id) for pupil in reversed(family.pupils)])
    with unit_of_work():
        take_holds(basket.id, "all", at=AT, user_id=None)
    with unit_of_work():
        book_basket(basket.id, at=AT, user_id=None)
    assert [line.amount_pence for line in lines_of(family.account.id)] == [450, 247, -45]
    assert balances() == {"family": 652, "income": -900, "discount": 45, "pot": 203}
    assert all_is_well()
    with unit_of_work():
        cancel_places(db.session.scalars(select(Place.id)).all(), at=AT, user_id=None)
    assert set(balances().values()) == {0}
    assert all_is_well()


def test_the_check_finds_a_line_that_the_ledger_does_not_have_and_a_pot_that_is_overspent(app: Flask) -> None:
    pot = a_pot()
    (place,) = booked(a_funded_family(pot), a_session())
    with unit_of_work():
        db.session.execute(update(Pot).values(budget_pence=449))
    assert booking_problems() == [f"pot {pot.id}: 450 pence spent of 449"]
    with unit_of_work():
        db.session.execute(update(Pot).values(budget_pence=450))
        db.session.execute(update(PriceLine).where(PriceLine.kind == "funding").values(amount_pence=-449))
    assert booking_problems() == [
        f"place {place}: costs 0 pence, its lines sum to 1",
        f"place {place}: booked at income -449, pot 449, the ledger has income -450, pot 450",
    ]


def test_a_pot_that_has_run_out_means_the_plain_price_and_the_office_reads_it(app: Flask) -> None:
    pot = a_pot(budget_pence=800)
    held(a_funded_family(pot), a_session(), a_session(date(2026, 11, 26)))
    assert prices() == [0, 450]
    found = db.session.scalars(select(AuditEntry).where(AuditEntry.action == "ran_short")).one()
    assert (found.subject_id, found.details) == (pot.id, {"places": 1})


def test_of_many_funded_families_at_one_moment_only_as_many_are_paid_as_the_pot_can(app: Flask) -> None:
    pot, session = a_pot(budget_pence=900), a_session()
    baskets = [
        a_choice(f.account, [(f.pupils[0].id, session.id)]).id
        for f in (a_funded_family(pot) for _ in range(6))
    ]
    results = at_once(app, [holding(basket) for basket in baskets])
    assert all(len(one) == 1 for one in results), results
    assert sorted(prices()) == [0, 0, 450, 450, 450, 450]
    assert money(pot).left_pence == 0
    assert all_is_well()


def test_the_control_without_the_lock_spends_the_pot_twice(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    pot, session = a_pot(budget_pence=450), a_session()
    baskets = [
        a_choice(f.account, [(f.pupils[0].id, session.id)]).id
        for f in (a_funded_family(pot) for _ in range(2))
    ]
    take_out_the_locks(monkeypatch, 2, [(frozen_prices, "with_money")], locks=[places])
    at_once(app, [holding(basket) for basket in baskets])
    assert prices() == [0, 0]
    assert money(pot).left_pence == -450


def test_a_hold_that_is_over_cannot_be_kept_on_once_its_money_went_to_another(app: Flask) -> None:
    pot = a_pot(budget_pence=450)
    held(a_funded_family(pot), a_session())
    other, session = a_funded_family(pot), a_session()
    basket = a_choice(other.account, [(other.pupils[0].id, session.id)])
    with unit_of_work():
        take_holds(basket.id, "all", at=LATER, user_id=None)
    states = [(row.state, row.price_pence) for row in db.session.scalars(select(Place).order_by(Place.id))]
    assert states == [("expired", 0), ("held", 0)]


def test_an_entitlement_pays_and_what_is_held_for_monitoring_never_does(app: Flask) -> None:
    pot = a_pot(kind="pupil_premium")
    for entitlement in ("pupil_premium", "sex"):
        a_funding(pot, rule="entitlement", entitlement=entitlement)
    entitled, other = a_family(), a_family()
    a_group_fact(entitled.pupils[0], "pupil_premium", "yes")
    a_group_fact(other.pupils[0], "sex", "yes")
    held(entitled, a_session())
    held(other, a_session())
    assert prices() == [0, 450]


def test_funding_is_for_the_kinds_and_days_that_were_decided(app: Flask) -> None:
    pot = a_pot(ends_on=date(2026, 11, 26))
    family = a_funded_family(pot, kinds=["club"])
    held(family, a_session(), a_session(date(2026, 11, 27)))
    assert prices() == [0, 450]
    db.session.rollback()
    with unit_of_work():
        db.session.execute(update(Funding).values(kinds=["breakfast"]))
    held(a_funded_family(pot, kinds=["breakfast"]), a_session())
    assert prices()[-1] == 450


def test_an_offer_and_a_move_are_funded_too_and_a_move_takes_its_money_with_it(app: Flask) -> None:
    pot = a_pot(budget_pence=450)
    full, other_day = a_session(capacity=1), a_session(date(2026, 11, 26))
    (first,) = [a_place(a_family(), full, price_pence=0).id]
    family = a_funded_family(pot)
    with unit_of_work():
        entry_id = join_list(
            family.pupils[0].id, full.id, account_id=family.account.id, at=AT, user_id=None
        ).id
    with unit_of_work():
        cancel_places([first], at=AT, user_id=None)
    with unit_of_work():
        assert make_offers(AT) == 1
    with unit_of_work():
        accept_offer(entry_id, account_id=family.account.id, at=AT, user_id=None)
    assert money(pot).spent_pence == 450
    mine = db.session.scalars(select(Place).where(Place.account_id == family.account.id)).one()
    target = Target(other_day.run_id, 3)
    assert look_at_swap([mine], target, account_id=family.account.id, at=AT).difference_pence == 0
    place_id = mine.id
    db.session.rollback()
    with unit_of_work():
        swap_places([place_id], target, account_id=family.account.id, seen_pence=0, at=AT, user_id=None)
    assert (money(pot).spent_pence, credit_pence(family.account.id)) == (450, 0)
    assert all_is_well()


@pytest.mark.parametrize("budget", [450, 449])
def test_late_money_takes_the_places_again_only_if_the_pot_still_pays(app: Flask, budget: int) -> None:
    pot = a_pot(budget_pence=450)
    family = a_funded_family(pot)
    basket_id = held(family, a_session())
    with unit_of_work():
        hold_for_payment(basket_id, at=AT)
    with unit_of_work():
        give_up(basket_id, at=LATER, user_id=None)
        db.session.execute(update(Pot).values(budget_pence=budget))
    with unit_of_work():
        assert len(book_late(basket_id, at=LATER).held) == (budget == 450)
    assert all_is_well()


def test_a_code_is_one_familys_and_makes_what_it_holds_cheaper_at_once(app: Flask) -> None:
    pot, office, family = a_pot(), a_user("manager").id, a_family()
    details = FundingDetails("code", pot.starts_on, pot.ends_on, "percent", 50)
    with unit_of_work():
        funding, code = decide_funding(pot.id, details, at=AT, user_id=office)
        assert code is not None
        assert code.replace("-", "") not in (funding.code_digest or "")
    basket_id = held(family, a_session())
    with unit_of_work():
        use_code(family.account.id, f" {code.lower()} ", at=AT, user_id=family.user.id)
    assert prices() == [225]
    assert basket_view(family.account.id, AT).total_pence == 225
    assert basket_view(family.account.id, AT).rows[0].discounts == ()
    other = a_family()
    for typed in (code, "nonsense", ""):
        with pytest.raises(CodeNotKnown), unit_of_work():
            use_code(other.account.id, typed, at=AT, user_id=None)
    with unit_of_work():
        book_basket(basket_id, at=AT, user_id=None)
        end_funding(db.session.scalars(select(Funding.id)).one(), at=AT, user_id=office)
    assert money(pot).spent_pence == 225
    held(family, a_session(date(2026, 11, 26)))
    assert prices() == [225, 450]
    assert all_is_well()


def test_a_code_that_is_over_is_not_known(app: Flask) -> None:
    pot = a_pot()
    with unit_of_work():
        funding, code = decide_funding(
            pot.id, FundingDetails("code", pot.starts_on, pot.ends_on), at=AT, user_id=None
        )
        end_funding(funding.id, at=AT, user_id=None)
    account_id = a_family().account.id
    with pytest.raises(CodeNotKnown), unit_of_work():
        use_code(account_id, code or "", at=AT, user_id=None)


def test_a_budget_cannot_be_cut_below_what_is_spent_or_promised(app: Flask) -> None:
    pot = a_pot(budget_pence=1000)
    family = a_funded_family(pot)
    booked(family, a_session())
    held(a_funded_family(pot), a_session())
    details = PotDetails(pot.name, "hardship", 899, pot.starts_on, pot.ends_on)
    with pytest.raises(PotRefused), unit_of_work():
        save_pot(pot.id, details, at=AT, user_id=None)
    with unit_of_work():
        save_pot(
            pot.id, PotDetails(pot.name, "hardship", 900, pot.starts_on, pot.ends_on), at=AT, user_id=None
        )
    assert db.session.get_one(Pot, pot.id).budget_pence == 900


def test_a_rate_that_changes_leaves_what_is_held_as_it_was(app: Flask) -> None:
    rate = a_rate("early", amount=20, days_before=1)
    family = a_family()
    basket_id = held(family, a_session())
    with unit_of_work():
        db.session.merge(rate).ends_on = date(2026, 11, 22)
        db.session.merge(rate).starts_on = date(2026, 11, 1)
    assert basket_view(family.account.id, AT).rows[0].discounts == ((rate.name, 90),)
    with unit_of_work():
        book_basket(basket_id, at=AT, user_id=None)
    assert credit_pence(family.account.id) == -360
    assert db.session.get_one(Basket, basket_id).state == "booked"
    assert all_is_well()
