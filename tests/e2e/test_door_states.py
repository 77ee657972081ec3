"""Where the tablet shows each child, held against the server's own rules."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from booking.registers.child_days import Event, child_days
from tests.e2e.door_modules import Door

pytestmark = pytest.mark.browser

PRESSES = """
const [presses] = given;
const sessions = [1, 2, 3].map((id) => ({ id, children: [1, 2].map((child) => (
  { id: child, first: "A", initial: "B", state: "expected", in: "", out: "", how: "", last: "" })) }));
const day = { sessions }, marks = [], counts = [];
const start = Date.parse("2026-11-25T15:00:00Z");
for (const [where, who, which] of presses) {
  const now = states.derive(day, marks)[where].children.find((child) => child.id === who + 1).now;
  const may = ["arrived", "absent", "walk_in", "collected", "left_alone", "to_bus", "to_activity"]
    .filter((what) => states.mayMark(now.state, what));
  if (now.last) may.push("undone");
  if (!may.length) continue;
  const what = may[which % may.length];
  marks.push({ uid: `m${marks.length}`, session_id: where + 1, pupil_id: who + 1, what, sequence: marks.length,
    at: new Date(start + marks.length * 60000).toISOString(), undoes: what === "undone" ? now.last : null });
  const places = states.derive(day, marks).flatMap(({ children }) => children);
  counts.push(Math.max(...[1, 2].map((id) => places.filter((one) => one.id === id && one.now.state === "in").length)));
}
const last = states.derive(day, marks).map(({ children }) => children.map((child) => child.now.state));
return { marks, last, most: Math.max(0, ...counts) };
"""


def as_server(marks: list[dict[str, Any]]) -> list[list[str]]:
    """Where the server's own rules say that two children are in three sessions."""
    days = child_days(
        Event(
            one["uid"],
            one["session_id"],
            one["pupil_id"],
            one["what"],
            datetime.fromisoformat(one["at"]),
            "d",
            "d",
            one["sequence"],
            one["undoes"],
        )
        for one in marks
    )

    def state(pupil: int, session: int) -> str:
        day = days.get(pupil)
        if day is None or session not in day.sessions():
            return "expected"
        if day.is_in == session:
            return "in"
        return "out" if day.stays_in(session) or session in day.lone_outs else "absent"

    return [[state(pupil, session) for pupil in (1, 2)] for session in (1, 2, 3)]


def test_whatever_is_pressed_the_tablet_shows_what_the_server_will_say(door: Door) -> None:
    press = st.tuples(st.integers(0, 2), st.integers(0, 1), st.integers(0, 7))

    @settings(max_examples=60, derandomize=True, database=None)
    @given(st.lists(press, max_size=14))
    def whatever(presses: list[tuple[int, int, int]]) -> None:
        found = door.run(PRESSES, presses)
        assert found["most"] <= 1
        assert found["last"] == as_server(found["marks"])

    whatever()


def test_marks_that_wait_are_laid_over_what_the_server_told_but_not_over_what_came_later(door: Door) -> None:
    found = door.run(
        """const child = (more) => ({ id: 1, first: "A", initial: "B", state: "expected", in: "", out: "", how: "",
             last: "", ...more });
           const whole = (mark) => ({ uid: "x", session_id: 1, pupil_id: 1, what: "arrived", ...mark });
           const now = (more, mark) => states.derive(
             { sessions: [{ id: 1, children: [child(more)] }] }, [whole(mark)])[0].children[0].now;
           const gone = { state: "out", in: "2026-11-25T15:30:00+00:00", out: "2026-11-25T16:30:00+00:00", last: "y" };
           return [
             now({}, { at: "2026-11-25T15:30:00Z" }).state,
             now(gone, { at: "2026-11-25T15:31:00Z" }).state,
             now(gone, { at: "2026-11-25T16:40:00Z" }).state,
             now(gone, { what: "undone", undoes: "y", at: "2026-11-25T16:40:00Z" }).state,
             now({}, { at: "2026-11-25T15:30:00Z", refused: "no" }).state,
           ];"""
    )
    assert found == ["in", "out", "in", "in", "expected"]


def test_a_child_is_found_by_the_beginning_of_any_of_its_names(door: Door) -> None:
    found = door.run(
        """const child = { first: "Zoë May", initial: "Ž", mark: "A", class: "Oak" };
           return ["zoe", "ma", "z", "oak", "zoe o", "oë", "x"].map((typed) => states.fits(child, typed));"""
    )
    assert found == [True, True, True, True, True, False, False]
