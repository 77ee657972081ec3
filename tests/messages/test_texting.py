"""Texts leave by one port: as files, or by Notify's own client against a stand-in; refused, tried again, never twice."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta

import jwt
import pytest
from flask import Flask
from jinja2 import DictLoader, Environment, StrictUndefined, UndefinedError

from booking.core.db import db, unit_of_work
from booking.core.outbox import OutboxMessage, post
from booking.core.settings import NotifyService, Settings
from booking.messages import letters, texting
from booking.messages.gsm import BASIC, LONGEST, TWO_PLACES, gsm_length, to_gsm
from booking.messages.letters import Letter, write_brief
from booking.messages.sending import MOST_TRIES, send_due
from booking.people.models import User
from booking.people.texts import stop_texts, want_texts
from tests.builders import a_user
from tests.messages.notify_double import NotifyDouble, a_notify_double

SERVICE, SECRET = "26785a09-ab16-4eb0-8407-a37497a57506", "3d844edf-8d35-48ac-975b-e847b4f122b0"
API_KEY = f"texts-{SERVICE}-{SECRET}"
TEMPLATE = "f33517ff-2a88-4f6e-b855-c550268ce08a"
LETTER = Letter("A place is free", "For Zoë.\n", brief="A place is free. Answer by 18:00.")
COMPOSERS = {"offer": lambda context: LETTER}


@pytest.fixture
def notify() -> Iterator[NotifyDouble]:
    with a_notify_double() as double:
        yield double


def by_notify(settings: Settings, double: NotifyDouble) -> Settings:
    return replace(settings, notify=NotifyService(TEMPLATE, "sender-1", double.url), notify_api_key=API_KEY)


def a_reader(at: datetime) -> User:
    user = a_user()
    with unit_of_work():
        want_texts(user.id, "07700 900941", at=at)
    return user


def write(user: User, at: datetime) -> None:
    with unit_of_work():
        for channel in ("email", "text"):
            post(
                key=f"k:{channel}",
                channel=channel,
                to_email=user.email,
                template="offer",
                context={},
                at=at,
                user_id=user.id,
            )


def the_text() -> OutboxMessage:
    row = db.session.query(OutboxMessage).filter_by(channel="text").one()
    db.session.rollback()
    return row


def files(settings: Settings) -> list[tuple[str, str]]:
    found = []
    for path in sorted((settings.instance / "outbox").glob("*")):
        found.append((path.name.split("-", 1)[1], path.read_text()))
        path.unlink()
    return found


def test_by_default_a_text_is_a_file_beside_the_letter(app: Flask, at: datetime, settings: Settings) -> None:
    (settings.instance / "outbox").mkdir(exist_ok=True)
    files(settings)
    write(a_reader(at), at)
    assert send_due(at, settings, COMPOSERS) == 2
    (name, _), (text_name, text) = files(settings)
    assert (name, text_name) == ("offer.eml", "offer.sms.txt")
    assert text.startswith("To: +447700900941\n")
    assert text.endswith("\n\nA place is free. Answer by 18:00.\n")


def test_notify_gets_number_words_sender_and_a_reference_of_the_row(
    app: Flask, at: datetime, settings: Settings, notify: NotifyDouble
) -> None:
    write(a_reader(at), at)
    assert send_due(at, by_notify(settings, notify), COMPOSERS) == 2
    (taken,) = notify.taken
    assert taken == {
        "phone_number": "+447700900941",
        "template_id": TEMPLATE,
        "personalisation": {"message": "A place is free. Answer by 18:00."},
        "reference": texting.reference_of(the_text()),
        "sms_sender_id": "sender-1",
    }
    (authorisation,) = notify.authorisations
    claims = jwt.decode(authorisation.removeprefix("Bearer "), SECRET, ["HS256"])
    assert claims["iss"] == SERVICE
    assert send_due(at + timedelta(hours=1), by_notify(settings, notify), COMPOSERS) == 0
    assert len(notify.taken) == 1


@pytest.mark.parametrize("status", [400, 403])
def test_a_clear_no_is_given_up_with_the_reason_and_the_letter_goes(
    app: Flask, at: datetime, settings: Settings, notify: NotifyDouble, status: int
) -> None:
    notify.status = status
    write(a_reader(at), at)
    assert send_due(at, by_notify(settings, notify), COMPOSERS) == 1
    row = the_text()
    assert (row.next_try_at, row.sent_at) == (None, None)
    assert "phone_number is wrong" in (row.last_error or "")


@pytest.mark.parametrize("status", [429, 500, 503])
def test_what_may_pass_is_tried_again_and_given_up_at_last(
    app: Flask, at: datetime, settings: Settings, notify: NotifyDouble, status: int
) -> None:
    notify.status = status
    write(a_reader(at), at)
    when = at
    for number in range(MOST_TRIES):
        send_due(when, by_notify(settings, notify), COMPOSERS)
        row = the_text()
        assert (row.attempts, row.sent_at) == (number + 1, None)
        when = row.next_try_at or when
    assert row.next_try_at is None


def test_a_text_that_notify_took_though_the_answer_was_lost_is_not_sent_twice(
    app: Flask, at: datetime, settings: Settings, notify: NotifyDouble
) -> None:
    write(a_reader(at), at)
    notify.drops = True
    send_due(at, by_notify(settings, notify), COMPOSERS)
    when = the_text().next_try_at
    assert when is not None
    notify.drops = False
    assert send_due(when, by_notify(settings, notify), COMPOSERS) == 1
    assert len(notify.taken) == 1
    assert notify.asked == [texting.reference_of(the_text())]


def test_a_late_answer_is_a_failure_that_passes(
    app: Flask, at: datetime, settings: Settings, notify: NotifyDouble, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(texting, "TIMEOUT_SECONDS", 0.2)
    notify.sleeps = 1
    write(a_reader(at), at)
    assert send_due(at, by_notify(settings, notify), COMPOSERS) == 1
    assert the_text().next_try_at is not None


def test_who_ends_the_texts_gets_none_that_waited(
    app: Flask, at: datetime, settings: Settings, notify: NotifyDouble
) -> None:
    user = a_reader(at)
    write(user, at)
    with unit_of_work():
        stop_texts(user.id, at=at)
    assert send_due(at, by_notify(settings, notify), COMPOSERS) == 2
    assert notify.taken == []
    assert the_text().sent_at == at


def test_production_without_a_service_gives_up_and_says_so(at: datetime, settings: Settings) -> None:
    production = replace(settings, env="production")
    assert not production.sends_texts
    with pytest.raises(texting.TextRefused, match="SMS_URL"):
        texting.send_text(
            "+447700900941", "Hi", settings=production, reference="r", file_name="x", is_repeat=False
        )


WORDS = {
    "school": "Brook Lane",
    "answer_by": "18:00 on Tuesday 24 November",
    "link": "https://b.example/bookings",
}


def test_a_brief_may_say_four_things_and_no_name() -> None:
    brief = write_brief("offer", {**WORDS, "child": "Zoë", "activity": "Chess club"})
    assert brief == (
        "Brook Lane, Eight till Six: a place is free. Answer by 18:00 on Tuesday 24 November: "
        "https://b.example/bookings"
    )
    assert write_brief("confirmation", WORDS) == ""


def test_a_template_that_names_a_child_cannot_be_filled(monkeypatch: pytest.MonkeyPatch) -> None:
    leaky = Environment(loader=DictLoader({"brief/leaky.txt": "{{ child }}"}), undefined=StrictUndefined)
    monkeypatch.setattr(letters, "_environment", lambda: leaky)
    with pytest.raises(UndefinedError, match="child"):
        write_brief("leaky", {**WORDS, "child": "Zoë"})


@pytest.mark.parametrize("school", ["Ysgol Pen–y–bryn’s Ŵyl €{x} Łódź 学校", "St Cuthbert’s " * 12])
def test_any_school_is_one_text_of_letters_that_cost_once(school: str) -> None:
    brief = write_brief("offer", {**WORDS, "school": school})
    assert set(brief) <= BASIC | TWO_PLACES
    assert gsm_length(brief) <= LONGEST
    assert brief.endswith(WORDS["link"])


def test_what_has_no_like_becomes_a_question_mark_and_brackets_count_twice() -> None:
    assert to_gsm("Ŵyl “Zoë” é 学") == 'Wyl "Zoe" é ?'
    assert gsm_length("a{b}") == 6
