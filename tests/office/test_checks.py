"""`booking check` finds each fault that is planted by hand, and nothing in a school where all is well."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta

import pytest
from flask import Flask

from booking.bookings.baskets import choose_week
from booking.bookings.places import take_holds
from booking.core.db import db, unit_of_work
from booking.office.checks import all_problems
from booking.payments.office_till import pay_at_office, take_office_payment
from booking.provision.models import Session
from booking.registers.marks import add_mark
from booking.registers.models import Mark
from tests.builders import AT, a_family, a_pupil, a_session, save
from tests.tampering import tamper


def _a_school_where_all_is_well() -> tuple[int, int]:
    """A family with two booked and paid sessions, one child arrived; gives the session and the pupil."""
    family = a_family(upn="B801200005001")
    sessions = [a_session(date(2026, 11, 25), capacity=2), a_session(date(2026, 11, 26))]
    wanted = {(family.pupils[0].id, session.id) for session in sessions}
    session_id, pupil_id = sessions[0].id, family.pupils[0].id
    with unit_of_work():
        basket_id = choose_week(family.account.id, wanted, wanted, at=AT, user_id=None).id
    with unit_of_work():
        take_holds(basket_id, "all", at=AT, user_id=None)
    with unit_of_work():
        pay_at_office(basket_id, at=AT, user_id=None)
    with unit_of_work():
        take_office_payment(family.account.id, 900, at=AT, user_id=None)
    with unit_of_work():
        add_mark(session_id, pupil_id, "arrived", at=AT + timedelta(days=2), user_id=None)
    return session_id, pupil_id


def _run(statement: str, **values: object) -> None:
    tamper(statement, **values)


def _sell_too_many(session_id: int, pupil_id: int) -> None:
    _run("UPDATE session SET capacity = 0 WHERE id = :id", id=session_id)


def _lose_a_penny(session_id: int, pupil_id: int) -> None:
    _run("UPDATE ledger_line SET amount_pence = 449 WHERE id = (SELECT MIN(id) FROM ledger_line)")


def _book_without_posting(session_id: int, pupil_id: int) -> None:
    _run("DELETE FROM ledger_line WHERE place_id IS NOT NULL AND entry_id IN (SELECT id FROM ledger_entry)")


def _pay_without_posting(session_id: int, pupil_id: int) -> None:
    _run("UPDATE ledger_entry SET payment_id = NULL WHERE kind = 'payment'")


def _send_out_who_never_came(session_id: int, pupil_id: int) -> None:
    at = AT + timedelta(days=2)
    save(
        Mark(
            session_id=session_id,
            pupil_id=a_pupil().id,
            what="collected",
            at=at,
            recorded_at=at,
            source="page",
        )
    )


def _put_a_child_in_two_places(session_id: int, pupil_id: int) -> None:
    _run("UPDATE session SET date = '2026-11-25'")


def _keep_a_hold_for_ever(session_id: int, pupil_id: int) -> None:
    _run("UPDATE place SET state = 'held', held_until = NULL WHERE session_id = :id", id=session_id)


def _mistype_a_upn(session_id: int, pupil_id: int) -> None:
    _run("UPDATE pupil SET upn = 'A801200005001' WHERE id = :id", id=pupil_id)


FAULTS: list[tuple[Callable[[int, int], None], str]] = [
    (_sell_too_many, "1 places held or booked, 0 allowed"),
    (_lose_a_penny, "not 0"),
    (_book_without_posting, "booked at family 450, income -450, the ledger has nothing"),
    (_pay_without_posting, "paid, but not in the ledger"),
    (_send_out_who_never_came, "went out without having come in"),
    (_put_a_child_in_two_places, "are at the same time"),
    (_keep_a_hold_for_ever, "held without an end"),
    (_mistype_a_upn, "it would be B"),
]


def test_where_all_is_well_nothing_is_found(app: Flask) -> None:
    _a_school_where_all_is_well()
    assert all_problems() == []


@pytest.mark.parametrize(("plant", "words"), FAULTS, ids=[plant.__name__ for plant, _ in FAULTS])
def test_each_planted_fault_is_found_by_its_rows(
    app: Flask, plant: Callable[[int, int], None], words: str
) -> None:
    session_id, pupil_id = _a_school_where_all_is_well()
    plant(session_id, pupil_id)
    problems = all_problems()
    assert any(words in problem for problem in problems), problems
    assert all(any(figure.isdigit() for figure in problem) for problem in problems)
    assert db.session.get(Session, session_id) is not None
