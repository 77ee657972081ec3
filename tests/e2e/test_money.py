"""Money in a real browser: Tax-Free Childcare matched by the bank, a card payment given back, a pot that pays."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser

from booking.core import clock
from tests.e2e.people import Visitor, visit
from tests.e2e.school import LiveSchool

pytestmark = pytest.mark.browser

PROMISES = """
from booking.payments.promises import open_promises
from booking.payments.references import references_of
known = references_of({account})
found = [one for one in open_promises([{account}]) if one.tender == "tfc"]
print(json.dumps(sorted([known[one.pupil_id], one.outstanding_pence] for one in found)))
"""
SETTLE = """
from booking.core import clock
from booking.core.db import unit_of_work
from booking.ledger.balances import credit_pence
from booking.payments.office_till import take_office_payment
owed = -credit_pence({account})
if owed > 0:
    with unit_of_work():
        take_office_payment({account}, owed, at=clock.now(), user_id=None)
print("true")
"""
PLACE = """
from booking.bookings.models import Place
from booking.core.db import db
rows = db.session.query(Place).filter_by(pupil_id={pupil}, session_id={session}, state="booked")
print(rows.one().id)
"""
FUND = """
from booking.bookings.pots import FundingDetails, decide_funding
from booking.core import clock
from booking.core.db import db, unit_of_work
from booking.provision.price_models import Pot
today = clock.today()
pot = db.session.query(Pot).filter(Pot.starts_on <= today, Pot.ends_on >= today).first()
details = FundingDetails(
    rule="child", entitlement=None, pupil_id={pupil}, pays="all", amount=0, kinds=(),
    starts_on=pot.starts_on, ends_on=pot.ends_on,
)
pot_id = pot.id
with unit_of_work():
    decide_funding(pot_id, details, at=clock.now(), user_id=None)
print("true")
"""


@pytest.fixture(scope="module")
def plan(school: LiveSchool) -> dict[str, Any]:
    """A week with everything on, and families that the other stories leave alone."""
    found: dict[str, Any] = school.python(
        "from tests.e2e.plan import find_plan\nprint(json.dumps(find_plan()))"
    )
    return found


def _parent(school: LiveSchool, browser: Browser, pictures: Path, family: dict[str, Any]) -> Visitor:
    password = next(a["password"] for a in school.accounts("parent") if a["email"] == family["email"])
    parent = visit(browser, school, pictures)
    parent.sign_in(family["email"], password)
    return parent


def _office(school: LiveSchool, browser: Browser, pictures: Path) -> Visitor:
    head = visit(browser, school, pictures)
    head.sign_in("head@demo.example", school.accounts("manager")[0]["password"])
    return head


def _keep(parent: Visitor, plan: dict[str, Any], pupils: list[dict[str, Any]], sessions: list[int]) -> None:
    """Tick these sessions for these children, keep the places and go to check them."""
    parent.go(f"/book?week={plan['monday']}")
    for pupil in pupils:
        for session in sessions:
            parent.page.locator(f"#pick-{pupil['id']}-{session}").check()
    parent.press("Keep these places")
    parent.follow("Check and pay")


def test_tax_free_childcare_is_promised_sent_and_found_in_the_banks_statement(
    school: LiveSchool, chromium: Browser, pictures: Path, plan: dict[str, Any]
) -> None:
    family = plan["families"][3]
    parent = _parent(school, chromium, pictures, family)
    for number, pupil in enumerate(family["pupils"]):
        parent.go(f"/account/references/{pupil['id']}")
        parent.page.get_by_label("Reference").fill(f"abcd 1234{number} tfc")
        parent.press("Save the reference")
    _keep(parent, plan, family["pupils"], plan["sessions"][:2])
    parent.press("Book now, send £")
    parent.page.wait_for_url("**/bookings/*")
    promised = school.python(PROMISES.format(account=family["account"]))
    assert [reference for reference, _ in promised] == ["ABCD12340TFC", "ABCD12341TFC"]
    for reference, pence in promised:
        assert reference in parent.page.inner_text("main")
        assert f"£{pence / 100:.2f}" in parent.page.inner_text("main")
    office = _office(school, chromium, pictures)
    day = f"{clock.today():%d/%m/%Y}"
    rows = [f"{day},NS AND I {reference},{pence / 100:.2f}" for reference, pence in promised]
    office.go("/office/money/bank")
    office.follow("Add a bank statement")
    statement = "\n".join(["Date,Description,Amount", *rows, ""]).encode()
    office.page.locator("input[type=file]").set_input_files(
        [{"name": "statement.csv", "mimeType": "text/csv", "buffer": statement}]
    )
    office.press("Take it up")
    office.go("/office/money/bank")
    office.press("Confirm all 2")
    assert school.python(PROMISES.format(account=family["account"])) == []
    parent.go("/account")
    assert "On its way" not in parent.page.inner_text("main")
    assert parent.page.inner_text("main").count("Payment by Tax-Free Childcare") == 2
    parent.context.close()
    office.context.close()


def test_a_session_paid_by_card_is_cancelled_and_goes_back_to_the_card(
    school: LiveSchool, chromium: Browser, pictures: Path, plan: dict[str, Any]
) -> None:
    family = plan["families"][4]
    school.python(SETTLE.format(account=family["account"]))
    parent = _parent(school, chromium, pictures, family)
    _keep(parent, plan, family["pupils"][:1], plan["sessions"][4:])
    parent.page.locator("[aria-labelledby=by-card]").get_by_role("button").click()
    parent.page.get_by_role("button", name="Pay £").click()
    parent.page.wait_for_url("**/bookings/*")
    place = school.python(PLACE.format(pupil=family["pupils"][0]["id"], session=plan["sessions"][4]))
    parent.go(f"/bookings/place/{place}/cancel")
    parent.press("Cancel the session")
    office = _office(school, chromium, pictures)
    office.go(f"/office/families/{family['account']}")
    office.press("back to the card")
    parent.go("/account")
    assert "back to your card" in parent.page.inner_text("main")
    parent.context.close()
    office.context.close()


def test_a_pot_pays_and_the_family_sees_a_plain_price(
    school: LiveSchool, chromium: Browser, pictures: Path, plan: dict[str, Any]
) -> None:
    family = plan["families"][5]
    school.python(FUND.format(pupil=family["pupils"][0]["id"]))
    parent = _parent(school, chromium, pictures, family)
    _keep(parent, plan, family["pupils"][:1], plan["sessions"][4:])
    words = parent.page.inner_text("main")
    assert "There is nothing to pay" in words
    assert "pot" not in words.lower().split()
    parent.press("Book these places")
    parent.page.wait_for_url("**/bookings/*")
    parent.context.close()
