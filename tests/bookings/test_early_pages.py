"""The pages of an early window: the office's, a family's with a link, and everybody else's, which do not change."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta

import pytest
import time_machine
from flask import Flask
from sqlalchemy import select

from booking.api.tokens import make_token
from booking.bookings.early_links import link_to
from booking.bookings.early_models import EarlyAccess, EarlyWindow
from booking.bookings.models import Place
from booking.core.db import db, unit_of_work
from booking.office.early_letters import early_letter
from booking.provision.models import Run
from tests.bookings.early import (
    EARLY,
    LESSON,
    RULE,
    a_coming_run,
    a_window,
    send,
    use,
    who_came,
    with_premium,
)
from tests.browser import Browser
from tests.builders import AT, Family, a_family, a_school, a_user

MONDAY = f"{LESSON - timedelta(days=LESSON.weekday()):%Y-%m-%d}"


@pytest.fixture(autouse=True)
def monday_morning() -> Iterator[None]:
    """The day on which these tests play."""
    with time_machine.travel(AT, tick=False):
        yield


def _families(run: Run) -> list[Family]:
    a_school()
    return [*who_came(run), *with_premium()]


def _token(window_id: int, family: Family) -> str:
    token = link_to(window_id, family.account.id, at=AT).rows[0].token
    db.session.rollback()
    return token


def _bytes(app: Flask, family: Family, run: Run) -> list[str]:
    """Everything that this family can read of booking, with what is drawn afresh for each page taken out."""
    browser = Browser(app).sign_in(family.user)
    child, activity = family.pupils[0].id, run.activity_id
    db.session.rollback()
    pages = [
        browser.get("bookings.book", week=MONDAY),
        browser.get("bookings.month", activity=activity, pupil=child, month="2026-12"),
        browser.get("bookings.basket"),
        browser.get("bookings.mine"),
        browser.get("bookings.change_sessions"),
        Browser(app).get("bookings.offer"),
    ]
    fresh = r'nonce="[^"]*"|name="csrf_token"[^>]*value="[^"]*"|content="[^"]*" name="csrf[^"]*"'
    return [re.sub(fresh, "", page.html) for page in pages]


def _api(app: Flask, token: str) -> bytes:
    address = "/api/v1/sessions?from=2026-12-07&to=2026-12-11"
    answer = app.test_client().get(address, headers={"Authorization": f"Bearer {token}"})
    assert answer.status_code == 200
    return answer.get_data()


def test_a_family_without_a_link_sees_the_same_bytes_as_if_there_were_no_window(app: Flask) -> None:
    run = a_coming_run()
    families, stranger = _families(run), a_family()
    with unit_of_work():
        token = make_token("screen", ("sessions:read",), at=AT)
    before, api = _bytes(app, stranger, run), _api(app, token)
    own = _bytes(app, families[4], run)
    assert any("Opens Monday 30 November at 09:00" in html for html in before)
    window_id = a_window(run)
    assert (_bytes(app, stranger, run), _api(app, token)) == (before, api)
    send(window_id)
    assert (_bytes(app, stranger, run), _api(app, token)) == (before, api)
    assert _bytes(app, families[4], run) == own, "nor does a family that has not opened its link"
    use(families[3], window_id)
    with time_machine.travel(EARLY + timedelta(hours=1), tick=False):
        later = _bytes(app, stranger, run)
        with unit_of_work():
            db.session.get_one(EarlyWindow, window_id).ended_at = AT
        assert _bytes(app, stranger, run) == later
    use_it = _bytes(app, families[3], run)
    assert use_it != own


def test_a_parent_opens_the_link_and_books_before_others(app: Flask, browser: Browser) -> None:
    run = a_coming_run()
    families = _families(run)
    window_id = a_window(run)
    send(window_id)
    token, family = _token(window_id, families[4]), families[4]
    page = Browser(app).client.get(f"/early/{token}")
    assert page.status_code == 302
    assert f"/early/{token}" in page.headers["Location"].replace("%2F", "/"), (
        "after signing in it goes on here"
    )
    browser.sign_in(family.user)
    page = browser.get("bookings.early_booking", link=token)
    assert family.pupils[0].first_name in page.text
    assert "premium" not in page.text
    assert db.session.scalars(select(EarlyAccess).where(EarlyAccess.opened_at.is_not(None))).all() == []
    page = browser.post("bookings.open_early_booking", link=token, follow=True)
    assert "You can book from Thursday 26 November at 09:00 on." in page.text
    assert "Opens Thursday 26 November at 09:00" in browser.get("bookings.book", week=MONDAY).text
    with time_machine.travel(EARLY + timedelta(hours=1), tick=False):
        browser.sign_in(family.user)
        week = browser.get("bookings.book", week=MONDAY)
        assert "Opens" not in week.text
        pick = f"{family.pupils[0].id}:{run.sessions[0].id}"
        answers = {"pick": [pick], "shown": [pick], "go": "hold"}
        browser.post("bookings.choose", answers, expect=303)
        assert db.session.query(Place).filter_by(account_id=family.account.id, state="held").count() == 1


def test_another_familys_link_is_not_there(app: Flask, browser: Browser) -> None:
    run = a_coming_run()
    families = _families(run)
    window_id = a_window(run)
    send(window_id)
    token = _token(window_id, families[0])
    browser.sign_in(families[1].user)
    unknown = browser.get("bookings.early_booking", link="unknown", expect=404).text
    assert browser.get("bookings.early_booking", link=token, expect=404).text == unknown
    browser.post("bookings.open_early_booking", link=token, expect=404)
    assert db.session.scalars(select(EarlyAccess).where(EarlyAccess.opened_at.is_not(None))).all() == []


def test_a_link_that_was_withdrawn_or_is_over_says_so_kindly(app: Flask, browser: Browser) -> None:
    run = a_coming_run()
    families = _families(run)
    window_id = a_window(run)
    send(window_id)
    office = Browser(app).sign_in(a_user("manager"))
    family = families[0]
    answers = {"reason": "Sent to the wrong adult"}
    office.post("office.early_link", answers, window_id=window_id, account_id=family.account.id)
    token = _token(window_id, family)
    browser.sign_in(family.user)
    text = browser.get("bookings.early_booking", link=token).text
    assert "does not work any more" in text
    assert "wrong adult" not in text
    answer = browser.post("bookings.open_early_booking", link=token, follow=True)
    assert "does not work any more" in answer.text


def test_the_letter_has_the_same_words_for_every_family(app: Flask) -> None:
    run = a_coming_run()
    families = _families(run)
    window_id = a_window(run)
    send(window_id)
    texts = set()
    for family in families:
        context = {"window_id": window_id, "account_id": family.account.id, "to_user_id": family.user.id}
        letter = early_letter(context, base_url="https://school.example")
        assert letter is not None
        token = _token(window_id, family)
        assert f"https://school.example/early/{token}" in letter.text
        texts.add(letter.text.replace(token, "TOKEN"))
    (text,) = texts
    assert "premium" not in text
    assert families[0].pupils[0].first_name not in text
    stranger = {
        "window_id": window_id,
        "account_id": families[0].account.id,
        "to_user_id": families[1].user.id,
    }
    assert early_letter(stranger, base_url="https://school.example") is None
    with unit_of_work():
        db.session.get_one(EarlyWindow, window_id).ended_at = AT
    context = {"window_id": window_id, "account_id": families[0].account.id}
    assert early_letter(context, base_url="https://school.example") is None


def test_the_rule_is_published_with_all_grounds_together_and_no_numbers(app: Flask, browser: Browser) -> None:
    run = a_coming_run()
    families = _families(run)
    assert "Early booking" not in browser.get("bookings.rules").text
    window_id = a_window(run)
    send(window_id)
    text = browser.get("bookings.rules").text
    for words in ("Has pupil premium", "Cares for somebody at home", "brother or sister", run.activity.name):
        assert words in text
    early = text[text.index("Early booking") : text.index("Adults and first aid")]
    assert re.findall(r"\d+ famil|\d+ child", early) == []
    assert all(family.account.name not in text for family in families)


def _answers(run: Run, **values: object) -> dict[str, object]:
    return {
        "run_ids": str(run.id),
        "opens_on": f"{EARLY:%d/%m/%Y}",
        "opens_hour": "09:00",
        "grounds": list(RULE),
        "share": "50",
        **values,
    }


def test_the_office_looks_publishes_sends_and_sees_names_without_grounds(
    app: Flask, browser: Browser
) -> None:
    run = a_coming_run()
    families = _families(run)
    browser.sign_in(a_user("manager"))
    text = browser.post("office.add_early_window", _answers(run, look="1"), expect=200).text
    assert "Families 5 to 9" in text
    assert "child who has pupil premium" not in text.replace("A child can come in who", "")
    assert db.session.query(EarlyWindow).count() == 0
    text = browser.post(
        "office.add_early_window", _answers(run, grounds="present", look="1"), expect=422
    ).text
    assert "at least two grounds" in text
    browser.post("office.add_early_window", _answers(run))
    window_id = db.session.scalars(select(EarlyWindow.id)).one()
    db.session.rollback()
    assert "Families 5 to 9" in browser.get("office.early_window", window_id=window_id).text
    text = browser.post("office.send_early_links", window_id=window_id, follow=True).text
    assert "5 family accounts have a link" in text
    assert all(family.account.name in text for family in families)
    assert "Not opened yet" in text
    assert run.activity.name in browser.get("office.early_windows").text
    text = browser.post("office.send_early_links", window_id=window_id, follow=True).text
    assert "sent already" in text
    account_id = families[0].account.id
    text = browser.post(
        "office.open_early_link", window_id=window_id, account_id=account_id, follow=True
    ).text
    assert "Early booking is open for this family" in text
    desk = browser.get("office.desk_book", account_id=account_id, channel="phone", week=MONDAY).text
    assert "Opens Thursday 26 November at 09:00" in desk
    answers = {"reason": "Made by mistake"}
    browser.post("office.take_early_window_back", answers, window_id=window_id)
    assert "Taken back" in browser.get("office.early_window", window_id=window_id).text


def test_numbers_by_ground_are_for_eyes_that_may_see_groups(app: Flask, browser: Browser) -> None:
    run = a_coming_run()
    _families(run)
    window_id = a_window(run)
    browser.sign_in(a_user("manager"))
    assert "each of whom" not in browser.get("office.early_window", window_id=window_id).text
    head = Browser(app).sign_in(a_user("manager", sees_groups=True))
    text = head.get("office.early_window", window_id=window_id).text
    assert "2 children, each of whom has pupil premium" in text
    assert "Families 5" in text


def test_with_nothing_to_open_early_the_office_is_told_what_to_do(browser: Browser) -> None:
    page = browser.sign_in(a_user("manager")).get("office.add_early_window").text
    assert "nothing to open early" in page
    assert "Publish the rule" not in page
