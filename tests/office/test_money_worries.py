"""What about money a person must look at: on the office's first page, with what to do, and never away by itself."""

import re
from datetime import datetime
from pathlib import Path

from booking.core.db import db, unit_of_work
from booking.office.money_worry_views import WHAT_TO_DO
from booking.payments.card_models import MoneyWorry
from booking.payments.money_worries import Difference, keep_found, tell_office
from tests.browser import Browser
from tests.builders import a_family, a_user

PAYMENTS = Path(__file__).parents[2] / "booking" / "payments"


def test_the_office_is_told_what_to_do_and_says_that_it_is_done(browser: Browser, at: datetime) -> None:
    family, office = a_family(), a_user("manager")
    with unit_of_work():
        found = Difference("Payment 7", "dispute_opened", "£9.00 was taken back", family.account.id)
        tell_office("dispute:1:opened", "dispute", found, at=at)
        keep_found("difference", [Difference("card account", "balance", "£1.00 held, £2.00 here")], at=at)
    browser.sign_in(office)
    assert "things about money to look at" in browser.get("office.home").text
    page = browser.get("office.money_worries")
    assert "£9.00 was taken back" in page.text
    assert "Answer at Stripe by the day that stands there" in page.text
    (worry, other) = db.session.query(MoneyWorry).order_by(MoneyWorry.id)
    browser.post("office.money_worry_seen", worry_id=worry.id, expect=303)
    browser.post("office.money_worry_seen", worry_id=worry.id, expect=404)
    with unit_of_work():
        keep_found("difference", [], at=at)
    browser.post("office.money_worry_seen", worry_id=other.id, expect=404)
    page = browser.get("office.money_worries")
    assert "There is nothing to look at" in page.text
    assert f"Done by {office.name}" in page.text
    assert "Agrees since" in page.text
    assert "about money to look at" not in browser.get("office.home").text


def test_each_sort_of_worry_says_what_to_do() -> None:
    """Every name that a difference is given in the source has its sentence, and no sentence is without a name."""
    source = "".join(path.read_text(encoding="utf-8") for path in PAYMENTS.glob("*.py"))
    given = set(re.findall(r'Difference\(\s*[^",]*"?[^",]*"?,\s*"([a-z_]+)"', source))
    given |= {"dispute_opened", "dispute_won", "dispute_lost", "fee", "payout"}
    assert given == set(WHAT_TO_DO)
