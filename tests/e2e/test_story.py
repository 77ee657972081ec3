"""The story of the product in a real browser: parents book and pay, staff print, governors read, the head sees it."""

from __future__ import annotations

import io
from dataclasses import dataclass
from datetime import date, timedelta
from email import message_from_bytes, policy
from pathlib import Path

import pytest
from icalendar import Calendar
from playwright.sync_api import Browser
from pypdf import PdfReader

from tests.e2e.people import Visitor, visit
from tests.e2e.school import LiveSchool, wait_for

pytestmark = pytest.mark.browser

CREDIT = """
from booking.core import clock
from booking.core.db import unit_of_work
from booking.payments.office_till import take_office_payment
with unit_of_work():
    take_office_payment({account}, 20000, at=clock.now(), user_id=None)
print("true")
"""


@dataclass
class Plan:
    """A week with everything on, two families of two children, and where they are counted."""

    monday: date
    sessions: list[int]
    families: list[dict[str, object]]
    period: int


@pytest.fixture(scope="module")
def plan(school: LiveSchool) -> Plan:
    """Read from the running school."""
    found = school.python("from tests.e2e.plan import find_plan\nprint(json.dumps(find_plan()))")
    return Plan(date.fromisoformat(found["monday"]), found["sessions"], found["families"], found["period"])


def _password(school: LiveSchool, email: str) -> str:
    return next(a["password"] for a in school.accounts("parent") if a["email"] == email)


def _tick(visitor: Visitor, plan: Plan, family: dict[str, object]) -> None:
    """Tick breakfast on three days, the club on Wednesday and care until six on Friday for both children."""
    for pupil in family["pupils"]:  # type: ignore[attr-defined]
        for session in plan.sessions:
            visitor.page.locator(f"#pick-{pupil['id']}-{session}").check()


def _booked(visitor: Visitor, plan: Plan) -> int:
    """What the head's working view counts for that half-term."""
    visitor.go(f"/equity/working?period={plan.period}")
    return int(visitor.page.locator("#sessions-booked").inner_text())


def _letter(school: LiveSchool, email: str, reference: str) -> None:
    """The confirmation came by e-mail, with a calendar file of every session."""
    raw = wait_for(
        lambda: next((one for one in school.letters(email) if reference.encode() in one), None),
        what="the confirmation",
    )
    message = message_from_bytes(raw, policy=policy.default)
    (attachment,) = message.iter_attachments()  # type: ignore[attr-defined]
    events = Calendar.from_ical(attachment.get_content()).walk("VEVENT")
    assert len(events) == 10


def _on_the_register(
    school: LiveSchool, browser: Browser, pictures: Path, plan: Plan, family: dict[str, object]
) -> None:
    """Staff print that Wednesday's registers, and both children are on them."""
    staff = visit(browser, school, pictures)
    staff.sign_in("bajwa@demo.example", school.accounts("staff")[0]["password"])
    wednesday = plan.monday + timedelta(days=2)
    staff.go(f"/registers/{wednesday.isoformat()}")
    staff.page.get_by_role("link", name="Early breakfast").first.click()
    staff.look()
    answer = staff.context.request.get(f"{school.url}/registers/{wednesday.isoformat()}/print")
    assert answer.headers["content-type"] == "application/pdf"
    words = "\n".join(page.extract_text() for page in PdfReader(io.BytesIO(answer.body())).pages)
    for pupil in family["pupils"]:  # type: ignore[attr-defined]
        assert pupil["surname"] in words
    staff.context.close()


def _story(
    school: LiveSchool,
    browser: Browser,
    pictures: Path,
    plan: Plan,
    family: dict[str, object],
    *,
    by_card: bool,
) -> None:
    head = visit(browser, school, pictures)
    head.sign_in("head@demo.example", school.accounts("manager")[0]["password"])
    before = _booked(head, plan)
    parent = visit(browser, school, pictures, java_script_enabled=by_card)
    email = str(family["email"])
    parent.go("/")
    parent.sign_in(email, _password(school, email))
    parent.go(f"/book?week={plan.monday.isoformat()}")
    _tick(parent, plan, family)
    parent.press("Keep these places")
    parent.follow("Check and pay")
    if by_card:
        parent.page.locator("[aria-labelledby=by-card]").get_by_role("button").click()
        parent.page.get_by_role("button", name="Pay £").wait_for()
        parent.look()
        parent.page.get_by_role("button", name="Pay £").click()
    else:
        parent.page.get_by_role("button", name="from your credit").click()
    parent.page.wait_for_url("**/bookings/*")
    parent.look()
    reference = parent.page.url.rstrip("/").rsplit("/", 1)[-1]
    assert reference in parent.page.inner_text("main")
    parent.go("/bookings")
    parent.go("/account")
    parent.context.close()
    _letter(school, email, reference)
    _on_the_register(school, browser, pictures, plan, family)
    assert _booked(head, plan) == before + 10
    head.context.close()


def test_the_story_by_card(school: LiveSchool, chromium: Browser, pictures: Path, plan: Plan) -> None:
    _story(school, chromium, pictures, plan, plan.families[0], by_card=True)


def test_the_story_without_javascript_from_credit(
    school: LiveSchool, chromium: Browser, pictures: Path, plan: Plan
) -> None:
    family = plan.families[1]
    school.python(CREDIT.format(account=family["account"]))
    _story(school, chromium, pictures, plan, family, by_card=False)


def test_a_governor_reads_the_last_finished_half_term(
    school: LiveSchool, chromium: Browser, pictures: Path
) -> None:
    governor = visit(chromium, school, pictures)
    governor.sign_in("chair@demo.example", school.accounts("governor")[0]["password"])
    assert "Who takes part" in governor.page.inner_text("h1")
    assert governor.page.locator("svg.dot-plot").count() == 1
    assert governor.page.locator("table").count() >= 5
    paper = governor.page.get_by_role("link", name="Paper for a meeting").get_attribute("href")
    first = governor.context.request.get(school.url + str(paper)).body()
    assert first.startswith(b"%PDF")
    assert governor.context.request.get(school.url + str(paper)).body() == first
    governor.context.close()


def test_everything_holds_afterwards(school: LiveSchool) -> None:
    check = school.booking("check")
    assert (check.returncode, check.stdout.strip()) == (0, "0 problems"), check.stdout
    reconciled = school.booking("reconcile")
    assert (reconciled.returncode, reconciled.stdout.strip()) == (0, "0 differences"), reconciled.stdout
