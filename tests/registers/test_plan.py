"""Where each child should be from the end of class to home, and who was rung about it."""

from datetime import date, time, timedelta

import pytest
from flask import Flask

from booking.bookings.day_note_models import DayNote
from booking.core.db import db, unit_of_work
from booking.core.errors import NotFound
from booking.core.vault import CannotOpen, open_sealed
from booking.provision.models import Session
from booking.registers.call_models import CallLog
from booking.registers.calls import CallNotLogged, calls_on, log_call
from booking.registers.plan import plans_of
from tests.builders import AT, Family, a_family, a_place, a_pupil, a_run, a_session, a_user, an_activity, save

DAY = date(2026, 11, 23)


def _session(starts: time, ends: time, kind: str = "club") -> Session:
    run = a_run(activity_id=an_activity(kind=kind).id, starts_at=starts, ends_at=ends)
    return a_session(DAY, run=run)


def test_a_child_goes_from_club_to_care_to_home(app: Flask) -> None:
    family = a_family()
    care = _session(time(16, 30), time(18), "extended_care")
    club = _session(time(15, 30), time(16, 30))
    for session in (care, club):
        a_place(family, session)
    (legs,) = plans_of(DAY).values()
    assert [(leg.session_id, leg.ends) for leg in legs] == [(club.id, "to_next"), (care.id, "home")]
    assert legs[0].room == club.run.room.name


def test_who_comes_back_in_the_evening_goes_home_in_between(app: Flask) -> None:
    family = a_family()
    a_place(family, _session(time(15, 30), time(16, 30)))
    a_place(family, _session(time(17, 1), time(19), "family"))
    assert [leg.ends for leg in plans_of(DAY)[family.pupils[0].id]] == ["home", "home"]


def test_breakfast_what_is_called_off_and_places_that_ended_are_no_legs(app: Flask) -> None:
    family, off = a_family(), _session(time(15, 30), time(16, 30))
    a_place(family, _session(time(8), time(8, 30), "breakfast"))
    a_place(family, _session(time(16, 30), time(18)), state="cancelled")
    a_place(family, off)
    with unit_of_work():
        db.session.merge(off).status = "called_off"
    assert plans_of(DAY) == {}


def test_a_place_that_is_not_paid_yet_is_a_leg_and_says_so(app: Flask) -> None:
    one, other = a_family(), a_family()
    session = _session(time(15, 30), time(16, 30))
    a_place(one, session, state="held")
    a_place(other, session)
    assert {plan[0].status for plan in plans_of(DAY).values()} == {"held", "booked"}
    assert set(plans_of(DAY, [one.pupils[0].id])) == {one.pupils[0].id}


def _told(family: Family, kind: str, at_time: time | None = None, session: Session | None = None) -> None:
    save(
        DayNote(
            pupil_id=family.pupils[0].id,
            day=DAY,
            kind=kind,
            at_time=at_time,
            session_id=session.id if session else None,
            source="office",
            told_at=AT,
        )
    )


def test_who_is_away_or_not_coming_has_no_plan_and_who_leaves_early_a_shorter_one(app: Flask) -> None:
    families = [a_family() for _ in range(5)]
    club, care = _session(time(15, 30), time(16, 30)), _session(time(16, 30), time(18), "extended_care")
    for family in families:
        a_place(family, club)
        a_place(family, care)
    away, not_coming, no_club, early, late = families
    _told(away, "away")
    _told(not_coming, "not_coming")
    _told(no_club, "not_coming", session=club)
    _told(early, "leaves_early", time(16))
    _told(late, "late", time(18, 10))
    plans = plans_of(DAY)
    assert {family.pupils[0].id for family in (away, not_coming)} & set(plans) == set()
    assert [(leg.session_id, leg.ends) for leg in plans[no_club.pupils[0].id]] == [(care.id, "home")]
    assert [(leg.session_id, leg.ends_at, leg.ends) for leg in plans[early.pupils[0].id]] == [
        (club.id, time(16), "home")
    ]
    assert len(plans[late.pupils[0].id]) == 2


def test_a_call_is_written_down_sealed_and_found_on_its_day(app: Flask) -> None:
    pupil, staff = a_pupil(), a_user("staff")
    with unit_of_work():
        log_call(pupil.id, None, " Kim Okafor ", "On the way", AT, staff.id, about="nobody_came")
        log_call(pupil.id, None, "Kim Okafor", "The day before", AT - timedelta(days=1), staff.id)
    (call,) = calls_on([pupil.id], DAY)[pupil.id]
    assert (call.whom, call.outcome, call.about) == ("Kim Okafor", "On the way", "nobody_came")
    assert b"Okafor" not in call.sealed
    with pytest.raises(CannotOpen):
        open_sealed(call.sealed, table="call_log", column="sealed", row_key="another row")


def test_a_call_without_words_or_child_is_not_written(app: Flask) -> None:
    pupil = a_pupil()
    with pytest.raises(CallNotLogged), unit_of_work():
        log_call(pupil.id, None, "Kim", "  ", AT, None)
    with pytest.raises(NotFound), unit_of_work():
        log_call(pupil.id + 1, None, "Kim", "No answer", AT, None)
    assert db.session.query(CallLog).count() == 0
