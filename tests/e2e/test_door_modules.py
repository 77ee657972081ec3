"""The scripts of the door by themselves in Chromium: what is kept, what goes, what is sent again, who is where.

The server is a list of answers here; the real one stands behind `test_tablet.py`.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from playwright.sync_api import Browser, Page, Request, Route

from booking.registers.child_days import Event, child_days

pytestmark = pytest.mark.browser

ROOT = Path(__file__).resolve().parents[2]
HOST = "http://localhost:9"
KINDS = {".js": "text/javascript", ".html": "text/html"}
START = """async () => {
  for (const name of ["store", "states", "sync"]) window[name] = await import(`/static/js/door/${name}.js`);
  window.server = sync.makeServer(
    { page: "/page", marks: "/marks", day: "/day/DATE", someday: "DATE" }, () => window.touched ?? Date.now());
  window.aMark = (pupil, more = {}) => store.keepMark({ uid: crypto.randomUUID(), session_id: 1, pupil_id: pupil,
    what: "arrived", at: new Date().toISOString(), detail: null, undoes: null, by: 7, ...more });
  window.open = async () => (await store.keptMarks()).filter(store.isWaiting).map((mark) => mark.pupil_id);
  window.flush = () => server.flush().then((found) => found, (error) => ({ failed: error.constructor.name }));
}"""


class Door:
    """A page with the door's modules on it, and the answers that it gets."""

    def __init__(self, page: Page) -> None:
        self.page, self.asked = page, list[Request]()
        self.answers: Callable[[Request], dict[str, Any] | None] = lambda request: None
        page.route("**/*", self._answer)
        page.goto(f"{HOST}/blank")
        page.evaluate(START)

    def _answer(self, route: Route) -> None:
        path = route.request.url.removeprefix(HOST)
        if path == "/blank":
            route.fulfill(body="<!doctype html><title>x</title>", content_type="text/html")
        elif path.startswith("/static/"):
            file = ROOT / path.removeprefix("/")
            route.fulfill(body=file.read_bytes(), content_type=KINDS[file.suffix])
        else:
            self.asked.append(route.request)
            answer = self.answers(route.request)
            if answer is None:
                route.abort()
            else:
                route.fulfill(**answer)

    def run(self, script: str, *given: Any) -> Any:
        """Run a few lines on the page and give back what they return."""
        return self.page.evaluate(f"async (given) => {{ {script} }}", list(given))


@pytest.fixture(scope="module")
def modules(chromium: Browser) -> Iterator[Page]:
    """One page for all tests of this file."""
    context = chromium.new_context()
    yield context.new_page()
    context.close()


@pytest.fixture
def door(modules: Page) -> Iterator[Door]:
    """The door's modules with nothing kept."""
    modules.unroute_all()
    found = Door(modules)
    yield found
    found.run(
        """await new Promise((yes) => {
             const asked = indexedDB.deleteDatabase("registers");
             asked.onsuccess = asked.onerror = yes;
           });"""
    )


def sent(request: Request) -> list[dict[str, Any]]:
    """The marks of a message."""
    found: list[dict[str, Any]] = json.loads(request.post_data or "{}")["marks"]
    return found


def well(request: Request) -> dict[str, Any]:
    """A server that keeps everything."""
    if request.url.endswith("/page"):
        return {"body": '<div data-token="fresh"></div>', "content_type": "text/html"}
    answer = {"kept": [one["uid"] for one in sent(request)], "refused": [], "alarms": []}
    return {"json": answer}


def test_a_mark_is_let_go_only_after_the_server_said_that_it_has_it(door: Door) -> None:
    left = door.run(
        """const one = await aMark(1), two = await aMark(2);
           await store.letGo([one.uid, two.uid]);
           const before = await open();
           await store.noteAnswer([one.uid], []);
           await store.letGo([one.uid, two.uid]);
           return [before, (await store.keptMarks()).map((mark) => [mark.pupil_id, mark.sequence])];"""
    )
    assert left == [[1, 2], [[2, 2]]]


def test_the_list_goes_with_its_key_at_the_end_of_the_shift_and_no_mark_with_it(door: Door) -> None:
    found = door.run(
        """await store.keepDay({ date: "2026-11-25" }, 1000);
           await aMark(1, { detail: "Nana" });
           const during = await store.keptDay(999), over = await store.keptDay(1000);
           const early = await store.forgetDay(999), late = await store.forgetDay(1000);
           const marks = await store.keptMarks();
           return [during.day.date, over, early, late, await store.keptDay(0), marks.map((mark) => mark.detail)];"""
    )
    assert found == ["2026-11-25", None, False, True, None, ["Nana"]]


