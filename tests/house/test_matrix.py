"""Every route as every principal, on one's own and another's things; and who sees which of 29 sensitive fields."""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any

import pytest
import time_machine
from flask import Flask
from pypdf import PdfReader
from sqlalchemy import select

from booking.bookings.newcomers import Asked, ask_as_newcomer, confirm_newcomer
from booking.core.db import Base, db, unit_of_work
from booking.office.linking import ask_link
from booking.office.restricting import put_in_force
from booking.people.care import Said, say, set_collection_word
from booking.people.invitations import invite, make_account, tie
from booking.people.linking_models import LinkRequest
from booking.people.models import Contact, Invitation, User
from booking.people.restrictions import Restriction
from booking.provision.models import StaffAssignment
from tests.browser import Browser
from tests.builders import (
    AT,
    a_basket,
    a_group_fact,
    a_period,
    a_place,
    a_pupil,
    a_restriction,
    a_school,
    a_session,
    a_user,
    save,
)
from tests.builders import Family as OneFamily
from tests.house.days import say_of_the_day
from tests.house.fields import FIELDS, word
from tests.house.routes import ANYONE, ROUTES
from tests.payments.paid_families import money_papers
from tests.price_builders import a_funded_place

TOKEN = frozenset({"token"})
MAY_WRITE = {"access_entry", "audit_entry", "sign_in", "sign_in_attempt", "release", "outbox_message"}
ROLE_OF = {
    "parent": "parent",
    "restricted": "parent",
    "unrelated": "parent",
    "club": "staff",
    "other club": "staff",
    "office": "manager",
    "head": "manager",
    "admin": "admin",
    "governor": "governor",
}


@pytest.fixture(autouse=True)
def monday_morning() -> Iterator[None]:
    """The day on which these tests play."""
    with time_machine.travel(AT, tick=True):
        yield


@dataclass
class World:
    """Everybody who may look, and the ids that addresses are made of."""

    people: dict[str, User]
    arguments: dict[str, Any]


@pytest.fixture
def world(app: Flask) -> World:
    """One child with everything told, two parents of whom one is restricted, and everybody else."""
    a_school()
    finished = a_period(name="Autumn 1", starts_on=date(2026, 9, 2), ends_on=date(2026, 10, 23))
    child = a_pupil(
        forename="Kim",
        surname=word("surname"),
        upn=word("upn"),
        date_of_birth=date(2017, 7, 14),
        class_name="Oak",
    )
    parent = a_user(
        "parent", name=word("parent's name"), email=word("parent's e-mail"), password="three calm words"
    )
    restricted = a_user("parent", name=word("restricted adult"))
    with unit_of_work():
        db.session.merge(parent).phone = word("parent's telephone")
        account = make_account([parent], name=parent.name, at=AT)
        make_account([restricted], name=restricted.name, at=AT)
        for user in (parent, restricted):
            tie(user, child, relationship_name="parent", responsibility="yes", at=AT)
    family = OneFamily(parent, account, [child])
    _tell(family, restricted)
    session, other_session = a_session(date(2026, 11, 25)), a_session(date(2026, 11, 25))
    basket = a_basket(account, booked_at=AT, reference=word("booking reference"))
    place = a_place(family, session, basket_id=basket.id, price_pence=0)
    a_funded_place(place, word("pot that pays"))
    club, other_club = a_user("staff"), a_user("staff")
    save(StaffAssignment(user_id=club.id, run_id=session.run_id))
    save(StaffAssignment(user_id=other_club.id, run_id=other_session.run_id))
    office, head = a_user("manager", approves=True, safeguarding=True), a_user("manager", sees_groups=True)
    made = a_restriction(child, restricted, by=head, evidence=word("evidence"))
    with unit_of_work():
        put_in_force(made.id, at=AT, by=office)
    with unit_of_work():
        asked = ask_link(
            {
                "name": "Kay",
                "email": "kay@families.example",
                "child_name": "Kim",
                "words": word("words of a request"),
            },
            user=None,
            base_url="",
            at=AT,
        )
        asked.state, asked.due_on = "asked", AT.date()
    with unit_of_work():
        said = Asked("Wren", "wren@families.example", AT.date(), (0,), (), word("words of a newcomer"))
        newcomer_id = confirm_newcomer(ask_as_newcomer(said, at=AT).token, at=AT).id
    say_of_the_day(child, parent, session.date)
    unrelated = a_user("parent")
    with unit_of_work():
        make_account([unrelated], name="Unrelated", at=AT)
    arguments = {
        "pupil_id": child.id,
        "place_id": place.id,
        "session_id": session.id,
        "reference": basket.reference,
        **money_papers(family),
        "contact_id": db.session.scalars(select(Contact.id).where(Contact.given_by_id == parent.id)).one(),
        "account_id": account.id,
        "user_id": parent.id,
        "run_id": session.run_id,
        "restriction_id": db.session.scalars(select(Restriction.id)).one(),
        "newcomer_id": newcomer_id,
        "request_id": db.session.scalars(select(LinkRequest.id)).one(),
        "on": date(2026, 11, 25),
        "monday": date(2026, 11, 23),
        "starts_on": finished.starts_on,
        "ends_on": finished.ends_on,
        "kind": "json",
        "token": "unknown",
    }
    db.session.rollback()
    people = {
        "parent": parent,
        "restricted": restricted,
        "unrelated": unrelated,
        "club": club,
        "other club": other_club,
        "office": office,
        "head": head,
        "admin": a_user("admin"),
        "governor": a_user("governor"),
    }
    return World(people, arguments)


