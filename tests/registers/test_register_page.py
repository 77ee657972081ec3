"""One screen at the door: out in two taps with whom, a reason for who is absent, the password on tap, a call first."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from booking.core import clock
from booking.core.access_log import AccessEntry
from booking.core.db import db, unit_of_work
from booking.people.care import set_collection_word
from booking.people.tablets import make_device
from booking.provision.models import StaffAssignment
from booking.registers.call_models import CallLog
from booking.registers.marks import add_mark, states_in
from booking.registers.models import Mark
from booking.registers.register_page import LATER, NOW, OVER, cards_of
from tests.browser import Browser, Page
from tests.builders import (
    AT,
    a_care_profile,
    a_family,
    a_place,
    a_school,
    a_session,
    a_user,
    save,
)
from tests.registers.door_builders import DAY, ON_TIME, a_contact, a_note, a_yes, barred


class Door:
    """A club with one child who is in, and somebody of the school at its door."""

    def __init__(self, app: Flask) -> None:
        a_school()
        self.family = a_family()
        self.session = a_session(DAY)
        a_place(self.family, self.session)
        self.pupil_id = self.family.pupils[0].id
        self.leader = a_user("staff")
        save(StaffAssignment(user_id=self.leader.id, run_id=self.session.run_id))
        self.browser = Browser(app).sign_in(self.leader)

    def come(self) -> None:
        """The child has come."""
        with unit_of_work():
            add_mark(self.session.id, self.pupil_id, "arrived", at=clock.now(), user_id=self.leader.id)

    def press(self, expect: int = 303, **data: Any) -> Page:
        """Press one button of the child's row."""
        data = {"pupil_id": str(self.pupil_id), **data}
        return self.browser.post("registers.mark", data, expect=expect, session_id=self.session.id)

    def page(self, **values: Any) -> Page:
        """The register as it stands."""
        return self.browser.get("registers.session", session_id=self.session.id, **values)

    def child(self, data: dict[str, str] | None = None, expect: int = 200) -> Page:
        """The child's own page, or its form sent."""
        where = {"session_id": self.session.id, "pupil_id": self.pupil_id}
        if data is None:
            return self.browser.get("registers.child", expect=expect, **where)
        return self.browser.post("registers.child", data, expect=expect, **where)

    def state(self) -> tuple[str, str, str]:
        """Where the child stands, how it went and with whom."""
        db.session.rollback()
        state = states_in([self.session.id]).get((self.session.id, self.pupil_id))
        return (state.state, state.how, state.detail) if state else ("expected", "", "")


@pytest.fixture
def door(app: Flask, monkeypatch: pytest.MonkeyPatch) -> Door:
    """The door at twenty past four on a Wednesday."""
    seconds = int((ON_TIME - datetime.now(UTC)).total_seconds())
    monkeypatch.setenv("BOOKING_CLOCK_OFFSET", str(seconds))
    return Door(app)


def calls() -> list[tuple[int, str, str, str]]:
    db.session.rollback()
    rows = db.session.scalars(select(CallLog).order_by(CallLog.id))
    return [(row.pupil_id, row.about, row.whom, row.outcome) for row in rows]


def looks(reason: str) -> list[tuple[int | None, str]]:
    db.session.rollback()
    rows = db.session.scalars(select(AccessEntry).where(AccessEntry.reason == reason))
    return [(row.user_id, row.fields) for row in rows]


def test_in_and_out_with_whom_in_two_presses(door: Door) -> None:
    door.press(what="arrived")
    page = door.page()
    words = f"{door.family.user.name} (parent)"
    values = [b.get("value") for b in page.all(".//button") if b.get("name") == "collected_by"]
    assert values == [words]
    door.press(collected_by=words)
    assert door.state() == ("out", "Collected", words)
    assert "Collected at 16:2" in door.page().text


def test_on_a_tablet_of_the_school_the_page_marks_as_that_tablet(door: Door) -> None:
    with unit_of_work():
        token = make_device("Hall door", at=clock.now(), by=door.leader.id)
    door.browser.client.set_cookie("tablet", token)
    door.press(what="arrived")
    assert db.session.scalars(select(Mark.device_id)).one() is not None


