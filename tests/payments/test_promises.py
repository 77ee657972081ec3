"""What is owed of each promise: worked out from promises, money that came and the balance; sums agree to the penny."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from booking.payments.promises import Incoming, Promise, settle_promises

START = datetime(2026, 11, 2, 9, tzinfo=UTC)
WAYS = st.sampled_from(
    [("tfc", 1, None), ("tfc", 2, None), ("voucher", None, 7), ("voucher", None, 8), ("office", None, None)]
)
PROMISES = st.lists(
    st.tuples(WAYS, st.integers(0, 40), st.integers(0, 20), st.integers(0, 5000)), max_size=8
).map(
    lambda rows: [
        Promise(
            payment_id=number,
            account_id=1,
            tender=way[0],
            pupil_id=way[1],
            voucher_firm_id=way[2],
            made_at=START + timedelta(days=made),
            due_at=START + timedelta(days=made + lasts),
            amount_pence=pence,
        )
        for number, (way, made, lasts, pence) in enumerate(rows, start=1)
    ]
)
INCOMING = st.lists(st.tuples(WAYS, st.integers(0, 60), st.integers(1, 5000)), max_size=8).map(
    lambda rows: [
        Incoming(1, way[0], way[1], way[2], START + timedelta(days=day), pence) for way, day, pence in rows
    ]
)


def a_promise(
    payment_id: int,
    pence: int,
    *,
    tender: str = "tfc",
    pupil: int | None = 1,
    firm: int | None = None,
    due: int = 7,
) -> Promise:
    """Something promised on the first day."""
    return Promise(payment_id, 1, tender, pupil, firm, START, START + timedelta(days=due), pence)


def came(
    pence: int, *, tender: str = "tfc", pupil: int | None = 1, firm: int | None = None, day: int = 3
) -> Incoming:
    """Money that came so many days on."""
    return Incoming(1, tender, pupil, firm, START + timedelta(days=day), pence)


@given(PROMISES, INCOMING, st.integers(-40_000, 40_000))
def test_what_is_owed_of_promises_is_never_below_zero_and_never_beyond_the_debt(
    promises: list[Promise], incoming: list[Incoming], credit_pence: int
) -> None:
    left = settle_promises(promises, incoming, credit_pence)
    assert set(left) == {one.payment_id for one in promises}
    assert all(0 <= left[one.payment_id] <= one.amount_pence for one in promises)
    assert sum(left.values()) <= max(-credit_pence, 0)


@given(PROMISES, INCOMING, st.integers(0, 5000))
def test_a_family_that_only_promised_owes_on_promises_exactly_its_debt(
    promises: list[Promise], incoming: list[Incoming], other_pence: int
) -> None:
    """Everything bought was promised; what came in and `other_pence` of credit is all that was paid."""
    credit_pence = sum(one.amount_pence for one in incoming) + other_pence
    credit_pence -= sum(one.amount_pence for one in promises)
    left = settle_promises(promises, incoming, credit_pence)
    assert sum(left.values()) == max(-credit_pence, 0)


@given(PROMISES, INCOMING, st.integers(-40_000, 40_000), st.randoms())
def test_the_order_in_which_rows_are_read_changes_nothing(
    promises: list[Promise], incoming: list[Incoming], credit_pence: int, shuffler: object
) -> None:
    mixed, also = list(promises), list(incoming)
    shuffler.shuffle(mixed)  # type: ignore[attr-defined]
    shuffler.shuffle(also)  # type: ignore[attr-defined]
    assert settle_promises(mixed, also, credit_pence) == settle_promises(promises, incoming, credit_pence)


def test_money_for_a_child_pays_that_childs_promises_and_not_an_older_one_of_its_sister() -> None:
    promises = [a_promise(1, 500, pupil=2, due=2), a_promise(2, 400), a_promise(3, 300, due=9)]
    assert settle_promises(promises, [came(450)], 450 - 1200) == {1: 500, 2: 0, 3: 250}


def test_vouchers_of_a_firm_pay_that_firms_promises() -> None:
    promises = [a_promise(1, 500, due=1), a_promise(2, 400, tender="voucher", pupil=None, firm=7)]
    money = [came(400, tender="voucher", pupil=None, firm=7)]
    assert settle_promises(promises, money, 400 - 900) == {1: 500, 2: 0}


def test_what_is_left_over_of_a_childs_money_pays_whatever_is_due_first() -> None:
    promises = [
        a_promise(1, 500, pupil=2, due=9),
        a_promise(2, 400),
        a_promise(3, 300, tender="office", due=1),
    ]
    assert settle_promises(promises, [came(600)], 600 - 1200) == {1: 500, 2: 0, 3: 100}


def test_money_that_came_before_the_promise_was_credit_by_then_and_counts_once() -> None:
    """600 came and was spent as credit on the first half of a basket; the other half was promised afterwards."""
    assert settle_promises([a_promise(1, 500)], [came(600, day=-1)], -500) == {1: 500}


def test_a_bank_that_tells_no_hour_still_pays_the_promise_of_that_day() -> None:
    midnight = Incoming(1, "tfc", 1, None, START.replace(hour=0), 500)
    assert settle_promises([a_promise(1, 500)], [midnight], 0) == {1: 0}
    older = a_promise(2, 300, tender="office", pupil=None, due=1)
    assert settle_promises([older, a_promise(1, 500)], [midnight], -300) == {1: 0, 2: 300}
