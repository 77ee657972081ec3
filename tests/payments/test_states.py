"""Payments and refunds move as the table says, and in no other way."""

import itertools
from types import SimpleNamespace

import pytest

from booking.payments.states import LINE_MOVES, PAYMENT_MOVES, REFUND_MOVES, WrongMove, move

MOVES = [
    (moves, before, after)
    for moves in (PAYMENT_MOVES, REFUND_MOVES, LINE_MOVES)
    for before, after in itertools.product(moves, moves)
]


@pytest.mark.parametrize(("moves", "before", "after"), MOVES)
def test_a_move_is_allowed_exactly_when_the_table_has_it(
    moves: dict[str, frozenset[str]], before: str, after: str
) -> None:
    row = SimpleNamespace(state=before)
    if after in moves[before]:
        move(row, after, moves)
        assert row.state == after
    else:
        with pytest.raises(WrongMove):
            move(row, after, moves)
        assert row.state == before


def test_money_that_came_stays_and_late_money_is_taken() -> None:
    assert PAYMENT_MOVES["paid"] == {"undone"}, "by a person, with a reversal; never by itself"
    assert "paid" in PAYMENT_MOVES["given_up"] & PAYMENT_MOVES["failed"] & PAYMENT_MOVES["started"]
