"""The office's page of children who came without a booking: what the school's rule made of each, and what waits."""

from __future__ import annotations

from flask import render_template
from flask.typing import ResponseReturnValue

from booking.core import clock
from booking.ledger.terms import terms_on
from booking.registers.walk_in_charges import FOR_THE_OFFICE, LOOKS_BACK, walk_ins_since
from booking.web.audience import for_roles

OUTCOMES = {
    "booked": "Booked and charged by the rule",
    "cancelled": "Charged, and cancelled by the office since",
    "due": "Will be charged by the rule, the day after",
    "no rule": "Not charged: the school had no rule for it on that day",
    "no family": "Not charged: no family account has this child",
    "several families": "Not charged: the child has several family accounts, and none has booked yet",
    "elsewhere": "Not charged: the child has a place elsewhere at that hour",
}


@for_roles("manager")
def walk_ins() -> ResponseReturnValue:
    """The walk-ins of five weeks to sessions that cost money, newest first."""
    at = clock.now()
    return render_template(
        "registers/walk_ins.html",
        found=walk_ins_since(clock.today(at) - LOOKS_BACK, at),
        outcomes=OUTCOMES,
        for_the_office=FOR_THE_OFFICE,
        is_charged=terms_on(clock.today(at)).walk_ins_pay,
    )


ADDRESSES = (("/registers/walk-ins", walk_ins, ("GET",)),)
