"""The pages of paper: one button for each kind, to whom it belongs; printers, hours and buses in the office."""

from __future__ import annotations

import io
from collections.abc import Iterator
from datetime import time

import pypdf
import pytest
import time_machine
from flask import Flask
from sqlalchemy import select

from booking.core import clock
from booking.core.access_log import AccessEntry
from booking.core.db import db, unit_of_work
from booking.core.settings import read_settings
from booking.people.models import User
from booking.provision.models import StaffAssignment
from booking.registers.buses import rides_on
from booking.registers.printer_models import Printer, SentSheet
from booking.registers.sending import send_sheets
from booking.worker import send_paper, steps
from tests.browser import Browser, Page
from tests.builders import a_pupil, a_seller, a_user, save
from tests.registers.ipp_printer import Tray
from tests.registers.paper_school import DAY, PaperSchool, a_note, booked, cared_for

NOW = clock.instant(DAY, time(14, 0))


@pytest.fixture(autouse=True)
def wednesday_afternoon() -> Iterator[None]:
    """The hour at which these tests play."""
    with time_machine.travel(NOW, tick=True):
        yield


def words_of(page: Page) -> str:
    """The words of a PDF."""
    reader = pypdf.PdfReader(io.BytesIO(page.response.data))
    return " ".join(" ".join(page.extract_text() for page in reader.pages).split())


def a_leader(school: PaperSchool, name: str = "chess", **values: object) -> User:
    """Somebody who leads one club."""
    user = a_user("staff", **values)
    save(StaffAssignment(user_id=user.id, run_id=school.sessions[name].run_id))
    return user


def test_the_office_has_a_button_for_each_kind_and_each_prints(
    chess_school: PaperSchool, browser: Browser
) -> None:
    booked(chess_school, 0, "care", "breakfast")
    browser.sign_in(a_user("manager"))
    page = browser.get("registers.paper", on=DAY)
    kinds = (
        "door",
        "leader",
        "going_home",
        "handover",
        "roll_call",
        "kitchen",
        "contacts",
        "late",
    )
    links = [link.get("href") or "" for link in page.all(".//a")]
    for kind in kinds:
        assert any(f"/registers/{DAY}/print?kind={kind}" in link for link in links), kind
        made = browser.get("registers.print_day", on=DAY, kind=kind)
        assert made.response.mimetype == "application/pdf"
        assert words_of(made)
    assert "Nothing of yours runs" in browser.get("registers.paper", on=DAY.replace(day=29)).text


def test_staff_print_their_own_sessions_and_neither_contacts_nor_going_home(
    chess_school: PaperSchool, browser: Browser
) -> None:
    booked(chess_school, 0, "care")
    browser.sign_in(a_leader(chess_school))
    text = browser.get("registers.paper", on=DAY).text
    assert "Emergency contacts" not in text
    assert "Going home" not in text
    assert "Care until six" not in text
    for kind in ("contacts", "going_home", "bus"):
        browser.get("registers.print_day", on=DAY, kind=kind, expect=404)
    assert "Care until six" not in words_of(browser.get("registers.print_day", on=DAY))
    care = chess_school.sessions["care"].id
    browser.get("registers.print_session", session_id=care, expect=404)


def test_an_outside_providers_people_get_its_register_whatever_they_ask_for(
    chess_school: PaperSchool, browser: Browser
) -> None:
    cared_for(chess_school.pupils[0], allergies=("puffinberry",), diet=("halal",), support="lapwing")
    a_note(chess_school.pupils[0], "collected_by", words="Aunt Nasreen")
    seller = a_seller(is_school=False)
    with unit_of_work():
        db.session.merge(chess_school.sessions["chess"].run.activity).seller_id = seller.id
    browser.sign_in(a_user("staff", seller_id=seller.id, name="Pat Coach"))
    for page in (
        browser.get("registers.print_day", on=DAY),
        browser.get("registers.print_session", session_id=chess_school.sessions["chess"].id),
    ):
        words = words_of(page)
        assert "FOR THE PROVIDER" in words
        assert "puffinberry" in words
        assert "Check before release" in words
        for hidden in ("halal", "lapwing", "Sam Ahmed", "Nasreen", "May collect", "somebody else"):
            assert hidden not in words
    for kind in ("leader", "door", "roll_call", "kitchen", "handover"):
        browser.get("registers.print_day", on=DAY, kind=kind, expect=404)
    assert {row.fields for row in db.session.scalars(select(AccessEntry))} == {"care"}
    db.session.rollback()


