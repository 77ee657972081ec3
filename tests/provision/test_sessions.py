"""Sessions follow the calendar: on the run's days, never when the activity does not run, and never lost."""

from __future__ import annotations

from datetime import date, time, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from booking.core.db import db, unit_of_work
from booking.provision.calendar import Calendar, days_of_run, is_bank_holiday, is_school_day
from booking.provision.generation import TooFewPlaces, Use, carry_capacity, generate_sessions
from booking.provision.models import Activity, Period, Run, Session, SpecialDay
from tests.builders import a_period, a_room, a_run, an_activity, save

pytestmark = pytest.mark.usefixtures("app")


def special(day: date, kind: str, finishes_at: time | None = None) -> None:
    save(SpecialDay(date=day, kind=kind, finishes_at=finishes_at))


def dates(run: Run) -> list[date]:
    with unit_of_work():
        generate_sessions(run)
    return list(
        db.session.scalars(select(Session.date).where(Session.run_id == run.id).order_by(Session.date))
    )


def test_a_run_has_a_session_on_each_of_its_days_in_its_period() -> None:
    found = dates(a_run(weekdays=[0, 2]))
    assert found[:3] == [date(2026, 11, 2), date(2026, 11, 4), date(2026, 11, 9)]
    assert found[-1] == date(2026, 12, 16)
    assert len(found) == 14


@pytest.mark.parametrize("kind", ["inset", "closure", "bank_holiday"])
def test_nothing_runs_when_no_pupil_comes_in(kind: str) -> None:
    special(date(2026, 11, 9), kind)
    assert date(2026, 11, 9) not in dates(a_run(weekdays=[0]))


def test_an_activity_may_run_on_inset_days_and_never_on_closures() -> None:
    special(date(2026, 11, 9), "inset")
    special(date(2026, 11, 16), "closure")
    found = dates(a_run(weekdays=[0], activity_id=an_activity(runs_on_inset=True).id))
    assert date(2026, 11, 9) in found
    assert date(2026, 11, 16) not in found


@pytest.mark.parametrize(
    ("starts_at", "ends_at", "may", "runs"),
    [
        (time(7, 45), time(8, 45), False, True),
        (time(15, 30), time(16, 30), False, False),
        (time(15, 30), time(16, 30), True, True),
        (time(13, 30), time(14, 30), False, False),
        (time(13, 29), time(14, 30), False, True),
    ],
)
def test_after_an_early_finish_only_what_says_so_runs(
    starts_at: time, ends_at: time, may: bool, runs: bool
) -> None:
    special(date(2026, 12, 18), "early_finish", time(13, 30))
    activity = an_activity(runs_on_early_finish=may)
    found = dates(a_run(weekdays=[4], starts_at=starts_at, ends_at=ends_at, activity_id=activity.id))
    assert (date(2026, 12, 18) in found) is runs


def test_a_run_of_a_term_pauses_in_the_half_term_holiday() -> None:
    term = a_period("term", name="Autumn", starts_on=date(2026, 9, 2), ends_on=date(2026, 12, 18))
    run = a_run(weekdays=[0], period_id=term.id)
    assert date(2026, 10, 26) in days_of_run(run)
    a_period("half_term", name="Autumn 1", starts_on=date(2026, 9, 2), ends_on=date(2026, 10, 23))
    a_period("half_term", name="Autumn 2", starts_on=date(2026, 11, 2), ends_on=date(2026, 12, 18))
    assert date(2026, 10, 26) not in days_of_run(run)
    assert {date(2026, 10, 19), date(2026, 11, 2)} <= set(days_of_run(run))


def test_a_bank_holiday_needs_no_entry() -> None:
    period = a_period(name="Summer 1", starts_on=date(2027, 4, 12), ends_on=date(2027, 5, 28))
    assert is_bank_holiday(date(2027, 5, 3))
    assert date(2027, 5, 3) not in dates(a_run(weekdays=[0], period_id=period.id))


def test_a_school_day_is_a_weekday_in_term_with_pupils() -> None:
    a_period()
    special(date(2026, 11, 9), "inset")
    special(date(2026, 12, 18), "early_finish", time(13, 30))
    assert is_school_day(date(2026, 11, 10))
    assert is_school_day(date(2026, 12, 18))
    for day in (date(2026, 11, 9), date(2026, 11, 14), date(2026, 10, 30), date(2026, 12, 25)):
        assert not is_school_day(day)


days = st.dates(date(2027, 1, 4), date(2027, 7, 23))


