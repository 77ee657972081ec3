"""An offer, a yes, a no and the clock meet at one entry of a waiting list: only the first of them counts."""

from __future__ import annotations

import threading
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from booking.bookings import offers, waiting_list
from booking.bookings.cancellation import cancel_places
from booking.bookings.expiry import expire_overdue
from booking.bookings.invariants import booking_problems
from booking.bookings.models import Place, WaitingEntry
from booking.bookings.offers import make_offers
from booking.bookings.waiting_list import OfferIsOver, accept_offer, leave_list, stand_together
from booking.core.db import db, unit_of_work
from booking.ledger.balances import credit_pence
from tests.bookings.rushes import Act, alone, at_once, comes_between
from tests.bookings.test_list_races import a_full_club
from tests.builders import AT, Family

LATER = AT + timedelta(hours=13)
"""An hour after an offer of nine in the morning has ended."""


def _freed(is_offered: bool, waiting: int = 1) -> tuple[Family, list[int]]:
    """Somebody waits for a place that has just been freed, and may have been offered it; the ids of all entries."""
    _, booked, waits = a_full_club(1, waiting)
    with unit_of_work():
        cancel_places(booked, at=AT, user_id=None)
    if is_offered:
        with unit_of_work():
            make_offers(AT)
    entries = db.session.scalars(select(WaitingEntry.id).order_by(WaitingEntry.id)).all()
    db.session.rollback()
    return waits[0], list(entries)


def _now(entry_id: int) -> tuple[str, str | None]:
    """The states of an entry and of the child's place."""
    entry = db.session.get_one(WaitingEntry, entry_id, populate_existing=True)
    state = db.session.scalar(
        select(Place.state).where(Place.pupil_id == entry.pupil_id).order_by(Place.id.desc()).limit(1)
    )
    found = entry.state, state
    db.session.rollback()
    return found


def _yes(family: Family, entry_id: int, at: Any = AT) -> Act:
    account = family.account.id
    return lambda: accept_offer(entry_id, account_id=account, at=at, user_id=None)


def _no(family: Family, entry_id: int) -> Act:
    account = family.account.id
    return lambda: leave_list(entry_id, account_id=account, at=AT, user_id=None)


def _do(act: Act) -> Any:
    db.session.rollback()
    with unit_of_work():
        return act()


def test_who_leaves_while_the_worker_looks_is_offered_nothing(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    family, (entry,) = _freed(is_offered=False)
    comes_between(app, monkeypatch, offers, "lock_rows", _no(family, entry))
    assert _do(lambda: make_offers(AT)) == 0
    assert _now(entry) == ("left", None)


def test_who_is_offered_a_place_while_leaving_gives_it_back(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A place that nobody is told of would stand empty until its offer ends."""
    family, (entry,) = _freed(is_offered=False)
    comes_between(app, monkeypatch, waiting_list, "_locked", lambda: make_offers(AT))
    _do(_no(family, entry))
    assert _now(entry) == ("left", "cancelled")


def test_a_yes_that_came_before_a_no_stands(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two parents answer one offer: the place that was booked and charged is not let go behind its back."""
    family, (entry,) = _freed(is_offered=True)
    comes_between(app, monkeypatch, waiting_list, "_locked", _yes(family, entry))
    with pytest.raises(OfferIsOver):
        _do(_no(family, entry))
    assert _now(entry) == ("accepted", "booked")
    assert credit_pence(family.account.id) == -450


def test_a_yes_too_late_does_not_take_a_place_that_has_ended(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The request began a minute before the end, and the worker came first."""
    family, (entry,) = _freed(is_offered=True)
    comes_between(app, monkeypatch, waiting_list, "_locked_place_of", lambda: expire_overdue(LATER))
    with pytest.raises(OfferIsOver):
        _do(_yes(family, entry))
    assert _now(entry) == ("offered", "expired")
    assert credit_pence(family.account.id) == 0


def test_an_offer_does_not_end_while_it_is_being_taken(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    """The worker comes after the place was looked at: it waits, and finds nothing that has ended."""
    if db.engine.dialect.name == "sqlite":
        pytest.skip("SQLite has one writer: nothing can come between")
    family, (entry,) = _freed(is_offered=True)
    ended: list[Any] = []
    worker = threading.Thread(target=lambda: ended.append(alone(app, lambda: expire_overdue(LATER))))
    book = waiting_list.book_offered

    def book_while_the_worker_comes(*args: Any, **values: Any) -> None:
        worker.start()
        worker.join(1)
        book(*args, **values)

    monkeypatch.setattr(waiting_list, "book_offered", book_while_the_worker_comes)
    assert _do(_yes(family, entry)) == 1
    worker.join()
    assert ended == [0]
    assert _now(entry) == ("accepted", "booked")


def test_a_worker_does_not_close_an_offer_that_was_just_taken(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    family, (entry,) = _freed(is_offered=True)
    comes_between(app, monkeypatch, offers, "_close_ended", _yes(family, entry))
    _do(lambda: make_offers(LATER))
    assert _now(entry) == ("accepted", "booked")


def test_standing_together_comes_too_late_for_an_entry_that_was_just_offered(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its family could not take the offer otherwise: a party is taken whole, and the rest of it only waits."""
    family, (entry, *_) = _freed(is_offered=False)
    account = family.account.id
    comes_between(app, monkeypatch, waiting_list, "_locked", lambda: make_offers(AT))
    with pytest.raises(OfferIsOver):
        _do(lambda: stand_together([entry], account_id=account, at=AT))
    assert _do(_yes(family, entry)) == 1


def test_a_yes_and_a_no_at_one_moment_leave_money_and_place_in_step(app: Flask) -> None:
    """Whatever comes first: charged for a booked place, or neither."""
    for _ in range(4):
        family, entries = _freed(is_offered=True)
        entry = entries[-1]
        results = at_once(app, [_yes(family, entry), _no(family, entry)])
        assert sum(isinstance(one, OfferIsOver) for one in results) == 1, results
        is_booked = _now(entry) == ("accepted", "booked")
        assert is_booked or _now(entry) == ("left", "cancelled")
        assert credit_pence(family.account.id) == (-450 if is_booked else 0)
    assert booking_problems() == []
