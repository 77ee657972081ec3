"""What was issued is kept and given back the same; only finished periods; the working view is the head's alone."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from datetime import date, time, timedelta
from itertools import pairwise

import pytest
import time_machine
from flask import Flask

from booking.core import clock
from booking.core.db import db, unit_of_work
from booking.core.errors import Busy
from booking.equity.models import Release
from booking.equity.papers import as_csv, as_json, as_pdf
from booking.equity.releases import (
    Issued,
    NotOverYet,
    UnknownGroup,
    check_breakdown,
    draft_release,
    find_release,
    keep_release,
)
from booking.equity.snapshot import NotAPeriod, pupils_on_roll
from booking.people.models import Pupil
from booking.registers.marks import NewMark, add_marks
from tests.browser import Browser
from tests.builders import AT, a_family, a_group_fact, a_period, a_place, a_pupil, a_run, a_session, a_user

FIRST, LAST = date(2026, 9, 2), date(2026, 10, 23)
ALL = check_breakdown([])


@pytest.fixture(autouse=True)
def monday_morning() -> Iterator[None]:
    """The day on which these tests play."""
    with time_machine.travel(AT, tick=True):
        yield


def _a_finished_half_term(pupils: int = 60) -> list[int]:
    """A half-term in which every second child came once; a third have the premium. Gives the pupils' ids."""
    period = a_period(name="Autumn 1", starts_on=FIRST, ends_on=LAST)
    session = a_session(date(2026, 9, 16), run=a_run(period_id=period.id), capacity=100)
    found = [a_pupil(forename=f"Child {n}").id for n in range(pupils)]
    begins = clock.instant(session.date, time(15, 30))
    with unit_of_work():
        add_marks(
            [NewMark(session.id, one, "arrived", begins) for one in found[::2]],
            recorded_at=begins,
            user_id=None,
        )
    for one in found[::3]:
        a_group_fact(db.session.get_one(Pupil, one), "pupil_premium", "yes", starts_on=date(2026, 9, 1))
    db.session.rollback()
    return found


def _issue(k: int = 10, breakdown: tuple[str, ...] = ALL) -> Issued:
    draft = draft_release(FIRST, LAST, breakdown, today=clock.today(), k=k)
    with unit_of_work():
        return keep_release(draft, at=AT, user_id=None)


def test_the_same_request_gives_the_same_bytes_though_the_roll_changes(app: Flask) -> None:
    _a_finished_half_term()
    first = _issue()
    for _ in range(20):
        a_pupil(joined_on=date(2026, 9, 1))
    again = find_release(FIRST, LAST, ALL, 10)
    assert again is not None
    for write in (as_json, as_csv, as_pdf):
        assert write(first) == write(again)


def test_nothing_withheld_can_be_read_in_any_file(app: Flask) -> None:
    pupils = _a_finished_half_term()
    for one in pupils[:3]:
        a_group_fact(db.session.get_one(Pupil, one), "ethnicity", "CHNE", starts_on=date(2026, 9, 1))
    issued = _issue()
    withheld = [row for table in issued.report.tables for row in table.rows if row.withheld]
    assert withheld
    lines = as_csv(issued).decode("utf-8-sig").splitlines()
    for row in withheld:
        (line,) = [one for one in lines if f",{row.group},c," in one]
        assert line.count("c") >= 7


def test_a_period_that_is_on_and_free_dates_are_refused(app: Flask) -> None:
    a_period(name="Autumn 2", starts_on=date(2026, 11, 2), ends_on=date(2026, 12, 18))
    with pytest.raises(NotOverYet):
        draft_release(date(2026, 11, 2), date(2026, 12, 18), ALL, today=clock.today())
    with pytest.raises(NotAPeriod, match="2026-11-02 to 2026-12-18"):
        draft_release(date(2026, 11, 3), date(2026, 12, 18), ALL, today=clock.today())
    with pytest.raises(UnknownGroup):
        check_breakdown(["shoe_size"])


def test_a_draft_is_not_kept_when_another_report_came_out_meanwhile(app: Flask) -> None:
    _a_finished_half_term()
    draft = draft_release(FIRST, LAST, ALL, today=clock.today())
    _issue(breakdown=("sex",))
    with pytest.raises(Busy), unit_of_work():
        keep_release(draft, at=AT, user_id=None)
    assert db.session.query(Release).count() == 1


def test_a_report_sees_the_roll_and_the_facts_of_its_day(app: Flask) -> None:
    stays, left, comes = (
        a_pupil(),
        a_pupil(left_on=date(2026, 9, 30), status="left"),
        a_pupil(joined_on=date(2026, 11, 1)),
    )
    a_group_fact(stays, "sen", "K", starts_on=date(2026, 9, 1), ends_on=date(2026, 9, 20))
    a_group_fact(stays, "sen", "E", starts_on=date(2026, 9, 21))
    before, after = pupils_on_roll(date(2026, 9, 10)), pupils_on_roll(date(2026, 10, 10))
    assert {row.pupil_id for row in before} == {stays.id, left.id}
    assert {row.pupil_id for row in after} == {stays.id}
    assert [row.groups["sen"] for row in (before[0], after[0])] == ["SEN support", "EHC plan"]
    assert comes.id not in {row.pupil_id for row in after}


def test_a_governor_reads_the_report_and_its_files_and_never_the_working_view(
    app: Flask, browser: Browser
) -> None:
    _a_finished_half_term()
    browser.sign_in(a_user("governor"))
    page = browser.get("equity.report", follow=True)
    assert "Autumn 1" in page.text
    values = {"starts_on": FIRST, "ends_on": LAST}
    for kind in ("pdf", "csv", "json"):
        first, second = (browser.get("equity.download", kind=kind, **values).response.data for _ in range(2))
        assert first == second
    assert browser.get("equity.working", expect=403).status == 403


def test_the_heads_working_view_counts_a_booking_at_once(app: Flask, browser: Browser) -> None:
    a_period(name="Autumn 2", starts_on=date(2026, 11, 2), ends_on=date(2026, 12, 18))
    family = a_family()
    head = a_user("manager", sees_groups=True)
    browser.sign_in(head)
    counts = []
    for number in range(2):
        page = browser.get("equity.working")
        counts.append(int("".join(page.all(".//*[@id='sessions-booked']")[0].itertext())))
        a_place(family, a_session(date(2026, 11, 25) + timedelta(days=number)))
    assert [b - a for a, b in pairwise(counts)] == [1]
    other = Browser(app).sign_in(a_user("manager"))
    assert other.get("equity.working", expect=403).status == 403


def test_the_csv_has_numbers_to_reckon_with_and_no_formula(app: Flask) -> None:
    _a_finished_half_term()
    lines = list(csv.reader(io.StringIO(as_csv(_issue()).decode("utf-8-sig"))))
    gaps = [line[7] for line in lines[1:] if line[7] not in ("", "c")]
    assert gaps
    assert all(str(int(gap)) == gap for gap in gaps), gaps
    assert not any(cell.startswith("'") for line in lines for cell in line)