@given(
    first=days,
    length=st.integers(0, 90),
    weekdays=st.sets(st.integers(0, 4), min_size=1),
    differing=st.dictionaries(
        days, st.sampled_from(["inset", "early_finish", "closure", "bank_holiday"]), max_size=12
    ),
    starts_at=st.sampled_from([time(7, 45), time(13, 30), time(15, 30)]),
    on_inset=st.booleans(),
    on_early=st.booleans(),
)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_never_a_session_on_a_day_when_the_activity_does_not_run(
    first: date,
    length: int,
    weekdays: set[int],
    differing: dict[date, str],
    starts_at: time,
    on_inset: bool,
    on_early: bool,
) -> None:
    last = first + timedelta(days=length)
    period = Period(kind="half_term", name="x", starts_on=first, ends_on=last)
    entries = {
        day: SpecialDay(date=day, kind=kind, finishes_at=time(13, 30) if kind == "early_finish" else None)
        for day, kind in differing.items()
    }
    activity = Activity(runs_on_inset=on_inset, runs_on_early_finish=on_early)
    run = Run(period=period, activity=activity, weekdays=sorted(weekdays), starts_at=starts_at)
    found = set(days_of_run(run, Calendar((period,), entries)))
    for offset in range(-7, length + 8):
        day = first + timedelta(days=offset)
        kind = differing.get(day)
        runs = (
            first <= day <= last
            and day.weekday() in weekdays
            and not is_bank_holiday(day)
            and kind not in {"closure", "bank_holiday"}
            and (kind != "inset" or on_inset)
            and (kind != "early_finish" or on_early or starts_at < time(13, 30))
        )
        assert (day in found) is runs, f"{day} {kind}"


@pytest.mark.parametrize(("room", "cap", "places"), [(60, 20, 20), (12, 20, 12), (30, None, 30), (30, 0, 0)])
def test_a_session_has_the_fewer_of_the_rooms_and_the_runs_places(
    room: int, cap: int | None, places: int
) -> None:
    run = a_run(weekdays=[0], room_id=a_room(capacity=room).id, capacity=cap)
    dates(run)
    assert {session.capacity for session in run.sessions} == {places}


def test_making_sessions_again_changes_nothing() -> None:
    run = a_run(weekdays=[0])
    before = dates(run)
    ids = {session.id for session in run.sessions}
    assert dates(run) == before
    assert {session.id for session in run.sessions} == ids


def test_what_somebody_uses_is_never_taken_away() -> None:
    run = a_run(weekdays=[0])
    dates(run)
    free, traced, booked = run.sessions[:3]
    for session in (free, traced, booked):
        special(session.date, "closure")
    uses = {traced.id: Use(is_referred_to=True), booked.id: Use(booked=1, is_referred_to=True)}
    names = [session.date for session in (free, traced, booked)]
    with unit_of_work():
        result = generate_sessions(run, uses=uses)
    assert (result.removed, result.called_off, result.kept) == ([names[0]], [names[1]], [names[2]])
    found = {s.date: s.status for s in run.sessions}
    assert names[0] not in found
    assert (found[names[1]], found[names[2]]) == ("called_off", "planned")


def test_a_session_called_off_by_the_calendar_comes_back_with_its_day() -> None:
    run = a_run(weekdays=[0])
    dates(run)
    session = run.sessions[0]
    special(session.date, "closure")
    uses = {session.id: Use(is_referred_to=True)}
    with unit_of_work():
        generate_sessions(run, uses=uses)
    assert session.status == "called_off"
    with unit_of_work():
        db.session.delete(db.session.scalars(select(SpecialDay)).one())
        generate_sessions(run, uses=uses)
    assert session.status == "planned"


def test_without_knowing_what_is_booked_nothing_is_taken_away() -> None:
    run = a_run(weekdays=[0])
    before = dates(run)
    special(before[0], "closure")
    assert dates(run) == before


def test_places_below_what_is_booked_are_refused_naming_the_sessions() -> None:
    run = a_run(weekdays=[0], capacity=20)
    dates(run)
    first = run.sessions[0]
    with unit_of_work():
        run.capacity = 5
        with pytest.raises(TooFewPlaces, match="Mon 2 Nov: 6 booked"):
            carry_capacity(run, from_day=date(2026, 11, 1), uses={first.id: Use(booked=6)})
        carry_capacity(run, from_day=date(2026, 11, 1), uses={first.id: Use(booked=6, extra=1)})
    assert {session.capacity for session in run.sessions} == {5}
