"""Swaps and cancelling many: the new place first, both or neither, frozen terms, and what was shown must still hold."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta

import pytest
from flask import Flask
from sqlalchemy import select, update

from booking.bookings.cancellation import NotCancellable, cancel_places, cancellation_terms, fresh_places
from booking.bookings.invariants import booking_problems
from booking.bookings.models import Place, RequestFact
from booking.bookings.swaps import SwapRefused, Target, look_at_swap, read_target, swap_places
from booking.core import clock
from booking.core.db import db, unit_of_work
from booking.ledger.balances import credit_pence, ledger_problems
from booking.provision.models import Run, Session
from tests.bookings.test_changes import buy, place_of
from tests.browser import Browser
from tests.builders import AT, Family, a_family, a_place, a_run, a_session, a_user

MONDAY = date(2026, 12, 7)


def a_week_of(price: int = 450, count: int = 2, **values: object) -> list[Session]:
    """A run with a Monday and a Wednesday in each of so many weeks."""
    run = a_run(price_pence=price, weekdays=[0, 2])
    return [
        a_session(MONDAY + timedelta(weeks=week, days=day), run=run, **values)  # type: ignore[arg-type]
        for week in range(count)
        for day in (0, 2)
    ]


def swap(family: Family, places: list[Place], target: Target, seen: int, at: datetime = AT) -> None:
    with unit_of_work():
        swap_places(
            [place.id for place in places],
            target,
            account_id=family.account.id,
            seen_pence=seen,
            at=at,
            user_id=family.user.id,
        )


def states(family: Family) -> dict[int, str]:
    rows = db.session.execute(
        select(Place.session_id, Place.state).where(Place.account_id == family.account.id).order_by(Place.id)
    )
    return {row.session_id: row.state for row in rows}


def all_well() -> None:
    assert booking_problems() == []
    assert ledger_problems() == []


def test_many_move_in_one_step_and_the_difference_is_owed(app: Flask) -> None:
    family, old, new = a_family(), a_week_of(450), a_week_of(600)
    buy(family, old[0], old[2])
    places = [place_of(family, old[0]), place_of(family, old[2])]
    target = Target(new[0].run_id, 2)
    look = look_at_swap(places, target, account_id=family.account.id, at=AT)
    assert [row.session and row.session.id for row in look.rows] == [new[1].id, new[3].id]
    assert look.difference_pence == 300
    assert states(family) == {old[0].id: "booked", old[2].id: "booked"}
    swap(family, places, target, 300)
    assert states(family) == {
        old[0].id: "cancelled",
        old[2].id: "cancelled",
        new[1].id: "booked",
        new[3].id: "booked",
    }
    assert -credit_pence(family.account.id) == 1200
    facts = db.session.execute(
        select(RequestFact.what, RequestFact.reason).where(RequestFact.what == "cancelled")
    )
    assert {tuple(row) for row in facts} == {("cancelled", "swapped")}
    all_well()


def test_the_new_place_is_there_before_the_old_one_goes(app: Flask) -> None:
    """The log tells it in that order: at no moment has the child neither."""
    family, old, new = a_family(), a_week_of(), a_week_of()
    buy(family, old[0])
    swap(family, [place_of(family, old[0])], Target(new[0].run_id, 2), 0)
    facts = db.session.execute(select(RequestFact.what, RequestFact.session_id).order_by(RequestFact.id))
    assert [tuple(fact) for fact in facts][-3:] == [
        ("asked", new[1].id),
        ("booked", new[1].id),
        ("cancelled", old[0].id),
    ]


def test_one_that_cannot_be_had_moves_nothing(app: Flask) -> None:
    """The second of the two is full: the preview says so, and confirming both anyway changes nothing."""
    family, old, new = a_family(), a_week_of(), a_week_of(capacity=1)
    buy(family, old[0], old[2])
    buy(a_family(), new[3])
    places = [place_of(family, old[0]), place_of(family, old[2])]
    look = look_at_swap(places, Target(new[0].run_id, 2), account_id=family.account.id, at=AT)
    assert [row.problem is None for row in look.rows] == [True, False]
    assert "is full" in str(look.rows[1].problem)
    with pytest.raises(SwapRefused):
        swap(family, places, Target(new[0].run_id, 2), look.difference_pence)
    assert states(family) == {old[0].id: "booked", old[2].id: "booked"}
    swap(family, places[:1], Target(new[0].run_id, 2), 0)
    assert states(family)[new[1].id] == "booked"
    all_well()


def test_a_difference_that_was_not_shown_moves_nothing(app: Flask) -> None:
    family, old, new = a_family(), a_week_of(450), a_week_of(600)
    buy(family, old[0])
    with pytest.raises(SwapRefused):
        swap(family, [place_of(family, old[0])], Target(new[0].run_id, 2), 0)
    assert states(family) == {old[0].id: "booked"}


def test_the_terms_frozen_at_booking_hold_for_the_old_place(app: Flask) -> None:
    """After its credit has ended nothing comes back, though the run's cut-off was changed later."""
    family, old, new = a_family(), a_week_of(450), a_week_of(450)
    buy(family, old[0])
    save_credit_end(family, old[0])
    look = look_at_swap(
        [place_of(family, old[0])], Target(new[0].run_id, 2), account_id=family.account.id, at=AT
    )
    assert look.difference_pence == 450
    swap(family, [place_of(family, old[0])], Target(new[0].run_id, 2), 450)
    assert -credit_pence(family.account.id) == 900
    all_well()


