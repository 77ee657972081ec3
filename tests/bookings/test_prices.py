"""What a basket costs: lines that sum to the penny, one order of rules, and no order of children."""

from __future__ import annotations

from datetime import date, time, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from booking.bookings.price_parts import FundingFacts, Item, PriceFacts, RateFacts, Taken
from booking.bookings.prices import price_basket, price_one_more, share_of
from booking.bookings.rules import Block

MONDAY = date(2026, 11, 23)
BORN = {1: date(2016, 1, 1), 2: date(2018, 1, 1), 3: date(2018, 1, 1)}


def an_item(pupil: int = 1, session: int = 1, day: int = 0, pence: int = 450, **values: object) -> Item:
    """One club session of one child."""
    on = MONDAY + timedelta(days=day)
    return Item(
        **{  # type: ignore[arg-type]
            "pupil_id": pupil,
            "session_id": session,
            "date": on,
            "starts_at": time(15, 30),
            "activity_id": 1,
            "run_id": 1,
            "kind": "club",
            "full_pence": pence,
            **values,
        }
    )


def a_rate_of(kind: str = "sibling", takes: str = "percent", amount: int = 10, **values: object) -> RateFacts:
    """A rate for everything."""
    number = int(str(values.pop("id", 1)))
    plain = {"activity_id": None, "run_id": None, "weekday": None, "days_before": None, "ends_on": None}
    return RateFacts(
        number,
        kind,
        f"rate {number}",
        takes,
        amount,
        starts_on=MONDAY,
        **{**plain, **values},  # type: ignore[arg-type]
    )


def funded(pupils: set[int], *, pot: int = 9, pays: str = "all", amount: int = 0) -> FundingFacts:
    """A pot pays for these children."""
    last = MONDAY + timedelta(days=300)
    return FundingFacts(pot, pot, pays, amount, frozenset(), MONDAY, last, frozenset(pupils))


def the_facts(*rates: RateFacts, fundings: tuple[FundingFacts, ...] = (), **values: object) -> PriceFacts:
    """Facts of a Monday, with plenty in every pot."""
    left = values.pop("left", {one.pot_id: 10**6 for one in fundings})
    return PriceFacts(MONDAY, rates, fundings, BORN, left, **values)  # type: ignore[arg-type]


ITEMS = st.lists(
    st.builds(
        an_item,
        pupil=st.sampled_from([1, 2, 3]),
        session=st.integers(1, 6),
        day=st.integers(0, 2),
        pence=st.sampled_from([0, 1, 3, 99, 250, 450, 455]),
    ),
    max_size=10,
    unique_by=lambda item: item.pair,
)
RATES = st.lists(
    st.builds(
        a_rate_of,
        kind=st.sampled_from(["sibling", "early", "weekday"]),
        takes=st.sampled_from(["percent", "pence", "fixed"]),
        amount=st.integers(0, 100),
        id=st.integers(1, 9),
        weekday=st.sampled_from([None, 0, 1]),
        days_before=st.sampled_from([None, 1]),
    ),
    max_size=3,
    unique_by=lambda rate: rate.id,
)
FUNDINGS = st.lists(
    st.builds(
        funded,
        st.sets(st.sampled_from([1, 2, 3])),
        pot=st.sampled_from([8, 9]),
        pays=st.sampled_from(["all", "percent", "pence"]),
        amount=st.integers(1, 100),
    ),
    max_size=2,
    unique_by=lambda one: one.id,
)


@settings(max_examples=150, deadline=None)
@given(ITEMS, RATES, FUNDINGS, st.integers(0, 1200), st.randoms())
def test_lines_sum_to_the_price_and_no_order_of_children_changes_the_total(
    items, rates, fundings, budget, dice
):
    facts = the_facts(*rates, fundings=tuple(fundings), left={8: budget, 9: budget})
    prices = price_basket(items, facts)
    for item in items:
        price = prices[item.pair]
        assert sum(line.pence for line in price.lines if line.pence > 0) == item.full_pence
        assert 0 <= price.pence <= item.full_pence
        assert len([line for line in price.lines if line.rate_id]) <= 1
        assert -sum(pence for _, pence in price.shown) <= item.full_pence
    spent = dict.fromkeys((8, 9), 0)
    for line in (line for price in prices.values() for line in price.lines if line.pot_id):
        spent[line.pot_id] -= line.pence
    assert all(0 <= pence <= budget for pence in spent.values())
    total = sum(item.full_pence for item in items) - sum(
        -line.pence for price in prices.values() for line in price.lines if line.pence < 0
    )
    assert sum(price.pence for price in prices.values()) == total
    dice.shuffle(items)
    assert price_basket(items, facts) == prices


