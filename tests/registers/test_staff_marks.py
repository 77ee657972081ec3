"""Staff's own marks: who is here follows from them, in whatever order they are read; and the ratio as it is now."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
import time_machine
from hypothesis import given
from hypothesis import strategies as st

from booking.core.db import unit_of_work
from booking.provision.models import Session
from booking.provision.staff_models import StaffMark, StaffRecord
from booking.registers.live_staffing import Live, live_staffing
from booking.registers.marks import add_mark
from booking.registers.staff_marks import (
    OwnMarkRefused,
    mark_staff,
    on_site,
    presence_from,
    presences,
    undo_staff_mark,
)
from tests.browser import Browser
from tests.builders import a_family, a_place, a_pupil, a_room, a_run, a_session, a_user, an_activity
from tests.staff_builders import a_staff_record, a_staffed_run, change, on_rota

AT = datetime(2026, 11, 25, 15, 40, tzinfo=UTC)
WEDNESDAY = date(2026, 11, 25)
LATER = date(2028, 1, 1)


def come(*staff: StaffRecord, at: datetime = AT) -> None:
    """These people are here from now on."""
    for one in staff:
        with unit_of_work():
            mark_staff(one.id, "in", at=at, user_id=None)


def go(one: StaffRecord, at: datetime) -> StaffMark:
    with unit_of_work():
        return mark_staff(one.id, "out", at=at, user_id=None)


def _marks(rows: list[tuple[str, int]]) -> list[StaffMark]:
    """Marks of one adult at these minutes; `undone` takes back the mark before it, when there is one to take back."""
    made: list[StaffMark] = []
    for number, (what, minute) in enumerate(rows, start=1):
        left = [m for m in made if m.what != "undone" and all(o.undoes_id != m.id for o in made)]
        if what == "undone" and not left:
            continue
        made.append(
            StaffMark(
                id=number,
                staff_id=1,
                what=what,
                day=WEDNESDAY,
                at=AT + timedelta(minutes=minute),
                undoes_id=left[-1].id if what == "undone" else None,
            )
        )
    return made


@given(
    st.lists(st.tuples(st.sampled_from(["in", "out", "undone"]), st.integers(0, 200)), max_size=12),
    st.randoms(use_true_random=False),
)
def test_a_day_is_the_same_in_whatever_order_its_marks_are_read(
    rows: list[tuple[str, int]], dice: object
) -> None:
    marks = _marks(rows)
    shuffled = list(marks)
    dice.shuffle(shuffled)  # type: ignore[attr-defined]
    found = presence_from(marks)
    assert presence_from(shuffled) == found
    edges = [edge for stay in found.stays for edge in stay if edge]
    assert edges == sorted(edges)
    assert all(went is not None for _, went in found.stays[:-1])
    assert found.is_here == (bool(found.stays) and found.stays[-1][1] is None)


@pytest.mark.usefixtures("app")
def test_somebody_comes_goes_and_comes_again() -> None:
    ada = a_staff_record("Ada")
    come(ada)
    assert [(one.name, since) for one, since in on_site(AT)] == [("Ada", AT)]
    go(ada, AT + timedelta(minutes=10))
    assert on_site(AT + timedelta(minutes=10)) == []
    come(ada, at=AT + timedelta(minutes=20))
    day = presences(WEDNESDAY)[ada.id]
    assert len(day.stays) == 2
    assert day.is_here
    assert [day.was_here(AT + timedelta(minutes=m)) for m in (-1, 0, 9, 10, 19, 20)] == [
        False,
        True,
        True,
        False,
        False,
        True,
    ]


@pytest.mark.usefixtures("app")
def test_nobody_comes_twice_goes_before_coming_or_in_time_to_come_and_yesterday_is_over() -> None:
    ada = a_staff_record("Ada")
    with pytest.raises(OwnMarkRefused, match="not here"), unit_of_work():
        mark_staff(ada.id, "out", at=AT, user_id=None)
    come(ada)
    for what, happened in (
        ("in", AT),
        ("out", AT + timedelta(minutes=1)),
        ("out", AT - timedelta(days=1)),
        ("out", AT - timedelta(minutes=1)),
    ):
        with pytest.raises(OwnMarkRefused), unit_of_work():
            mark_staff(ada.id, what, happened_at=happened, at=AT, user_id=None)
    assert presences(WEDNESDAY)[ada.id].stays == ((AT, None),)
    assert on_site(AT + timedelta(days=1)) == []


@pytest.mark.usefixtures("app")
def test_a_mark_may_be_made_late_and_taken_back_but_only_the_last() -> None:
    ada = a_staff_record("Ada")
    early = AT - timedelta(hours=1)
    with unit_of_work():
        first = mark_staff(ada.id, "in", happened_at=early, at=AT, user_id=None)
    assert presences(WEDNESDAY)[ada.id].since == early
    last = go(ada, AT)
    with pytest.raises(OwnMarkRefused, match="after this"), unit_of_work():
        undo_staff_mark(first.id, staff_id=ada.id, at=AT, user_id=None)
    with unit_of_work():
        undo_staff_mark(last.id, staff_id=ada.id, at=AT, user_id=None)
    assert presences(WEDNESDAY)[ada.id].is_here


def _club(children: int, **values: object) -> tuple[Session, list[StaffRecord]]:
    """A session of today with so many Year 3 children in, and two adults on its rota."""
    session = a_session(WEDNESDAY, **values)  # type: ignore[arg-type]
    staff = a_staffed_run(session.run)
    for pupil in a_family(children, year_group="3").pupils:
        with unit_of_work():
            add_mark(session.id, pupil.id, "walk_in", at=AT, user_id=None)
    return session, staff


def live(session: Session) -> Live:
    return live_staffing([session.id], at=AT + timedelta(minutes=1))[session.id]


@pytest.mark.usefixtures("app")
def test_the_live_ratio_is_of_children_who_are_in_and_adults_who_said_that_they_are_here() -> None:
    session, (leader, helper) = _club(3)
    assert live(session).problems == (
        "3 children are in and need 2 adults. Of the rota nobody who counts has signed in.",
        "No first-aider has signed in on site.",
    )
    come(leader)
    assert live(session).problems == (
        "3 children are in and need 2 adults. Of the rota 1 who counts has signed in.",
    )
    come(helper)
    found = live(session)
    assert (found.children, found.required, found.counting, found.problems) == (3, 2, 2, ())
    assert found.first_aiders == (leader.name,)
    go(leader, AT + timedelta(seconds=30))
    assert len(live(session).problems) == 2


@pytest.mark.usefixtures("app")
def test_an_empty_room_needs_nobody() -> None:
    session = a_session(WEDNESDAY)
    a_staffed_run(session.run)
    assert live(session).problems == ()


@pytest.mark.usefixtures("app")
def test_anybody_on_site_may_be_the_first_aider_of_a_club_but_not_where_children_eat() -> None:
    club, (leader, helper) = _club(1)
    care = a_session(WEDNESDAY, activity_id=an_activity(kind="extended_care").id)
    on_rota(care.run_id, a_staff_record("Eve"), a_staff_record("Fay"))
    with unit_of_work():
        add_mark(care.id, a_pupil(year_group="3").id, "walk_in", at=AT, user_id=None)
    change(leader.certificates[0], expires_on=date(2026, 11, 24))
    come(leader, helper, a_staff_record("Office", first_aid=LATER))
    assert live(club).problems == ()
    assert live(club).first_aiders == ("Office",)
    assert "No first-aider of this session has signed in." in live(care).problems


@pytest.mark.usefixtures("app")
def test_adults_of_another_room_do_not_count_here() -> None:
    session, _ = _club(1)
    other = a_session(WEDNESDAY, room_id=a_room().id)
    come(*a_staffed_run(other.run))
    assert live(session).counting == 0


@time_machine.travel(AT, tick=True)
def test_one_marks_oneself_and_who_cannot_sign_in_and_the_office_everybody(browser: Browser) -> None:
    user, other, office = a_user("staff"), a_user("staff"), a_user("manager")
    own = a_staff_record("Own", user_id=user.id)
    theirs, helper = a_staff_record("Theirs", user_id=other.id), a_staff_record("Helper")
    run = a_run()
    a_session(WEDNESDAY, run=run)
    on_rota(run.id, own, theirs, helper)
    browser.sign_in(user)
    page = browser.get("registers.staff_today")
    assert "Not here yet" in page.text
    assert len(page.all(".//form[@class='child-marks']")) == 2
    browser.post("registers.staff_mark", {"what": "in"}, staff_id=own.id)
    browser.post("registers.staff_mark", {"what": "in", "happened": "15:05"}, staff_id=helper.id)
    browser.post("registers.staff_mark", {"what": "in"}, staff_id=theirs.id, expect=404)
    assert {one.name for one, _ in on_site(AT + timedelta(minutes=5))} == {"Own", "Helper"}
    assert "Here since 15:05" in browser.get("registers.staff_today").text
    again = browser.post("registers.staff_mark", {"what": "in"}, staff_id=own.id, follow=True)
    assert "already" in again.text
    mark = presences(WEDNESDAY)[own.id].last_mark_id
    browser.post("registers.staff_mark", {"undo": mark}, staff_id=own.id)
    browser.sign_in(office)
    browser.post("registers.staff_mark", {"what": "in"}, staff_id=theirs.id)
    assert {one.name for one, _ in on_site(AT + timedelta(minutes=5))} == {"Theirs", "Helper"}


@time_machine.travel(AT, tick=True)
def test_nobody_takes_another_persons_mark_back_through_their_own_line(browser: Browser) -> None:
    user = a_user("staff")
    own, theirs = a_staff_record("Own", user_id=user.id), a_staff_record("Theirs", user_id=a_user("staff").id)
    come(theirs, at=AT - timedelta(minutes=5))
    mark = presences(WEDNESDAY)[theirs.id].last_mark_id
    browser.sign_in(user).post("registers.staff_mark", {"undo": mark}, staff_id=own.id, expect=404)
    assert presences(WEDNESDAY)[theirs.id].is_here


@time_machine.travel(AT, tick=True)
def test_the_day_says_what_is_missing_before_and_while_a_session_is_on(browser: Browser) -> None:
    session, staff = _club(1)
    later = a_session(
        WEDNESDAY, starts_at=session.ends_at.replace(hour=17), ends_at=session.ends_at.replace(hour=18)
    )
    a_place(a_family(), later)
    page = browser.sign_in(a_user("manager")).get("registers.today")
    assert "Of the rota nobody who counts has signed in." in page.text
    assert "Nobody is on the rota." in page.text
    come(*staff)
    assert "Of the rota nobody" not in browser.get("registers.today").text
