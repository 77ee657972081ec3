"""The document and the answers agree, whatever is asked (schemathesis); pages lose and double nothing."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
import schemathesis
from flask import Flask
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from schemathesis import GenerationMode
from schemathesis.specs.openapi.checks import negative_data_rejection, positive_data_acceptance

from booking.api.paging import BadPage, cursor_of, page_of, read_cursor, read_limit
from booking.api.tokens import SCOPES, make_token
from booking.bookings.models import Place
from booking.core import clock
from booking.core.db import unit_of_work
from tests.builders import AT, Family, a_family, a_place, a_restriction, a_run, a_session, a_user, save

NOT_HELD = [positive_data_acceptance, negative_data_rejection]
FIRST = date(2026, 11, 23)


def _token(*scopes: str) -> str:
    with unit_of_work():
        return make_token("tests", scopes or tuple(SCOPES), at=AT)


def _get(app: Flask, path: str, token: str) -> Any:
    answer = app.test_client().get(f"/api/v1{path}", headers={"Authorization": f"Bearer {token}"})
    return answer.status_code, answer.get_json()


@pytest.fixture
def filled(app: Flask) -> Flask:
    """A school with a family, five sessions and places in three of them."""
    family, run = a_family(2), a_run()
    for n in range(5):
        session = a_session(FIRST + timedelta(days=n), run=run)
        if n < 3:
            a_place(family, session)
    return app


@pytest.mark.parametrize("mode", [GenerationMode.POSITIVE, GenerationMode.NEGATIVE])
def test_every_answer_is_as_the_document_says(filled: Flask, mode: GenerationMode) -> None:
    """Questions that the document allows and such that it does not: each answer has its status, type and shape."""
    token = _token()
    schema = schemathesis.openapi.from_wsgi("/api/v1/openapi.json", filled)
    counts = [_ask(found.ok(), mode, token) for found in schema.get_all_operations()]
    assert len(counts) == 3
    assert sum(counts) >= 60


def _ask(operation: Any, mode: GenerationMode, token: str) -> int:
    """Ask one operation many things and hold every answer to the document; how many were asked.

    That `to` comes after `from`, and which cursors there are, no schema can say: such a 422 is as it should be. The
    token stands in every question, and a parameter that we do not know is left alone.
    """
    seen: list[int] = []

    @settings(max_examples=40, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
    @given(case=operation.as_strategy(generation_mode=mode))
    def answers(case: Any) -> None:
        headers = {"Authorization": f"Bearer {token}", "Accept-Encoding": "identity"}
        answer = case.call_and_validate(headers=headers, excluded_checks=NOT_HELD)
        seen.append(answer.status_code)

    answers()
    return len(seen)


def _all_pages(app: Flask, path: str, name: str, token: str, limit: int) -> list[Any]:
    found, cursor = [], ""
    for _ in range(50):
        status, body = _get(app, f"{path}&limit={limit}{cursor}", token)
        assert status == 200
        assert len(body[name]) <= limit
        found += body[name]
        if body["next"] is None:
            return found
        cursor = f"&cursor={body['next']}"
    raise AssertionError("the pages do not end")


@pytest.mark.parametrize("limit", [1, 2, 3, 5, 100])
def test_pages_hold_every_row_once(filled: Flask, limit: int) -> None:
    token = _token()
    path = "/sessions?from=2026-11-23&to=2026-11-27"
    sessions = _all_pages(filled, path, "sessions", token, limit)
    assert [one["date"] for one in sessions] == [f"2026-11-{day}" for day in range(23, 28)]
    family = "/families/1/bookings?from=2026-11-23&to=2026-11-27"
    assert len({one["id"] for one in _all_pages(filled, family, "bookings", token, limit)}) == 3


def test_a_row_that_comes_in_between_two_pages_moves_no_other(filled: Flask) -> None:
    token = _token()
    status, first = _get(filled, "/sessions?from=2026-11-23&to=2026-11-27&limit=2", token)
    assert status == 200
    a_session(FIRST)
    _, second = _get(filled, f"/sessions?from=2026-11-23&to=2026-11-27&cursor={first['next']}", token)
    ids = [one["id"] for one in (*first["sessions"], *second["sessions"])]
    assert len(ids) == len(set(ids)) == 5


def test_each_scope_opens_its_own_and_nothing_else(filled: Flask) -> None:
    paths = {
        "sessions:read": "/sessions",
        "bookings:read": "/families/1/bookings",
        "registers:read": "/sessions/1/register",
    }
    for scope in paths:
        token = _token(scope)
        assert {own: _get(filled, path, token)[0] for own, path in paths.items()} == {
            own: 200 if own == scope else 403 for own in paths
        }


def test_what_is_not_there_is_404_and_a_register_holds_no_care(filled: Flask) -> None:
    token = _token()
    for path in ("/families/999/bookings", "/sessions/999/register", "/sessions/99999999999999/register"):
        assert _get(filled, path, token)[0] == 404
    _, body = _get(filled, "/sessions/1/register", token)
    assert set(body["children"][0]) == {
        "pupil_id",
        "first_name",
        "surname",
        "class_name",
        "status",
        "mark",
    }


def test_a_child_whom_a_restriction_closes_is_not_among_the_familys_bookings(app: Flask) -> None:
    family, office = a_family(), a_user("manager")
    _booked(family)
    token = _token()
    path = f"/families/{family.account.id}/bookings?from=2026-11-23&to=2026-11-27"
    assert len(_get(app, path, token)[1]["bookings"]) == 1
    a_restriction(
        family.pupils[0],
        family.user,
        by=office,
        confirmed_by_id=a_user("manager").id,
        confirmed_at=clock.now(),
    )
    assert _get(app, path, token)[1]["bookings"] == []


def _booked(family: Family) -> None:
    place: Place = a_place(family, a_session(FIRST))
    save(place)


KEYS = st.tuples(st.dates(), st.integers(0, 2**31 - 1))


@given(KEYS)
def test_a_cursor_says_what_it_was_made_of(key: tuple[date, int]) -> None:
    assert read_cursor(cursor_of(key), (date, int)) == key


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=40))
def test_no_made_up_cursor_gets_in(text: str) -> None:
    try:
        found = read_cursor(text, (date, int))
    except BadPage:
        return
    assert found is not None
    assert cursor_of(found)


@pytest.mark.parametrize("text", ["", "0", "-1", "501", "ten", "\u0661", "1.5", "00001"])
def test_a_wrong_limit_is_named(text: str) -> None:
    with pytest.raises(BadPage):
        read_limit(text)


@given(st.lists(st.integers(), max_size=9, unique=True), st.integers(1, 9))
def test_a_page_is_full_or_the_last(rows: list[int], limit: int) -> None:
    page, following = page_of(rows[: limit + 1], limit, lambda row: (row,))
    assert list(page) == rows[:limit]
    assert (following is None) == (len(rows) <= limit)
