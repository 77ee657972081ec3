"""The office sets up a term on screen, and nobody who is booked loses a place by it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, time

import pytest
import time_machine
from flask import Flask
from sqlalchemy import select

from booking.core.db import db
from booking.provision.models import Activity, Period, Room, Run, Seller, Session, SpecialDay
from tests.browser import Browser
from tests.builders import (
    AT,
    a_family,
    a_period,
    a_place,
    a_room,
    a_run,
    a_school,
    a_seller,
    a_user,
    an_activity,
)

RUN = {
    "weekdays": ["0", "2"],
    "starts_at": "3.30pm",
    "ends_at": "16:30",
    "capacity": "",
    "price_pence": "4.50",
    "year_groups": ["R", "1", "2"],
    "leader": "Ms Khan",
    "opens_on": "1/10/2026",
    "opens_hour": "19:00",
    "closes_days_before": "1",
    "closes_at": "18:00",
    "sold_as": "session",
    "block_pence": "",
    "needs_consent": "",
}


@pytest.fixture
def manager(app: Flask, browser: Browser) -> Iterator[Browser]:
    a_school()
    with time_machine.travel(AT, tick=False):
        yield browser.sign_in(a_user("manager"))


def answers(run: Run, **changed: object) -> dict[str, object]:
    return {
        **RUN,
        "activity_id": run.activity_id,
        "period_id": run.period_id,
        "room_id": run.room_id,
        "weekdays": [str(day) for day in run.weekdays],
        "starts_at": f"{run.starts_at:%H:%M}",
        "ends_at": f"{run.ends_at:%H:%M}",
        "capacity": "" if run.capacity is None else str(run.capacity),
        **changed,
    }


def an_open_run(browser: Browser, **values: object) -> Run:
    run = a_run(status="draft", weekdays=[0, 2], **values)
    browser.post("office.open_for_booking", run_id=run.id)
    return db.session.get_one(Run, run.id)


def session_on(run: Run, day: date) -> Session | None:
    return db.session.scalars(select(Session).where(Session.run_id == run.id, Session.date == day)).first()


def test_a_term_is_set_up_from_nothing_and_opened(manager: Browser) -> None:
    manager.post(
        "office.add_period",
        {"kind": "half_term", "name": "Autumn 2", "starts_on": "2/11/2026", "ends_on": "18 December 2026"},
    )
    manager.post(
        "office.add_seller", {"name": "Brook Lane School", "is_school": "y", "email": "office@brook.example"}
    )
    seller = db.session.scalars(select(Seller)).one()
    manager.post("office.add_room", {"name": "Hall", "capacity": "30", "minutes_away": "0"})
    manager.post(
        "office.add_activity",
        {
            "name": "Chess",
            "kind": "club",
            "area": "arts_culture",
            "seller_id": seller.id,
            "runs_on_early_finish": "y",
        },
    )
    activity, room = db.session.scalars(select(Activity)).one(), db.session.scalars(select(Room)).one()
    period = db.session.scalars(select(Period)).one()
    assert (activity.area, activity.runs_on_early_finish, activity.runs_on_inset) == (
        "arts_culture",
        True,
        False,
    )
    manager.post(
        "office.add_run", {**RUN, "activity_id": activity.id, "period_id": period.id, "room_id": room.id}
    )
    run = db.session.scalars(select(Run)).one()
    assert (run.status, run.price_pence, run.starts_at, run.capacity) == ("draft", 450, time(15, 30), None)
    assert run.opens_at.isoformat() == "2026-10-01T18:00:00+00:00"
    page = manager.post("office.open_for_booking", run_id=run.id, follow=True)
    assert "Chess is open. It has 14 sessions." in page.text
    assert "Chess" in manager.get("office.runs").text


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"starts_at": "half past"}, "“half past” is not a time"),
        ({"starts_at": ""}, "Enter when it starts."),
        ({"starts_at": "17:00"}, "It ends before it starts."),
        ({"weekdays": []}, "Choose at least one day"),
        ({"year_groups": []}, "Choose at least one year group"),
        ({"price_pence": "-1"}, "is not an amount"),
        ({"capacity": "many"}, "Enter a whole number"),
        ({"opens_on": "31/11/2026"}, "is not a date"),
        ({"room_id": "4711"}, "Not a valid choice"),
    ],
)
def test_a_wrong_answer_is_told_and_the_others_are_kept(
    manager: Browser, changed: dict[str, object], words: str
) -> None:
    run = a_run(status="draft")
    page = manager.post("office.add_run", {**answers(run), **changed}, expect=422)
    assert words in page.text
    assert page.field("leader") == "Ms Khan"
    assert "".join(page.all(".//title")[0].itertext()).startswith("Error: ")
    assert len(db.session.scalars(select(Run)).all()) == 1


def test_a_new_inset_day_takes_its_sessions_off_and_names_who_is_booked(manager: Browser) -> None:
    booked, free = an_open_run(manager), an_open_run(manager)
    family = a_family()
    a_place(family, session_on(booked, date(2026, 11, 30)))
    page = manager.post("office.add_day", {"date": "30/11/2026", "kind": "inset"}, follow=True)
    assert "1 session taken off." in page.text
    assert f"Children are booked into {booked.activity.name} on Mon 30 Nov" in page.text
    assert session_on(free, date(2026, 11, 30)) is None
    assert session_on(booked, date(2026, 11, 30)) is not None
    day = db.session.scalars(select(SpecialDay)).one()
    page = manager.post("office.remove_day", day_id=day.id, follow=True)
    assert "1 session added." in page.text
    assert session_on(free, date(2026, 11, 30)) is not None


def test_an_inset_day_that_moves_gives_the_old_day_back(manager: Browser) -> None:
    run = an_open_run(manager)
    manager.post("office.add_day", {"date": "30/11/2026", "kind": "closure"})
    day = db.session.scalars(select(SpecialDay)).one()
    manager.post("office.day", {"date": "2/12/2026", "kind": "closure"}, day_id=day.id)
    assert session_on(run, date(2026, 11, 30)) is not None
    assert session_on(run, date(2026, 12, 2)) is None


def test_fewer_places_than_are_booked_are_refused_naming_the_day(manager: Browser) -> None:
    run = an_open_run(manager, capacity=20)
    for _ in range(2):
        a_place(a_family(), session_on(run, date(2026, 11, 30)))
    page = manager.post("office.run", answers(run, capacity="1"), run_id=run.id, expect=422)
    assert "Mon 30 Nov: 2 booked" in page.text
    manager.post("office.run", answers(run, capacity="2"), run_id=run.id)
    assert session_on(run, date(2026, 11, 30)).capacity == 2
    past = session_on(run, date(2026, 11, 2))
    assert past is not None
    assert past.capacity == 20


def test_a_smaller_room_is_refused_where_more_are_booked(manager: Browser) -> None:
    room = a_room(name="Hut", capacity=20)
    run = an_open_run(manager, room_id=room.id, capacity=None)
    for _ in range(2):
        a_place(a_family(), session_on(run, date(2026, 11, 30)))
    page = manager.post(
        "office.room", {"name": "Hut", "capacity": "1", "minutes_away": "0"}, room_id=room.id, expect=422
    )
    assert "Mon 30 Nov: 2 booked" in page.text
    manager.post("office.room", {"name": "Hut", "capacity": "2", "minutes_away": "0"}, room_id=room.id)
    assert session_on(run, date(2026, 12, 2)).capacity == 2


def test_hours_stay_where_children_are_booked_and_move_where_none_are(manager: Browser) -> None:
    run = an_open_run(manager)
    manager.post("office.run", answers(run, starts_at="15:45"), run_id=run.id)
    assert session_on(run, date(2026, 11, 30)).starts_at == time(15, 45)
    a_place(a_family(), session_on(run, date(2026, 11, 30)))
    db.session.refresh(run)
    page = manager.post("office.run", answers(run, starts_at="16:00"), run_id=run.id, expect=422)
    assert "booked at the old times on Mon 30 Nov" in page.text
    assert session_on(run, date(2026, 12, 2)).starts_at == time(15, 45)


def test_other_weekdays_bring_their_sessions_from_today_on(manager: Browser) -> None:
    run = an_open_run(manager)
    a_place(a_family(), session_on(run, date(2026, 11, 30)))
    manager.post("office.run", answers(run, weekdays=["4"]), run_id=run.id)
    days = [
        s.date
        for s in db.session.scalars(select(Session).where(Session.run_id == run.id).order_by(Session.date))
    ]
    assert [day for day in days if day >= AT.date()] == [
        date(2026, 11, 27), date(2026, 11, 30), date(2026, 12, 4), date(2026, 12, 11), date(2026, 12, 18),
    ]  # fmt: skip
    assert date(2026, 11, 2) in days


def test_a_run_is_closed_and_what_is_booked_stays(manager: Browser) -> None:
    run = an_open_run(manager)
    manager.post("office.close_for_booking", run_id=run.id)
    db.session.refresh(run)
    assert run.status == "closed"
    page = manager.post("office.close_for_booking", run_id=run.id, follow=True)
    assert "A run that is closed cannot become closed" in page.text


def test_last_term_is_copied_on_screen(manager: Browser) -> None:
    run = a_run()
    new = a_period(name="Spring 1", starts_on=date(2027, 1, 4), ends_on=date(2027, 2, 12))
    page = manager.post(
        "office.copy_term", {"from_period_id": run.period_id, "to_period_id": new.id}, follow=True
    )
    assert "1 draft made." in page.text
    assert "Open for booking" in page.text
    manager.post("office.copy_term", {"from_period_id": new.id, "to_period_id": new.id}, expect=422)


def test_a_name_that_is_taken_is_told(manager: Browser) -> None:
    an_activity(name="Chess", seller_id=a_seller().id)
    seller = db.session.scalars(select(Seller)).one()
    page = manager.post(
        "office.add_activity",
        {"name": " Chess ", "kind": "club", "area": "", "seller_id": seller.id},
        expect=422,
    )
    assert "“Chess” is there already" in page.text
