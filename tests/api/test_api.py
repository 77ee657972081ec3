"""The JSON interface: tokens open what their scopes say, and the answers are as the document says."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from flask import Flask

from booking.api.models import ApiToken
from booking.api.tokens import UnknownScope, make_token, revoke_token
from booking.core.db import unit_of_work
from tests.builders import AT, a_session, save

WEDNESDAY = date(2026, 11, 25)


def _get(app: Flask, path: str, token: str | None = None) -> tuple[int, Any]:
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    answer = app.test_client().get(f"/api/v1/{path}", headers=headers)
    return answer.status_code, answer.get_json()


def _token() -> str:
    with unit_of_work():
        return make_token("timetable screen", ("sessions:read",), at=AT)


def test_sessions_come_with_the_places_left_as_the_document_says(app: Flask) -> None:
    session = a_session(WEDNESDAY, capacity=7)
    status, body = _get(app, "sessions?from=2026-11-23&to=2026-11-27", _token())
    assert status == 200
    (one,) = body["sessions"]
    assert (one["id"], one["places_left"], one["date"]) == (session.id, 7, "2026-11-25")
    _, document = _get(app, "openapi.json")
    get = document["paths"]["/api/v1/sessions"]["get"]
    schema = get["responses"]["200"]["content"]["application/json"]["schema"]
    assert set(one) == set(schema["properties"]["sessions"]["items"]["required"])
    assert document["openapi"] == "3.1.0"


def test_no_token_a_wrong_one_and_a_revoked_one_get_401(app: Flask) -> None:
    token = _token()
    with unit_of_work():
        assert revoke_token("timetable screen", at=AT) == 1
    assert [_get(app, "sessions", one)[0] for one in (None, "x", token)] == [401, 401, 401]


def test_a_token_without_the_scope_gets_403(app: Flask) -> None:
    token = _token()
    with unit_of_work() as session:
        session.query(ApiToken).update({"scopes": []})
    assert _get(app, "sessions", token)[0] == 403


@pytest.mark.parametrize(
    "query", ["from=soon", "from=2026-11-25&to=2026-11-20", "from=2026-01-01&to=2026-12-31"]
)
def test_wrong_days_are_named(app: Flask, query: str) -> None:
    status, body = _get(app, f"sessions?{query}", _token())
    assert status == 422
    assert "to" in body["detail"]


def test_an_unknown_scope_makes_nothing(app: Flask) -> None:
    with pytest.raises(UnknownScope), unit_of_work():
        make_token("x", ("everything",), at=AT)


def test_the_token_itself_is_kept_nowhere(app: Flask) -> None:
    token = _token()
    save()
    with unit_of_work() as session:
        row = session.query(ApiToken).one()
        assert token not in {row.name, row.token_digest}
