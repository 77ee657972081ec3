"""The office takes a statement up, says yes, chooses, splits, sets aside and undoes; forged fields change nothing."""

from __future__ import annotations

import io
from collections.abc import Iterator

import pytest
import time_machine
from flask import Flask
from sqlalchemy import select

from booking.core.db import db, unit_of_work
from booking.ledger.balances import credit_pence
from booking.office.checks import all_problems
from booking.office.restricting import put_in_force
from booking.payments.bank_models import BankFile, BankLine
from booking.payments.models import Payment, VoucherFirm
from tests.browser import Browser, Page
from tests.builders import AT, Family, a_family, a_restriction, a_school, a_user
from tests.payments.bank_files import a_line, signed_csv, statement
from tests.payments.bank_yes import a_firm, known_by


@pytest.fixture(autouse=True)
def monday_morning() -> Iterator[None]:
    """The day on which these tests play."""
    with time_machine.travel(AT, tick=True):
        yield


@pytest.fixture
def office(app: Flask) -> Browser:
    """A manager, signed in."""
    a_school()
    return Browser(app).sign_in(a_user("manager"))


def _add(office: Browser, content: bytes, name: str = "bank.csv", **values: object) -> Page:
    endpoint = "office.add_remittance" if "firm" in values else "office.add_statement"
    return office.post(endpoint, {"file": (io.BytesIO(content), name), **values}, follow=True)


def _line(words: str) -> BankLine:
    db.session.rollback()
    return next(line for line in db.session.scalars(select(BankLine)) if words in line.text)


def _credit(family: Family) -> int:
    db.session.rollback()
    return credit_pence(family.account.id)


def test_a_statement_is_taken_up_and_all_sure_lines_confirmed_by_one_button(
    app: Flask, office: Browser
) -> None:
    family = known_by(a_family())
    page = _add(office, statement("lloyds.csv"))
    assert "3 lines taken up." in page.text
    assert "1 line was money that went out. We keep nothing of it." in page.text
    assert "3 payments by bank wait: whose are they?" in office.get("office.home").text
    page = office.get("office.bank")
    assert "Sure: 1 payment" in page.text
    assert "Confirm this one: £54.00" in page.text
    seen = page.field("seen")
    page = office.post("office.confirm_sure_lines", {"seen": seen}, follow=True)
    assert "1 payment posted to the families." in page.text
    assert _credit(family) == 5400
    page = office.post("office.confirm_sure_lines", {"seen": seen}, follow=True)
    assert "Something changed since you looked. Nothing was posted." in page.text
    assert (_credit(family), all_problems()) == (5400, [])


def test_the_same_file_leads_to_the_file_that_it_is(app: Flask, office: Browser) -> None:
    _add(office, statement("lloyds.csv"))
    page = _add(office, statement("lloyds.csv"), "again.csv")
    assert (
        "This file was taken up before, on Monday 23 November 2026. Nothing was taken up twice." in page.text
    )
    assert len(db.session.scalars(select(BankLine.id)).all()) == 3


def test_what_is_wrong_stands_at_its_line_and_the_rest_waits(app: Flask, office: Browser) -> None:
    content = signed_csv([a_line("first"), a_line("second")]) + b"03/11/20"
    page = _add(office, content)
    assert "2 lines taken up." in page.text
    assert "Line 4: Half a line: 1 of 4 cells. Take the file again from your bank." in page.text
    page = office.post("office.add_statement", {"file": (io.BytesIO(b"%PDF-1"), "x.pdf")}, expect=422)
    assert "This is no list of lines. Where your bank lets you export, choose CSV" in page.text
    assert "Choose a file first." in office.post("office.add_statement", {}, expect=422).text


def test_strange_headings_are_asked_for_once(app: Flask, office: Browser) -> None:
    page = _add(office, statement("other.csv"))
    assert "Which column is which?" in page.text
    path = page.response.request.path.rpartition("/")[2]
    columns = {"date": "Buchung", "text": "Wer und wofür", "amount": "Betrag"}
    wrong = office.post("office.bank_columns", {**columns, "amount": ""}, token=path, expect=422)
    assert "Say which column holds the amount" in wrong.text
    assert "3 lines taken up." in office.post("office.bank_columns", columns, token=path, follow=True).text
    more = statement("other.csv").replace(b"13.50", b"14.50")
    assert "1 line taken up. 2 lines came before, in another file." in _add(office, more, "more.csv").text


