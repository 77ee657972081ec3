"""One basket in several ways: sums to the penny, every promise with places of its own, nothing beyond what is allowed."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from booking.payments.splitting import (
    SMALLEST_CARD_PENCE,
    Choice,
    PricedLine,
    Split,
    SplitRefused,
    split_basket,
)

LINES = st.lists(
    st.tuples(st.integers(1, 3), st.integers(0, 2000), st.booleans(), st.booleans()), max_size=12
).map(lambda rows: [PricedLine(n, *row) for n, row in enumerate(rows, start=1)])
AMOUNT = st.none() | st.integers(0, 5000)
CHOICES = st.builds(
    Choice,
    tfc=st.dictionaries(st.integers(1, 3), AMOUNT, max_size=3),
    voucher_firm_id=st.none() | st.just(7),
    voucher_pence=AMOUNT,
    keeps_credit=st.booleans(),
    rest=st.sampled_from(["card", "office"]),
)


def _split(lines: list[PricedLine], credit_pence: int, choice: Choice) -> Split | None:
    try:
        return split_basket(lines, credit_pence, choice)
    except SplitRefused:
        return None


@given(LINES, st.integers(-500, 6000), CHOICES)
def test_credit_card_and_promises_make_the_total_to_the_penny(
    lines: list[PricedLine], credit_pence: int, choice: Choice
) -> None:
    split = _split(lines, credit_pence, choice)
    if split is None:
        return
    promised_pence = sum(part.amount_pence for part in split.promises)
    assert split.from_credit_pence + split.card_pence + promised_pence == sum(
        one.price_pence for one in lines
    )
    assert 0 <= split.from_credit_pence <= max(credit_pence, 0)
    assert split.card_pence == 0 or split.card_pence >= SMALLEST_CARD_PENCE


@given(LINES, st.integers(-500, 6000), CHOICES)
def test_a_promise_is_for_places_that_may_be_paid_so_and_for_no_penny_twice(
    lines: list[PricedLine], credit_pence: int, choice: Choice
) -> None:
    split = _split(lines, credit_pence, choice)
    if split is None:
        return
    by_place, promised = {line.place_id: line for line in lines}, Counter[int]()
    for part in split.promises:
        assert [place for place, _ in part.places] == sorted(place for place, _ in part.places)
        for place_id, pence in part.places:
            line = by_place[place_id]
            assert pence > 0
            assert part.tender != "tfc" or (line.takes_tfc and line.pupil_id == part.pupil_id)
            assert part.tender != "voucher" or line.takes_vouchers
            promised[place_id] += pence
    assert all(pence <= by_place[place_id].price_pence for place_id, pence in promised.items())


@given(LINES, CHOICES)
def test_what_the_parent_wants_most_is_paid_at_once(lines: list[PricedLine], choice: Choice) -> None:
    """Of a child's places that Tax-Free Childcare may pay, an earlier one is promised only after the later ones."""
    split = _split(lines, 0, choice)
    for part in split.promises if split else ():
        if part.tender == "tfc":
            own = [o for o in lines if o.takes_tfc and o.pupil_id == part.pupil_id and o.price_pence]
            whole = dict(part.places)
            first = min(whole)
            assert all(whole.get(o.place_id) == o.price_pence for o in own if o.place_id > first)


def test_tax_free_childcare_for_all_that_it_may_pay_and_a_card_for_the_rest() -> None:
    lines = [
        PricedLine(1, 1, 900, takes_tfc=True),
        PricedLine(2, 1, 450),
        PricedLine(3, 2, 900, takes_tfc=True),
    ]
    split = split_basket(lines, 200, Choice(tfc={1: None, 2: None}))
    assert (split.from_credit_pence, split.card_pence) == (200, 250)
    assert [(part.pupil_id, part.places) for part in split.promises] == [(1, ((1, 900),)), (2, ((3, 900),))]


@pytest.mark.parametrize(
    "choice",
    [
        Choice(tfc={1: 901}),
        Choice(tfc={1: -1}),
        Choice(tfc={2: 1}),
        Choice(voucher_firm_id=7, voucher_pence=1),
        Choice(tfc={1: 880}, rest="card"),
        Choice(keeps_credit=True, rest="office"),
        Choice(keeps_credit=True, tfc={1: 100}),
    ],
)
def test_more_than_may_be_or_less_than_a_card_takes_is_refused_in_words(choice: Choice) -> None:
    with pytest.raises(SplitRefused, match="Nothing was paid"):
        split_basket([PricedLine(1, 1, 900, takes_tfc=True)], 0, choice)


def test_credit_is_kept_when_a_card_pays_everything() -> None:
    split = split_basket([PricedLine(1, 1, 900)], 500, Choice(keeps_credit=True))
    assert (split.from_credit_pence, split.card_pence) == (0, 900)