@settings(max_examples=80, deadline=None)
@given(st.integers(1, 5000), st.integers(1, 60), st.integers(0, 100))
def test_a_percentage_of_a_block_is_that_percentage_to_the_penny(pence, sessions, percent):
    block = Block(pence, {n: MONDAY + timedelta(days=n) for n in range(sessions)})
    items = [
        an_item(
            session=n, day=n, pence=block.share_pence(n), before_pence=block.before_pence(n), is_block=True
        )
        for n in range(sessions)
    ]
    prices = price_basket(items, the_facts(a_rate_of("early", amount=percent)))
    assert sum(item.full_pence for item in items) == pence
    assert sum(price.pence for price in prices.values()) == pence - share_of(percent, pence)
    assert all(price.lines[0].kind == "block" for price in prices.values() if price.lines)


@pytest.mark.parametrize(
    ("percent", "pence", "off"), [(10, 5, 1), (10, 4, 0), (50, 1, 1), (33, 450, 149), (0, 9, 0)]
)
def test_half_a_penny_is_rounded_up(percent, pence, off):
    assert share_of(percent, pence) == off


def test_the_eldest_pays_in_full_and_twins_are_told_apart_the_same_way_each_time():
    items = [an_item(pupil, session=pupil) for pupil in (3, 2, 1)]
    prices = price_basket(items, the_facts(a_rate_of()))
    assert {pupil: prices[pupil, pupil].pence for pupil in (1, 2, 3)} == {1: 450, 2: 405, 3: 405}
    twins = price_basket(items[:2], the_facts(a_rate_of()))
    assert (twins[2, 2].pence, twins[3, 3].pence) == (450, 405)


def test_a_child_alone_on_a_day_pays_in_full():
    prices = price_basket([an_item(1, 1, day=0), an_item(2, 2, day=1)], the_facts(a_rate_of()))
    assert [price.pence for price in prices.values()] == [450, 450]


def test_a_sibling_who_has_a_place_that_day_in_full_makes_the_others_cheaper_even_the_eldest():
    taken = (Taken(2, MONDAY, 1, 1, False),)
    assert price_basket([an_item(1, 1)], the_facts(a_rate_of(), taken=taken))[1, 1].pence == 405
    assert price_basket([an_item(2, 1)], the_facts(a_rate_of(), taken=taken))[2, 1].pence == 450
    gone = (Taken(2, MONDAY, 1, 1, True),)
    assert price_basket([an_item(1, 1)], the_facts(a_rate_of(), taken=gone))[1, 1].pence == 450


def test_a_free_slot_and_the_paid_slot_before_it_are_two_prices_and_the_free_one_counts_for_no_sibling():
    early, free = an_item(1, 1, kind="breakfast", pence=250), an_item(1, 2, kind="breakfast", pence=0)
    other = an_item(2, 2, kind="breakfast", pence=0)
    prices = price_basket([early, free, other], the_facts(a_rate_of()))
    assert (prices[1, 1].pence, prices[1, 2].lines, prices[2, 2].lines) == (250, (), ())


def test_the_one_rate_that_saves_most_counts_and_never_two():
    rates = (
        a_rate_of(),
        a_rate_of("early", amount=30, id=2, days_before=0),
        a_rate_of("weekday", "fixed", 400, id=3),
    )
    price = price_basket([an_item(1, 1)], the_facts(*rates))[1, 1]
    assert [(line.kind, line.pence) for line in price.lines] == [("full", 450), ("early", -135)]


def test_early_means_so_many_days_before():
    rate = a_rate_of("early", days_before=3)
    prices = price_basket([an_item(1, 1, day=2), an_item(1, 2, day=3)], the_facts(rate))
    assert [prices[1, n].pence for n in (1, 2)] == [450, 405]


def test_a_pot_pays_what_the_discount_leaves_and_the_family_sees_a_plain_price():
    facts = the_facts(a_rate_of(), fundings=(funded({2}, pays="percent", amount=50),))
    price = price_basket([an_item(1, 1), an_item(2, 2)], facts)[2, 2]
    assert [(line.kind, line.pence) for line in price.lines] == [
        ("full", 450),
        ("sibling", -45),
        ("funding", -203),
    ]
    assert (price.pence, price.shown) == (202, (("rate 1", -45),))
    whole = price_basket([an_item(1, 1), an_item(2, 2)], the_facts(a_rate_of(), fundings=(funded({2}),)))
    assert (whole[2, 2].pence, whole[2, 2].shown) == (0, ())


def test_a_pot_with_too_little_left_pays_nothing_of_a_place_and_says_so_to_nobody_but_the_office():
    facts = the_facts(fundings=(funded({1}),), left={9: 800})
    prices = price_basket([an_item(1, 1, day=0), an_item(1, 2, day=1)], facts)
    assert [prices[1, n].pence for n in (1, 2)] == [0, 450]
    assert prices[1, 2].short == {9}
    assert prices[1, 2].shown == ()


def test_a_cell_of_the_week_shows_what_it_would_cost_beside_what_is_ticked():
    facts = the_facts(a_rate_of())
    prices = price_one_more([an_item(2, 2), an_item(2, 3, day=1)], [an_item(1, 1)], facts)
    assert (prices[1, 1].pence, prices[2, 2].pence, prices[2, 3].pence) == (450, 405, 450)
