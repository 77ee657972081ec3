"""The new school year: looked at in July, done whole on 1 September, by the school's say, and taken back."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta

import pytest
import time_machine
from click.testing import CliRunner
from flask import Flask
from sqlalchemy import select

from booking.core.audit import AuditEntry
from booking.core.db import db, unit_of_work
from booking.core.errors import BookingError
from booking.office.pupil_commands import pupils
from booking.office.rolling_over import ask_roll_over
from booking.people.import_runs import ImportRun
from booking.people.import_undo import undo_run
from booking.people.models import Pupil
from booking.people.roll_over import RollOverChoices, RollOverRefused, plan_roll_over
from booking.worker import work
from tests.browser import Browser
from tests.builders import a_period, a_pupil, a_school, a_user
from tests.people.import_files import whole_tables

pytestmark = pytest.mark.usefixtures("app")
DAY = date(2027, 9, 1)
JULY = datetime(2027, 7, 12, 9, tzinfo=UTC)
MORNING = datetime(2027, 9, 1, 6, tzinfo=UTC)
BORN = {"N1": 2023, "N2": 2022, "R": 2021, "1": 2020, "3": 2018, "6": 2015}


@pytest.fixture
def school() -> dict[str, int]:
    """A child in some year groups of 2026/27, an expected one for each way of being expected; ids by name."""
    found = {}
    for year, born in BORN.items():
        pupil = a_pupil(
            forename=f"Y{year}",
            surname="Okafor",
            date_of_birth=date(born, 10, 5),
            year_group=year,
            class_name="Oak" if year in {"1", "3"} else f"C{year}",
        )
        found[year] = pupil.id
    coming = {"status": "expected", "surname": "Li", "class_name": None, "date_of_birth": date(2022, 12, 1)}
    found["coming"] = a_pupil(**coming, forename="Set", joined_on=DAY, year_group="R").id
    found["coming undated"] = a_pupil(**coming, forename="Undated", joined_on=None, year_group="N2").id
    return found


def roll(ids: dict[str, int]) -> dict[str, tuple[str | None, str | None, str]]:
    db.session.expire_all()
    found = {}
    for name, pupil_id in ids.items():
        pupil = db.session.get_one(Pupil, pupil_id)
        found[name] = (pupil.year_group, pupil.class_name, pupil.status)
    db.session.rollback()
    return found


def do(choices: RollOverChoices, at: datetime = MORNING) -> int:
    with unit_of_work():
        return ask_roll_over(DAY, choices, at=at, user_id=None).id


def test_everybody_goes_up_by_one_and_classes_are_emptied(school: dict[str, int]) -> None:
    do(RollOverChoices())
    assert roll(school) == {
        "N1": ("N2", None, "on_roll"),
        "N2": ("N2", "CN2", "on_roll"),
        "R": ("1", None, "on_roll"),
        "1": ("2", None, "on_roll"),
        "3": ("4", None, "on_roll"),
        "6": ("6", "C6", "on_roll"),
        "coming": ("R", None, "expected"),
        "coming undated": ("R", None, "expected"),
    }


def test_the_school_says_who_leaves_who_starts_and_what_classes_are_called(school: dict[str, int]) -> None:
    choices = RollOverChoices(
        classes={("Oak", "1"): "Elm", ("Oak", "3"): "Birch", ("CN2", "N2"): "Acorn"},
        leavers=frozenset({school["6"]}),
        left_on=date(2027, 7, 21),
        goes_up=frozenset({school["N2"]}),
    )
    assert RollOverChoices.from_json(choices.as_json()) == choices
    do(choices)
    after = roll(school)
    assert (after["1"], after["3"]) == (("2", "Elm", "on_roll"), ("4", "Birch", "on_roll"))
    assert after["N2"] == ("R", "Acorn", "on_roll")
    assert after["6"] == ("6", "C6", "left")
    acts = set(db.session.scalars(select(AuditEntry.action)))
    assert acts == {"left_roll", "rolled_over"}


def test_in_july_it_waits_and_the_worker_does_it_on_the_day(app: Flask, school: dict[str, int]) -> None:
    before = roll(school)
    with time_machine.travel(JULY, tick=False):
        run_id = do(RollOverChoices(), at=JULY)
        assert not work(app)
        assert (roll(school), db.session.get_one(ImportRun, run_id).state) == (before, "waiting")
        with pytest.raises(RollOverRefused, match="waits for its day"):
            do(RollOverChoices(), at=JULY)
    with time_machine.travel(MORNING, tick=False):
        assert work(app)
    assert roll(school)["1"] == ("2", None, "on_roll")
    assert db.session.get_one(ImportRun, run_id).state == "applied"


def test_what_waits_can_be_called_off(app: Flask, school: dict[str, int]) -> None:
    before = roll(school)
    run_id = do(RollOverChoices(), at=JULY)
    with unit_of_work():
        undo_run(run_id, at=JULY, user_id=None)
    with time_machine.travel(MORNING, tick=False):
        assert not work(app)
    assert roll(school) == before
    do(RollOverChoices())


def test_who_rolled_over_elsewhere_meanwhile_is_not_moved_twice(app: Flask, school: dict[str, int]) -> None:
    run_id = do(RollOverChoices(), at=JULY)
    with unit_of_work():
        for year, new in {"N1": "N2", "N2": "R", "R": "1", "1": "2", "3": "4"}.items():
            db.session.get_one(Pupil, school[year]).year_group = new
    before = roll(school)
    with time_machine.travel(MORNING, tick=False):
        assert work(app)
        assert not work(app)
    run = db.session.get_one(ImportRun, run_id)
    assert (run.state, roll(school)) == ("refused", before)
    assert "Most pupils are in the year group of 2027/28 already" in (run.problem or "")


def test_a_second_roll_over_of_the_same_day_is_refused(school: dict[str, int]) -> None:
    do(RollOverChoices())
    with pytest.raises(RollOverRefused, match="is done"):
        do(RollOverChoices())


@pytest.mark.parametrize("day", [date(2027, 7, 21), date(2027, 9, 2)])
def test_another_day_is_refused(day: date) -> None:
    with pytest.raises(RollOverRefused, match="1 September"):
        plan_roll_over(day)


def test_it_is_taken_back_whole(school: dict[str, int]) -> None:
    before = whole_tables()
    run_id = do(
        RollOverChoices(
            leavers=frozenset({school["6"]}), left_on=date(2027, 7, 21), goes_up=frozenset({school["N2"]})
        )
    )
    assert whole_tables() != before
    with unit_of_work():
        undo_run(run_id, at=MORNING + timedelta(days=1), user_id=None)
    assert whole_tables() == before


@pytest.fixture
def manager(browser: Browser) -> Iterator[Browser]:
    a_school()
    a_period("year", name="2026/27", starts_on=date(2026, 9, 2), ends_on=date(2027, 7, 21))
    with time_machine.travel(JULY, tick=False):
        yield browser.sign_in(a_user("manager"))


def test_the_office_looks_first_and_then_says_yes(manager: Browser, school: dict[str, int]) -> None:
    page = manager.get("office.roll_over")
    assert "Oak (Year 3) becomes" in page.text
    assert page.field("left_on") == "21/7/2027"
    (ticked,) = page.all(".//input[@name='leavers'][@checked]")
    assert ticked.get("value") == str(school["6"])
    labels = {label.get("for"): (label.text or "") for label in page.all(".//label")}
    oak = next(name for name, words in labels.items() if words == "Oak (Year 3) becomes")
    fields = {"leavers": school["6"], "left_on": "21/7/2027", "nursery": school["N2"], oak or "": "Birch"}
    page = manager.post("office.roll_over", {**fields, "act": "look"}, expect=200)
    assert "Y3 Okafor Year 3 becomes → Year 4 Oak becomes → Birch" in page.text
    assert "Y6 Okafor Year 6, leaves" in page.text
    assert roll(school)["3"] == ("3", "Oak", "on_roll")
    seen = {"seen": page.field("seen"), "act": "do"}
    other = manager.post("office.roll_over", {**fields, oak or "": "Elm", **seen}, expect=422)
    assert "Something changed since you looked. Nothing was done." in other.text
    page = manager.post("office.roll_over", {**fields, **seen}, follow=True)
    assert "It will be done on 01/09/2027." in page.text
    assert "It waits for its day." in page.text
    assert "waits for its day" in manager.get("office.roll_over").text


def test_who_leaves_needs_a_last_day(manager: Browser, school: dict[str, int]) -> None:
    page = manager.post(
        "office.roll_over", {"leavers": school["6"], "left_on": "", "act": "look"}, expect=422
    )
    assert "Enter the last day of those who leave." in page.text
    page = manager.post(
        "office.roll_over", {"leavers": school["6"], "left_on": "3/9/2027", "act": "look"}, expect=422
    )
    assert "must come before 01/09/2027" in page.text


def test_the_command_line_looks_and_does(school: dict[str, int]) -> None:
    with time_machine.travel(MORNING, tick=False):
        said = ["roll-over", "--on", "2027-09-01", "--class", "Oak=Elm", "--nursery-goes-up"]
        done = CliRunner().invoke(pupils, [*said, "--dry-run"], catch_exceptions=False)
        assert done.output.startswith("01/09/2027: 6 go up, 0 leave\n")
        assert "  ? Y6 Okafor, C6: in Year 6; has not been said to leave" in done.output
        assert roll(school)["3"] == ("3", "Oak", "on_roll")
        CliRunner().invoke(pupils, [*said, "--leavers-left-on", "2027-07-21"], catch_exceptions=False)
        after = roll(school)
        assert (after["3"], after["6"][2], after["N2"][0]) == (("4", "Elm", "on_roll"), "left", "R")
        wrong = CliRunner().invoke(pupils, ["roll-over", "--on", "2027-09-02"])
        assert isinstance(wrong.exception, BookingError)
