"""A child's day follows from its marks alone: whatever the order, however often, and never in two places."""

from __future__ import annotations

import uuid
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from booking.registers.child_days import INS, OUTS, ChildDay, Event, child_days
from tests.builders import AT

CLUB, CARE = 1, 2
KIM = 7


def at(minutes: float) -> datetime:
    return AT + timedelta(minutes=minutes)


def a_mark(what: str, minutes: float, *, session: int = CLUB, device: str = "a", **more: object) -> Event:
    values: dict[str, object] = {
        "uid": str(uuid.uuid4()),
        "session_id": session,
        "pupil_id": KIM,
        "what": what,
        "at": at(minutes),
        "device": device,
    }
    return Event(**{**values, **more})  # type: ignore[arg-type]


def day_of(*marks: Event) -> ChildDay:
    return child_days(marks)[KIM]


def stays_of(*marks: Event) -> list[tuple[int, datetime, datetime | None]]:
    return [(stay.session_id, stay.in_at, stay.out_at) for stay in day_of(*marks).stays]


def test_of_two_ins_the_earliest_counts() -> None:
    late, early = a_mark("arrived", 5), a_mark("arrived", 2, device="b")
    assert stays_of(late, early) == [(CLUB, at(2), None)]


def test_out_beats_in_only_when_it_is_later() -> None:
    assert day_of(a_mark("arrived", 0), a_mark("collected", 30)).is_in is None
    assert day_of(a_mark("arrived", 30), a_mark("collected", 0)).is_in == CLUB
    for come, go in (("a", "b"), ("b", "a")):
        same = [a_mark("arrived", 0, uid=come), a_mark("collected", 0, uid=go, device="b")]
        assert day_of(*same).is_in == CLUB


def test_the_same_mark_twice_counts_once() -> None:
    come = a_mark("arrived", 0)
    assert day_of(come, come, replace(come)) == day_of(come)


def test_a_mark_is_undone_even_by_one_that_came_before_it() -> None:
    come, go = a_mark("arrived", 0), a_mark("collected", 30)
    back = a_mark("undone", 31, undoes=go.uid)
    assert day_of(back, come).is_in == CLUB
    assert day_of(back, come, go).is_in == CLUB
    assert day_of(a_mark("undone", 1, undoes=come.uid), come).stays == []


def test_nobody_undoes_the_mark_of_another_child() -> None:
    come = a_mark("arrived", 0)
    assert day_of(come, a_mark("undone", 1, undoes=come.uid, pupil_id=8)).is_in == CLUB


def test_who_comes_into_care_is_out_of_the_club_and_back_when_that_is_undone() -> None:
    club, care = a_mark("arrived", 0), a_mark("arrived", 60, session=CARE, device="b")
    assert stays_of(care, club) == [(CLUB, at(0), at(60)), (CARE, at(60), None)]
    assert stays_of(care, club, a_mark("undone", 61, undoes=care.uid)) == [(CLUB, at(0), None)]


def test_a_handover_said_at_both_ends_is_no_dispute() -> None:
    marks = [a_mark("arrived", 0), a_mark("arrived", 60, session=CARE, device="b"), a_mark("to_activity", 61)]
    assert stays_of(*marks) == [(CLUB, at(0), at(60)), (CARE, at(60), None)]
    early = [a_mark("arrived", 0), a_mark("to_activity", 59), a_mark("arrived", 60, session=CARE, device="b")]
    assert [day_of(*some).disputes for some in (marks, early)] == [[], []]


@pytest.mark.parametrize(
    ("kind", "marks"),
    [
        ("in_out", [a_mark("arrived", 0), a_mark("collected", 2, device="b")]),
        ("out_in", [a_mark("arrived", 0), a_mark("collected", 30), a_mark("arrived", 31, device="b")]),
        ("absent", [a_mark("arrived", 0), a_mark("absent", 20, device="b")]),
        (
            "elsewhere",
            [a_mark("arrived", 0), a_mark("arrived", 60, session=CARE, device="b"), a_mark("collected", 70)],
        ),
        ("elsewhere", [a_mark("arrived", 0), a_mark("collected", 70, session=CARE, device="b")]),
        (
            "two_outs",
            [a_mark("arrived", 0), a_mark("collected", 30), a_mark("left_alone", 40, device="b")],
        ),
    ],
)
def test_where_two_devices_disagree_a_person_is_asked(kind: str, marks: list[Event]) -> None:
    assert [one.kind for one in day_of(*marks).disputes] == [kind]
    assert [one.kind for one in day_of(*reversed(marks)).disputes] == [kind]
    same = [replace(mark, device="a") for mark in marks]
    assert day_of(*same).disputes == []
    last = day_of(*marks).disputes[0].second
    decided = day_of(*marks, a_mark("settled", 90, device="c", undoes=last.uid))
    assert [one.is_settled for one in decided.disputes] == [True]