def _tell(family: OneFamily, other: User) -> None:
    """Everything that can be told of the child, by the parent, the other parent and the school."""
    child, parent = family.pupils[0], family.user
    with unit_of_work():
        for user, said in (
            (other, Said(medical=word("care said by the other adult"))),
            (
                parent,
                Said((word("allergy"),), (word("diet"),), medical=word("medical"), support=word("support")),
            ),
        ):
            say(child.id, said, by_id=user.id, source="online", at=AT, recorded_by_id=user.id)
        set_collection_word(child.id, word("collection password"), user_id=parent.id, at=AT)
        contact = Contact(
            pupil_id=child.id,
            name=word("school's contact"),
            phone=word("school's contact's telephone"),
            email=word("school's contact's e-mail"),
        )
        own = Contact(
            pupil_id=child.id,
            given_by_id=parent.id,
            name=word("parent's own contact"),
            phone=word("parent's own contact's telephone"),
            may_collect=True,
        )
        db.session.add_all([contact, own])
        db.session.flush()
        invite(word("school's contact's e-mail"), "parent", at=AT, by_user_id=None, contact=contact)
    for kind in ("ethnicity", "language"):
        a_group_fact(child, kind, word(kind))


def _rules(app: Flask) -> list[Any]:
    return [
        rule
        for rule in app.url_map.iter_rules()
        if not rule.endpoint.endswith("static") and ROUTES[rule.endpoint].audience != TOKEN
    ]


def _address(browser: Browser, rule: Any, world: World) -> str:
    return browser._url(rule.endpoint, {name: world.arguments.get(name, 1) for name in rule.arguments})


def _tables() -> dict[str, list[tuple[Any, ...]]]:
    found = {
        table.name: [tuple(row) for row in db.session.execute(select(table))]
        for table in Base.metadata.sorted_tables
        if table.name not in MAY_WRITE
    }
    db.session.rollback()
    return found


@pytest.mark.parametrize("principal", ["anonymous", *ROLE_OF])
def test_nobody_gets_in_where_they_do_not_belong_and_a_refusal_changes_nothing(
    app: Flask, world: World, principal: str
) -> None:
    browser = Browser(app)
    if principal != "anonymous":
        browser.sign_in(world.people[principal])
    role, before, wrong = ROLE_OF.get(principal), _tables(), []
    token = browser.csrf_token()
    for rule in _rules(app):
        route = ROUTES[rule.endpoint]
        if route.audience == ANYONE:
            continue
        is_in = role in route.audience
        is_theirs = principal not in {"restricted", "unrelated", "other club"} or role not in route.scoped_for
        if is_in and is_theirs:
            continue
        expected = (401 if route.is_json else 302) if role is None else (404 if is_in else 403)
        for method in sorted({"GET", "POST"} & (rule.methods or set())):
            address = _address(browser, rule, world)
            answer = (
                browser.client.get(address)
                if method == "GET"
                else browser.client.post(address, data={"csrf_token": token})
            )
            if answer.status_code != expected:
                wrong.append((rule.endpoint, method, answer.status_code, expected))
    assert wrong == []
    assert _tables() == before


def _seen(app: Flask, world: World, user: User | None) -> str:
    """All that somebody can read: every page, and PDFs as the words in them."""
    browser, found = Browser(app), []
    if user is not None:
        browser.sign_in(user)
    for rule in _rules(app):
        if "GET" not in (rule.methods or set()):
            continue
        for kind in ("json", "csv") if "kind" in rule.arguments else ("",):
            world.arguments["kind"] = kind
            answer = browser.client.get(_address(browser, rule, world))
            if answer.mimetype == "application/pdf":
                found += [page.extract_text() for page in PdfReader(io.BytesIO(answer.data)).pages]
            elif answer.status_code == 200:
                found.append(answer.get_data(as_text=True))
    return "\n".join(found)


def _fields_in(text: str) -> set[str]:
    tokens = db.session.scalars(select(Invitation.token_digest)).all()
    db.session.rollback()
    words = {name: word for name, (word, _) in FIELDS.items() if word}
    seen = {name for name, word in words.items() if word.casefold() in text.casefold()}
    return seen | ({"token of an invitation"} if any(token in text for token in tokens) else set())


@pytest.mark.parametrize("principal", ["anonymous", *ROLE_OF])
def test_each_sees_the_fields_that_are_theirs_and_no_other(app: Flask, world: World, principal: str) -> None:
    user = world.people.get(principal)
    seen = _fields_in(_seen(app, world, user))
    allowed = {name for name, (_, who) in FIELDS.items() if principal in who}
    assert seen - allowed == set(), "sees what is not theirs"
    assert allowed - seen == set(), "the table promises what no page shows"


def test_there_are_twenty_nine_fields() -> None:
    assert len(FIELDS) == 29


def test_the_field_matrix_would_notice_a_leak(
    app: Flask, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    view = app.view_functions["bookings.offer"]
    monkeypatch.setitem(app.view_functions, "bookings.offer", lambda: f"{view()} {word('medical')}")
    assert "medical" in _fields_in(_seen(app, world, None))
