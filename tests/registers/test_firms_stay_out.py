"""To an outside firm's people the school's own door is not there, not even for a session of theirs."""

from __future__ import annotations

import pytest
from flask import Flask

from tests.browser import Browser
from tests.builders import a_family, a_place, a_run, a_session, a_user

DAY = "2026-11-25"


@pytest.mark.parametrize(
    "address",
    [
        "/registers/door",
        f"/registers/door/{DAY}.json",
        "/registers/disagreements",
        f"/registers/{DAY}/disagreements",
        "/registers/session/{session}",
        "/registers/session/{session}/paper",
    ],
)
def test_a_coach_finds_nothing_there_and_the_office_does(app: Flask, address: str) -> None:
    run = a_run()
    session, office = a_session(run=run), a_user("manager")
    a_place(a_family(), session)
    coach = a_user("staff", seller_id=run.activity.seller_id)
    path = address.format(session=session.id)
    assert Browser(app).sign_in(office).client.get(path).status_code == 200
    assert Browser(app).sign_in(coach).client.get(path).status_code == 404


def test_a_coach_sends_no_marks_there(app: Flask) -> None:
    run = a_run()
    session = a_session(run=run)
    pupil = a_place(a_family(), session).pupil_id
    browser = Browser(app).sign_in(a_user("staff", seller_id=run.activity.seller_id))
    mark = {"uid": "x" * 36, "session_id": session.id, "pupil_id": pupil, "what": "arrived", "sequence": 1}
    sent = {"device": "d" * 36, "sent_at": f"{DAY}T15:30:00+00:00", "marks": [mark]}
    token = {"X-CSRFToken": browser.csrf_token()}
    assert browser.client.post("/registers/marks", json=sent, headers=token).status_code == 404
