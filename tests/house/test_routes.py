"""Every route, as every person, on their own and on another family's things.

The table in routes.py says who a route is for. A route that is not in it fails; so does one whose own word differs.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any

import pytest
import time_machine
from flask import Flask
from sqlalchemy import select
from werkzeug.routing import Rule

from booking.bookings.early_models import EarlyAccess, EarlyRun, EarlyWindow
from booking.core.db import Base, db, unit_of_work
from booking.payments.models import Payment
from booking.people.invitations import invite, token_digest
from booking.people.models import Contact, User
from booking.provision.models import StaffAssignment
from tests.browser import Browser
from tests.builders import (
    AT,
    a_basket,
    a_care_profile,
    a_family,
    a_period,
    a_place,
    a_restriction,
    a_school,
    a_session,
    a_user,
    save,
)
from tests.house.routes import ANYONE, ROUTES, WRITES_BY_GET
from tests.payments.paid_families import money_papers

TOKEN = frozenset({"token"})
GRANTS = {"sees_groups": True, "approves": True, "safeguarding": True}
ROLES = ("parent", "staff", "manager", "governor", "admin")


@pytest.fixture(autouse=True)
def monday_morning() -> Iterator[None]:
    """The day on which these tests play, whatever day it is."""
    with time_machine.travel(AT, tick=True):
        yield


@dataclass
class World:
    """Two of everything that a route may name: `own` arguments, and who the strangers are."""

    people: dict[str, User]
    strangers: dict[str, User]
    arguments: dict[str, Any]


@pytest.fixture
def world(app: Flask) -> World:
    """A family with a booked place in a session that a leader runs; another family and another leader."""
    a_school()
    family, other = a_family(), a_family()
    session = a_session(date(2026, 11, 25))
    finished = a_period(name="Autumn 1", starts_on=date(2026, 9, 2), ends_on=date(2026, 10, 23))
    basket = a_basket(family.account, booked_at=AT)
    place = a_place(family, session, basket_id=basket.id)
    a_care_profile(family.pupils[0])
    leader, stranger = a_user("staff"), a_user("staff")
    save(StaffAssignment(user_id=leader.id, run_id=session.run_id))
    with unit_of_work():
        token = invite("new@families.example", "governor", at=AT, by_user_id=None)
    run = session.run
    payment = Payment(
        basket_id=basket.id,
        account_id=family.account.id,
        tender="card",
        state="given_up",
        amount_pence=450,
        idempotency_key="k",
        stripe_session_id="cs_test_own",
        created_at=AT,
    )
    save(payment)
    office = a_user("manager", approves=True)
    contact = Contact(
        pupil_id=family.pupils[0].id, given_by_id=family.user.id, name="Nana", phone="01632 960500"
    )
    save(contact)
    restriction = a_restriction(family.pupils[0], other.user, by=office)
    window = EarlyWindow(
        opens_at=AT,
        grounds=["present", "sibling"],
        share=50,
        made_at=AT,
        user_id=office.id,
        runs=[EarlyRun(run_id=run.id)],
    )
    save(window)
    save(
        EarlyAccess(
            window_id=window.id,
            account_id=family.account.id,
            pupil_id=family.pupils[0].id,
            token_digest=token_digest("a link"),
            sent_at=AT,
            token="a link",
        )
    )
    arguments = {
        "starts_on": finished.starts_on,
        "ends_on": finished.ends_on,
        "kind": "json",
        "payment_id": payment.id,
        **money_papers(family),
        "session_id": session.id,
        "reference": basket.reference,
        "place_id": place.id,
        "basket_id": basket.id,
        "pupil_id": family.pupils[0].id,
        "account_id": family.account.id,
        "user_id": family.user.id,
        "restriction_id": restriction.id,
        "contact_id": contact.id,
        "run_id": run.id,
        "activity_id": run.activity_id,
        "seller_id": run.activity.seller_id,
        "room_id": run.room_id,
        "period_id": run.period_id,
        "on": date(2026, 11, 25),
        "monday": date(2026, 11, 23),
        "token": token,
        "link": "a link",
        "window_id": window.id,
        "filename": "css/tokens.css",
    }
    people = {role: a_user(role, **(GRANTS if role == "manager" else {})) for role in ROLES}
    people |= {"parent": family.user, "staff": leader}
    return World(people, {"parent": other.user, "staff": stranger}, arguments)


def _rules(app: Flask) -> list[Rule]:
    return [rule for rule in app.url_map.iter_rules() if not rule.endpoint.endswith("static")]


def test_every_route_is_in_the_table_and_says_the_same(app: Flask) -> None:
    declared = {rule.endpoint: app.view_functions[rule.endpoint].audience for rule in _rules(app)}  # type: ignore[attr-defined]
    assert declared == {endpoint: route.audience for endpoint, route in ROUTES.items()}


def _arguments(rule: Rule, world: World) -> dict[str, Any]:
    missing = rule.arguments - set(world.arguments)
    return {name: 1 if name in missing else world.arguments[name] for name in rule.arguments}


def _try(browser: Browser, rule: Rule, method: str, world: World) -> int:
    url = browser._url(rule.endpoint, _arguments(rule, world))
    if method == "GET":
        return browser.client.get(url).status_code
    return browser.client.post(url, data={"csrf_token": browser.csrf_token()}).status_code


def _methods(rule: Rule) -> list[str]:
    return sorted((rule.methods or set()) & {"GET", "POST"})


def _browser(app: Flask, user: User | None) -> Browser:
    browser = Browser(app)
    return browser.sign_in(user) if user is not None else browser


def test_nobody_signed_in_is_sent_to_sign_in(app: Flask, world: World) -> None:
    wrong = []
    for rule in _rules(app):
        if ROUTES[rule.endpoint].audience in (ANYONE, TOKEN):
            continue
        for method in _methods(rule):
            status = _try(_browser(app, None), rule, method, world)
            if status != (401 if ROUTES[rule.endpoint].is_json else 302):
                wrong.append((rule.endpoint, method, status))
    assert wrong == []


@pytest.mark.parametrize("role", ROLES)
def test_a_role_gets_into_its_own_pages_and_no_others(app: Flask, world: World, role: str) -> None:
    wrong = []
    for rule in _rules(app):
        route = ROUTES[rule.endpoint]
        if route.audience == TOKEN:
            continue
        for method in _methods(rule):
            if route.audience == ANYONE and method == "POST":
                continue
            status = _try(_browser(app, world.people[role]), rule, method, world)
            is_invited = route.audience == ANYONE or role in route.audience
            if (is_invited and (status in {401, 403} or status >= 500)) or (not is_invited and status != 403):
                wrong.append((rule.endpoint, method, status))
            needs_query = rule.endpoint == "payments.back"
            if is_invited and method == "GET" and status == 404 and not rule.arguments and not needs_query:
                wrong.append((rule.endpoint, method, status))
    assert wrong == []


@pytest.mark.parametrize("role", ["parent", "staff"])
def test_what_belongs_to_others_is_not_there(app: Flask, world: World, role: str) -> None:
    wrong = []
    for rule in _rules(app):
        if role not in ROUTES[rule.endpoint].scoped_for:
            continue
        for method in _methods(rule):
            own = _try(_browser(app, world.people[role]), rule, method, world)
            other = _try(_browser(app, world.strangers[role]), rule, method, world)
            if other != 404 or (method == "GET" and own == 404):
                wrong.append((rule.endpoint, method, own, other))
    assert wrong == []


def test_every_post_needs_a_token(app: Flask, world: World) -> None:
    wrong = []
    for rule in _rules(app):
        route = ROUTES[rule.endpoint]
        if "POST" not in _methods(rule) or route.is_signed:
            continue
        role = next((role for role in ROLES if role in route.audience), None)
        browser = _browser(app, world.people[role] if role else None)
        status = browser.client.post(browser._url(rule.endpoint, _arguments(rule, world))).status_code
        if status != 400:
            wrong.append((rule.endpoint, status))
    assert wrong == []


def _database() -> dict[str, list[tuple[Any, ...]]]:
    found = {
        table.name: [tuple(row) for row in db.session.execute(select(table))]
        for table in Base.metadata.sorted_tables
        if table.name not in WRITES_BY_GET
    }
    db.session.rollback()
    return found


def test_a_get_changes_no_row(app: Flask, world: World) -> None:
    before = _database()
    for rule in _rules(app):
        if "GET" not in _methods(rule) or ROUTES[rule.endpoint].may_write_by_get:
            continue
        for role in ROLES:
            if role in ROUTES[rule.endpoint].audience or ROUTES[rule.endpoint].audience == ANYONE:
                _try(_browser(app, world.people[role]), rule, "GET", world)
                db.session.rollback()
                assert _database() == before, f"{rule.endpoint} writes by GET"