def test_neither_key_can_be_read_out_and_no_private_word_stands_in_the_open(door: Door) -> None:
    found = door.run(
        """await store.keepDay({ first: "Zebedee" }, Date.now() + 60000);
           await aMark(1, { detail: "Nana collected" });
           const base = await new Promise((yes) => {
             const asked = indexedDB.open("registers", 1);
             asked.onsuccess = () => yes(asked.result);
           });
           const all = (name) => new Promise((yes) => {
             const asked = base.transaction(name).objectStore(name).getAll();
             asked.onsuccess = () => yes(asked.result);
           });
           const [shift] = await all("keys"), [mark] = await all("outbox"), [box] = await all("sealed");
           base.close();
           const tries = [shift.key, mark.sealed.key].map((key) => crypto.subtle.exportKey("raw", key));
           const outcomes = (await Promise.allSettled(tries)).map((one) => one.status);
           const text = (bytes) => new TextDecoder("latin1").decode(bytes);
           return [outcomes, JSON.stringify(mark), text(box.box), text(mark.sealed.box)];"""
    )
    assert found[0] == ["rejected", "rejected"]
    assert not any("Nana" in text or "Zebedee" in text for text in found[1:])


@pytest.mark.parametrize(
    ("answer", "failed"),
    [
        (None, "Unreachable"),
        ({"status": 500, "body": "oh"}, "Unreachable"),
        ({"status": 403, "body": "a filter of the school"}, "Unreachable"),
        ({"status": 200, "body": "<html>a portal</html>"}, "Unreachable"),
        ({"status": 401, "json": {}}, "SignedOut"),
    ],
)
def test_what_is_no_answer_leaves_every_mark_where_it_is(
    door: Door, answer: dict[str, Any] | None, failed: str
) -> None:
    door.answers = lambda request: well(request) if request.url.endswith("/page") else answer
    found = door.run("await aMark(1); await aMark(2); return [await flush(), await open()];")
    assert found[0]["failed"] == failed
    assert found[1] == [1, 2]


def test_an_old_token_is_changed_for_a_fresh_one(door: Door) -> None:
    def answers(request: Request) -> dict[str, Any]:
        is_old = request.headers.get("x-csrftoken") == "old"
        return {"status": 400, "body": "stale"} if is_old else well(request)

    door.answers = answers
    found = door.run('server.useToken("old"); await aMark(1); return [await flush(), await open()];')
    assert found == [{"alarms": [], "stuck": 0}, []]
    assert [request.url.removeprefix(HOST) for request in door.asked] == ["/marks", "/page", "/marks"]


def test_a_mark_that_the_server_does_not_understand_keeps_no_other_one(door: Door) -> None:
    def answers(request: Request) -> dict[str, Any]:
        is_poison = request.url.endswith("/marks") and any(one["pupil_id"] == 2 for one in sent(request))
        return {"status": 400, "body": "what?"} if is_poison else well(request)

    door.answers = answers
    found = door.run(
        "for (const pupil of [1, 2, 3]) await aMark(pupil); return [await flush(), await open()];"
    )
    assert found == [{"alarms": [], "stuck": 1}, [2]]


def test_a_mark_that_the_server_says_nothing_of_waits_and_a_refused_one_says_why(door: Door) -> None:
    def answers(request: Request) -> dict[str, Any]:
        if request.url.endswith("/page"):
            return well(request)
        by_pupil = {one["pupil_id"]: one["uid"] for one in sent(request)}
        refused = [{"uid": by_pupil[2], "why": "Not yours to see."}] if 2 in by_pupil else []
        return {"json": {"kept": [by_pupil[3]] if 3 in by_pupil else [], "refused": refused, "alarms": []}}

    door.answers = answers
    found = door.run(
        """for (const pupil of [1, 2, 3]) await aMark(pupil);
           return [await flush(), await open(), (await store.keptMarks()).map((mark) => mark.refused)];"""
    )
    assert found == [{"alarms": [], "stuck": 1}, [1], ["", "Not yours to see.", ""]]


def test_a_page_that_asks_by_itself_says_that_nobody_touched_it(door: Door) -> None:
    door.answers = well
    door.run("window.touched = Date.now(); await aMark(1); await flush();")
    door.run("window.touched = Date.now() - 61000; await aMark(2); await flush();")
    touched = ["x-untouched" not in request.headers for request in door.asked]
    assert touched == [True, True, False]


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