def save_credit_end(family: Family, session: Session) -> None:
    with unit_of_work():
        db.session.execute(
            update(Place).where(Place.session_id == session.id).values(credit_until=AT - timedelta(days=1))
        )


def test_a_move_on_the_same_day_is_no_clash_with_itself(app: Flask) -> None:
    family = a_family()
    early = a_session(MONDAY, starts_at=time(15, 30), ends_at=time(16, 30))
    late = a_session(MONDAY, starts_at=time(15, 45), ends_at=time(17, 0))
    buy(family, early)
    swap(family, [place_of(family, early)], Target(late.run_id, 0), 0)
    assert states(family) == {early.id: "cancelled", late.id: "booked"}
    all_well()


def test_a_chain_within_one_run_is_refused_and_not_doubled(app: Flask) -> None:
    """Week one to week two while the child has week two already: "is booked already", and the database stays whole."""
    family, old = a_family(), a_week_of()
    buy(family, old[0], old[2])
    places = [place_of(family, old[0]), place_of(family, old[2])]
    look = look_at_swap(places, Target(old[0].run_id, 0, 1), account_id=family.account.id, at=AT)
    assert "booked already" in str(look.rows[0].problem)
    assert look.rows[1].problem == "There is no such session in that week."
    with pytest.raises(SwapRefused):
        swap(family, places, Target(old[0].run_id, 0, 1), 0)
    all_well()


def test_nobody_swaps_the_place_of_another_family(app: Flask) -> None:
    family, other, old, new = a_family(), a_family(), a_week_of(), a_week_of()
    buy(other, old[0])
    with pytest.raises(SwapRefused):
        swap(family, [place_of(other, old[0])], Target(new[0].run_id, 2), 0)
    assert states(other) == {old[0].id: "booked"}


def test_what_was_paid_comes_back_though_the_price_is_another_by_now(app: Flask) -> None:
    family, old = a_family(), a_week_of(450)
    buy(family, old[0])
    with unit_of_work():
        db.session.get_one(Run, old[0].run_id).price_pence = 600
    place = place_of(family, old[0])
    assert cancellation_terms(place, AT).credit_pence == 450
    with unit_of_work():
        assert cancel_places([place.id], at=AT, user_id=None) == 450
    assert credit_pence(family.account.id) == 0


def test_cancelling_many_is_all_or_none(app: Flask) -> None:
    family, old = a_family(), a_week_of()
    begun = a_session(date(2026, 11, 23), starts_at=time(8, 0), ends_at=time(8, 30))
    buy(family, old[0], old[1])
    a_place(family, begun)
    ids = [place_of(family, session).id for session in (old[0], old[1], begun)]
    with pytest.raises(NotCancellable), unit_of_work():
        cancel_places(ids, at=datetime(2026, 11, 23, 9, 0, tzinfo=UTC), user_id=None)
    assert set(states(family).values()) == {"booked"}
    with unit_of_work():
        assert cancel_places(ids[:2], at=AT, user_id=None) == 900
    with pytest.raises(NotCancellable), unit_of_work():
        cancel_places(ids[:2], at=AT, user_id=None)
    assert credit_pence(family.account.id) == 0
    assert [place.state for place in fresh_places(ids[:2])] == ["cancelled", "cancelled"]