def test_whom_nobody_named_is_refused_beside_the_child_and_nothing_is_marked(door: Door) -> None:
    door.come()
    page = door.press(expect=422, collected_by="Uncle Ben")
    assert door.state()[0] == "in"
    (row,) = [li for li in page.all(".//li") if li.get("id") == f"child-{door.pupil_id}"]
    assert "Uncle Ben is not on the list" in " ".join(row.itertext())
    assert any(detail.get("open") is not None for detail in row.iter("details"))


def test_a_barred_adult_is_on_a_banner_and_gets_no_button(door: Door) -> None:
    barred(door.family, door.family.user)
    door.come()
    page = door.page()
    assert f"Do not release to {door.family.user.name}" in page.text
    assert not [b for b in page.all(".//button") if b.get("name") == "collected_by"]
    assert "Out: look first" in page.text
    refused = door.press(expect=422, what="collected", detail=door.family.user.name)
    assert "must not collect" in refused.text
    assert door.state()[0] == "in"


def test_alone_is_offered_with_its_hour_or_refused_with_the_reason(door: Door) -> None:
    door.come()
    assert "Not alone: Nobody has agreed" in door.page().text
    assert "Nobody has agreed" in door.press(expect=422, what="left_alone").text
    a_yes(door.family.pupils[0])
    assert "Left alone" in door.page().text
    door.press(what="left_alone")
    assert door.state()[:2] == ("out", "Left alone")


def test_to_the_next_activity_and_it_is_named(door: Door) -> None:
    care = a_session(DAY, starts_at=time(16, 30), ends_at=time(18, 0))
    a_place(door.family, care)
    door.come()
    name = care.run.activity.name
    assert f"To {name}" in door.page().text
    door.press(what="to_activity")
    assert door.state() == ("out", "To another activity", name)


def test_absent_with_a_reason_that_says_nothing_of_illness_and_undo(door: Door) -> None:
    door.press(absent="told")
    assert door.state() == ("absent", "", "The family said so")
    assert "Absent: The family said so" in door.page().text
    last = db.session.scalars(select(Mark.id)).one()
    door.press(undo=str(last))
    assert door.state()[0] == "expected"
    door.press(expect=422, absent="the child has chickenpox")
    assert door.state()[0] == "expected"


def test_somebody_else_goes_with_the_child_after_a_call_that_is_written_down(door: Door) -> None:
    door.come()
    answer = {"name": "Ben Carter", "whom": "The mother, 07700 900941", "agreed": "y"}
    door.child(answer, expect=302)
    assert door.state() == ("out", "Collected", "Ben Carter")
    assert calls() == [(door.pupil_id, "release", "The mother, 07700 900941", "Agreed. About: Ben Carter")]


def test_without_a_yes_the_call_is_written_down_and_the_child_stays(door: Door) -> None:
    door.come()
    door.child({"name": "Ben Carter", "whom": "The mother", "outcome": "Never heard of him"}, expect=302)
    assert door.state()[0] == "in"
    assert calls() == [(door.pupil_id, "release", "The mother", "Never heard of him. About: Ben Carter")]
    assert "The child stays" in door.page().text


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        ({"name": "", "whom": "The mother", "agreed": "y"}, "Write who collects"),
        ({"name": "Ben Carter", "whom": "", "agreed": "y"}, "Say whom you rang"),
        ({"name": "Mr Marsh", "whom": "The mother", "agreed": "y"}, "must not collect"),
        ({"name": "Ben", "whom": "The mother", "agreed": "y"}, "is not enough"),
    ],
)
def test_a_release_that_is_not_whole_changes_nothing(door: Door, answer: dict[str, str], words: str) -> None:
    barred(door.family)
    door.come()
    assert words in door.child(answer, expect=422).text
    assert door.state()[0] == "in"
    assert calls() == []


def test_the_password_is_shown_on_tap_and_the_look_is_noted(door: Door) -> None:
    with unit_of_work():
        set_collection_word(door.pupil_id, "marmalade", user_id=door.family.user.id, at=AT)
    where = {"session_id": door.session.id, "pupil_id": door.pupil_id}
    assert "marmalade" not in door.page().html + door.child().html
    assert looks("collection password") == []
    assert "marmalade" in door.browser.get("registers.password", **where).text
    assert looks("collection password") == [(door.leader.id, "collection")]
    barred(door.family, door.family.user)
    assert "marmalade" not in door.browser.get("registers.password", **where).html


