"""Medicine: by two people, against an agreement, and never twice within its interval without a stop and its reason."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from datetime import date, timedelta

import pytest
from flask import Flask
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError, IntegrityError

from booking.core.access_log import AccessEntry
from booking.core.audit import AuditEntry
from booking.core.db import db, unit_of_work
from booking.core.errors import NotFound
from booking.core.outbox import OutboxMessage
from booking.office.checks import all_problems
from booking.people.medicine_models import Medicine
from booking.people.models import User
from booking.registers import doses
from booking.registers.dose_models import MedicineGiven
from booking.registers.doses import (
    Dose,
    DoseRefused,
    StopFirst,
    confirm_second,
    give,
    given_to,
    stops_for,
    take_back,
)
from tests.bookings.rushes import Act, at_once, take_out_the_locks
from tests.builders import AT, a_family, a_place, a_session, a_user
from tests.registers.dose_world import MONDAY, DoseWorld
from tests.registers.reports import WHY, a_dose, a_medicine
from tests.tampering import tamper


@pytest.fixture
def world(app: Flask) -> DoseWorld:
    return DoseWorld()


def test_a_dose_is_kept_with_who_gave_it_who_checked_it_and_when(world: DoseWorld) -> None:
    dose = world.give(second=world.other)
    assert (dose.given_by_id, dose.second_id, dose.second_how) == (world.leader.id, world.other.id, "pin")
    assert (dose.name, dose.dose, dose.why) == ("Calprofen", "5 ml", "")
    assert dose.keep_until == date(2043, 10, 5)
    acts = db.session.scalars(select(AuditEntry.action).order_by(AuditEntry.id)).all()
    assert acts[-1] == "medicine_given"
    assert db.session.scalars(select(AccessEntry.act)).all() == ["change"]


def test_a_second_dose_within_the_interval_is_stopped_and_nothing_is_kept(world: DoseWorld) -> None:
    world.give()
    with pytest.raises(StopFirst, match="Not before 13:00") as stopped:
        world.give(239)
    assert f"by {world.leader.name}" in str(stopped.value)
    assert world.counted() == 1
    world.give(240)
    assert world.counted() == 2


def test_whoever_goes_past_a_stop_says_why_and_it_is_kept(world: DoseWorld) -> None:
    world.give()
    with pytest.raises(StopFirst):
        world.give(30, why="ok")
    dose = world.give(30, why=WHY)
    assert dose.why.startswith("5 ml was given on Monday 23 November at 09:00")
    assert dose.why.endswith(WHY)
    assert all_problems() == []


def test_a_dose_that_is_written_down_late_meets_the_one_after_it(world: DoseWorld) -> None:
    world.give(120)
    with pytest.raises(StopFirst, match="Not before 15:00"):
        world.give(180, given_at=AT)


def test_no_more_doses_a_day_than_agreed(world: DoseWorld) -> None:
    world.give()
    world.give(240)
    with pytest.raises(StopFirst, match="2 doses"):
        world.give(480)
    tomorrow = stops_for(world.medicine, AT + timedelta(days=1))
    assert tomorrow == []


def test_a_box_that_is_out_of_date_is_stopped(app: Flask) -> None:
    world = DoseWorld(expires_on=MONDAY - timedelta(days=1))
    with pytest.raises(StopFirst, match="out of date since 22/11/2026"):
        world.give()


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"minutes": 5, "given_at": AT + timedelta(minutes=6)}, "still to come"),
        ({"minutes": 800, "given_at": AT}, "time of today"),
    ],
)
def test_a_dose_is_of_today_and_of_the_past(world: DoseWorld, values: dict[str, object], words: str) -> None:
    with pytest.raises(DoseRefused, match=words):
        world.give(**values)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "values",
    [
        {"starts_on": MONDAY + timedelta(days=1)},
        {"starts_on": MONDAY - timedelta(days=9), "ends_on": MONDAY - timedelta(days=1)},
    ],
)
def test_without_an_agreement_that_lives_today_nothing_is_given(
    app: Flask, values: dict[str, object]
) -> None:
    with pytest.raises(DoseRefused, match="agreement does not hold"):
        DoseWorld(**values).give(why=WHY)


def test_a_medicine_is_given_to_the_child_it_was_agreed_for_alone(world: DoseWorld) -> None:
    friend = a_family()
    a_place(friend, world.session, price_pence=0)
    with pytest.raises(NotFound), unit_of_work():
        give(
            Dose(world.medicine.id, friend.pupils[0].id, world.session.id, AT),
            second=None,
            at=AT,
            user_id=world.leader.id,
        )
    elsewhere = a_session(MONDAY)
    with pytest.raises(NotFound):
        a_dose(world.medicine, elsewhere, by=world.leader)


def test_the_second_person_is_another_whichever_way(world: DoseWorld) -> None:
    with pytest.raises(DoseRefused, match="somebody else"):
        world.give(second=world.leader)
    dose = world.give()
    with pytest.raises(DoseRefused, match="Somebody else"), unit_of_work():
        confirm_second(dose.id, at=AT, user_id=world.leader.id)
    with unit_of_work():
        confirm_second(dose.id, at=AT, user_id=world.other.id)
    with pytest.raises(DoseRefused, match="already"), unit_of_work():
        confirm_second(dose.id, at=AT, user_id=a_user("staff").id)
    assert db.session.get_one(MedicineGiven, dose.id).second_how == "own"


def test_a_dose_taken_back_counts_no_more_and_both_rows_stay(world: DoseWorld) -> None:
    dose = world.give()
    with pytest.raises(DoseRefused, match="Only who wrote it"), unit_of_work():
        take_back(dose.id, "The child spat it out at once", at=AT, by=world.other)
    with pytest.raises(DoseRefused, match="why"), unit_of_work():
        take_back(dose.id, "no", at=AT, by=world.leader)
    with unit_of_work():
        take_back(dose.id, "Pressed for the wrong child", at=AT, by=db.session.get_one(User, world.leader.id))
    assert world.counted() == 0
    assert db.session.query(MedicineGiven).count() == 2
    world.give(10)
    for again in (lambda: take_back(dose.id, "Pressed twice or so", at=AT, by=world.leader),):
        with pytest.raises(NotFound), unit_of_work():
            again()


def test_the_family_is_told_once_a_day_without_a_word_about_it(world: DoseWorld) -> None:
    world.give()
    world.give(240)
    (message,) = db.session.scalars(select(OutboxMessage)).all()
    assert (message.user_id, message.template) == (world.family.user.id, "to_read")
    assert "Calprofen" not in str(message.context)


def test_the_database_refuses_to_change_a_dose(world: DoseWorld) -> None:
    world.give(second=world.other)
    for change in (
        "given_at = recorded_at",
        "pupil_id = pupil_id",
        "given_by_id = second_id",
        "second_id = NULL",
    ):
        with pytest.raises((IntegrityError, DBAPIError), match="never changed"), unit_of_work():
            db.session.execute(text(f"UPDATE medicine_given SET {change}"))


def test_the_check_finds_a_dose_too_close_without_a_reason(world: DoseWorld) -> None:
    first, second = world.give(), world.give(240)
    assert all_problems() == []
    same = "(SELECT x.given_at FROM (SELECT * FROM medicine_given) x WHERE x.id = :first)"
    tamper(
        f"UPDATE medicine_given SET given_at = {same} WHERE id = :second", first=first.id, second=second.id
    )
    assert [one for one in all_problems() if one.startswith("dose")] == [
        f"dose {second.id}: within the interval of dose {first.id}, and no reason is kept"
    ]


tries = st.lists(
    st.tuples(st.integers(0, 700), st.integers(0, 400), st.booleans(), st.booleans()), max_size=8
)


@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(tries=tries, every=st.sampled_from([0, 60, 240]), most=st.integers(1, 3))
def test_whatever_is_tried_no_dose_is_too_close_without_a_reason(
    world: DoseWorld, tries: list[tuple[int, int, bool, bool]], every: int, most: int
) -> None:
    name = f"Medicine {db.session.query(Medicine).count()}"
    world.medicine = a_medicine(world.pupil, by=world.leader, name=name, every_minutes=every, most_a_day=most)
    for late, minutes, has_reason, is_taken_back in sorted(tries):
        at = AT + timedelta(minutes=minutes)
        try:
            dose = world.give(max(late, minutes), given_at=at, why=WHY if has_reason else "")
        except DoseRefused:
            continue
        if is_taken_back:
            with unit_of_work():
                take_back(dose.id, "It was not given at all", at=dose.recorded_at, by=world.leader)
    counted = given_to([world.pupil.id], since=AT - timedelta(days=1)).get(world.pupil.id, [])
    silent = [one for one in counted if not one.why and one.name == name]
    db.session.rollback()
    assert len(silent) <= most
    for one, other in itertools.combinations(silent, 2):
        assert abs(one.given_at - other.given_at) >= timedelta(minutes=every)


def _two_tablets(world: DoseWorld) -> list[Act]:
    def act(user_id: int) -> Callable[[], int]:
        dose = Dose(world.medicine.id, world.pupil.id, world.session.id, AT)
        return lambda: give(dose, second=None, at=AT, user_id=user_id).id

    return [act(world.leader.id), act(world.other.id)]


def test_of_two_people_with_two_tablets_one_meets_the_stop(app: Flask, world: DoseWorld) -> None:
    results = at_once(app, _two_tablets(world))
    assert sorted(isinstance(one, StopFirst) for one in results) == [False, True], results
    assert world.counted() == 1


def test_the_control_without_the_lock_gives_it_twice(
    app: Flask, world: DoseWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    acts = _two_tablets(world)
    take_out_the_locks(monkeypatch, 2, [(doses, "stops_for")])
    monkeypatch.setattr(doses, "tell_family", lambda *_, **__: 0)
    assert all(isinstance(one, int) for one in at_once(app, acts))
    assert world.counted() == 2