@pytest.mark.parametrize("value", ["", "x", "1-9", "1-", "-2", "1-2-3"])
def test_nonsense_is_no_target(value: str) -> None:
    assert read_target(value, "0") is None
    assert read_target("1-2", "7") is None


def _coming(count: int = 2) -> list[Session]:
    """Sessions of one run, three weeks from now on by the real clock."""
    first = clock.today() + timedelta(days=21 - clock.today().weekday())
    run = a_run(price_pence=450, weekdays=[0, 2])
    return [a_session(first + timedelta(days=2 * n), run=run) for n in range(count)]


def test_a_parent_cancels_two_after_a_look(app: Flask, browser: Browser) -> None:
    family, sessions = a_family(), _coming()
    buy(family, *sessions, at=clock.now())
    browser.sign_in(family.user)
    ids = [str(place_of(family, session).id) for session in sessions]
    assert browser.get("bookings.change_sessions").text.count("Credit until") == 2
    empty = browser.post("bookings.change_bookings", {"act": "look_cancel"}, expect=422)
    assert "Tick at least one session." in empty.text
    look = browser.post("bookings.change_bookings", {"act": "look_cancel", "place": ids}, expect=200)
    assert "You get £9.00 back as credit." in look.text
    stale = browser.post(
        "bookings.change_bookings", {"act": "cancel", "place": ids, "seen_pence": "100"}, expect=409
    )
    assert "What comes back has changed" in stale.text
    assert "You get £9.00 back as credit." in stale.text
    assert set(states(family).values()) == {"booked"}
    browser.post("bookings.change_bookings", {"act": "cancel", "place": ids, "seen_pence": "900"}, expect=303)
    assert set(states(family).values()) == {"cancelled"}


def test_the_office_moves_one_for_a_family(app: Flask, browser: Browser) -> None:
    family, sessions = a_family(), _coming()
    buy(family, sessions[0], at=clock.now())
    browser.sign_in(a_user("manager"))
    place = str(place_of(family, sessions[0]).id)
    to = f"{sessions[1].run_id}-{sessions[1].date.weekday()}"
    where = {"account_id": family.account.id, "channel": "hatch"}
    look = browser.post(
        "office.desk_change_bookings",
        {"act": "look_move", "place": place, "to": to, "weeks": "0"},
        expect=200,
        **where,
    )
    assert "1 of 1 can be moved. It costs the same." in look.text
    answers = {"act": "move", "place": place, "to": to, "weeks": "0", "seen_pence": "0"}
    browser.post("office.desk_change_bookings", answers, expect=303, **where)
    assert states(family) == {sessions[0].id: "cancelled", sessions[1].id: "booked"}
    channels = db.session.scalars(select(RequestFact.channel).where(RequestFact.reason == "swapped")).all()
    assert channels == ["hatch"]


def test_another_familys_place_is_left_out_of_what_was_ticked(app: Flask, browser: Browser) -> None:
    family, other, sessions = a_family(), a_family(), _coming(1)
    buy(other, sessions[0], at=clock.now())
    browser.sign_in(family.user)
    place = str(place_of(other, sessions[0]).id)
    answers = {"act": "cancel", "place": place, "seen_pence": "450"}
    browser.post("bookings.change_bookings", answers, expect=422)
    assert states(other) == {sessions[0].id: "booked"}


def test_no_target_is_said_in_words(app: Flask, browser: Browser) -> None:
    family, sessions = a_family(), _coming(1)
    buy(family, sessions[0], at=clock.now())
    browser.sign_in(family.user)
    place = str(place_of(family, sessions[0]).id)
    page = browser.post("bookings.change_bookings", {"act": "look_move", "place": place}, expect=422)
    assert "Choose where the sessions move to." in page.text
    assert page.all('.//input[@name="place"][@checked]')
