"""What paid for what: to the penny, in the order that was said, and never taken back by what comes later."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from booking.payments.allocation import Allocation, Care, Money, Step, allocate, parts_that_were_paid
from tests.builders import AT


def day(number: int) -> datetime:
    return AT + timedelta(days=number)


def bought(key: int, on: int, pence: int = 450, *, due: int | None = None, **care: object) -> Step:
    given = {"pupil_id": 1, "basket_id": key, "due_at": day(on if due is None else due), **care}
    return Step(day(on), pence, care=Care(key, **given))  # type: ignore[arg-type]


def came(id_: int, on: int, pence: int, **money: object) -> Step:
    return Step(day(on), pence, money=Money(id_, **money))  # type: ignore[arg-type]


def paid(allocation: Allocation) -> dict[tuple[int, int], int]:
    """Pence by (care, payment)."""
    return {(part.care.key, part.money.id): part.pence for part in allocation.parts}


def test_money_that_nobody_said_what_for_pays_what_is_due_first() -> None:
    found = allocate([bought(1, 0, due=9), bought(2, 1, due=3), came(7, 4, 500)])
    assert paid(found) == {(2, 7): 450, (1, 7): 50}
    assert found.waiting_pence == {}


def test_a_payment_for_a_basket_pays_that_basket_though_an_older_debt_stands() -> None:
    found = allocate([bought(1, 0), bought(2, 5), came(7, 5, 450, basket_id=2)])
    assert paid(found) == {(2, 7): 450}


def test_a_payment_that_names_its_places_pays_them_in_its_order() -> None:
    steps = [bought(1, 0, basket_id=5), bought(2, 0, basket_id=5), bought(3, 0, basket_id=5)]
    found = allocate([*steps, came(7, 0, 600, basket_id=5, named=((3, 450), (2, 450)))])
    assert paid(found) == {(3, 7): 450, (2, 7): 150}


def test_money_promised_for_a_place_goes_there_first_and_other_money_leaves_it() -> None:
    promised = bought(1, 0, promised_pence=450)
    tfc = came(8, 3, 450, promised=((1, 450),), only_pupil_id=1)
    found = allocate([promised, bought(2, 0), came(7, 1, 450), tfc])
    assert paid(found) == {(2, 7): 450, (1, 8): 450}
    assert paid(allocate([promised, came(7, 1, 450), tfc])) == {(1, 7): 450}


def test_tax_free_childcare_of_one_child_never_pays_for_another() -> None:
    steps = [bought(1, 0, pupil_id=2), came(7, 1, 450, only_pupil_id=1), bought(2, 2, pupil_id=1)]
    found = allocate(steps)
    assert paid(found) == {(2, 7): 450}


def test_credit_from_cancelled_care_is_the_first_payment_at_work_again() -> None:
    steps = [bought(1, 0), came(7, 0, 450, basket_id=1), bought(1, 2, -450)]
    assert allocate(steps).waiting_pence == {7: 450}
    found = allocate([*steps, bought(2, 3, 600), came(8, 3, 150, basket_id=2)])
    assert paid(found) == {(2, 8): 150, (2, 7): 450}
    assert found.cost_pence == {1: 0, 2: 600}


def test_money_that_goes_back_to_the_card_paid_for_nothing() -> None:
    steps = [bought(1, 0), bought(2, 0), came(7, 0, 900), came(7, 2, -450)]
    assert paid(allocate(steps)) == {(1, 7): 450}
    late = allocate([bought(1, 0), came(7, 1, 450, basket_id=9), came(7, 1, -450, basket_id=9)])
    assert (late.parts, late.waiting_pence) == ([], {})


def test_a_debt_that_is_let_off_settles_and_is_no_payment() -> None:
    found = allocate([bought(1, 0), came(-3, 5, 450, is_payment=False), bought(2, 6), came(7, 7, 450)])
    assert [(part.care.key, part.money.id) for part in parts_that_were_paid(found)] == [(2, 7)]
    assert found.settled_pence == {1: 450, 2: 450}


@pytest.mark.parametrize("first", ["booked", "paid"])
def test_within_one_instant_the_order_of_booking_and_paying_says_nothing(first: str) -> None:
    steps = [bought(2, 5), came(7, 5, 450, basket_id=2)]
    found = allocate([bought(1, 0), *(steps if first == "booked" else steps[::-1])])
    assert paid(found) == {(2, 7): 450}


@st.composite
def histories(draw: st.DrawFn, takes_back: bool = True) -> list[Step]:
    """What may happen to one family: buying, cancelling, paying in every way, money going back, debts let off."""
    steps: list[Step] = []
    cost: dict[int, Step] = {}
    held: dict[int, int] = {}
    moneys: dict[int, Money] = {}
    on = 0
    for number in range(1, draw(st.integers(1, 25)) + 1):
        on += draw(st.integers(0, 2))
        acts = ["buy", "buy", "pay", "pay", "let off"] + (["cancel", "refund"] if takes_back else [])
        act = draw(st.sampled_from(acts))
        pence = draw(st.integers(1, 1000))
        if act == "buy":
            step = bought(
                number,
                on,
                pence,
                due=on + draw(st.integers(0, 5)),
                pupil_id=draw(st.integers(1, 2)),
                basket_id=draw(st.integers(1, 4)) + 100 * on,
                promised_pence=draw(st.sampled_from([0, 0, pence])),
            )
            cost[number] = step
            steps.append(step)
        elif act == "cancel" and cost:
            key = draw(st.sampled_from(sorted(cost)))
            old = cost.pop(key)
            steps.append(Step(day(on), -draw(st.integers(1, old.pence)), care=old.care))
        elif act == "pay":
            keys = st.lists(st.sampled_from(sorted(cost) or [0]), max_size=2, unique=True)
            money = Money(
                number,
                basket_id=draw(st.sampled_from([None, 1 + 100 * on])),
                only_pupil_id=draw(st.sampled_from([None, None, 1])),
                named=tuple((key, 300) for key in draw(keys)),
                promised=tuple((key, 450) for key in draw(keys)),
            )
            moneys[number], held[number] = money, pence
            steps.append(Step(day(on), pence, money=money))
        elif act == "refund" and held:
            key = draw(st.sampled_from(sorted(held)))
            back = draw(st.integers(1, held[key]))
            held[key] -= back
            held = {k: v for k, v in held.items() if v}
            steps.append(Step(day(on), -back, money=moneys[key]))
        elif act == "let off":
            steps.append(Step(day(on), pence, money=Money(-number, is_payment=False)))
    return steps


@given(histories())
def test_every_penny_is_for_something_or_waits(steps: list[Step]) -> None:
    found = allocate(steps)
    bought_pence = sum(step.pence for step in steps if step.care)
    money_pence = sum(step.pence for step in steps if step.money)
    settled = found.settled_pence
    assert sum(found.cost_pence.values()) == bought_pence
    assert sum(settled.values()) + sum(found.waiting_pence.values()) == money_pence
    for key, pence in settled.items():
        assert 0 < pence <= found.cost_pence[key]
    by_money: dict[int, int] = {}
    for part in found.parts:
        assert part.pence > 0
        assert part.money.only_pupil_id in (None, part.care.pupil_id)
        by_money[part.money.id] = by_money.get(part.money.id, 0) + part.pence
    for id_, pence in by_money.items():
        came_pence = sum(step.pence for step in steps if step.money and step.money.id == id_)
        assert pence + found.waiting_pence.get(id_, 0) == came_pence


@given(histories())
def test_no_money_waits_while_something_that_it_may_pay_is_open(steps: list[Step]) -> None:
    found = allocate(steps)
    settled = found.settled_pence
    cares = {step.care.key: step.care for step in steps if step.care}
    moneys = {step.money.id: step.money for step in steps if step.money}
    for id_, waiting in found.waiting_pence.items():
        assert waiting >= 0
        for key, cost in found.cost_pence.items():
            may = moneys[id_].only_pupil_id in (None, cares[key].pupil_id)
            assert not (may and settled.get(key, 0) < cost), (id_, key)


@given(histories(takes_back=False))
def test_what_comes_later_changes_nothing_that_was_said_before(steps: list[Step]) -> None:
    """A receipt stays true: while nothing is cancelled and no money goes back, parts are only ever added."""
    whole = paid_pairs(allocate(steps))
    for cut in range(len(steps)):
        if cut == 0 or steps[cut - 1].at == steps[cut].at:
            continue
        before = paid_pairs(allocate(steps[:cut]))
        assert all(whole.get(pair, 0) >= pence for pair, pence in before.items())


def paid_pairs(allocation: Allocation) -> dict[tuple[int, int], int]:
    found: dict[tuple[int, int], int] = {}
    for part in allocation.parts:
        pair = (part.care.key, part.money.id)
        found[pair] = found.get(pair, 0) + part.pence
    return found
