"""Whatever is changed in the ledger after it was sealed is found, even when every sum still holds."""

from datetime import timedelta

import pytest
from flask import Flask

from booking.core.db import unit_of_work
from booking.ledger.balances import ledger_problems
from booking.ledger.posting import Line, family_ledger, post
from booking.ledger.sealing import seal_ledger, seal_problems
from tests.builders import AT, a_family
from tests.tampering import tamper

LATER = AT + timedelta(hours=1)


def _seal(at=LATER) -> int:
    with unit_of_work():
        return seal_ledger(at)


def _post(number: int = 3, at=AT) -> None:
    first, second = a_family(), a_family()
    with unit_of_work():
        one, two = family_ledger(first.account.id).id, family_ledger(second.account.id).id
        for n in range(number):
            post(f"{one}:{n}", "booking", [Line(one, -100 - n), Line(two, 100 + n)], at=at, user_id=None)


def test_what_is_young_waits_and_the_rest_is_sealed_once(app: Flask) -> None:
    _post()
    assert _seal(AT + timedelta(minutes=4)) == 0
    assert _seal() == 6
    assert _seal() == 0
    _post(1, LATER)
    assert _seal(LATER + timedelta(minutes=10)) == 2
    assert list(seal_problems()) == []


@pytest.mark.parametrize(
    "forgery",
    [
        "UPDATE ledger_line SET amount_pence = amount_pence * 2",
        "UPDATE ledger_line SET account_id = 1 - account_id + 2",
        "UPDATE ledger_entry SET at = '2026-11-01 09:00:00+00:00'",
        "UPDATE ledger_entry SET user_id = NULL, kind = 'refund'",
        "UPDATE ledger_entry SET key = key || 'x'",
        "DELETE FROM ledger_line WHERE entry_id = (SELECT MAX(id) FROM ledger_entry)",
    ],
)
def test_a_forgery_in_which_every_sum_holds_is_found(app: Flask, forgery: str) -> None:
    _post()
    _seal()
    tamper(forgery)
    (found,) = seal_problems()
    assert "were changed after they were sealed" in found


def test_without_a_seal_such_a_forgery_is_not_seen(app: Flask) -> None:
    """The control: the sums alone say nothing of it."""
    _post()
    tamper("UPDATE ledger_line SET amount_pence = amount_pence * 2")
    assert [*ledger_problems(), *seal_problems()] == []
