"""An access request holds everything that is the asker's and the children's, and nothing of another adult."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator

import pytest
import time_machine
from flask import Flask
from pypdf import PdfReader
from sqlalchemy import select

from booking.core.access_log import AccessEntry
from booking.core.db import db, unit_of_work
from booking.office.access_request import OTHERS, what_is_held
from booking.office.column_classes import column_classes
from booking.people.care import Said, say, set_collection_word
from booking.people.models import Contact, User
from tests.browser import Browser
from tests.builders import AT, a_group_fact, a_user
from tests.people.separated import SECRETS, Separated, separated

OTHER_ADULTS = (*SECRETS[6:], "Skua Petrel", "01632 960888")
"""The other parent and their contacts, and an adult whom the school has on file."""


@pytest.fixture(autouse=True)
def monday_morning() -> Iterator[None]:
    """The day on which these tests play."""
    with time_machine.travel(AT, tick=True):
        yield


def _world() -> Separated:
    world = separated()
    a_group_fact(world.child, "pupil_premium", "yes")
    with unit_of_work():
        for user, words in ((world.adult, "Blue inhaler"), (world.other, "Guillemot words")):
            say(
                world.child.id,
                Said(("milk",), medical=words),
                by_id=user.id,
                source="online",
                at=AT,
                recorded_by_id=user.id,
            )
        set_collection_word(world.child.id, "gannet-password", user_id=world.other.id, at=AT)
        db.session.add(Contact(pupil_id=world.child.id, name="Skua Petrel", phone="01632 960888"))
        set_collection_word(world.child.id, "tern", user_id=world.adult.id, at=AT)
    db.session.expire_all()
    return world


def _post(app: Flask, user: User, address: str) -> tuple[int, bytes]:
    browser = Browser(app).sign_in(user)
    answer = browser.client.post(address, data={"csrf_token": browser.csrf_token()})
    return answer.status_code, answer.data


def test_everything_of_the_asker_and_the_children_is_in_it(app: Flask) -> None:
    world = _world()
    held = what_is_held(world.adult, at=AT)
    text = json.dumps(held, ensure_ascii=False)
    for word in (
        "Kittiwake",
        "2017-07-14",
        "Blue inhaler",
        "milk",
        "pupil_premium",
        "tern",
        world.adult.email,
    ):
        assert word in text
    assert held["children"] == ["Kittiwake Quillfeather", "Puffin Auk"]
    assert [row["note"] for row in held["held"]["place"] if "note" in row] == [OTHERS]


def test_nothing_of_the_other_adult_is_in_the_json_or_on_paper(app: Flask) -> None:
    world = _world()
    status, content = _post(app, world.adult, "/account/data/json")
    assert status == 200
    _, paper = _post(app, world.adult, "/account/data/pdf")
    words = "".join(page.extract_text() for page in PdfReader(io.BytesIO(paper)).pages)
    assert "Kittiwake" in words
    for found in (content.decode(), words):
        assert [secret for secret in OTHER_ADULTS if secret in found] == []
        # what both say of the child's health is the child's; that the other said it is not told
        assert world.other.name not in found


def test_no_secret_column_can_come_in(app: Flask) -> None:
    world = _world()
    text = json.dumps(what_is_held(world.adult, at=AT))
    assert world.adult.fs_uniquifier not in text
    assert set(column_classes().values()) >= {"secret", "third_party"}
    assert "row_key" not in text
    assert "account_id" not in text


def test_a_restricted_adult_gets_nothing_of_the_child(app: Flask) -> None:
    world = _world()
    world.restrict()
    status, content = _post(app, db.session.get_one(User, world.adult.id), "/account/data/json")
    assert status == 200
    _, paper = _post(app, db.session.get_one(User, world.adult.id), "/account/data/pdf")
    words = "".join(page.extract_text() for page in PdfReader(io.BytesIO(paper)).pages)
    for found in (content.decode(), words):
        assert [secret for secret in SECRETS if secret in found] == []
        assert "Puffin" in found


def test_it_is_noted_and_the_office_can_make_it_for_somebody(app: Flask) -> None:
    world = _world()
    plain, lead = a_user("manager"), a_user("manager", safeguarding=True)
    address = f"/office/users/{world.adult.id}/data/json"
    assert _post(app, plain, address)[0] == 403
    assert _post(app, world.other, address)[0] == 403
    status, content = _post(app, lead, address)
    assert (status, b"Kittiwake" in content) == (200, True)
    rows = db.session.scalars(select(AccessEntry).where(AccessEntry.reason == "access request")).all()
    assert {(row.user_id, row.act) for row in rows} == {(lead.id, "export")}
    assert {row.pupil_id for row in rows} == {world.child.id, world.sibling.id}


def test_the_record_of_processing_is_a_file_for_the_office(app: Flask) -> None:
    office = Browser(app).sign_in(a_user("manager"))
    text = office.client.get("/office/privacy/record.csv").get_data(as_text=True)
    assert text.removeprefix("\ufeff").startswith("what,columns,purpose,lawful basis")
    assert "care profile" in text
