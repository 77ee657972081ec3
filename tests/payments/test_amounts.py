"""What credit, card and office each pay of a total."""

from hypothesis import given
from hypothesis import strategies as st

from booking.payments.splitting import SMALLEST_CARD_PENCE
from booking.payments.to_pay import Summary


def a_summary(total_pence: int, credit_pence: int) -> Summary:
    """A basket of this total before a family with this credit."""
    return Summary(
        basket_id=1,
        account_id=1,
        reference="ABC",
        lines=[],
        total_pence=total_pence,
        credit_pence=credit_pence,
        held_until=None,
        has_ended=False,
        card_page=None,
    )


@given(st.integers(0, 1_000_000), st.integers(0, 1_000_000))
def test_credit_goes_first_and_the_parts_make_the_total(total_pence: int, credit_pence: int) -> None:
    summary = a_summary(total_pence, credit_pence)
    assert summary.from_credit_pence + summary.rest_pence == total_pence
    assert 0 <= summary.from_credit_pence <= credit_pence
    assert summary.rest_pence == 0 or summary.from_credit_pence == credit_pence
    assert summary.credit_after_pence >= 0


@given(st.integers(0, 1_000_000), st.integers(0, 1_000_000))
def test_a_card_pays_the_rest_but_never_more_than_the_total(total_pence: int, credit_pence: int) -> None:
    summary = a_summary(total_pence, credit_pence)
    if summary.takes_card:
        assert SMALLEST_CARD_PENCE <= summary.card_pence <= total_pence
        assert summary.card_pence >= summary.rest_pence


def test_the_smallest_card_payment_is_kept_when_credit_leaves_less() -> None:
    assert a_summary(450, 440).card_pence == SMALLEST_CARD_PENCE
    assert a_summary(450, 300).card_pence == 150
    assert not a_summary(20, 0).takes_card
    assert not a_summary(450, 450).takes_card
