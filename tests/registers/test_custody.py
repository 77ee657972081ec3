"""Where a child stands at each minute: one answer always, and an alarm whenever nobody has the child for sure."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, time, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from booking.core import clock
from booking.registers.child_days import Event, Stay
from booking.registers.custody import ALARMS, ChildFacts, SessionHours, Stand, should_be, stand_of
from booking.registers.custody_invariants import state_problems
from booking.registers.custody_rules import CustodyRules
from booking.registers.marks import ChildState
from booking.registers.plan import Leg, chained

DAY = date(2026, 11, 23)
RULES = CustodyRules()
BREAKFAST, CHESS, ART, CARE = 1, 2, 3, 4
HOURS = {
    BREAKFAST: ("Breakfast", "breakfast", time(8), time(8, 45)),
    CHESS: ("Chess club", "club", time(15, 30), time(16, 30)),
    ART: ("Art club", "club", time(15, 30), time(16, 30)),
    CARE: ("Care", "extended_care", time(16, 30), time(18)),
}
SESSIONS = {
    number: SessionHours(number, name, kind, "Hall", clock.instant(DAY, starts), clock.instant(DAY, ends))
    for number, (name, kind, starts, ends) in HOURS.items()
}


def _at(hours: int, minutes: int = 0) -> datetime:
    return clock.instant(DAY, time(hours, minutes))


def _legs(*ids: int) -> tuple[Leg, ...]:
    return tuple(chained(Leg(one, HOURS[one][0], HOURS[one][1], "Hall", *HOURS[one][2:]) for one in ids))


def _in(at: datetime) -> ChildState:
    return ChildState("in", in_at=at)


def _out(at: datetime, how: str = "Collected", came: datetime | None = None) -> ChildState:
    return ChildState("out", in_at=came or at - timedelta(minutes=30), out_at=at, how=how)


def _stand(at: datetime, *legs: int, **facts: object) -> Stand:
    return stand_of(ChildFacts(1, _legs(*legs), **facts), SESSIONS, at, RULES)  # type: ignore[arg-type]  # by name


@pytest.mark.parametrize(
    ("at", "kind"),
    [
        (_at(15, 29), "class"),
        (_at(15, 30), "due"),
        (_at(15, 39), "due"),
        (_at(15, 40), "not_here"),
        (_at(17), "not_here"),
    ],
)
def test_a_child_is_missed_ten_minutes_after_the_start(at: datetime, kind: str) -> None:
    stand = _stand(at, CHESS, CARE)
    assert (stand.kind, stand.rings) == (kind, kind == "not_here")
    if kind == "not_here":
        assert (stand.session_id, stand.since) == (CHESS, _at(15, 30))


def test_who_is_marked_absent_is_awaited_again_in_the_next_session() -> None:
    absent = {CHESS: ChildState("absent")}
    assert _stand(_at(16), CHESS, CARE, states=absent).kind == "absent"
    assert _stand(_at(16, 40), CHESS, CARE, states=absent).session_id == CARE
    assert _stand(_at(16, 40), CHESS, CARE, states=absent | {CARE: ChildState("absent")}).kind == "absent"


def test_who_went_home_from_club_is_not_missed_in_care() -> None:
    for how in ("Collected", "Left alone", "To the bus"):
        assert _stand(_at(17), CHESS, CARE, states={CHESS: _out(_at(16), how)}).kind == "home"


def test_on_the_way_becomes_nowhere_after_ten_minutes() -> None:
    states = {CHESS: _out(_at(16, 30), "To another activity")}
    assert _stand(_at(16, 39), CHESS, CARE, states=states) == Stand("on_the_way", CHESS, _at(16, 30), CARE)
    assert _stand(_at(16, 40), CHESS, CARE, states=states) == Stand("nowhere", CHESS, _at(16, 30), CARE)
    arrived = states | {CARE: _in(_at(16, 34))}
    assert _stand(_at(16, 50), CHESS, CARE, states=arrived) == Stand("in", CARE, _at(16, 34))
    gone = states | {CARE: ChildState("absent")}
    assert _stand(_at(16, 50), CHESS, CARE, states=gone).kind == "absent"


def test_a_child_kept_in_a_club_while_care_waits_is_said() -> None:
    states = {CHESS: _in(_at(15, 30))}
    assert _stand(_at(16, 39), CHESS, CARE, states=states).kind == "in"
    assert _stand(_at(16, 40), CHESS, CARE, states=states) == Stand(
        "not_handed_over", CHESS, _at(16, 30), CARE
    )
    assert _stand(_at(18), CHESS, CARE, states=states).kind == "nobody_came"


@pytest.mark.parametrize(
    ("legs", "states", "since"),
    [
        ((CARE,), {CARE: _in(_at(16, 30))}, _at(18)),
        ((CHESS,), {CHESS: _in(_at(15, 30))}, _at(16, 40)),
        ((), {CHESS: _in(_at(15, 30))}, _at(16, 40)),
    ],
)
def test_nobody_came_rings_at_six_and_ten_minutes_after_an_earlier_end(
    legs: tuple[int, ...], states: dict[int, ChildState], since: datetime
) -> None:
    assert _stand(since - timedelta(seconds=1), *legs, states=states).kind == "in"
    found = _stand(since, *legs, states=states)
    assert (found.kind, found.since) == ("nobody_came", since)


def test_who_said_that_they_come_late_is_waited_for_half_an_hour_at_the_most() -> None:
    states = {CARE: _in(_at(16, 30))}
    assert _stand(_at(18, 5), CARE, states=states, collector_late=_at(18, 10)).kind == "in"
    assert _stand(_at(18, 10), CARE, states=states, collector_late=_at(18, 10)).kind == "nobody_came"
    assert _stand(_at(18, 30), CARE, states=states, collector_late=_at(20)).kind == "nobody_came"


def test_a_child_fetched_early_is_waited_for_from_that_hour_on() -> None:
    states = {CARE: _in(_at(16, 30))}
    assert _stand(_at(17, 9), CARE, states=states, leaves_at=_at(17)).kind == "in"
    assert _stand(_at(17, 10), CARE, states=states, leaves_at=_at(17)).kind == "nobody_came"


def test_breakfast_ends_in_class_and_rings_for_nobody() -> None:
    states = {BREAKFAST: _in(_at(8, 5))}
    assert _stand(_at(8, 44), states=states).kind == "in"
    assert _stand(_at(8, 45), states=states).kind == "home"
    assert _stand(_at(14), CHESS, states=states).kind == "class"
    assert _stand(_at(15, 40), CHESS, states=states).kind == "not_here"


def test_a_child_in_two_places_rings_and_so_does_one_taken_out_of_a_running_club_unasked() -> None:
    both = {CHESS: _in(_at(15, 30)), ART: _in(_at(15, 45))}
    assert _stand(_at(15, 46), CHESS, states=both) == Stand("two_places", ART, _at(15, 45), CHESS)
    taken = {CHESS: _out(_at(15, 45), "To another activity"), ART: _in(_at(15, 45))}
    assert _stand(_at(15, 46), CHESS, states=taken) == Stand("two_places", ART, _at(15, 45), CHESS)
    assert _stand(_at(15, 46), CHESS, states=taken, sent={CHESS: ART}).kind == "in"
    assert _stand(_at(15, 46), CHESS, ART, states=taken).kind == "in"
    settled = {(ART, "two_places"): _at(15, 50)}
    assert _stand(_at(15, 51), CHESS, states=taken, settled=settled).kind == "in"
    afterwards = {CHESS: _out(_at(16, 31), "To another activity"), CARE: _in(_at(16, 31))}
    assert _stand(_at(16, 32), CHESS, states=afterwards).kind == "in"


def test_what_a_person_found_ends_an_alarm_of_that_session_alone() -> None:
    settled = {(CHESS, "not_here"): _at(15, 50)}
    assert _stand(_at(16), CHESS, CARE, settled=settled).kind == "found"
    assert _stand(_at(16, 40), CHESS, CARE, settled=settled).session_id == CARE
    early = {(CHESS, "nowhere"): _at(16, 20)}
    left = {CHESS: _out(_at(16, 30), "To another activity")}
    assert _stand(_at(16, 45), CHESS, CARE, states=left, settled=early).kind == "nowhere"


def test_a_parent_is_with_the_child_in_a_family_course() -> None:
    sessions = SESSIONS | {CHESS: replace(SESSIONS[CHESS], kind="family")}
    facts = ChildFacts(1, _legs(CHESS), {CHESS: _in(_at(15, 30))})
    assert stand_of(facts, sessions, _at(19), RULES).kind == "in"


@pytest.mark.parametrize(
    ("at", "kind", "where"),
    [
        (_at(15), "class", None),
        (_at(15, 30), "in", CHESS),
        (_at(16, 29), "in", CHESS),
        (_at(16, 30), "in", CARE),
        (_at(18), "home", CARE),
    ],
)
def test_the_plan_says_where_a_child_should_be_at_each_minute(
    at: datetime, kind: str, where: int | None
) -> None:
    found = should_be(_legs(CHESS, CARE), SESSIONS, at)
    assert (found.kind, found.session_id) == (kind, where)
    assert should_be((), SESSIONS, at) == Stand("home")


def test_the_check_names_a_child_who_was_in_two_sessions_at_once() -> None:
    came = Event("one", CHESS, 1, "arrived", _at(15, 30))
    stays = {
        (CHESS, 1): ChildState("in", in_at=_at(15, 30), stays=(Stay(CHESS, _at(15, 30), came),)),
        (ART, 1): ChildState("in", in_at=_at(15, 45), stays=(Stay(ART, _at(15, 45), came),)),
    }
    assert list(state_problems(DAY, stays)) == [
        "registers of 2026-11-23: pupil 1 is in sessions 2 and 3 at once"
    ]
    gone = Stay(CHESS, _at(15, 30), came, _at(15, 45), came)
    assert list(state_problems(DAY, {**stays, (CHESS, 1): replace(stays[CHESS, 1], stays=(gone,))})) == []


MINUTES = st.integers(14 * 60, 20 * 60).map(lambda minute: _at(minute // 60, minute % 60))


@st.composite
def days(draw: st.DrawFn) -> tuple[ChildFacts, datetime]:
    """A child with any plan and any states, possible ones or not, at any minute."""
    at = draw(MINUTES)
    states = {}
    for session_id in SESSIONS:
        came, went = sorted((draw(MINUTES), draw(MINUTES)))
        how = draw(st.sampled_from(["Collected", "Left alone", "To the bus", "To another activity"]))
        state = draw(st.sampled_from([None, None, _in(came), _out(went, how, came), ChildState("absent")]))
        if state is not None:
            states[session_id] = state
    legs = draw(st.sampled_from([(), (CHESS,), (CARE,), (CHESS, CARE), (ART, CARE)]))
    return ChildFacts(1, _legs(*legs), states), at


@settings(max_examples=400, deadline=None)
@given(days())
def test_no_child_is_in_two_places_or_in_none_without_an_alarm(day: tuple[ChildFacts, datetime]) -> None:
    facts, at = day
    stand = stand_of(facts, SESSIONS, at, RULES)
    inside = [one for one in (CHESS, ART, CARE) if facts.states.get(one, ChildState()).state == "in"]
    left = [state for key, state in facts.states.items() if state.state == "out" and key != BREAKFAST]
    last = max(left, key=lambda one: (one.out_at or at, one.how != "To another activity"), default=None)
    is_explained = any(state.state == "absent" for state in facts.states.values())
    if len(inside) > 1:
        assert stand.kind == "two_places"
    elif inside:
        came_at = facts.states[inside[0]].in_at
        is_taken = any(state.out_at == came_at for state in left)
        assert stand.kind in {"in", "nobody_came", "not_handed_over"} or (is_taken and stand.rings)
        assert stand.session_id == inside[0]
        if at >= max(SESSIONS[inside[0]].ends_at, SESSIONS[CARE].ends_at) + timedelta(minutes=10):
            assert stand.rings
    elif last is not None and last.how != "To another activity":
        assert stand.kind == "home"
    elif last is not None and not is_explained:
        assert stand.kind in {"on_the_way", "nowhere"}
        assert stand.rings == (at >= (last.out_at or at) + timedelta(minutes=10))
    elif last is None and not is_explained and facts.legs:
        first = SESSIONS[facts.legs[0].session_id]
        assert stand.rings == (at >= first.starts_at + timedelta(minutes=10))
    assert stand.rings == (stand.kind in ALARMS)
