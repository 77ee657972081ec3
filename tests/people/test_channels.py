"""Nine channels, five situations: a restricted adult gets nothing about the child or the other parent by any of them.

Each scenario first shows that the channel did carry the child's name, so that a test which looks nowhere fails.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from email import message_from_bytes, policy
from pathlib import Path

import pytest
import time_machine
from flask import Flask
from pypdf import PdfReader
from sqlalchemy import select

from booking.bookings.models import Basket, Place, WaitingEntry
from booking.core.db import db, unit_of_work
from booking.core.settings import Settings
from booking.messages.sending import send_due
from booking.office.background import composers
from booking.payments.models import Payment
from booking.people.restricting import ask_lifting, confirm_lifting
from tests.browser import Browser
from tests.builders import AT
from tests.people.separated import SECRETS, SITUATIONS, Separated, separated

CHILD = "Kittiwake"


@pytest.fixture(autouse=True)
def monday_morning() -> Iterator[None]:
    """The day on which these tests play."""
    with time_machine.travel(AT, tick=True):
        yield


def _references(world: Separated) -> list[str]:
    found = list(db.session.scalars(select(Basket.reference).where(Basket.state == "booked")))
    db.session.rollback()
    return found


def _get(browser: Browser, address: str) -> bytes:
    """What comes back, PDFs as the words in them."""
    response = browser.client.get(address)
    if response.mimetype == "application/pdf":
        return "".join(page.extract_text() for page in PdfReader(io.BytesIO(response.data)).pages).encode()
    return response.data


def sign_in_view(app: Flask, world: Separated, _: Settings) -> bytes:
    """Every page that a parent can open, with every id that there is."""
    browser, found = Browser(app).sign_in(world.adult), b""
    ids = {
        "place_id": db.session.scalars(select(Place.id)).all(),
        "payment_id": db.session.scalars(select(Payment.id)).all(),
        "reference": _references(world),
        "pupil_id": [world.child.id, world.sibling.id],
        "entry_id": db.session.scalars(select(WaitingEntry.id)).all(),
    }
    db.session.rollback()
    for rule in app.url_map.iter_rules():
        audience = getattr(app.view_functions[rule.endpoint], "audience", frozenset())
        if "GET" not in (rule.methods or set()) or not audience & {"parent", "anyone"}:
            continue
        for value in ids.get(next(iter(rule.arguments), ""), [""]) if len(rule.arguments) < 2 else []:
            values = dict.fromkeys(rule.arguments, value) if value != "" else {}
            if rule.arguments and not values:
                continue
            found += _get(browser, browser._url(rule.endpoint, values))
    return found


def e_mail(app: Flask, world: Separated, settings: Settings) -> bytes:
    """Letters that were unsent when it came into force, and those that are written afterwards."""
    folder = settings.instance / "outbox"
    for old in folder.glob("*.eml") if folder.exists() else []:
        old.unlink()
    send_due(AT, settings, composers(settings))
    return b"".join(
        _readable(path) for path in sorted(folder.glob("*.eml")) if _is_to(path, world.adult.email)
    )


def _is_to(path: Path, address: str) -> bool:
    return address in str(message_from_bytes(path.read_bytes(), policy=policy.default)["To"])


def _readable(path: Path) -> bytes:
    message = message_from_bytes(path.read_bytes(), policy=policy.default)
    parts = [part.get_payload(decode=True) or b"" for part in message.walk() if not part.is_multipart()]
    return b"\n".join([str(message["Subject"]).encode(), *(bytes(part) for part in parts)])


def calendar(app: Flask, world: Separated, _: Settings) -> bytes:
    """The calendar files of every booking; they name a child by the first letter alone."""
    browser = Browser(app).sign_in(world.adult)
    return b"".join(_get(browser, f"/bookings/{one}/calendar.ics") for one in _references(world))


def receipts(app: Flask, world: Separated, _: Settings) -> bytes:
    """Confirmations, and the statement of the account."""
    browser = Browser(app).sign_in(world.adult)
    pages = [_get(browser, f"/bookings/{reference}") for reference in _references(world)]
    return b"".join(pages) + _get(browser, "/account")


def print_and_pdf(app: Flask, world: Separated, _: Settings) -> bytes:
    """Registers, for an adult who works at the school as well."""
    browser = Browser(app).sign_in(world.adult)
    return _get(browser, f"/registers/session/{world.first_session_id}/print") + _get(
        browser, "/registers/2026-11-25/print"
    )


def screen_at_the_door(app: Flask, world: Separated, _: Settings) -> bytes:
    """The register on a tablet, for the same."""
    browser = Browser(app).sign_in(world.adult)
    return _get(browser, f"/registers/session/{world.first_session_id}") + _get(
        browser, "/registers/2026-11-25"
    )


def waiting_list(app: Flask, world: Separated, _: Settings) -> bytes:
    """The list of what they wait for."""
    return _get(Browser(app).sign_in(world.adult), "/bookings")


def error_messages(app: Flask, world: Separated, _: Settings) -> bytes:
    """What the pages say to somebody who tries all the same."""
    browser, found = Browser(app).sign_in(world.adult), b""
    token = browser.csrf_token()
    pick = f"{world.child.id}:{world.first_session_id}"
    for place_id in db.session.scalars(select(Place.id)).all():
        found += browser.client.get(f"/bookings/place/{place_id}/cancel").data
    for address, data in (
        ("/book", {"pick": pick, "shown": pick, "go": "hold"}),
        ("/waiting", {"pupil_id": world.child.id, "session_id": world.full_session_id}),
        ("/basket", {"remove": pick}),
    ):
        answer = browser.client.post(address, data={**data, "csrf_token": token}, follow_redirects=True)
        found += answer.data
    return found


def programs(app: Flask, world: Separated, _: Settings) -> bytes:
    """The interface for programs, with whatever cookie the adult holds."""
    browser = Browser(app).sign_in(world.adult)
    return b"".join(_get(browser, address) for address in ("/api/v1/sessions", "/api/v1/openapi.json"))


CHANNELS: dict[str, Callable[[Flask, Separated, Settings], bytes]] = {
    channel.__name__: channel
    for channel in (
        sign_in_view,
        e_mail,
        calendar,
        receipts,
        print_and_pdf,
        screen_at_the_door,
        waiting_list,
        error_messages,
        programs,
    )
}
NEVER_CARRY = {"programs", "calendar"}
"""Channels in which the child's name does not stand even for a parent who may see everything."""
STAFF_ALONE = {"print_and_pdf", "screen_at_the_door"}


