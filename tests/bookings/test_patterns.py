"""Patterns: the days that come again, what of them can be had, blocks at a fair price, and constant queries."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from flask import Flask
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import event

from booking.bookings.basket_page import basket_view
from booking.bookings.baskets import NotYourChild, choose_week
from booking.bookings.month import month_of
from booking.bookings.patterns import Plan, Repeat, TooMany, days_again, days_in_words, plan_pattern
from booking.bookings.places import take_holds
from booking.bookings.rules import Block
from booking.core.db import db, unit_of_work
from booking.provision.models import Run, Session, SpecialDay
from tests.builders import AT, Family, a_family, a_period, a_place, a_run, a_session, save

MONDAY = date(2026, 11, 30)
DAYS = st.dates(date(2026, 9, 1), date(2027, 7, 20))
WEEK = st.sets(st.integers(0, 4), min_size=1)


def a_term_of(run: Run, *, weeks: int = 3, days: int = 5, capacity: int = 20) -> list[Session]:
    """Sessions of a run on the first days of so many weeks."""
    return [
        a_session(MONDAY + timedelta(days=7 * week + day), run=run, capacity=capacity)
        for week in range(weeks)
        for day in range(days)
    ]


def plan(
    family: Family,
    sessions: list[Session],
    until: date,
    *,
    kind: str = "weekly",
    same_for: list[int] | None = None,
) -> Plan:
    """Look a pattern of the first child up."""
    ticked = {(family.pupils[0].id, session.id) for session in sessions}
    found = plan_pattern(family.account.id, ticked, MONDAY, Repeat(kind, until), same_for or [], at=AT)
    db.session.rollback()
    return found


@given(DAYS, WEEK, st.integers(0, 300), st.sampled_from(["weekly", "fortnightly"]))
def test_a_week_comes_again_on_the_same_weekdays_and_ends_on_time(
    start: date, weekdays: set[int], length: int, kind: str
) -> None:
    monday = start - timedelta(days=start.weekday())
    days, until = {monday + timedelta(days=n) for n in weekdays}, monday + timedelta(days=4 + length)
    found = days_again(Repeat(kind, until), days)
    assert days <= found
    assert {day.weekday() for day in found} == weekdays
    assert max(found) <= until
    step = 7 if kind == "weekly" else 14
    assert all((day - monday).days // 7 * 7 % step == 0 for day in found)
    expected = {d + timedelta(days=step * n) for d in days for n in range(60)}
    assert found == {day for day in expected if day <= until}


@given(DAYS, st.integers(1, 9), st.integers(1, 9), st.integers(0, 200))
def test_a_shift_counts_days_of_the_calendar_and_skips_weekends(
    start: date, on: int, off: int, length: int
) -> None:
    found = days_again(Repeat("shift", start + timedelta(days=length), on, off), {start})
    for n in range(length + 1):
        day = start + timedelta(days=n)
        assert (day in found) == (n % (on + off) < on and day.weekday() < 5)


def test_days_read_as_a_family_checks_them() -> None:
    days = [date(2026, 11, 30), date(2026, 12, 7), date(2026, 12, 4)]
    assert days_in_words(days) == "Mon 30 Nov, 7 Dec; Fri 4 Dec"


@given(st.integers(0, 100_000), st.integers(1, 60))
def test_the_parts_of_a_block_sum_to_its_price_and_differ_by_a_penny_at_most(pence: int, count: int) -> None:
    block = Block(pence, {n: MONDAY + timedelta(days=n) for n in range(count)})
    parts = [block.share_pence(n) for n in range(count)]
    assert sum(parts) == pence
    assert max(parts) - min(parts) <= 1


def test_a_plan_says_what_fits_and_why_the_rest_does_not(app: Flask) -> None:
    a_period()
    family = a_family()
    run = a_run()
    sessions = a_term_of(run, weeks=3, days=2)
    with unit_of_work() as session:
        session.get_one(Session, sessions[2].id).capacity = 0
        session.get_one(Session, sessions[3].id).status = "called_off"
        session.add(SpecialDay(date=MONDAY + timedelta(days=14), kind="inset"))
        session.delete(session.get_one(Session, sessions[4].id))
    found = plan(family, sessions[:2], MONDAY + timedelta(days=18))
    (row,) = found.rows
    assert [day.isoformat() for day in row.days] == ["2026-11-30", "2026-12-01", "2026-12-15"]
    assert (found.fits, found.refused, found.pence, row.pence) == (3, 3, 1350, 1350)
    assert found.full == [(family.pupils[0].id, sessions[2].id)]
    assert row.refused[0].startswith("Mon 7 Dec is full")
    assert row.refused[1] == "Tue 8 Dec has been called off"
    assert row.refused[2].startswith("Mon 14 Dec: ")


def test_days_in_the_holidays_are_left_out_without_a_word(app: Flask) -> None:
    a_period(starts_on=MONDAY, ends_on=MONDAY + timedelta(days=4))
    sessions = a_term_of(a_run(), weeks=1, days=1)
    found = plan(a_family(), sessions, MONDAY + timedelta(days=30))
    assert (found.fits, found.refused) == (1, 0)


def test_what_is_booked_in_the_week_is_copied_and_a_sibling_gets_the_same(app: Flask) -> None:
    a_period()
    family = a_family(children=2)
    sessions = a_term_of(a_run(), weeks=3, days=1)
    a_place(family, sessions[0])
    found = plan(family, [], MONDAY + timedelta(days=18), same_for=[family.pupils[1].id])
    assert [(row.child, len(row.days)) for row in found.rows] == [("Child 1", 2), ("Child 2", 3)]
    both = {(pupil.id, session.id) for pupil in family.pupils for session in sessions}
    assert set(found.wanted) == both - {(family.pupils[0].id, sessions[0].id)}


def test_another_familys_child_and_too_many_sessions_are_refused(app: Flask) -> None:
    a_period()
    family, other = a_family(), a_family()
    sessions = a_term_of(a_run(), weeks=1)
    with pytest.raises(NotYourChild):
        plan(family, sessions, MONDAY + timedelta(days=11), same_for=[other.pupils[0].id])
    many = [session for _ in range(4) for session in a_term_of(a_run(), weeks=1)]
    with pytest.raises(TooMany) as raised:
        plan(family, many, MONDAY + timedelta(days=7 * 45))
    assert "904 sessions" in str(raised.value)


def _statements(number: int) -> int:
    """How many statements it takes to look up and to hold so many days of two children."""
    family = a_family(children=2)
    sessions = a_term_of(a_run(), weeks=number // 10, days=5)
    db.session.rollback()
    count = 0

    def counted(*_: object) -> None:
        nonlocal count
        count += 1

    until = MONDAY + timedelta(days=7 * (number // 10) - 3)
    event.listen(db.engine, "before_cursor_execute", counted)
    try:
        found = plan(family, sessions[:5], until, same_for=[family.pupils[1].id])
        assert found.fits == number
        with unit_of_work():
            basket = choose_week(family.account.id, found.wanted, [], at=AT, user_id=None)
            assert len(take_holds(basket.id, "all", at=AT, user_id=None).held) == number
    finally:
        event.remove(db.engine, "before_cursor_execute", counted)
    return count


def test_sixty_sessions_take_as_many_statements_as_ten(app: Flask) -> None:
    a_period()
    assert _statements(60) == _statements(10)


def test_a_block_is_sold_whole_and_whoever_joins_part_way_pays_what_is_to_come(app: Flask) -> None:
    a_period()
    run = a_run(sold_as="block", block_pence=1000)
    past = a_session(AT.date() - timedelta(days=7), run=run)
    sessions = a_term_of(run, weeks=2, days=1)
    family = a_family()
    pupil = family.pupils[0].id
    with unit_of_work():
        basket = choose_week(family.account.id, {(pupil, sessions[0].id)}, [], at=AT, user_id=None)
        alone = take_holds(basket.id, "all", at=AT, user_id=None)
    assert [r.reason for r in alone.refused] == ["block"]
    assert "all 2 dates" in alone.refused[0].words
    with unit_of_work():
        basket = choose_week(family.account.id, {(pupil, s.id) for s in sessions}, [], at=AT, user_id=None)
        assert len(take_holds(basket.id, "all", at=AT, user_id=None).held) == 2
    view = basket_view(family.account.id, AT)
    assert (view.total_pence, past.id in {row.session_id for row in view.rows}) == (667, False)


def test_a_block_of_which_one_date_is_full_is_not_broken_up_and_its_places_go_to_others(app: Flask) -> None:
    a_period()
    run = a_run(sold_as="block", block_pence=1000)
    sessions = [*a_term_of(run, weeks=2, days=1)]
    with unit_of_work() as session:
        session.get_one(Session, sessions[1].id).capacity = 0
    family = a_family()
    wanted = {(family.pupils[0].id, s.id) for s in sessions}
    with unit_of_work():
        basket = choose_week(family.account.id, wanted, [], at=AT, user_id=None)
        result = take_holds(basket.id, "what_fits", at=AT, user_id=None)
    assert result.held == []
    assert sorted(r.reason for r in result.refused) == ["block", "full"]


def test_the_whole_run_may_cost_less_than_its_sessions(app: Flask) -> None:
    a_period()
    sessions = a_term_of(a_run(sold_as="both", block_pence=800), weeks=2, days=1)
    family = a_family()
    wanted = {(family.pupils[0].id, session.id) for session in sessions}
    with unit_of_work():
        choose_week(family.account.id, set(sorted(wanted)[:1]), [], at=AT, user_id=None)
    assert basket_view(family.account.id, AT).total_pence == 450
    db.session.rollback()
    with unit_of_work():
        choose_week(family.account.id, wanted, [], at=AT, user_id=None)
    assert basket_view(family.account.id, AT).total_pence == 800


def test_a_month_shows_every_day_of_one_activity_for_each_child(app: Flask) -> None:
    a_period()
    family = a_family(children=2)
    run = a_run()
    a_term_of(run, weeks=2, days=2)
    save()
    month = month_of(family.account.id, run.activity_id, date(2026, 12, 1), AT)
    assert [day.date.isoformat() for day in month.days] == ["2026-12-01", "2026-12-07", "2026-12-08"]
    assert all(len(day.cells) == 2 for day in month.days)
    assert (month.before, month.after) == (date(2026, 11, 1), date(2027, 1, 1))
