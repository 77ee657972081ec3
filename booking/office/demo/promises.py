"""Demo families that pay by Tax-Free Childcare and have not sent it yet."""

from __future__ import annotations

from datetime import datetime

from booking.core.db import db, unit_of_work
from booking.payments.promises import SCHEMES, open_promises
from booking.payments.references import keep_reference
from booking.payments.several_ways import book_promised, everything_by_tfc, ways_of
from booking.payments.to_pay import checkout_of


def promise_by_tfc(account_id: int, at: datetime) -> bool:
    """Book by Tax-Free Childcare what it may pay, with a reference for each child but one; no if it may pay nothing."""
    summary = checkout_of(account_id, at=at)
    ways = ways_of(summary, at=at) if summary else None
    db.session.rollback()
    if summary is None or ways is None or not ways.children or not summary.rest_pence:
        return False
    with unit_of_work():
        choice = everything_by_tfc(ways, has_cards=False)
        book_promised(account_id, choice, "last_days", seen_pence=summary.total_pence, at=at, user_id=None)
        for child in ways.children[:-1] or ways.children:
            reference = f"DEMO{10_000 + child.pupil_id:05d}TFC"
            keep_reference(account_id, child.pupil_id, reference, at=at, user_id=None)
    return True


def still_to_send(account_id: int) -> int:
    """What has been promised by Tax-Free Childcare and has not come, in pence: no other money is handed in for it."""
    return sum(one.outstanding_pence for one in open_promises({account_id}) if one.tender in SCHEMES)
