"""A parent in a bus says what is different today: three taps at most, without JavaScript; the register shows it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Locator

from tests.e2e.people import visit
from tests.e2e.school import LiveSchool

pytestmark = pytest.mark.browser

MOST_TAPS = 3
COMING = """
from datetime import timedelta
from sqlalchemy import select
from booking.bookings.models import Place
from booking.core import clock
from booking.core.db import db
from booking.people.models import FamilyAccount
from booking.provision.models import Session
today = clock.today()
query = select(Place).join(Place.session).where(Place.state == "booked", Session.status == "planned")
query = query.where(Session.date > today, Session.date <= today + timedelta(days=6)).order_by(Session.date, Place.id)
found = []
for place in db.session.scalars(query):
    account = db.session.get_one(FamilyAccount, place.account_id)
    is_first = account.users and account.users[0].accounts[0].id == account.id
    if is_first and place.session.date == (found[0]["day"] if found else place.session.date):
        said = {"email": account.users[0].email, "first": place.pupil.first_name, "session": place.session_id}
        found.append({**said, "day": place.session.date})
print(json.dumps([{**one, "day": one["day"].isoformat()} for one in found]))
"""


def test_what_is_different_today_takes_three_taps(
    school: LiveSchool, chromium: Browser, pictures: Path
) -> None:
    accounts = {account["email"]: account for account in school.accounts("parent")}
    coming: dict[str, Any] = next(one for one in school.python(COMING) if one["email"] in accounts)
    phone = {"viewport": {"width": 360, "height": 740}, "has_touch": True, "is_mobile": True}
    parent = visit(chromium, school, pictures, java_script_enabled=False, **phone)
    parent.sign_in(coming["email"], accounts[coming["email"]]["password"])
    page, who, taps = parent.page, coming["first"], 0

    def tap(what: Locator) -> None:
        nonlocal taps
        what.click()
        taps += 1

    def begin(words: str) -> None:
        nonlocal taps
        page.goto(f"{school.url}/bookings")
        taps = 0
        card = page.locator(".family-day").filter(has=page.locator(f"a[href*='day={coming['day']}']"))
        tap(card.filter(has_text=who).get_by_role("link", name=words).first)
        parent.look()

    begin("Late")
    tap(page.locator(".tell-form label").first)
    tap(page.get_by_role("button", name="Tell the school"))
    assert taps <= MOST_TAPS
    assert "You said: late" in page.inner_text("main")
    begin("Somebody else collects")
    page.get_by_label("First name and surname").fill("Egretta Plover")
    tap(page.get_by_role("button", name="Tell the school"))
    assert taps <= MOST_TAPS
    begin("Not coming")
    tap(page.locator(".tell-buttons button").first)
    assert taps <= MOST_TAPS
    parent.look()
    leader = visit(chromium, school, pictures)
    manager = school.accounts("manager")[0]
    leader.sign_in(manager["email"], manager["password"])
    leader.go(f"/registers/session/{coming['session']}")
    words = leader.page.inner_text("main")
    assert "Egretta Plover collects" in words
    assert "Not coming" in words
    page.get_by_role("button", name="Take back").first.click()
    assert "is expected as booked" in page.inner_text("body")