def test_a_printer_is_added_tried_used_and_taken_out_of_use(
    chess_school: PaperSchool, browser: Browser, tray: Tray
) -> None:
    browser.sign_in(a_user("manager"))
    assert "No printer is written down" in browser.get("paper.sent").text
    told = {
        "name": "Office printer",
        "uri": "ipp://8.8.8.8/x",
        "prints": ["session", "going_home"],
        "room_id": 0,
    }
    assert "own network" in browser.post("paper.new_printer", told, expect=422).text
    page = browser.post("paper.new_printer", {**told, "uri": tray.uri}, follow=True)
    assert "Stand-in 1 is ready" in page.text
    printer_id = db.session.scalars(select(Printer.id)).one()
    db.session.rollback()
    page = browser.post("paper.test_page", printer_id=printer_id, follow=True)
    assert "took the test page as its job 1" in page.text
    browser.get("paper.send")
    browser.post("paper.send", {"what": "going_home", "printer_id": printer_id})
    assert send_sheets(clock.now()) == 1
    text = browser.get("paper.sent").text
    assert "Going home by class, and buses by hand" in text
    assert "Printed" in text
    sheet_id = db.session.scalars(select(SentSheet.id)).one()
    db.session.rollback()
    assert "on its way" in browser.post("paper.sent_again", sheet_id=sheet_id, follow=True).text
    page = browser.post("paper.printer_ended", printer_id=printer_id, follow=True)
    assert "Nothing is sent to “Office printer” any more." in page.text
    browser.post("paper.test_page", printer_id=printer_id, expect=404)
    assert "taken out of use" in browser.get("paper.sent_on", on=DAY).text


def test_the_office_sees_on_its_first_page_what_is_not_printed(
    chess_school: PaperSchool, browser: Browser
) -> None:
    printer = Printer(name="Gone", uri="ipp://127.0.0.1:1/x", prints=["session"], created_at=NOW)
    save(printer)
    with time_machine.travel(clock.instant(DAY, time(15, 20)), tick=True):
        send_sheets(clock.instant(DAY, time(15, 15)))
        browser.sign_in(a_user("manager"))
        assert "3 sheets of today are not printed" in browser.get("office.home").text
        assert "does not answer" in browser.get("paper.sent").text


def test_the_worker_sends_paper_beside_its_ticks_and_a_failure_stops_nothing(
    chess_school: PaperSchool, app: Flask, tray: Tray, monkeypatch: pytest.MonkeyPatch
) -> None:
    save(Printer(name="Office", uri=tray.uri, prints=["session"], created_at=NOW))
    with time_machine.travel(clock.instant(DAY, time(15, 16)), tick=True):
        send_paper(app)
    assert len(tray.jobs) == 3
    monkeypatch.setattr("booking.worker.send_sheets", lambda at: 1 / 0)
    send_paper(app)
    assert "paper" not in " ".join(name for name, _ in steps(read_settings({"SECRET_KEY": "x" * 40})))


def test_the_hours_are_changed_by_the_office(app: Flask, browser: Browser) -> None:
    browser.sign_in(a_user("manager"))
    told = {"minutes_before": "20", "going_home_at": "2.30pm", "kitchen_at": "06:45", "contacts_at": "7:15"}
    assert (
        "Enter a whole number"
        in browser.post("paper.hours", {**told, "minutes_before": "1"}, expect=422).text
    )
    page = browser.post("paper.hours", told, follow=True)
    assert "20 minutes before each session" in page.text
    assert "14:30" in page.text


def test_a_child_rides_on_its_days_and_on_one_bus_alone(app: Flask, browser: Browser) -> None:
    pupil = a_pupil()
    office = a_user("manager")
    browser.sign_in(office)
    bus = {"name": "Valley bus", "leaves_at": "15:45", "driver": "Dee Coaches", "phone": ""}
    browser.post("paper.buses", bus)
    assert "already" in browser.post("paper.buses", bus, expect=422).text
    browser.post("paper.buses", {**bus, "name": "Town bus"})
    told = {"pupil_id": pupil.id, "weekdays": ["0", "2"], "stop": "Mill Lane", "from_on": "25/11/2026"}
    assert "goes by this bus" in browser.post("paper.bus", told, bus_id=1, follow=True).text
    assert rides_on(DAY)[pupil.id].words == "Valley bus at 15:45, to Mill Lane"
    assert rides_on(DAY.replace(day=26)) == {}
    assert rides_on(DAY.replace(day=23)) == {}
    db.session.rollback()
    assert "goes by a bus on one" in browser.post("paper.bus", told, bus_id=2, expect=422).text
    assert "Tick at least" in browser.post("paper.bus", {**told, "weekdays": []}, bus_id=2, expect=422).text
    assert "does not go by Valley bus" in browser.post("paper.got_off", seat_id=1, follow=True).text
    browser.post("paper.bus", told, bus_id=2)
    assert rides_on(DAY)[pupil.id].bus == "Town bus"
    browser.post("paper.bus_ended", bus_id=2)
    assert rides_on(DAY)[pupil.id].bus == "Town bus"
    assert rides_on(DAY.replace(day=30)) == {}
    browser.get("paper.bus", bus_id=2, expect=404)
    db.session.rollback()
