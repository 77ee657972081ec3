"""Runs open and close by one table, last term is copied, and the calendar refuses what cannot stand."""

from __future__ import annotations

from datetime import date, time

import pytest
from sqlalchemy import select

from booking.core.db import db, unit_of_work
from booking.provision.models import SpecialDay
from booking.provision.rota_changes import lines_of_run
from booking.provision.runs import MOVES, MoveRefused, RunRefused, close_run, copy_runs, open_run
from booking.provision.setup import ActivityDetails, NameTaken, SellerDetails, save_activity, save_seller
from booking.provision.terms import (
    DayDetails,
    DayRefused,
    PeriodDetails,
    PeriodRefused,
    remove_period,
    save_period,
    save_special_day,
)
from tests.builders import AT, a_period, a_room, a_run, a_seller, an_activity
from tests.staff_builders import a_staff_record, on_rota

pytestmark = pytest.mark.usefixtures("app")


@pytest.mark.parametrize("old", ["draft", "open", "closed"])
@pytest.mark.parametrize("new", ["open", "closed"])
def test_a_run_moves_only_as_the_table_says(old: str, new: str) -> None:
    run = a_run(status=old)
    act = open_run if new == "open" else close_run
    with unit_of_work():
        if (old, new) in MOVES:
            assert act(run.id, AT, None).status == new
        else:
            with pytest.raises(MoveRefused, match=f"{old} cannot become {new}"):
                act(run.id, AT, None)


def test_a_run_without_a_day_does_not_open() -> None:
    period = a_period(name="A Tuesday", starts_on=date(2026, 11, 3), ends_on=date(2026, 11, 3))
    run = a_run(status="draft", weekdays=[0], period_id=period.id)
    with pytest.raises(RunRefused, match="no day in this period"), unit_of_work():
        open_run(run.id, AT, None)
    db.session.refresh(run)
    assert run.status == "draft"


def test_last_term_is_copied_as_drafts_with_the_same_lead_and_clashes_are_told() -> None:
    room = a_room()
    one = a_run(weekdays=[0, 1], room_id=room.id)
    a_run(weekdays=[1, 2], room_id=room.id, starts_at=time(16, 0), ends_at=time(17, 0))
    new = a_period(name="Spring 1", starts_on=date(2027, 1, 4), ends_on=date(2027, 2, 12))
    with unit_of_work():
        copied = copy_runs(one.period_id, new.id, at=AT, user_id=None)
    assert len(copied.made) == 2
    assert [(clash.room, clash.weekdays) for clash in copied.clashes] == [(room.name, (1,))]
    copy = copied.made[0]
    assert (copy.status, copy.price_pence, copy.weekdays) == ("draft", 450, [0, 1])
    assert copy.opens_at.date() == date(2027, 1, 4) - (date(2026, 11, 2) - one.opens_at.date())
    with unit_of_work():
        again = copy_runs(one.period_id, new.id, at=AT, user_id=None)
    assert (again.made, again.already) == ([], 2)


def test_periods_of_one_kind_never_lie_over_each_other_and_bring_their_bank_holidays() -> None:
    with unit_of_work():
        period = save_period(
            None,
            PeriodDetails("half_term", "Summer 1", date(2027, 4, 12), date(2027, 5, 28)),
            at=AT,
            user_id=None,
        )
    assert [day.date for day in db.session.scalars(select(SpecialDay))] == [date(2027, 5, 3)]
    with pytest.raises(PeriodRefused, match="lie over Summer 1"), unit_of_work():
        save_period(
            None, PeriodDetails("half_term", "x", date(2027, 5, 28), date(2027, 6, 3)), at=AT, user_id=None
        )
    with pytest.raises(PeriodRefused, match="last day comes before"), unit_of_work():
        save_period(
            None, PeriodDetails("term", "x", date(2027, 5, 28), date(2027, 5, 3)), at=AT, user_id=None
        )
    a_run(period_id=period.id)
    with pytest.raises(PeriodRefused, match="has runs in it"), unit_of_work():
        remove_period(period.id, at=AT, user_id=None)


def test_a_day_has_one_entry_and_an_early_finish_its_hour() -> None:
    day = date(2026, 11, 9)
    with unit_of_work():
        save_special_day(None, DayDetails(day, "inset"), at=AT, user_id=None)
    for details, words in (
        (DayDetails(day, "closure"), "has an entry already"),
        (DayDetails(date(2026, 11, 10), "early_finish"), "at what time"),
        (DayDetails(date(2026, 12, 25), "inset"), "bank holiday already"),
    ):
        with pytest.raises(DayRefused, match=words), unit_of_work():
            save_special_day(None, details, at=AT, user_id=None)


def test_two_of_one_name_are_refused() -> None:
    seller = a_seller(name="Kick Start")
    an_activity(name="Football")
    with pytest.raises(NameTaken, match="Football"), unit_of_work():
        save_activity(None, ActivityDetails("Football", "club", seller.id), at=AT, user_id=None)
    with pytest.raises(NameTaken, match="Kick Start"), unit_of_work():
        save_seller(None, SellerDetails("Kick Start"), at=AT, user_id=None)


def test_a_copied_run_takes_its_standing_rota_along_but_nobody_who_has_left() -> None:
    old = a_period(name="Autumn 1", starts_on=date(2026, 9, 2), ends_on=date(2026, 10, 23))
    new = a_period(name="Autumn 2", starts_on=date(2026, 11, 2), ends_on=date(2026, 12, 18))
    run = a_run(period_id=old.id)
    stays, gone, ended = (
        a_staff_record("Stays"),
        a_staff_record("Gone", ends_on=old.ends_on),
        a_staff_record("Ended"),
    )
    on_rota(run.id, stays, is_leader=True, weekdays=[1])
    on_rota(run.id, gone)
    on_rota(run.id, ended, to_on=date(2026, 10, 1))
    with unit_of_work():
        (copy,) = copy_runs(old.id, new.id, at=AT, user_id=None).made
    (line,) = lines_of_run(copy.id, new.starts_on)
    assert (line.staff.name, line.is_leader, line.weekdays, line.from_on) == (
        "Stays",
        True,
        [1],
        new.starts_on,
    )
