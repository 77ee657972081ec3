"""What the tablet at the door keeps, what goes, and what is sent again, by its scripts alone.

The server is a list of answers here; the real one stands behind `test_tablet.py`.
"""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Request

from tests.e2e.door_modules import HOST, Door, sent, well

pytestmark = pytest.mark.browser


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
