"""Pages of custody as people use them: figures that move, roll call, alarms with their steps and calls, both ends."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime

import pytest
import time_machine
from flask import Flask
from sqlalchemy import select

from booking.bookings.day_note_models import DayNote
from booking.core.access_log import AccessEntry
from booking.core.db import db, unit_of_work
from booking.people.models import Contact, User
from booking.provision.models import StaffAssignment
from booking.registers.call_models import CallLog, CustodyAct
from tests.browser import Browser
from tests.builders import AT, a_pupil, a_restriction, a_user, save
from tests.registers.afternoons import DAY, Afternoon, an_afternoon, at, mark

Travel = Callable[[datetime], None]


@pytest.fixture
def travel() -> Iterator[Travel]:
    """Sets the clock to an instant of the afternoon, and on again as often as a test wants."""
    with time_machine.travel(AT, tick=True) as traveller:
        yield lambda when: traveller.move_to(when)


def _office(app: Flask) -> Browser:
    return Browser(app).sign_in(a_user("manager", name="Office Olu"))


def _leader(app: Flask, afternoon: Afternoon, **values: object) -> tuple[Browser, User]:
    user = a_user("staff", name="Ms Kaya", **values)
    save(StaffAssignment(user_id=user.id, run_id=afternoon.chess.run_id))
    return Browser(app).sign_in(user), user


def _figures(browser: Browser, tag: str = "") -> tuple[int, dict[str, int], str]:
    answer = browser.client.get("/registers/live.json", headers={"If-None-Match": tag} if tag else {})
    db.session.rollback()
    return answer.status_code, (answer.json or {}).get("figures", {}), answer.headers.get("ETag", "")


def test_the_figures_move_and_what_has_not_changed_is_not_sent_again(app: Flask, travel: Travel) -> None:
    afternoon = an_afternoon(3)
    first, second, third = afternoon.ids
    chess = f"s{afternoon.chess.id}"
    travel(at(15, 31))
    browser = _office(app)
    assert "Every child is where it should be" in browser.get("custody.live").text
    status, figures, tag = _figures(browser)
    assert (status, figures["on-site"], figures["still-due"], figures[f"{chess}-not_here"]) == (200, 0, 3, 3)
    assert _figures(browser, tag)[0] == 304
    mark(afternoon.chess, first, "arrived", at(15, 31))
    mark(afternoon.chess, second, "arrived", at(15, 31))
    mark(afternoon.chess, third, "absent", at(15, 32))
    status, figures, after = _figures(browser, tag)
    assert (status, figures["on-site"], figures[f"{chess}-inside"], figures[f"{chess}-absent"]) == (
        200,
        2,
        2,
        1,
    )
    mark(afternoon.chess, first, "collected", at(15, 40))
    _, figures, _ = _figures(browser, after)
    assert (figures["on-site"], figures["gone-home"], figures[f"{chess}-gone"]) == (1, 1, 1)


def test_an_alarm_comes_into_the_figures_by_the_clock_alone(app: Flask, travel: Travel) -> None:
    an_afternoon()
    travel(at(15, 39))
    browser = _office(app)
    _, figures, tag = _figures(browser)
    assert figures["alarms"] == 0
    travel(at(15, 40))
    status, figures, _ = _figures(browser, tag)
    assert (status, figures["alarms"]) == (200, 1)
    page = browser.get("custody.live")
    assert "Booked but not here Child 1 Okafor 00" in page.text
    assert "was due in Chess club at 15:30 and is not marked in." in page.text


def test_what_was_said_of_today_is_heeded(app: Flask, travel: Travel) -> None:
    afternoon = an_afternoon(2)
    save(DayNote(pupil_id=afternoon.ids[0], day=DAY, kind="away", source="office", told_at=AT))
    travel(at(15, 45))
    _, figures, _ = _figures(_office(app))
    assert (figures["alarms"], figures[f"s{afternoon.chess.id}-expected"]) == (1, 1)


def test_staff_see_the_figures_and_alarms_of_their_own_sessions_alone(app: Flask, travel: Travel) -> None:
    afternoon = an_afternoon()
    stranger = a_user("staff")
    save(StaffAssignment(user_id=stranger.id, run_id=afternoon.art.run_id))
    travel(at(15, 45))
    browser = Browser(app).sign_in(stranger)
    _, figures, _ = _figures(browser)
    assert figures["alarms"] == 0
    assert f"s{afternoon.chess.id}-inside" not in figures
    assert "Okafor" not in browser.get("custody.live").text
    browser.get("custody.child", on=DAY, pupil_id=afternoon.ids[0], expect=404)
    browser.get("custody.handover", session_id=afternoon.chess.id, expect=404)


def test_roll_call_names_everybody_to_the_office_and_first_names_to_other_staff(
    app: Flask, travel: Travel
) -> None:
    afternoon = an_afternoon(2)
    mark(afternoon.chess, afternoon.ids[0], "arrived", at(15, 30))
    mark(afternoon.art, a_pupil(surname="Elsewhere").id, "walk_in", at(15, 30))
    travel(at(15, 35))
    page = _office(app).get("custody.roll_call")
    assert "2 children on site at 15:35" in page.text
    assert "Child 1 Okafor 00" in page.text
    assert "1 more is expected now and not marked in." in page.text
    browser, _ = _leader(app, afternoon)
    text = browser.get("custody.roll_call").text
    assert "2 children on site" in text
    assert "Okafor 00" in text
    assert "Ada E." in text
    assert "Elsewhere" not in text


def test_a_provider_sees_its_own_on_the_roll_and_how_many_more_there_are(app: Flask, travel: Travel) -> None:
    afternoon = an_afternoon()
    mark(afternoon.chess, afternoon.ids[0], "arrived", at(15, 30))
    mark(afternoon.art, a_pupil(surname="Elsewhere").id, "walk_in", at(15, 30))
    travel(at(15, 35))
    seller_id = afternoon.chess.run.activity.seller_id
    text = Browser(app).sign_in(a_user("staff", seller_id=seller_id)).get("custody.roll_call").text
    assert "2 children on site" in text
    assert "1 of them is not on your list." in text
    assert "Okafor 00" in text
    assert "Ada E." not in text


def test_a_barred_adult_who_works_here_does_not_read_that_child_on_the_roll(
    app: Flask, travel: Travel
) -> None:
    afternoon = an_afternoon()
    mark(afternoon.chess, afternoon.ids[0], "arrived", at(15, 30))
    adult, asker, other = a_user("staff", "manager"), a_user("manager"), a_user("manager")
    made = a_restriction(afternoon.families[0].pupils[0], adult, by=asker)
    with unit_of_work():
        barred = db.session.merge(made)
        barred.confirmed_by_id, barred.confirmed_at = other.id, AT
    travel(at(15, 50))
    browser = Browser(app).sign_in(adult)
    text = browser.get("custody.roll_call").text
    assert "1 child on site" in text
    assert "Child 1" not in text
    assert "Okafor" not in browser.get("custody.live").text
    assert "Okafor" not in browser.get("custody.whereabouts").text
    browser.get("custody.child", on=DAY, pupil_id=afternoon.ids[0], expect=404)


def test_nobody_came_has_its_steps_and_its_clock_and_ends_at_the_register_alone(
    app: Flask, travel: Travel
) -> None:
    afternoon = an_afternoon()
    pupil_id = afternoon.ids[0]
    save(Contact(pupil_id=pupil_id, name="Gran Obi", relationship_name="grandmother", phone="01632 960321"))
    mark(afternoon.care, pupil_id, "arrived", at(16, 30))
    travel(at(18, 16))
    browser = _office(app)
    page = browser.get("custody.child", on=DAY, pupil_id=pupil_id)
    assert "Nobody came" in page.text
    assert "That is 16 minutes ago." in page.text
    assert "18:00 Ring the parents. Now" in page.text
    assert "18:15 Ring the other contacts. Tell the head. Now" in page.text
    assert "18:30 Ring children’s social care. Two adults stay with the child. From 18:30" in page.text
    assert "01632 960321" in page.text
    browser.post(
        "custody.log_child_call",
        {"whom": "Gran Obi", "answer": "coming", "words": "ten minutes"},
        on=DAY,
        pupil_id=pupil_id,
    )
    browser.post("custody.do_child_step", {"minutes": "0", "words": ""}, on=DAY, pupil_id=pupil_id)
    browser.post("custody.settle_child", {"words": "She is fine"}, on=DAY, pupil_id=pupil_id)
    page = browser.get("custody.child", on=DAY, pupil_id=pupil_id)
    assert "18:16 Gran Obi : On the way: ten minutes" in page.text
    assert "Ring the parents. ✓ Done at 18:16 by Office Olu" in page.text
    assert "Mark in the register who collected the child." in page.text
    assert db.session.scalars(select(CallLog.about)).all() == ["nobody_came"]
    assert db.session.scalars(select(CustodyAct.what)).all() == ["step"]
    db.session.rollback()
    mark(afternoon.care, pupil_id, "collected", at(18, 20))
    assert "Whom to ring" in browser.get("custody.child", on=DAY, pupil_id=pupil_id).text
    assert _figures(browser)[1]["alarms"] == 0


def test_a_missed_child_is_found_with_where_and_by_whom(app: Flask, travel: Travel) -> None:
    afternoon = an_afternoon()
    pupil_id = afternoon.ids[0]
    travel(at(15, 45))
    browser, _ = _leader(app, afternoon)
    browser.post("custody.settle_child", {"words": " "}, on=DAY, pupil_id=pupil_id)
    assert "Nothing was written down." in browser.get("custody.child", on=DAY, pupil_id=pupil_id).text
    browser.post("custody.settle_child", {"words": "In the library with Mr Lowe"}, on=DAY, pupil_id=pupil_id)
    page = browser.get("custody.child", on=DAY, pupil_id=pupil_id)
    assert "Booked but not here: ended, In the library with Mr Lowe (Ms Kaya)" in page.text
    assert _figures(browser)[1]["alarms"] == 0
    assert b"library" not in db.session.scalars(select(CustodyAct.sealed)).one()


def test_numbers_are_for_the_office_and_for_staff_while_an_alarm_rings_and_reading_them_is_noted(
    app: Flask, travel: Travel
) -> None:
    afternoon = an_afternoon()
    pupil_id = afternoon.ids[0]
    save(Contact(pupil_id=pupil_id, name="Gran Obi", phone="01632 960321"))
    travel(at(15, 35))
    browser, user = _leader(app, afternoon)
    user_id, seller_id = user.id, afternoon.chess.run.activity.seller_id
    assert "01632 960321" not in browser.get("custody.child", on=DAY, pupil_id=pupil_id).text
    travel(at(15, 45))
    assert "01632 960321" in browser.get("custody.child", on=DAY, pupil_id=pupil_id).text
    seen = db.session.scalars(
        select(AccessEntry.fields).where(AccessEntry.user_id == user_id).order_by(AccessEntry.id)
    ).all()
    assert list(seen) == ["collection", "collection,contacts"]
    db.session.rollback()
    outside = Browser(app).sign_in(a_user("staff", seller_id=seller_id))
    outside.get("custody.child", on=DAY, pupil_id=pupil_id, expect=404)
    text = outside.get("custody.live").text
    assert "was due in Chess club" in text
    assert "ring the school office" in text


def test_a_barred_adult_is_not_among_those_to_ring(app: Flask, travel: Travel) -> None:
    afternoon = an_afternoon()
    family, asker, other = afternoon.families[0], a_user("manager"), a_user("manager")
    with unit_of_work():
        db.session.merge(family.user).phone = "+447700900123"
    made = a_restriction(family.pupils[0], family.user, by=asker)
    with unit_of_work():
        barred = db.session.merge(made)
        barred.confirmed_by_id, barred.confirmed_at = other.id, AT
    travel(at(15, 45))
    text = _office(app).get("custody.child", on=DAY, pupil_id=family.pupils[0].id).text
    assert "07700 900123" not in text
    assert "Do not release to" in text


def test_both_ends_are_pressed_on_one_page(app: Flask, travel: Travel) -> None:
    afternoon = an_afternoon(2)
    first, second = afternoon.ids
    for pupil_id in (first, second):
        mark(afternoon.chess, pupil_id, "arrived", at(15, 30))
    travel(at(16, 30))
    office = _office(app)
    chess, care = afternoon.chess.id, afternoon.care.id
    page = office.get("custody.handover", session_id=chess)
    assert "Hand over to After-school care" in page.text
    office.post("custody.pass_on", {"pupil_ids": [str(first)], "end_of": "sent"}, session_id=chess)
    assert "1 sent on." in office.get("custody.handover", session_id=chess).text
    page = office.get("custody.handover", session_id=care)
    assert "On the way: 1" in page.text
    assert "Not sent yet: 1" in page.text
    office.post(
        "custody.pass_on", {"pupil_ids": [str(first), str(second)], "end_of": "received"}, session_id=care
    )
    page = office.get("custody.handover", session_id=chess)
    assert "you have not said that you sent them" in page.text
    assert "Both ends confirmed: 1" in page.text


def test_where_everybody_should_be_at_a_minute(app: Flask, travel: Travel) -> None:
    an_afternoon()
    travel(at(14))
    browser = _office(app)
    assert "In class" in browser.get("custody.whereabouts").text
    page = browser.get("custody.whereabouts", at="16:45")
    assert "Should be, at 16:45" in page.text
    assert "After-school care In class until Chess club, 15:30" in page.text
    assert "Write the time like 16:05." in browser.get("custody.whereabouts", at="tea").text


def test_a_day_that_is_over_shows_what_happened_and_rings_for_nobody(app: Flask, travel: Travel) -> None:
    afternoon = an_afternoon()
    mark(afternoon.chess, afternoon.ids[0], "arrived", at(15, 31))
    travel(at(15, 31).replace(day=24))
    page = _office(app).get("custody.child", on=DAY, pupil_id=afternoon.ids[0])
    assert "What to do" not in page.text
    assert "15:31" in page.text
