"""The office's pages of changes, and the family's answer."""

from __future__ import annotations

from datetime import time, timedelta

from flask import Flask
from sqlalchemy import select

from booking.bookings.change_models import ChangeNotice, SchoolChange
from booking.bookings.models import Place
from booking.core import clock
from booking.core.access_log import AccessEntry
from booking.core.db import db
from booking.office.letters import change_letter
from booking.people.models import Contact
from booking.provision.models import Session, SpecialDay
from tests.bookings.test_changes import buy
from tests.browser import Browser
from tests.builders import Family, a_family, a_restriction, a_session, a_user, an_activity, save

BASE_URL = "http://localhost:8000"


def _next_wednesday() -> tuple[Session, Session]:
    """A club and care over it, a week and more from now."""
    day = clock.today() + timedelta(days=14 - clock.today().weekday() + 2)
    care = an_activity(kind="extended_care", name="Care until six")
    return (
        a_session(day, starts_at=time(15, 30), ends_at=time(16, 30)),
        a_session(day, activity=care, starts_at=time(15, 30), ends_at=time(18, 0)),
    )


def _letter(family: Family) -> str:
    change = db.session.scalars(select(SchoolChange)).one()
    context = {"change_id": change.id, "account_id": family.account.id, "to_user_id": family.user.id}
    letter = change_letter(context, base_url=BASE_URL)
    return "" if letter is None else letter.text


def test_a_session_is_called_off_from_its_page_and_the_family_answers(app: Flask, browser: Browser) -> None:
    club, care = _next_wednesday()
    family = a_family()
    buy(family, club, at=clock.now())
    save(Contact(pupil_id=family.pupils[0].id, name="Aunt Bee", phone="01632 960123", priority=1))
    browser.sign_in(a_user("manager"))
    page = browser.get("office.call_session_off", session_id=club.id)
    assert "Care until six, 15:30 to 18:00" in page.text
    browser.post(
        "office.call_session_off",
        {"reason": "The coach is ill", "fallback": str(care.id)},
        session_id=club.id,
        expect=302,
    )
    change = db.session.scalars(select(SchoolChange)).one()
    listed = browser.get("office.change", change_id=change.id)
    assert "Not read yet" in listed.text
    assert "Aunt Bee: 01632 960123" in listed.text
    assert db.session.scalars(select(AccessEntry.pupil_id)).all() == [family.pupils[0].id]
    text = _letter(family)
    assert "Care until six" in text
    assert "The coach is ill" in text
    assert "Nobody is sent out" in text

    parent = Browser(app)
    parent.sign_in(family.user)
    mine = parent.get("bookings.mine")
    assert "The coach is ill" in mine.text
    notice = db.session.scalars(select(ChangeNotice)).one()
    parent.post("bookings.answer_change", {"answer": "collected"}, notice_id=notice.id, expect=302)
    assert "The coach is ill" not in parent.get("bookings.mine").text
    assert "Will be collected" in browser.get("office.change", change_id=change.id).text
    assert set(db.session.scalars(select(Place.state))) == {"cancelled"}


def test_the_office_keeps_what_a_family_said_by_telephone(app: Flask, browser: Browser) -> None:
    club, _ = _next_wednesday()
    family = a_family()
    buy(family, club, at=clock.now())
    browser.sign_in(a_user("manager"))
    browser.post(
        "office.call_session_off", {"reason": "Ill", "fallback": "0"}, session_id=club.id, expect=302
    )
    notice = db.session.scalars(select(ChangeNotice)).one()
    page = browser.get("office.change", change_id=notice.change_id)
    assert "Ring now: has nowhere to go" in page.text
    browser.post("office.answer_for_family", {"answer": "read"}, notice_id=notice.id, expect=302)
    db.session.expire_all()
    assert (notice.answer, notice.channel) == ("read", "phone")


