"""Pages of the money that came in by bank: what waits, all sure ones by one yes, others one by one."""

from __future__ import annotations

from flask import render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user

from booking.core import clock
from booking.core.words import counted
from booking.office.bank_proposals import Shown, digest_of_all, shown
from booking.payments.bank_posting import NothingSure, confirm_sure
from booking.payments.voucher_firms import voucher_firms
from booking.payments.waiting_lines import count_waiting, proposals
from booking.people.restrictions import closed_pupils
from booking.web.audience import for_roles
from booking.web.form_pages import answer_press

SURE_AT_ONCE, MOST_SHOWN = 200, 100


def _rows() -> list[Shown]:
    closed = closed_pupils(current_user.id, clock.today())
    return shown(proposals(), voucher_firms(), closed)


def _sure(rows: list[Shown]) -> list[Shown]:
    return [row for row in rows if row.kind == "sure"][:SURE_AT_ONCE]


@for_roles("manager")
def bank() -> ResponseReturnValue:
    """What waits: the sure ones together, then proposals, then those that stay open."""
    rows = _rows()
    sure = _sure(rows)
    return render_template(
        "office/bank.html",
        waiting=count_waiting(),
        sure=sure,
        sure_pence=sum(row.proposal.line.amount_pence for row in sure),
        seen=digest_of_all(sure),
        guesses=[row for row in rows if row.kind in {"likely", "split"}],
        others=[row for row in rows if row.kind == "open"],
        most=MOST_SHOWN,
    )


@for_roles("manager")
def confirm_sure_lines() -> ResponseReturnValue:
    """Yes to all sure ones that were on the screen, and only if they are the same still."""
    at = clock.now()
    sure = _sure(_rows())

    def post() -> str:
        if not sure or digest_of_all(sure) != request.form.get("seen", ""):
            raise NothingSure
        parts = {row.proposal.line.line_id: row.proposal.parts[0] for row in sure}
        done = confirm_sure(parts, at=at, user_id=current_user.id)
        return f"{counted(done, 'payment')} posted to the families."

    return answer_press(post, done=url_for("office.bank"))