def test_a_guess_needs_its_own_yes_and_only_to_what_was_shown(app: Flask, office: Browser) -> None:
    family = a_family(surname="Robin")
    _add(office, signed_csv([a_line("CHILD 1 ROBIN", 5400), a_line("X", 1)]))
    page = office.get("office.bank")
    assert "Is this right? We go by names" in page.text
    line = _line("ROBIN")
    page_of_line = office.get("office.bank_line", line_id=line.id)
    assert "The child’s name, Child 1 Robin." in page_of_line.text
    forged = office.post("office.confirm_line", {"seen": "f" * 32}, line_id=line.id, follow=True)
    assert "Something changed since you looked" in forged.text
    assert _credit(family) == 0
    done = office.post("office.confirm_line", {"seen": page.field("seen")}, line_id=line.id, follow=True)
    assert "£54.00 posted for Child 1 Robin." in done.text
    assert _credit(family) == 5400
    again = office.post("office.confirm_line", {"seen": page.field("seen")}, line_id=line.id, follow=True)
    assert "Somebody has dealt with this line already" in again.text


def test_the_office_chooses_splits_and_undoes(app: Flask, office: Browser) -> None:
    family, other = a_family(2, surname="Wren"), a_family(surname="Finch")
    _add(office, signed_csv([a_line("NOBODY KNOWS", 5400), a_line("X", 1)]))
    line = _line("NOBODY")
    page = office.get("office.bank_line", line_id=line.id, q="wren")
    assert "You looked for this name." in page.text
    keys = [f"part-{family.account.id}-{pupil.id}" for pupil in family.pupils]
    wrong = office.post(
        "office.bank_line", {"how": "tfc", keys[0]: "50", keys[1]: "5"}, line_id=line.id, q="wren", expect=422
    )
    assert "The parts sum to £55.00, the line is £54.00." in wrong.text
    assert wrong.field(keys[0]) == "50", "what was typed stays"
    office.post("office.bank_line", {"how": "tfc", keys[0]: "50", keys[1]: "4.00"}, line_id=line.id)
    assert _credit(family) == 5400
    page = office.get("office.bank_line", line_id=line.id)
    assert "What was posted" in page.text
    page = office.post("office.take_line_back", line_id=line.id, follow=True)
    assert "Undone: it was taken from the family again." in page.text
    assert _credit(family) == 0
    whole = f"{other.account.id}-{other.pupils[0].id}"
    office.post("office.bank_line", {"how": "office", "whole": whole}, line_id=line.id)
    assert (_credit(family), _credit(other), all_problems()) == (0, 5400, [])
    page = office.get("office.family", account_id=family.account.id)
    assert "Taken back by the office" in page.text


@pytest.mark.parametrize(
    ("said", "expect"),
    [
        ({"how": "tfc"}, 422),
        ({"how": "card", "whole": "1-1"}, 422),
        ({"how": "voucher:999", "whole": "{own}"}, 422),
        ({"how": "tfc", "whole": "1-x"}, 404),
        ({"how": "tfc", "whole": "999-999"}, 422),
        ({"how": "tfc", "part-{own}": "-1", "part-{own} ": "55"}, 422),
        ({"how": "tfc", "part-{own}": "54.001"}, 422),
        ({"how": "tfc", "part-{own}": "53.99"}, 422),
        ({"how": "tfc", "part-{own}": "5400000000"}, 422),
    ],
)
def test_forged_fields_post_nothing(app: Flask, office: Browser, said: dict[str, str], expect: int) -> None:
    family = a_family()
    _add(office, signed_csv([a_line("NOBODY", 5400), a_line("X", 1)]))
    own = f"{family.account.id}-{family.pupils[0].id}"
    data = {key.format(own=own): value.format(own=own) for key, value in said.items()}
    office.post("office.bank_line", data, line_id=_line("NOBODY").id, expect=expect)
    assert db.session.scalars(select(Payment)).all() == []


def test_a_line_is_set_aside_with_a_reason_and_comes_back(app: Flask, office: Browser) -> None:
    _add(office, statement("lloyds.csv"))
    line = _line("LARKSPUR")
    assert (
        "Write in a few words what it is."
        in office.post("office.set_line_aside", line_id=line.id, follow=True).text
    )
    office.post("office.set_line_aside", {"why": "A grant"}, line_id=line.id)
    assert "Set aside: A grant" in office.get("office.bank_line", line_id=line.id).text
    assert "LARKSPUR" not in office.get("office.bank").text
    assert "The line waits again." in office.post("office.take_line_back", line_id=line.id, follow=True).text
    assert "LARKSPUR" in office.get("office.bank").text


