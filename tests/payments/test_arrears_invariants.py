"""`booking check` finds a charge or a write-off that the ledger does not bear out, and nothing where all is well."""

from __future__ import annotations

from datetime import timedelta

import pytest
from flask import Flask

from booking.core.db import db, unit_of_work
from booking.payments.arrears_invariants import arrears_problems
from booking.payments.decisions import Wish, ask_for
from booking.people.models import User
from tests.builders import AT, a_family
from tests.payments.deciding import a_wish, ask, officer, say
from tests.payments.owing import a_late_charge, bought
from tests.tampering import tamper


@pytest.mark.parametrize(
    ("forgery", "problem"),
    [
        ("", None),
        ("UPDATE late_charge SET ended_at = NULL, ended_why = NULL", "late charge 2: ended on one side only"),
        ("UPDATE ledger_entry SET reverses_id = NULL", "late charge 2: ended on one side only"),
        ("UPDATE ledger_entry SET key = 'late:9' WHERE key = 'late:1'", "late charge 1: not in the ledger"),
        (
            "UPDATE ledger_entry SET key = 'late:9' WHERE key = 'late:1'",
            "ledger entry late:9: nobody charged",
        ),
        ("UPDATE ledger_entry SET kind = 'x' WHERE kind = 'write_off'", "written off, but not in the ledger"),
    ],
)
def test_each_forgery_is_named(app: Flask, forgery: str, problem: str | None) -> None:
    first, second = a_family(), a_family()
    by, other = officer(), officer(approves=True)
    a_late_charge(first)
    charge_id = a_late_charge(second)
    with unit_of_work():
        wish = Wish("form", "waive", second.account.id, 500, "Train stood", late_charge_id=charge_id)
        ask_for(wish, at=AT, by=db.session.get_one(User, by.id))
    bought(second, 300, AT - timedelta(days=90))
    say(ask(a_wish(second, 300, "write_off"), by), True, other)
    if forgery:
        tamper(forgery)
    found = arrears_problems()
    assert (found == []) if problem is None else any(problem in one for one in found), found
