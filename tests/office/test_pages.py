"""The office's pages, as a manager sees them; everybody else is turned away."""

from __future__ import annotations

import pytest
from flask import Flask

from booking.people.models import Contact
from tests.browser import Browser
from tests.builders import (
    a_care_profile,
    a_family,
    a_group_fact,
    a_run,
    a_school,
    a_session,
    a_user,
    save,
)

PAGES = (
    "home", "failed_letters", "terms", "add_period", "add_day", "activities", "add_activity", "sellers", "add_seller",
    "rooms", "add_room", "runs", "add_run", "copy_term", "pupils", "imports", "families", "joining", "users",
    "invite_somebody",
)  # fmt: skip


@pytest.fixture
def manager(app: Flask, browser: Browser) -> Browser:
    a_school()
    return browser.sign_in(a_user("manager"))


@pytest.mark.parametrize("page", PAGES)
def test_each_page_of_an_empty_school_can_be_read(manager: Browser, page: str) -> None:
    manager.get(f"office.{page}")


@pytest.mark.parametrize("page", PAGES)
def test_each_page_of_a_full_school_can_be_read(manager: Browser, page: str) -> None:
    family = a_family(2)
    a_session(run=a_run(weekdays=[0]))
    a_run(status="draft")
    save(Contact(pupil_id=family.pupils[0].id, name="Jo", email="jo@families.example"))
    manager.get(f"office.{page}")


@pytest.mark.parametrize("role", ["parent", "staff", "governor", "admin"])
@pytest.mark.parametrize("page", PAGES)
def test_other_roles_are_turned_away(app: Flask, browser: Browser, role: str, page: str) -> None:
    a_school()
    is_theirs = role == "admin" and page in {"users", "invite_somebody"}
    browser.sign_in(a_user(role)).get(f"office.{page}", expect=200 if is_theirs else 403)


def test_a_pupils_groups_are_shown_to_those_alone_who_see_groups(app: Flask, manager: Browser) -> None:
    pupil = a_family().pupils[0]
    a_care_profile(pupil)
    a_group_fact(pupil, "ethnicity", "BSOM")
    assert "BSOM" not in manager.get("office.pupil", pupil_id=pupil.id).text
    head = Browser(app).sign_in(a_user("manager", sees_groups=True))
    assert "BSOM" in head.get("office.pupil", pupil_id=pupil.id).text


@pytest.mark.parametrize(
    ("page", "key"),
    [
        ("period", "period_id"), ("day", "day_id"), ("activity", "activity_id"), ("seller", "seller_id"),
        ("room", "room_id"), ("run", "run_id"), ("pupil", "pupil_id"), ("family", "account_id"), ("user", "user_id"),
    ],
)  # fmt: skip
def test_what_does_not_exist_is_not_found(manager: Browser, page: str, key: str) -> None:
    manager.get(f"office.{page}", expect=404, **{key: 4711})