@pytest.mark.parametrize("situation", SITUATIONS)
@pytest.mark.parametrize("channel", CHANNELS)
def test_a_restriction_closes_the_channel(
    app: Flask, settings: Settings, channel: str, situation: str
) -> None:
    world = separated(situation)
    carries = channel not in NEVER_CARRY and (channel not in STAFF_ALONE or situation == "staff too")
    fetch = CHANNELS[channel]
    if carries and channel != "e_mail":
        assert CHILD.encode() in fetch(app, world, settings), (
            "the channel carried nothing, so closing it proves nothing"
        )
    world.restrict()
    found = fetch(app, world, settings)
    assert [secret for secret in SECRETS if secret.encode() in found] == []
    keeps = {"sign_in_view"} if situation == "shared account" else {"sign_in_view", "receipts", "e_mail"}
    if channel in keeps:
        assert b"Puffin" in found, "the sibling is still theirs"


def test_an_unsent_letter_names_the_child_until_the_restriction(app: Flask, settings: Settings) -> None:
    assert CHILD.encode() in e_mail(app, separated(), settings)


def test_a_live_sign_in_ends_at_once(app: Flask) -> None:
    world = separated()
    browser = Browser(app).sign_in(world.adult)
    browser.get("bookings.mine")
    world.restrict()
    assert browser.get("bookings.mine", expect=302).location == "/login?next=/bookings"


def test_the_other_parent_keeps_everything(app: Flask, settings: Settings) -> None:
    world = separated()
    world.restrict()
    browser = Browser(app).sign_in(world.other)
    assert CHILD.encode() in browser.client.get("/bookings").data
    assert CHILD.encode() in browser.client.get("/book").data


def test_before_it_each_parent_sees_only_their_own_bookings_and_not_who_booked(app: Flask) -> None:
    world = separated()
    browser = Browser(app).sign_in(world.adult)
    page = browser.get("bookings.book")
    assert "Already arranged" in page.text
    found = sign_in_view(app, world, None)  # type: ignore[arg-type]
    kept = [secret for secret in SECRETS[6:] if secret.encode() in found]
    assert kept == [], "a parent sees nothing of the other adult, restricted or not"


def test_lifting_needs_two_as_well_and_opens_it_again(app: Flask, settings: Settings) -> None:
    world = separated()
    made = world.restrict()
    with unit_of_work():
        ask_lifting(made.id, "The order of May 2027 ends it", at=AT, by=world.asks)
    assert CHILD.encode() not in sign_in_view(app, world, settings)
    with unit_of_work():
        confirm_lifting(made.id, at=AT, by=world.confirms)
    assert CHILD.encode() in sign_in_view(app, world, settings)