def test_a_closed_day_is_looked_at_and_then_closed(app: Flask, browser: Browser) -> None:
    club, care = _next_wednesday()
    family = a_family(2)
    buy(family, club, at=clock.now())
    buy(family, care, child=1, at=clock.now())
    browser.sign_in(a_user("manager"))
    typed = f"{club.date:%d/%m/%Y}"
    page = browser.get("office.close_day", on=typed, why="Snow")
    assert "tell 1 family" in page.text
    browser.post("office.close_day_now", {"on": typed, "why": "Snow"}, expect=302)
    assert set(db.session.scalars(select(Session.status))) == {"called_off"}
    assert db.session.scalars(select(SpecialDay.kind)).all() == ["closure"]
    assert "No family had to be told" not in browser.get("office.changes").text
    assert _letter(family).count("Cancelled.") == 2
    assert "Snow" in _letter(family)


def test_a_day_to_close_is_refused_in_words(app: Flask, browser: Browser) -> None:
    browser.sign_in(a_user("manager"))
    assert "That day is over." in browser.get("office.close_day", on="1/2/2020", why="Snow").text
    assert "Write why" in browser.get("office.close_day", on="1/2/2099").text
    browser.post("office.close_day_now", {"on": "nonsense", "why": "Snow"}, expect=302)
    assert db.session.scalars(select(SchoolChange)).all() == []


def test_fewer_places_are_saved_after_a_look_at_who_goes(app: Flask, browser: Browser) -> None:
    club, _ = _next_wednesday()
    families = [a_family(), a_family()]
    for number, family in enumerate(families):
        buy(family, club, at=clock.now() + timedelta(seconds=number))
    browser.sign_in(a_user("manager"))
    answers = {"capacity": "1", "reason": "A smaller room"}
    first = browser.post("office.session_places", answers, session_id=club.id, expect=422)
    assert "1 child loses a place" in first.text
    assert families[1].pupils[0].full_name in first.text
    last = db.session.scalars(select(Place.id).order_by(Place.id.desc())).first()
    browser.post("office.session_places", {**answers, "seen": str(last)}, session_id=club.id, expect=302)
    assert db.session.get_one(Session, club.id).capacity == 1
    assert _letter(families[1]).count("Cancelled.") == 1
    assert _letter(families[0]) == ""


def test_new_hours_are_told(app: Flask, browser: Browser) -> None:
    club, _ = _next_wednesday()
    family = a_family()
    buy(family, club, at=clock.now())
    browser.sign_in(a_user("manager"))
    answers = {"starts_at": "16:00", "ends_at": "17:00", "reason": "The hall is taken"}
    browser.post("office.session_hours", answers, session_id=club.id, expect=302)
    parent = Browser(app)
    parent.sign_in(family.user)
    assert "It is now 16:00 to 17:00" in parent.get("bookings.mine").text
    assert "Stays booked." in _letter(family)
    wrong = browser.post(
        "office.session_hours", {**answers, "ends_at": "15:00"}, session_id=club.id, expect=422
    )
    assert "It ends before it begins" in wrong.text


def test_another_family_and_a_restricted_adult_see_no_notice(app: Flask, browser: Browser) -> None:
    club, care = _next_wednesday()
    family, other, office = a_family(), a_family(), a_user("manager")
    buy(family, club, at=clock.now())
    browser.sign_in(office)
    browser.post(
        "office.call_session_off", {"reason": "Ill", "fallback": str(care.id)}, session_id=club.id, expect=302
    )
    notice = db.session.scalars(select(ChangeNotice)).one()
    stranger = Browser(app)
    stranger.sign_in(other.user)
    stranger.post("bookings.answer_change", {"answer": "stays"}, notice_id=notice.id, expect=404)
    a_restriction(
        family.pupils[0],
        family.user,
        by=office,
        confirmed_by_id=a_user("manager").id,
        confirmed_at=clock.now(),
    )
    parent = Browser(app)
    parent.sign_in(family.user)
    assert "Ill" not in parent.get("bookings.mine").text
    parent.post("bookings.answer_change", {"answer": "stays"}, notice_id=notice.id, expect=404)
    assert _letter(family) == ""
