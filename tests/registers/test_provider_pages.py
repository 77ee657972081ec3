"""An outside firm sees its own sessions, and of a child the name, the class and what keeps it safe; nothing else."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, time

import pytest
import time_machine
from sqlalchemy import select

from booking.bookings.change_models import SchoolChange
from booking.bookings.models import Place
from booking.core.access_log import AccessEntry
from booking.core.db import db, unit_of_work
from booking.office.restricting import put_in_force
from booking.people.care import set_collection_word
from booking.people.models import Contact, User
from booking.provision.models import Seller, Session
from booking.registers.marks import states_in
from booking.registers.models import Mark
from booking.registers.provider_register import folded
from tests.browser import Browser
from tests.builders import (
    Family,
    a_care_profile,
    a_family,
    a_place,
    a_restriction,
    a_school,
    a_seller,
    a_session,
    a_user,
    an_activity,
    save,
)
from tests.staff_builders import a_staff_record, papers_in_date

AT = datetime(2026, 11, 25, 15, 40, tzinfo=UTC)
WEDNESDAY = date(2026, 11, 25)


@pytest.fixture(autouse=True)
def wednesday_afternoon() -> Iterator[None]:
    """The club is on."""
    with time_machine.travel(AT, tick=True):
        yield


class Club:
    """A firm with a coach, a session of today and one child in it of whom everything is told."""

    def __init__(self) -> None:
        a_school()
        self.firm: Seller = a_seller(name="Striders", is_school=False)
        activity = an_activity(seller_id=self.firm.id, name="Football")
        self.session: Session = a_session(WEDNESDAY, activity_id=activity.id)
        self.coach: User = a_user("staff", seller_id=self.firm.id, name="Coach Liam")
        self.family: Family = a_family(surname="Quill", class_name="Oak")
        self.child = self.family.pupils[0]
        a_place(self.family, self.session)
        a_care_profile(self.child, medical="Asthma: blue inhaler", support="Needs a quiet corner")
        save(Contact(pupil_id=self.child.id, name="Renée O’Dowd", phone="01632 960777", may_collect=True))
        with unit_of_work():
            set_collection_word(self.child.id, "gannet", user_id=self.family.user.id, at=AT)

    def state(self) -> str:
        """Where the child stands."""
        found = states_in([self.session.id]).get((self.session.id, self.child.id))
        return found.state if found else "expected"


@pytest.fixture
def club(app: object) -> Club:
    """The firm's club of today."""
    return Club()


def test_a_firm_sees_name_class_and_safety_needs_and_nothing_else(club: Club, browser: Browser) -> None:
    page = browser.sign_in(club.coach).get("registers.provider_session", session_id=club.session.id)
    for words in ("Quill", "Child 1", "Oak", "peanuts", "Asthma: blue inhaler"):
        assert words in page.text
    secrets = (
        "gannet",
        "Renée",
        "960777",
        club.family.user.name,
        club.family.user.email,
        "quiet corner",
        "halal",
    )
    assert [words for words in secrets if words in page.html] == []
    seen = db.session.scalars(select(AccessEntry).where(AccessEntry.user_id == club.coach.id)).all()
    assert [(one.pupil_id, one.fields) for one in seen] == [(club.child.id, "care")]


def test_the_schools_own_registers_and_sheets_are_closed_to_a_firm(club: Club, browser: Browser) -> None:
    browser.sign_in(club.coach)
    assert browser.get("registers.today", expect=302).location == "/provider/"
    assert browser.get("registers.day", on=WEDNESDAY, expect=302).location == "/provider/"
    assert browser.get("registers.staff_today", expect=302).location == "/provider/"
    browser.get("registers.session", session_id=club.session.id, expect=404)
    for kind in ("door", "leader", "going_home", "contacts"):
        browser.get("registers.print_day", on=WEDNESDAY, kind=kind, expect=404)
        browser.get("registers.print_session", session_id=club.session.id, kind=kind, expect=404)
    for endpoint in ("mark", "add_walk_in"):
        browser.post(f"registers.{endpoint}", {"name": "Quill"}, session_id=club.session.id, expect=404)


def test_another_firm_and_the_schools_own_staff_find_nothing_there(club: Club, browser: Browser) -> None:
    other = a_user("staff", seller_id=a_seller(is_school=False).id)
    for who in (other, a_user("staff")):
        browser.sign_in(who)
        for endpoint in ("provider_session", "provider_call_off"):
            browser.get(f"registers.{endpoint}", session_id=club.session.id, expect=404)
        browser.post(
            "registers.provider_mark",
            {"pupil_id": club.child.id, "what": "arrived"},
            session_id=club.session.id,
            expect=404,
        )
    assert club.state() == "expected"


def test_a_coach_with_a_restriction_to_a_child_does_not_get_that_register(
    club: Club, browser: Browser
) -> None:
    _restrict(club, club.coach)
    browser.sign_in(club.coach).get("registers.provider_session", session_id=club.session.id, expect=404)


def _restrict(club: Club, adult: User) -> None:
    first, second = a_user("manager"), a_user("manager", approves=True, safeguarding=True)
    made = a_restriction(club.child, adult, by=first)
    with unit_of_work():
        put_in_force(made.id, at=AT, by=second)


def press(club: Club, browser: Browser, what: str, name: str = "", *, expect: int = 303) -> str:
    """Press one button for the child; the words of the page, or nothing when it went on."""
    page = browser.post(
        "registers.provider_mark",
        {"pupil_id": club.child.id, "what": what, "name": name},
        session_id=club.session.id,
        expect=expect,
    )
    return page.text if page.html else ""


