"""What goes by text beside the letter, when, and that no text tells anything about a child."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
import time_machine
from flask import Flask
from sqlalchemy import select

from booking.bookings.changes import call_off
from booking.bookings.family_letters import BY_TEXT_TOO, write_to_family
from booking.core.db import db, unit_of_work
from booking.core.outbox import OutboxMessage
from booking.core.settings import ROOT, Settings
from booking.messages.gsm import BASIC, LONGEST, TWO_PLACES, gsm_length
from booking.messages.sending import send_due
from booking.office.background import composers
from booking.people.texts import want_texts
from tests.bookings.test_waiting_families import FAR, free, full, offer, wait
from tests.builders import AT, Family, a_family, a_place, a_school, a_session, a_user

SECRETS = ("Kittiwake", "Quillfeather", "Heronwort")
LATE = datetime(2026, 11, 23, 22, 30, tzinfo=UTC)
MORNING = datetime(2026, 11, 24, 7, 0, tzinfo=UTC)


@pytest.fixture(autouse=True)
def monday() -> Iterator[None]:
    with time_machine.travel(AT, tick=True):
        yield


def a_texted_family(settings: Settings) -> Family:
    """A family whose parent wants texts, with an empty outbox folder."""
    a_school(name="Oakfield Primary")
    family = a_family(surname=SECRETS[1], preferred_name=SECRETS[0])
    with unit_of_work():
        want_texts(family.user.id, "07700 900941", at=AT)
    for path in (settings.instance / "outbox").glob("*"):
        path.unlink()
    return family


def rows() -> list[tuple[str, str, datetime | None]]:
    found = db.session.execute(
        select(OutboxMessage.channel, OutboxMessage.template, OutboxMessage.next_try_at).order_by(
            OutboxMessage.id
        )
    )
    answer = [tuple(row) for row in found]
    db.session.rollback()
    return answer  # type: ignore[return-value]


def the_text(settings: Settings, at: datetime) -> str:
    send_due(at, settings, composers(settings))
    (path,) = (settings.instance / "outbox").glob("*.sms.txt")
    return path.read_text().split("\n\n", 1)[1].strip()


def harmless(text: str) -> None:
    assert not any(word in text for word in SECRETS)
    assert set(text) <= BASIC | TWO_PLACES
    assert gsm_length(text) <= LONGEST


def test_a_free_place_is_texted_when_the_quiet_hours_are_over(app: Flask, settings: Settings) -> None:
    family, session = a_texted_family(settings), full(FAR)
    wait(family, session)
    free(session)
    assert offer(LATE) == 1
    assert rows() == [("email", "offer", MORNING), ("text", "offer", MORNING)]
    assert send_due(LATE, settings, composers(settings)) == 0
    with time_machine.travel(MORNING, tick=False):
        text = the_text(settings, MORNING)
    assert text == (
        "Oakfield Primary, Eight till Six: a place is free. Answer by 19:00 on Tuesday 24 November: "
        "http://localhost:8000/bookings"
    )
    harmless(text)


def test_a_session_that_is_called_off_is_texted_at_once(app: Flask, settings: Settings) -> None:
    family, session = a_texted_family(settings), a_session(AT.date())
    a_place(family, session)
    office = a_user("manager").id
    with unit_of_work():
        call_off(session.id, reason="Heronwort is ill", fallback_id=None, at=AT, user_id=office)
    assert rows() == [("email", "change", AT), ("text", "change", AT)]
    text = the_text(settings, AT)
    assert "Called off: Monday 23 November 2026. Please read and answer: http" in text
    harmless(text)


def test_everything_else_goes_by_e_mail_alone_and_so_does_all_to_who_did_not_ask(
    app: Flask, settings: Settings
) -> None:
    family, other = a_texted_family(settings), a_family()
    for one in (family, other):
        for template in ("confirmation", "offer", "request_answer"):
            with unit_of_work():
                write_to_family(one.account.id, template, {}, key=f"{one.account.id}{template}", at=AT)
    assert [channel for channel, _, _ in rows()].count("text") == 1


def test_a_number_that_takes_no_texts_never_stops_the_letter(app: Flask, settings: Settings) -> None:
    family = a_texted_family(settings)
    with unit_of_work():
        db.session.merge(family.user).phone = "01632 960001"
    with unit_of_work():
        write_to_family(family.account.id, "offer", {}, key="k", at=AT)
    assert [channel for channel, _, _ in rows()] == ["email"]


def test_what_goes_by_text_has_words_for_it() -> None:
    briefs = {path.stem for path in (ROOT / "templates" / "messages" / "brief").glob("*.txt")}
    assert briefs == BY_TEXT_TOO