def test_a_remittance_is_tied_to_its_payment_and_posted_family_by_family(app: Flask, office: Browser) -> None:
    robin, firm = a_family(preferred_name="Kit", surname="Robin"), a_firm()
    office.get("office.add_remittance")
    wrong = io.BytesIO(statement("remittance.csv").replace(b"1,250.00", b"1,260.00"))
    said = {"file": (wrong, "wrong.csv"), "firm": str(firm.id)}
    page = office.post("office.add_remittance", said, expect=422)
    assert "Nothing was taken up" in page.text
    assert "The lines sum to £1,250.00, the firm’s total says £1,260.00." in page.text
    page = _add(office, statement("remittance.csv"), "larkspur.csv", firm=str(firm.id))
    assert "No payment of £1,250.00 waits." in page.text
    file = db.session.scalars(select(BankFile)).one()
    _add(office, statement("lloyds.csv"))
    payment = _line("LARKSPUR")
    assert "pays for several families" in office.get("office.bank").text
    assert "It is this payment" in office.get("office.bank_line", line_id=payment.id).text
    part = _line("Kit Robin")
    assert "Say which payment it is" in office.get("office.bank_line", line_id=part.id).text
    page = office.post("office.tie_remittance", {"line_id": str(payment.id)}, file_id=file.id, follow=True)
    assert "Now its lines can be posted to the families" in page.text
    key = f"{robin.account.id}-{robin.pupils[0].id}"
    office.post("office.bank_line", {"how": "office", "whole": key}, line_id=part.id)
    tender = db.session.scalars(select(Payment)).one()
    assert (tender.tender, tender.voucher_firm_id, tender.amount_pence) == ("voucher", firm.id, 24300)
    page = office.post("office.take_line_back", line_id=payment.id, follow=True)
    assert "Somebody has dealt with this line already" in page.text
    assert all_problems() == []


def test_a_file_is_taken_back_while_nothing_of_it_is_posted(app: Flask, office: Browser) -> None:
    _add(office, statement("lloyds.csv"))
    file = db.session.scalars(select(BankFile)).one()
    assert "lloyds" not in office.get("office.bank_files").text
    assert "bank.csv" in office.get("office.bank_files").text
    page = office.post("office.forget_bank_file", file_id=file.id, follow=True)
    assert "The file is taken back, with all its lines." in page.text
    assert db.session.scalars(select(BankLine)).all() == []


def test_voucher_firms_are_added_renamed_and_ended(app: Flask, office: Browser) -> None:
    office.post("office.vouchers", {"name": "Larkspur Vouchers", "our_number": "S-17"})
    page = office.post("office.vouchers", {"name": "larkspur vouchers"}, expect=422)
    assert "There is a firm called larkspur vouchers already." in page.text
    firm = db.session.scalars(select(VoucherFirm)).one()
    office.post("office.voucher_firm", {"name": "Larkspur", "ended_on": "1/12/2026"}, firm_id=firm.id)
    page = office.get("office.vouchers")
    assert "Larkspur Ended Tuesday 1 December 2026" in page.text


def test_a_closed_child_stands_in_no_proposal(app: Flask) -> None:
    """A manager who is under a restriction about a child reads nothing of it here either."""
    a_school()
    family = known_by(a_family(surname="Quill"))
    manager, head = a_user("manager"), a_user("manager", approves=True)
    made = a_restriction(family.pupils[0], manager, by=head)
    with unit_of_work():
        put_in_force(made.id, at=AT, by=a_user("manager", approves=True))
    office = Browser(app).sign_in(manager)
    _add(office, signed_csv([a_line("HMRC AJON12345TFC", 5400), a_line("X", 1)]))
    line = _line("HMRC")
    for page in (office.get("office.bank"), office.get("office.bank_line", line_id=line.id, q="quill")):
        assert "Quill" not in page.text.replace("value quill", "")
        assert "about whom you may see nothing" in page.text
    key = f"{family.account.id}-{family.pupils[0].id}"
    office.post("office.bank_line", {"how": "tfc", "whole": key}, line_id=line.id, expect=404)
