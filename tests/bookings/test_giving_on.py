"""Places of who is away: kept, or given on by the published rule, in order, never twice, by the terms of booking."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta

import pytest
from flask import Flask
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from booking.bookings import giving_on
from booking.bookings.giving_on import give_on, phase_of
from booking.bookings.models import Place, RequestFact, WaitingEntry
from booking.bookings.policy import Policy
from booking.bookings.rules import SessionFacts
from booking.bookings.telling import child_days, take_back
from booking.bookings.waiting_list import accept_offer, entries_of
from booking.core import clock
from booking.core.db import db, unit_of_work
from booking.ledger.balances import credit_pence
from tests.bookings.giving import ONE, TWO, join, rule, scene, state_of, tick
from tests.bookings.rushes import comes_between
from tests.bookings.saying import MORNING, TODAY, away, say
from tests.browser import Browser
from tests.builders import a_family, a_place, a_session


def test_from_the_set_hour_the_place_goes_to_who_waits(app: Flask) -> None:
    rule()
    has, place, waits, session = scene()
    away(has)
    assert tick(ONE - timedelta(minutes=1)) == (0, 0)
    assert tick(ONE) == (1, 1)
    assert state_of(place) == "cancelled"
    (standing,) = entries_of(waits.account.id, ONE)
    assert standing.entry.state == "offered"
    assert standing.entry.offer_ends_at == ONE + timedelta(minutes=60)
    with unit_of_work():
        accept_offer(standing.entry.id, account_id=waits.account.id, at=ONE, user_id=waits.user.id)
    booked = db.session.scalars(
        select(Place).where(Place.session_id == session.id, Place.state == "booked")
    ).all()
    assert [one.account_id for one in booked] == [waits.account.id]
    fact = db.session.scalars(select(RequestFact).where(RequestFact.what == "cancelled")).one()
    assert (fact.reason, fact.channel) == ("away", "worker")
    (seen,) = child_days(has.account.id, ONE)
    assert [one.id for one in seen.given_on] == [session.id]


def test_without_the_rule_the_place_is_kept_and_the_list_ends_with_booking(app: Flask) -> None:
    has, place, waits, _ = scene()
    away(has)
    assert tick(TWO) == (0, 0)
    assert state_of(place) == "booked"
    assert [entry.state for entry in db.session.scalars(select(WaitingEntry))] == ["lapsed"]
    assert entries_of(waits.account.id, TWO) == []


def test_when_nobody_waits_the_place_stays_the_childs(app: Flask) -> None:
    rule()
    has, session = a_family(), a_session(TODAY, capacity=1)
    place = a_place(has, session)
    away(has)
    assert tick(TWO) == (0, 0)
    assert state_of(place) == "booked"


def test_only_as_many_places_go_as_children_wait(app: Flask) -> None:
    rule()
    session = a_session(TODAY, capacity=2)
    first, second, waits = a_family(), a_family(), a_family()
    later, sooner = a_place(first, session), a_place(second, session)
    join(waits, session)
    away(first, at=MORNING + timedelta(minutes=5))
    away(second, at=MORNING)
    assert tick(ONE) == (1, 1)
    assert (state_of(sooner), state_of(later)) == ("cancelled", "booked")
    assert tick(ONE + timedelta(seconds=2)) == (0, 0)


@pytest.mark.parametrize("capacity", [2, 3])
def test_a_place_that_is_free_anyway_is_used_first(app: Flask, capacity: int) -> None:
    rule()
    has, place, _, session = scene()
    session.capacity = capacity
    db.session.commit()
    away(has)
    assert tick(ONE) == (0, 1)
    assert state_of(place) == "booked"


def test_the_terms_of_the_booking_decide_what_comes_back(app: Flask) -> None:
    rule()
    late, early = scene(), scene()
    for (has, *_), is_in_time in ((late, False), (early, True)):
        place = db.session.scalars(select(Place).where(Place.account_id == has.account.id)).one()
        place.credit_until = ONE + timedelta(hours=1) if is_in_time else MORNING
        db.session.commit()
        away(has)
    assert tick(ONE) == (2, 2)
    assert credit_pence(late[0].account.id) == 0
    assert credit_pence(early[0].account.id) == 450


def test_what_is_taken_back_before_the_hour_keeps_the_place(app: Flask) -> None:
    rule()
    has, place, _, _ = scene()
    note = away(has)
    note.ended_at = MORNING
    db.session.commit()
    assert tick(TWO) == (0, 0)
    assert state_of(place) == "booked"


def test_a_child_who_came_after_all_keeps_the_place(app: Flask) -> None:
    rule()
    has, place, _, session = scene()
    away(has)
    db.session.add(
        RequestFact(
            at=MORNING + timedelta(minutes=1),
            what="attended",
            pupil_id=has.pupils[0].id,
            session_id=session.id,
            channel="register",
        )
    )
    db.session.commit()
    assert tick(ONE)[0] == 0
    assert state_of(place) == "booked"


def test_leaving_early_or_being_late_gives_nothing_on(app: Flask) -> None:
    rule()
    has, place, _, session = scene()
    away(has, "leaves_early", at_time=time(14))
    say(has, "late", session=session)
    assert tick(ONE)[0] == 0
    assert state_of(place) == "booked"


def test_not_coming_to_another_session_gives_nothing_on(app: Flask) -> None:
    rule()
    has, place, _, _ = scene()
    care = a_session(TODAY, starts_at=time(16, 30), ends_at=time(18, 0))
    a_place(has, care)
    say(has, session=care)
    assert tick(ONE)[0] == 0
    say(has)
    assert tick(ONE)[0] == 1
    assert state_of(place) == "cancelled"


def test_once_the_session_has_begun_nothing_is_given_on(app: Flask) -> None:
    rule()
    has, place, _, _ = scene()
    away(has)
    begins = clock.instant(TODAY, time(15, 30))
    assert tick(begins) == (0, 0)
    assert state_of(place) == "booked"
    assert [entry.state for entry in db.session.scalars(select(WaitingEntry))] == ["lapsed"]


def test_an_offer_of_the_day_ends_when_the_session_begins(app: Flask) -> None:
    rule(day_offer_minutes=240)
    has, _, waits, _ = scene()
    away(has)
    tick(TWO)
    (standing,) = entries_of(waits.account.id, TWO)
    assert standing.entry.offer_ends_at == clock.instant(TODAY, time(15, 30))


@pytest.mark.parametrize("kind", ["away", "leaves_early"])
def test_a_child_who_waits_and_is_away_too_is_offered_nothing(app: Flask, kind: str) -> None:
    rule()
    has, place, waits, session = scene()
    away(has)
    note = away(waits, kind, at_time=time(14))
    assert tick(ONE) == (0, 0)
    assert state_of(place) == "booked"
    third = a_family()
    join(third, session)
    assert tick(ONE) == (1, 1)
    assert db.session.scalars(
        select(WaitingEntry.account_id).where(WaitingEntry.state == "offered")
    ).all() == [third.account.id]
    assert note.ended_at is None


def test_between_closing_and_the_hour_the_list_waits_and_says_so(app: Flask) -> None:
    rule()
    _, _, waits, _ = scene()
    night = datetime(2026, 11, 24, 20, 0, tzinfo=UTC)
    assert tick(night) == (0, 0)
    (standing,) = entries_of(waits.account.id, night)
    assert standing.entry.state == "waiting"
    assert "from 13:00" in standing.why


def test_families_read_the_rule(browser: Browser) -> None:
    assert "the place is kept for that child" in browser.get("bookings.rules").text
    rule(day_offer_minutes=45)
    text = browser.get("bookings.rules").text
    assert "kept until 13:00 on that day" in text
    assert "45 minutes to answer" in text


def test_two_workers_let_go_no_more_than_one(app: Flask) -> None:
    rule()
    session = a_session(TODAY, capacity=2)
    first, second, waits = a_family(), a_family(), a_family()
    for has in (first, second):
        a_place(has, session)
        away(has)
    join(waits, session)
    for expected in (1, 0):
        with unit_of_work():
            assert give_on(ONE) == expected


@given(
    minutes=st.integers(-3 * 24 * 60, 24 * 60),
    frees=st.one_of(st.none(), st.times()),
    closes_days_before=st.integers(0, 3),
)
def test_a_list_never_opens_again_once_it_is_over(
    minutes: int, frees: time | None, closes_days_before: int
) -> None:
    facts = SessionFacts(**{**FACTS, "closes_days_before": closes_days_before})  # type: ignore[arg-type]
    policy = Policy(away_frees_at=frees)
    order = ["open", "waits", "gives_on", "over"]
    begins = clock.instant(TODAY, facts.starts_at)
    at = begins + timedelta(minutes=minutes)
    now, later = phase_of(facts, policy, at), phase_of(facts, policy, at + timedelta(minutes=7))
    assert order.index(now) <= order.index(later)
    assert (now == "over") or at < begins
    if frees is None:
        assert now in {"open", "over"}


FACTS = dict.fromkeys(SessionFacts.__dataclass_fields__, None) | {
    "date": TODAY,
    "starts_at": time(15, 30),
    "closes_at": time(18, 0),
}


def test_a_place_goes_once_when_two_workers_come_at_one_moment(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    rule()
    session = a_session(TODAY, capacity=2)
    first, second, waits = a_family(), a_family(), a_family()
    for has in (first, second):
        a_place(has, session)
        away(has)
    join(waits, session)
    given = []
    comes_between(app, monkeypatch, giving_on, "lock_rows", lambda: given.append(give_on(ONE)))
    with unit_of_work():
        given.append(give_on(ONE))
    assert sorted(given) == [0, 1]
    states = db.session.scalars(select(Place.state).order_by(Place.state)).all()
    assert states == ["booked", "cancelled"]


def test_what_is_taken_back_at_that_very_moment_keeps_the_place(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    rule()
    has, place, _, _ = scene()
    note_id, account_id, user_id = say(has).id, has.account.id, has.user.id
    db.session.rollback()
    comes_between(
        app,
        monkeypatch,
        giving_on,
        "lock_rows",
        lambda: take_back(note_id, account_id=account_id, at=ONE, user_id=user_id),
    )
    with unit_of_work():
        assert give_on(ONE) == 0
    assert state_of(place) == "booked"