def test_a_child_goes_with_somebody_on_its_list_whose_name_the_coach_never_saw(
    club: Club, browser: Browser
) -> None:
    browser.sign_in(club.coach)
    press(club, browser, "arrived")
    for wrong in ("", "Renée", "Renee O'Dowdy", "nobody"):
        words = press(club, browser, "collected", wrong, expect=422)
        assert "not on this child’s list" in words
        assert "O’Dowd" not in words
        assert club.state() == "in"
    press(club, browser, "collected", " renee o'dowd ")
    assert club.state() == "out"
    mark = db.session.scalars(select(Mark).where(Mark.what == "collected")).one()
    assert (mark.detail, mark.user_id) == ("Renée O’Dowd", club.coach.id)


def test_a_child_under_a_restriction_goes_to_school_staff_alone_and_nobody_is_named(
    club: Club, browser: Browser
) -> None:
    _restrict(club, club.family.user)
    browser.sign_in(club.coach)
    page = browser.get("registers.provider_session", session_id=club.session.id)
    assert "School staff only" in page.text
    assert club.family.user.name not in page.html
    press(club, browser, "arrived")
    for name in ("Renée O’Dowd", club.family.user.name):
        words = press(club, browser, "collected", name, expect=422)
        assert "not on this child’s list" in words
    assert club.state() == "in"
    press(club, browser, "to_activity")
    assert club.state() == "out"


def test_a_mark_is_taken_back_and_what_does_not_follow_is_refused(club: Club, browser: Browser) -> None:
    browser.sign_in(club.coach)
    press(club, browser, "arrived")
    assert "already" in press(club, browser, "arrived", expect=422)
    last = states_in([club.session.id])[club.session.id, club.child.id].last_mark_id
    browser.post("registers.provider_mark", {"undo": last}, session_id=club.session.id, expect=303)
    assert club.state() == "expected"
    browser.post("registers.provider_mark", {"what": "arrived"}, session_id=club.session.id, expect=422)
    stranger = a_family().pupils[0]
    browser.post(
        "registers.provider_mark",
        {"pupil_id": stranger.id, "what": "arrived"},
        session_id=club.session.id,
        expect=404,
    )


def test_a_firm_marks_on_the_day_alone(club: Club, browser: Browser) -> None:
    tomorrow = a_session(date(2026, 11, 26), run=club.session.run)
    a_place(club.family, tomorrow)
    browser.sign_in(club.coach)
    page = browser.post(
        "registers.provider_mark",
        {"pupil_id": club.child.id, "what": "arrived"},
        session_id=tomorrow.id,
        expect=422,
    )
    assert "on its own day" in page.text
    assert states_in([tomorrow.id]) == {}


def test_a_firm_calls_its_session_off_and_the_office_has_it_before_it(club: Club, browser: Browser) -> None:
    tomorrow = a_session(date(2026, 11, 26), run=club.session.run)
    a_place(club.family, tomorrow)
    browser.sign_in(club.coach)
    page = browser.get("registers.provider_call_off", session_id=tomorrow.id)
    assert "1 child is booked" in page.text
    browser.post("registers.provider_call_off", {"reason": ""}, session_id=tomorrow.id, expect=422)
    browser.post("registers.provider_call_off", {"reason": "The coach is ill."}, session_id=tomorrow.id)
    assert db.session.get_one(Session, tomorrow.id).status == "called_off"
    states = db.session.scalars(select(Place.state).where(Place.session_id == tomorrow.id)).all()
    assert states == ["cancelled"]
    change = db.session.scalars(select(SchoolChange)).one()
    assert (change.reason, change.user_id) == ("The coach is ill.", club.coach.id)
    office = browser.sign_in(a_user("manager")).get("office.home")
    assert "change of today or later is not read by a family" in office.text


def test_a_session_that_has_begun_is_not_called_off_from_a_phone(club: Club, browser: Browser) -> None:
    browser.sign_in(club.coach)
    browser.post("registers.provider_call_off", {"reason": "Rain."}, session_id=club.session.id)
    assert db.session.get_one(Session, club.session.id).status == "planned"
    early = a_session(WEDNESDAY, run=None, activity_id=club.session.run.activity_id, starts_at=time(16, 0))
    browser.post("registers.provider_call_off", {"reason": "Rain."}, session_id=early.id)
    assert db.session.get_one(Session, early.id).status == "called_off"


def test_a_firm_is_told_which_papers_the_school_needs(club: Club, browser: Browser) -> None:
    browser.sign_in(club.coach)
    papers_in_date(club.firm, without="insurance")
    page = browser.get("registers.provider")
    assert "Papers that the school needs from you: insurance." in page.text
    assert "1 of 20 places booked" in page.text


def test_a_coach_says_that_they_are_here_on_their_own_page_and_marks_nobody_else(
    club: Club, browser: Browser
) -> None:
    own, other = (
        a_staff_record("Liam", user_id=club.coach.id, seller_id=club.firm.id),
        a_staff_record("Helper"),
    )
    browser.sign_in(club.coach)
    assert "Not here yet" in browser.get("registers.provider").text
    browser.post("registers.staff_mark", {"what": "in"}, staff_id=own.id)
    browser.post("registers.staff_mark", {"what": "in"}, staff_id=other.id, expect=404)
    assert "Here since 15:40" in browser.get("registers.provider").text


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Renée O’Dowd", "renee o'dowd"),
        ("Anne-Marie  Li", "anne marie li"),
        ("İnci Ş.", "inci s"),
        ("سارة", "سارة"),
    ],
)
def test_a_name_is_the_same_however_two_people_write_it(one: str, other: str) -> None:
    assert folded(one) == folded(other) != ""
