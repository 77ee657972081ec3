"""A child leaves with somebody who may collect, alone on the terms that were agreed, or for somewhere that waits."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta

import pytest
from flask import Flask
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import event

from booking.core.db import db, unit_of_work
from booking.people.care import set_collection_word
from booking.people.going_alone import why_not_alone
from booking.people.models import Consent
from booking.provision.models import Session
from booking.registers.buses import add_bus, seat
from booking.registers.release import ReleaseRefused, WaysOut, check_release, ways_out, ways_out_of
from tests.builders import AT, Family, a_family, a_place, a_session, a_user
from tests.registers.door_builders import DAY, ON_TIME, a_contact, a_note, a_yes, barred


def out(family: Family, session: Session, at: datetime = ON_TIME) -> WaysOut:
    return ways_out(family.pupils[0].id, session, at)


def test_who_may_collect_is_named_and_nobody_who_may_not(app: Flask) -> None:
    family, session = a_family(), a_session(DAY)
    a_contact(family.pupils[0], "Grandma Jean", relationship_name="grandmother", phone="07700 900111")
    a_contact(family.pupils[0], "Next Door", may_collect=False)
    assert out(family, session).may_collect == (
        f"{family.user.name} (parent)",
        "Grandma Jean (grandmother)",
    )


def test_neither_a_barred_adult_nor_whom_that_adult_named_may_collect(app: Flask) -> None:
    family, session = a_family(), a_session(DAY)
    a_contact(family.pupils[0], "A New Friend", given_by_id=family.user.id)
    a_contact(family.pupils[0], "Grandma Jean")
    barred(family, family.user)
    ways = out(family, session)
    assert ways.may_collect == ("Grandma Jean",)
    assert ways.restricted == (family.user.name,)
    assert ways.needs_check


def test_a_contact_with_the_whole_name_of_a_barred_adult_is_that_adult(app: Flask) -> None:
    family, session = a_family(), a_session(DAY)
    a_contact(family.pupils[0], "Mr Jo Marsh, dad")
    barred(family)
    assert out(family, session).may_collect == (f"{family.user.name} (parent)",)


def test_a_barred_adult_takes_nobody_home_whatever_was_rung(app: Flask) -> None:
    family, session = a_family(), a_session(DAY)
    barred(family)
    for said in ("Jo Marsh", "Joseph Marsh", "MARSH", "Mr Marsh"):
        with pytest.raises(ReleaseRefused, match="must not collect"):
            check_release(family.pupils[0].id, session, "collected", said, at=ON_TIME, was_called=True)


def test_who_was_named_for_today_comes_first_and_the_child_does_not_set_off_alone(app: Flask) -> None:
    family, session = a_family(), a_session(DAY)
    a_yes(family.pupils[0])
    a_note(family.pupils[0], "collected_by", "Aunt Grace")
    ways = out(family, session)
    assert ways.may_collect[0] == "Aunt Grace (named for today)"
    assert ways.why_not_alone == "Today Aunt Grace collects."
    assert ways.needs_check
    assert ways.told == ("Aunt Grace collects, told at 09:00",)
    kept = check_release(family.pupils[0].id, session, "collected", "Aunt Grace", at=ON_TIME)
    assert kept == "Aunt Grace (named for today)"


def test_somebody_named_for_another_session_or_barred_is_not_named_here(app: Flask) -> None:
    family, session, other = (
        a_family(),
        a_session(DAY),
        a_session(DAY, starts_at=time(8), ends_at=time(8, 30)),
    )
    a_note(family.pupils[0], "collected_by", "Aunt Grace", session_id=other.id)
    a_note(family.pupils[0], "collected_by", "Jo Marsh")
    barred(family)
    assert out(family, session).may_collect == (f"{family.user.name} (parent)",)


def test_what_a_child_does_not_come_to_today_is_not_next(app: Flask) -> None:
    family, club = a_family(), a_session(DAY)
    care = a_session(DAY, starts_at=time(16, 30), ends_at=time(18, 0))
    a_place(family, care)
    a_note(family.pupils[0], "not_coming", session_id=care.id)
    assert out(family, club).next_activity is None


def test_a_collector_who_shares_a_surname_with_a_barred_adult_is_not_held_up(app: Flask) -> None:
    family, session = a_family(), a_session(DAY)
    a_contact(family.pupils[0], "John Marsh", relationship_name="grandfather")
    barred(family)
    for said in ("John Marsh", "john marsh (grandfather)"):
        kept = check_release(family.pupils[0].id, session, "collected", said, at=ON_TIME)
        assert kept == "John Marsh (grandfather)"


def test_anybody_else_takes_the_child_only_after_a_call(app: Flask) -> None:
    family, session = a_family(), a_session(DAY)
    pupil_id = family.pupils[0].id
    with pytest.raises(ReleaseRefused, match="Ring somebody who is"):
        check_release(pupil_id, session, "collected", "Uncle Ben", at=ON_TIME)
    with pytest.raises(ReleaseRefused, match="not enough"):
        check_release(pupil_id, session, "collected", "Ben", at=ON_TIME, was_called=True)
    with pytest.raises(ReleaseRefused, match="Say who collects"):
        check_release(pupil_id, session, "collected", "  ", at=ON_TIME, was_called=True)
    assert (
        check_release(pupil_id, session, "collected", " Uncle  Ben ", at=ON_TIME, was_called=True)
        == "Uncle Ben"
    )


def test_alone_only_with_a_yes(app: Flask) -> None:
    family, session = a_family(), a_session(DAY)
    assert "Nobody has agreed" in out(family, session).why_not_alone
    with pytest.raises(ReleaseRefused, match="Nobody has agreed that Child 1"):
        check_release(family.pupils[0].id, session, "left_alone", "", at=ON_TIME)
    a_yes(family.pupils[0])
    assert out(family, session).may_go_alone
    assert out(family, session).alone_until == time(16, 30)
    assert check_release(family.pupils[0].id, session, "left_alone", "", at=ON_TIME) == ""


def test_alone_until_the_latest_hour_and_not_a_minute_more(app: Flask) -> None:
    family, session = a_family(), a_session(DAY)
    a_yes(family.pupils[0])
    assert out(family, session, ON_TIME.replace(minute=30, second=59)).may_go_alone
    assert (
        "until 16:30 only, and it is 16:31" in out(family, session, ON_TIME.replace(minute=31)).why_not_alone
    )


def test_alone_on_the_days_that_were_agreed(app: Flask) -> None:
    family, session = a_family(), a_session(DAY)
    a_yes(family.pupils[0], details={"days": [0, 4]})
    assert out(family, session).why_not_alone == "Child 1 may go home alone on Monday and Friday only."


@pytest.mark.parametrize("values", [{"withdrawn_at": ON_TIME - timedelta(hours=1)}, {"kind": "photos"}])
def test_a_yes_that_was_taken_back_or_is_for_something_else_is_none(
    app: Flask, values: dict[str, object]
) -> None:
    family, session = a_family(), a_session(DAY)
    a_yes(family.pupils[0], **values)
    assert "Nobody has agreed" in out(family, session).why_not_alone


def test_a_yes_of_last_school_year_has_to_be_given_again(app: Flask) -> None:
    family, session = a_family(), a_session(DAY)
    a_yes(family.pupils[0], given_at=datetime(2026, 8, 31, 12, 0, tzinfo=UTC))
    assert "earlier school year (31 August 2026)" in out(family, session).why_not_alone


def test_a_yes_that_is_given_later_does_not_hold_for_what_was_before(app: Flask) -> None:
    family, session = a_family(), a_session(DAY)
    a_yes(family.pupils[0], given_at=ON_TIME + timedelta(minutes=1))
    assert not out(family, session).may_go_alone


def test_a_barred_adult_agrees_to_nothing_and_another_parent_still_may(app: Flask) -> None:
    family, session = a_family(), a_session(DAY)
    barred(family, family.user)
    a_yes(family.pupils[0], given_by_id=family.user.id)
    assert "Nobody has agreed" in out(family, session).why_not_alone
    a_yes(family.pupils[0], given_by_id=a_user("parent").id, given_at=AT - timedelta(days=1))
    assert out(family, session).may_go_alone


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    days=st.sets(st.integers(0, 6), min_size=1),
    latest=st.times(min_value=time(14), max_value=time(18, 30)),
    minutes=st.integers(0, 60 * 24 * 14),
)
def test_alone_exactly_on_the_days_and_until_the_hour(
    app: Flask, days: set[int], latest: time, minutes: int
) -> None:
    at = datetime(2026, 11, 23, tzinfo=UTC) + timedelta(minutes=minutes)
    yes = Consent(
        kind="goes_home_alone",
        details={"latest": f"{latest:%H:%M}", "days": sorted(days)},
        given_at=datetime(2026, 9, 7, tzinfo=UTC),
    )
    may = at.weekday() in days and (at.hour, at.minute) <= (latest.hour, latest.minute)
    assert (why_not_alone(yes, "Ada", at) == "") is may


def test_the_next_activity_is_the_next_that_is_booked_that_day(app: Flask) -> None:
    family = a_family()
    club = a_session(DAY)
    care = a_session(DAY, starts_at=time(16, 30), ends_at=time(18, 0))
    a_place(family, club)
    assert out(family, club).next_activity is None
    with pytest.raises(ReleaseRefused, match="Nothing else is booked"):
        check_release(family.pupils[0].id, club, "to_activity", "", at=ON_TIME)
    a_place(family, care)
    a_place(family, a_session(date(2026, 11, 26), starts_at=time(16, 30), ends_at=time(18, 0)))
    following = out(family, club).next_activity
    assert following is not None
    assert (following.session_id, following.starts_at) == (care.id, time(16, 30))
    assert out(family, care).next_activity is None
    assert check_release(family.pupils[0].id, club, "to_activity", "", at=ON_TIME) == following.name


def test_no_bus_that_is_not_written_down(app: Flask) -> None:
    family, session = a_family(), a_session(DAY)
    with pytest.raises(ReleaseRefused, match="No bus"):
        check_release(family.pupils[0].id, session, "to_bus", "", at=ON_TIME)


def test_a_bus_on_its_days_and_it_is_kept_which(app: Flask) -> None:
    family, session = a_family(), a_session(DAY)
    office = a_user("manager")
    with unit_of_work():
        bus = add_bus("Valley bus", time(16, 45), "", "", at=AT, user_id=office.id)
        seat(bus.id, family.pupils[0].id, [2], "Mill Lane", DAY, at=AT, user_id=office.id)
    assert out(family, session).bus == "Valley bus at 16:45, to Mill Lane"
    assert check_release(family.pupils[0].id, session, "to_bus", "", at=ON_TIME).startswith("Valley bus")
    assert out(family, a_session(date(2026, 11, 26))).bus == ""


def test_a_password_is_told_as_being_there_and_never_itself(app: Flask) -> None:
    family, session = a_family(), a_session(DAY)
    with unit_of_work():
        set_collection_word(family.pupils[0].id, "marmalade", user_id=family.user.id, at=AT)
    ways = out(family, session)
    assert ways.has_password
    assert not ways.needs_check
    assert "marmalade" not in repr(ways)
    barred(family, family.user)
    assert not out(family, session).has_password


def test_a_whole_register_costs_as_many_questions_as_one_child(app: Flask) -> None:
    session = a_session(DAY)
    families = [a_family(children=2) for _ in range(4)]
    ids = [pupil.id for family in families for pupil in family.pupils]
    count = 0

    def counted(*_: object) -> None:
        nonlocal count
        count += 1

    event.listen(db.engine, "before_cursor_execute", counted)
    try:
        ways_out_of({session: ids[:1]}, ON_TIME)
        one, count = count, 0
        assert len(ways_out_of({session: ids}, ON_TIME)) == len(ids)
    finally:
        event.remove(db.engine, "before_cursor_execute", counted)
    assert count <= one