def test_numbers_to_ring_are_for_who_leads_and_only_on_the_day(
    door: Door, app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    a_contact(door.family.pupils[0], "Grandma Jean", phone="01632 960777")
    assert "01632 960777" in door.child().html
    firm = a_user("staff", seller_id=door.session.run.activity.seller_id)
    save(StaffAssignment(user_id=firm.id, run_id=door.session.run_id))
    where = {"session_id": door.session.id, "pupil_id": door.pupil_id}
    theirs = Browser(app).sign_in(firm).get("registers.child", **where).html
    assert "Grandma Jean" in theirs
    assert "01632 960777" not in theirs
    office = Browser(app).sign_in(a_user("manager"))
    assert "01632 960777" in office.get("registers.child", **where).html
    later = int((ON_TIME + timedelta(days=1) - datetime.now(UTC)).total_seconds())
    monkeypatch.setenv("BOOKING_CLOCK_OFFSET", str(later))
    assert "01632 960777" not in Browser(app).sign_in(door.leader).get("registers.child", **where).html


def test_a_child_of_another_register_is_not_found(door: Door, app: Flask) -> None:
    other = a_family()
    where = {"session_id": door.session.id, "pupil_id": other.pupils[0].id}
    door.browser.get("registers.child", expect=404, **where)
    door.browser.get("registers.password", expect=404, **where)
    stranger = Browser(app).sign_in(a_user("staff"))
    stranger.get("registers.child", expect=404, session_id=door.session.id, pupil_id=door.pupil_id)


def test_what_is_told_of_today_stands_once_and_who_is_away_is_not_waited_for(door: Door) -> None:
    a_note(door.family.pupils[0], "away")
    page = door.page()
    assert page.text.count("Not in school today") == 2, "the state, and one of the reasons for absence"
    bar = " ".join("".join(a.itertext()) for a in page.all(".//nav[@aria-label='Children shown']/a"))
    assert bar.split() == ["0", "Expected", "0", "Not", "here", "yet", "0", "In", "0", "Gone"]


def test_the_list_can_be_cut_to_who_is_in(door: Door) -> None:
    other = a_family(surname="Notyet")
    a_place(other, door.session)
    door.come()
    assert "Notyet" not in door.page(show="in").text
    assert door.family.pupils[0].surname in door.page(show="in").text
    assert "Notyet" in door.page(show="expected").text


def test_cards_open_on_now_and_a_session_is_over_when_its_last_child_has_gone(app: Flask) -> None:
    family = a_family()
    club = a_session(DAY)
    care = a_session(DAY, starts_at=time(16, 30), ends_at=time(18, 0))
    morning = a_session(DAY, starts_at=time(7, 45), ends_at=time(8, 45))
    a_place(family, club)
    a_care_profile(family.pupils[0])
    barred(family)
    sessions = [morning, club, care]

    def when(hour: int, minute: int) -> list[tuple[int, str]]:
        at = datetime(2026, 11, 25, hour, minute, tzinfo=UTC)
        return [(card.session.id, card.when) for card in cards_of(sessions, at)]

    assert when(15, 40) == [(club.id, NOW), (care.id, LATER), (morning.id, OVER)]
    assert when(16, 20) == [(club.id, NOW), (care.id, NOW), (morning.id, OVER)]
    assert when(17, 0) == [(care.id, NOW), (morning.id, OVER), (club.id, OVER)]
    with unit_of_work():
        add_mark(club.id, family.pupils[0].id, "arrived", at=ON_TIME, user_id=None)
    assert when(17, 0)[0] == (club.id, NOW)
    (card,) = [one for one in cards_of(sessions, ON_TIME) if one.session.id == club.id]
    assert (card.counts.expected, card.counts.here, card.counts.missing) == (1, 1, 0)
    assert card.alerts[:2] == ["1 child with “do not release to”", "1 child with allergies"]
    assert card.adults == "0 adults here, 2 needed"


def test_the_register_of_sixty_is_small(door: Door) -> None:
    before = len(door.page().html.encode())
    family = a_family(children=6)
    for pupil in family.pupils:
        a_place(family, door.session, pupil=pupil)
        a_care_profile(pupil)
        a_contact(pupil, "Grandma Jean", relationship_name="grandmother")
        with unit_of_work():
            add_mark(door.session.id, pupil.id, "arrived", at=clock.now(), user_id=None)
    six = len(door.page().html.encode()) - before
    assert before + 10 * six < 120_000
