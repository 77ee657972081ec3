"""The office answers who is meant, says which column is which, ticks who has left, and takes an import back."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import pytest
import time_machine
from flask import Flask
from sqlalchemy import func, select

from booking.core.access_log import AccessEntry
from booking.core.db import db, unit_of_work
from booking.core.jobs import Job
from booking.office import import_views
from booking.people.import_runs import ImportRun
from booking.people.models import Pupil
from booking.people.restrictions import Restriction
from booking.worker import work
from tests.browser import Browser
from tests.builders import AT, a_family, a_place, a_pupil, a_school, a_session, a_user, save
from tests.office.import_pages import run_of, throw_away, token_of, upload
from tests.people.import_files import a_file, a_line, a_upn, whole_tables


@pytest.fixture
def manager(app: Flask, browser: Browser, instance: Path) -> Iterator[Browser]:
    throw_away(instance)
    a_school()
    with time_machine.travel(AT, tick=False):
        yield browser.sign_in(a_user("manager"))


def the_pupil(forename: str = "Ada") -> Pupil:
    db.session.expire_all()
    return db.session.scalars(select(Pupil).where(Pupil.forename == forename)).one()


def test_a_child_known_by_name_is_asked_about_and_nothing_goes_without_an_answer(manager: Browser) -> None:
    pupil = a_pupil(surname="Okafor", forename="Ada", upn=None, status="expected", class_name=None)
    token = token_of(upload(manager, a_file(a_line(upn=a_upn(1), cls="Elm"))))
    page = manager.get("office.import_preview", token=token)
    assert "Is Ada Okafor the same child?" in page.text
    assert "Ada Okafor, born 05/10/2018, expected, no class, no UPN" in page.text
    assert "Class none becomes → Elm" in page.text
    seen = {"seen": page.field("seen")}
    page = manager.post("office.import_preview", seen, token=token, expect=422)
    assert "Say whether Ada Okafor is the same child." in page.text
    assert page.all(".//a[@href='#child_2']")
    assert the_pupil().status == "expected"
    page = manager.post("office.import_preview", {**seen, "child_2": pupil.id}, token=token, follow=True)
    assert "0 pupils added and 1 changed." in page.text
    assert (the_pupil().upn, the_pupil().status) == (a_upn(1), "on_roll")


def test_a_no_makes_a_new_child(manager: Browser) -> None:
    a_pupil(surname="Okafor", forename="Ada", upn=a_upn(2))
    token = token_of(upload(manager, a_file(a_line(upn=a_upn(1)))))
    seen = manager.get("office.import_preview", token=token).field("seen")
    manager.post("office.import_preview", {"seen": seen, "child_2": "0"}, token=token)
    assert db.session.scalar(select(func.count()).select_from(Pupil)) == 2


def test_one_tick_answers_all_that_was_left_open(manager: Browser) -> None:
    names = ["Ada", "Ben", "Cy", "Di"]
    for name in names:
        a_pupil(
            surname="Okafor", forename=name, date_of_birth=date(2018, 1, len(name) + names.index(name) + 1)
        )
    lines = [
        a_line(upn=a_upn(n + 1), forename=p.forename, dob=f"{p.date_of_birth:%d/%m/%Y}")
        for n, p in enumerate(db.session.scalars(select(Pupil).order_by(Pupil.id)).all())
    ]
    token = token_of(upload(manager, a_file(*lines)))
    seen = manager.get("office.import_preview", token=token).field("seen")
    fields = {"seen": seen, "all_same": "y", "child_2": "0"}
    manager.post("office.import_preview", fields, token=token)
    assert db.session.scalar(select(func.count()).select_from(Pupil)) == 5
    assert [p.upn for p in db.session.scalars(select(Pupil).order_by(Pupil.id))] == [
        None,
        a_upn(2),
        a_upn(3),
        a_upn(4),
        a_upn(1),
    ]


def test_an_admissions_list_makes_expected_children(manager: Browser) -> None:
    token = token_of(upload(manager, a_file(a_line(dob="05/10/2022")), is_for="expected"))
    page = manager.get("office.import_preview", token=token)
    assert "Children who are to come" in page.text
    manager.post("office.import_preview", {"seen": page.field("seen")}, token=token)
    assert (the_pupil().status, the_pupil().joined_on, the_pupil().year_group) == (
        "expected",
        date(2027, 9, 1),
        "R",
    )


def test_columns_that_are_not_recognised_are_chosen_by_hand(manager: Browser) -> None:
    content = "Nachname;Rufname;Geburt;Gruppe\nOkafor;Ada;05/10/2018;Oak\n"
    page = upload(manager, content)
    assert (page.location or "").endswith("/columns")
    token = token_of(page)
    page = manager.get("office.import_columns", token=token)
    assert "Which column is which?" in page.text
    page = manager.post("office.import_columns", {"surname": "Nachname"}, token=token, expect=422)
    assert "Say which column holds: Forename." in page.text
    twice = {"surname": "Nachname", "forename": "Nachname", "date_of_birth": "Geburt"}
    page = manager.post("office.import_columns", twice, token=token, expect=422)
    assert "The column “Nachname” is chosen already: Surname." in page.text
    fields = {"surname": "Nachname", "forename": "Rufname", "date_of_birth": "Geburt", "class_name": "Gruppe"}
    page = manager.post("office.import_columns", fields, token=token, follow=True)
    manager.post("office.import_preview", {"seen": page.field("seen")}, token=token)
    assert (the_pupil().surname, the_pupil().class_name) == ("Okafor", "Oak")


def test_one_missing_heading_leads_there_too_with_the_others_filled_in(manager: Browser) -> None:
    token = token_of(upload(manager, "Surname,Forename,Birth\nOkafor,Ada,05/10/2018\n"))
    page = manager.get("office.import_columns", token=token)
    (chosen,) = page.all(".//select[@id='surname']/option[@selected]")
    assert chosen.get("value") == "Surname"


def test_nobody_else_chooses_columns_or_sees_the_file(app: Flask, manager: Browser) -> None:
    token = token_of(upload(manager, "Surname,Forename,Birth\nOkafor,Ada,05/10/2018\n"))
    other = Browser(app).sign_in(a_user("manager"))
    other.get("office.import_columns", token=token, expect=404)


def _import(manager: Browser, *lines: str) -> int:
    token = token_of(upload(manager, a_file(*lines)))
    seen = manager.get("office.import_preview", token=token).field("seen")
    return run_of(manager.post("office.import_preview", {"seen": seen}, token=token))


def test_leavers_are_ticked_with_their_day_and_bookings_after_it_are_told(manager: Browser) -> None:
    family = a_family(upn=a_upn(2), surname="Ali", joined_on=date(2022, 9, 1))
    a_place(family, a_session(date(2026, 11, 25)))
    stays = a_pupil(upn=a_upn(3), surname="Li")
    run_id = _import(manager, a_line(upn=a_upn(1)))
    page = manager.get("office.import_run", run_id=run_id)
    assert "Have these children left?" in page.text
    assert "Child 1 Ali, Oak" in page.text
    page = manager.post("office.import_run", {"left_on": "20/11/2026"}, run_id=run_id, expect=422)
    assert "Tick who has left." in page.text
    leaves = {"pupils": family.pupils[0].id, "left_on": "20/11/2026"}
    page = manager.post("office.import_run", leaves, run_id=run_id, follow=True)
    assert (
        "1 child has left. 1 place after that day will be cancelled with full credit in an hour." in page.text
    )
    assert "Child 1 Ali" not in page.text
    assert (the_pupil("Child 1").status, the_pupil("Child 1").left_on) == ("left", date(2026, 11, 20))
    other = {"pupils": a_pupil().id, "left_on": "20/11/2026"}
    manager.post("office.import_run", other, run_id=run_id, expect=422)
    assert db.session.get_one(Pupil, stays.id).status == "on_roll"


def test_an_import_is_undone_from_the_list_and_refused_when_it_was_used(manager: Browser) -> None:
    before = whole_tables()
    run_id = _import(manager, a_line(upn=a_upn(1)))
    assert "roll.csv" in manager.get("office.past_imports").text
    a_place(a_family(upn=a_upn(5)), a_session(date(2026, 11, 25)), pupil=the_pupil())
    page = manager.post("office.undo_import", run_id=run_id, follow=True)
    assert "Ada Okafor: place" in page.text
    assert db.session.get_one(ImportRun, run_id).state == "applied"
    second = _import(manager, a_line(upn=a_upn(6), forename="Ben", dob="01/02/2020"))
    page = manager.post("office.undo_import", run_id=second, follow=True)
    assert "roll.csv is undone." in page.text
    assert len(whole_tables()) == len(before) + 2
    manager.post("office.undo_import", run_id=9_999, expect=404)


def test_a_large_file_is_done_by_the_worker_and_its_page_shows_how_far_it_is(
    app: Flask, manager: Browser, monkeypatch: pytest.MonkeyPatch, instance: Path
) -> None:
    monkeypatch.setattr(import_views, "AT_ONCE", 1)
    lines = (a_line(upn=a_upn(1)), a_line(upn=a_upn(2), forename="Ben", dob="01/02/2020"))
    run_id = _import(manager, *lines)
    page = manager.get("office.import_run", run_id=run_id)
    assert "1 of 3: waiting for its turn" in page.text
    assert db.session.scalar(select(func.count()).select_from(Pupil)) == 0
    with unit_of_work():
        db.session.get_one(ImportRun, run_id).phase = "reading"
    assert "2 of 3: reading the file" in manager.get("office.import_run", run_id=run_id).text
    assert work(app)
    assert "Added 2" in manager.get("office.import_run", run_id=run_id).text
    run = db.session.get_one(ImportRun, run_id)
    assert (run.state, run.phase, run.rows) == ("applied", "done", 2)
    assert db.session.get_one(Job, run.job_id).finished_at is not None
    assert list((instance / "imports").glob("*")) == []
    assert not work(app)


def test_a_large_file_that_is_not_as_it_was_looked_at_is_not_done(
    app: Flask, manager: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(import_views, "AT_ONCE", 0)
    run_id = _import(manager, a_line(upn=a_upn(1)))
    a_pupil(upn=a_upn(1), surname="Okafor", forename="Ada", class_name="Elm")
    assert work(app)
    page = manager.get("office.import_run", run_id=run_id)
    assert "The file or the roll is not as it was looked at. Nothing was imported." in page.text
    assert the_pupil().class_name == "Elm"
    waiting = _import(manager, a_line(upn=a_upn(2), forename="Ben", dob="01/02/2020"))
    assert "is undone" in manager.post("office.undo_import", run_id=waiting, follow=True).text
    assert not work(app)


def test_what_a_preview_shows_is_logged_and_a_closed_child_is_not_shown(app: Flask, manager: Browser) -> None:
    user, shown, closed = a_user("manager"), a_pupil(upn=a_upn(1)), a_pupil(upn=a_upn(2), surname="Secret")
    save(
        Restriction(
            pupil_id=closed.id,
            adult_id=user.id,
            kind="court_order",
            starts_on=AT.date(),
            review_on=AT.date() + timedelta(days=90),
            evidence_seen_by_id=user.id,
            asked_by_id=user.id,
            asked_at=AT,
            confirmed_by_id=a_user("manager").id,
            confirmed_at=AT,
        )
    )
    browser = Browser(app).sign_in(user)
    lines = (a_line(upn=a_upn(1), cls="Elm"), a_line(upn=a_upn(2), surname="Hidden", cls="Elm"))
    page = browser.get("office.import_preview", token=token_of(upload(browser, a_file(*lines))))
    assert "Oak becomes → Elm" in page.text
    assert "Secret" not in page.text
    assert set(db.session.scalars(select(AccessEntry.pupil_id))) == {shown.id}