def test_in_and_out_that_lie_far_enough_apart_are_no_dispute() -> None:
    assert day_of(a_mark("arrived", 0), a_mark("collected", 2.1, device="b")).disputes == []


def test_what_two_people_of_the_office_agreed_on_disagrees_with_nobody() -> None:
    assert day_of(a_mark("arrived", 0), a_mark("collected", 1, device="")).disputes == []


def test_a_device_keeps_the_order_in_which_it_marked_whatever_its_clock_did() -> None:
    come = a_mark("arrived", 40, counter="a", sequence=1)
    go = a_mark("collected", 30, counter="a", sequence=2)
    day = day_of(go, come)
    assert day.is_in is None
    assert day.stays[0].in_at < at(30) == day.stays[0].out_at


def test_a_child_who_was_seen_is_not_absent_and_an_out_alone_is_kept() -> None:
    assert day_of(a_mark("absent", 0), a_mark("arrived", 5)).stays_in(CLUB)
    day = day_of(a_mark("collected", 5))
    assert (day.stays, set(day.lone_outs)) == ([], {CLUB})


WHATS = [*sorted(INS), *sorted(OUTS), "absent"]


@st.composite
def some_marks(draw: st.DrawFn) -> list[Event]:
    """Marks of one child by three devices in three sessions, some undone, some settled, times that may be equal."""
    made: list[Event] = []
    for number in range(draw(st.integers(1, 14))):
        device = draw(st.sampled_from("abc"))
        what = draw(st.sampled_from([*WHATS, *WHATS, "undone", "settled"]))
        named = draw(st.sampled_from(made)).uid if made and what in {"undone", "settled"} else None
        if what in {"undone", "settled"} and named is None:
            continue
        made.append(
            Event(
                uid=f"{draw(st.integers(0, 99)):02}-{number}",
                session_id=draw(st.sampled_from([1, 2, 3])),
                pupil_id=KIM,
                what=what,
                at=at(draw(st.integers(0, 12)) / 2),
                device=device,
                counter=device,
                sequence=number if draw(st.booleans()) else None,
                undoes=named,
            )
        )
    return made


@given(some_marks(), st.data())
def test_the_day_is_the_same_whatever_the_order_and_however_often(
    marks: list[Event], data: st.DataObject
) -> None:
    repeated = marks + data.draw(st.lists(st.sampled_from(marks), max_size=6)) if marks else marks
    assert child_days(data.draw(st.permutations(repeated))) == child_days(marks)


@given(some_marks())
def test_no_marks_put_a_child_in_two_places_or_in_one_that_nobody_marked(marks: list[Event]) -> None:
    day = child_days(marks).get(KIM, ChildDay())
    for before, after in pairwise(day.stays):
        assert before.out_at is not None
        assert before.out_at <= after.in_at
    assert all(stay.out_at is None or stay.in_at <= stay.out_at for stay in day.stays)
    undone = {mark.undoes for mark in marks if mark.what == "undone"}
    came = {mark.session_id for mark in marks if mark.what in INS and mark.uid not in undone}
    assert {stay.session_id for stay in day.stays} == came


@given(some_marks())
def test_whoever_was_last_marked_in_is_in(marks: list[Event]) -> None:
    """When nothing was later than the latest "in" that stands, the child is in that session."""
    undone = {mark.undoes for mark in marks if mark.what == "undone"}
    standing = [m for m in marks if m.what in {*INS, *OUTS} and m.uid not in undone]
    plain = [replace(mark, counter="", sequence=None) for mark in standing]
    if not plain:
        return
    last = max(mark.at for mark in plain)
    ins = {mark.session_id for mark in plain if mark.at == last and mark.what in INS}
    if ins:
        assert child_days(plain)[KIM].is_in in ins
